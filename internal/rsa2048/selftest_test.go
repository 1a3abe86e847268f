package rsa2048

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestSelfTestAnswer computes the known answer with math/big.
func TestSelfTestAnswer(t *testing.T) {
	var b [Size]byte
	impl.Fill(b[:], 0)
	n := [2]*big.Int{new(big.Int).SetBytes(b[Size/2:]), new(big.Int).SetBytes(b[:Size/2])} // the less significant half first
	impl.Fill(b[:], 1)
	x := new(big.Int).SetBytes(b[:])
	sum := uint64(0)
	for i, exp := range []int64{15, 30} {
		n[i].SetBit(n[i], 0, 1).SetBit(n[i], 1023, 1)
		z := halfOf(new(big.Int).Exp(x, big.NewInt(exp), n[i]))
		for _, word := range z {
			sum = sum*0x9e3779b97f4a7c15 + word
		}
	}
	if testResult != sum {
		t.Errorf("testResult = %#x, want %#x", uint64(testResult), sum)
	}
}

// TestReady: whoever makes primes, without which nothing can be computed, tests the
// backends.
func TestReady(t *testing.T) {
	impltest.Ready(t, backends, "primes.set", func() { new(primes).set(&[2]half{{1, 15: 1 << 63}, {3, 15: 1 << 63}}) })
	impltest.Ready(t, backends, "Backend", func() { Backend() })
}

func TestSelfTest(t *testing.T) { impltest.SelfTest(t, backends, selfTest) }

func BenchmarkSelfTest(b *testing.B) { impltest.BenchmarkSelfTest(b, backends, selfTest) }
