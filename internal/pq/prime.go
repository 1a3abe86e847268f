package pq

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"math/bits"
)

// witnesses are bases for which the Miller–Rabin test is right about all numbers below 2^64
// (Sorenson and Webster, "Strong pseudoprimes to twelve prime bases", 2015).
var witnesses = [...]uint64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}

// isPrime reports whether n, which is odd and below 2^63, is prime.
func isPrime(n uint64) bool {
	if n < small*small {
		return n > 1 && smallDivisor(n) == 0
	}
	m := newModulus(n)
	one := -n % n // 2^64 mod n, which is 1 in Montgomery form
	minusOne := n - one
	square := one // becomes 2^128 mod n
	for range 64 {
		square = m.double(square)
	}
	s := bits.TrailingZeros64(n - 1)
	for _, w := range witnesses {
		base := m.mul(w, square)
		x := one
		for i := 63 - bits.LeadingZeros64(n-1); i >= s; i-- {
			x = m.mul(x, x)
			if (n-1)>>i&1 == 1 {
				x = m.mul(x, base)
			}
		}
		if x == one || x == minusOne {
			continue
		}
		for i := 1; i < s && x != minusOne; i++ {
			x = m.mul(x, x)
		}
		if x != minusOne {
			return false
		}
	}
	return true
}

func (m modulus) double(x uint64) uint64 {
	x *= 2
	if x >= m.n {
		x -= m.n
	}
	return x
}

// isSquare reports whether n is a square.
func isSquare(n uint64) bool {
	r := uint64(math.Sqrt(float64(n)))
	// The root may be wrong by one.
	for _, r := range [...]uint64{r - 1, r, r + 1} {
		if r*r == n {
			return true
		}
	}
	return false
}

// Generate returns random primes p < q of 31 bits, whose product is below 2^62.
func Generate() (p, q uint64) {
	p, q = randomPrime(), randomPrime()
	for p == q {
		q = randomPrime()
	}
	return min(p, q), max(p, q)
}

// randomPrime returns a prime with 31 bits.
func randomPrime() uint64 {
	for {
		var b [4]byte
		rand.Read(b[:])
		n := uint64(binary.LittleEndian.Uint32(b[:]))>>1 | 1<<30 | 1
		if smallDivisor(n) == 0 && isPrime(n) {
			return n
		}
	}
}
