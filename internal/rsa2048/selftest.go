package rsa2048

import (
	"sync"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/limbs"
)

func init() { backends.SelfTest(selfTest) }

// testResult is the known answer.
const testResult = 0xba433c91824fa054

// testPrimes returns two odd numbers of 1024 bits, and testNumber another number. Setting
// up the former takes most of the time of the self-test.
var testPrimes = sync.OnceValue(func() *primes {
	p := new(primes)
	x := testNumber(0)
	n := [2]half{half(x[:halfLimbs]), half(x[halfLimbs:])}
	for i := range n {
		n[i][0] |= 1
		n[i][halfLimbs-1] |= 1 << 63
	}
	p.compute(&n)
	return p
})

func testNumber(seed uint64) (x full) {
	var b [Size]byte
	impl.Fill(b[:], seed)
	limbs.SetBytes(x[:], b[:])
	return x
}

// selfTest reports whether the current backend computes correctly.
func selfTest() bool {
	p, x := testPrimes(), testNumber(1)

	// x^15 for one, x^30 for the other.
	var table [4]elem
	var z elem
	var result [2]half
	enter(p, &table[0], &x)
	square(p, &table[1], &table[0], 2)
	mul(p, &table[2], &table[1], &table[0])
	square(p, &table[3], &table[2], 1)
	selectElem(&z, table[:], 2, 3)
	square(p, &table[0], &z, 1)
	mul(p, &z, &z, &table[0])
	leave(p, &result, &z)

	// The answer depends on all words.
	sum := uint64(0)
	for i := range result {
		for _, word := range result[i] {
			sum = sum*0x9e3779b97f4a7c15 + word
		}
	}
	return sum == testResult
}
