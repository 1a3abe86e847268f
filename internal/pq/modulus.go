package pq

import "math/bits"

// modulus is an odd number below 2^63 with its constant for Montgomery multiplication.
// Numbers modulo n are below n. Those that a sequence is made of need not be in Montgomery
// form, since any numbers will do.
type modulus struct {
	n       uint64
	inverse uint64 // n^-1 mod 2^64
}

func newModulus(n uint64) modulus {
	inverse := n // mod 8
	for range 5 {
		inverse *= 2 - n*inverse // Newton's iteration: twice as many bits are right
	}
	return modulus{n, inverse}
}

// mul returns x·y/2^64 mod n.
func (m modulus) mul(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return m.reduce(hi, lo)
}

// next returns x²/2^64 + c mod n, for x < n and c below n/2. The sum is taken before the
// reduction, which has to wait for the lower half of x²: as n is below 2^63, x² is below
// n/2·2^64, and hi + c below n.
func (m modulus) next(x, c uint64) uint64 {
	hi, lo := bits.Mul64(x, x)
	return m.reduce(hi+c, lo)
}

// reduce returns (hi·2^64 + lo)/2^64 mod n, for hi < n.
func (m modulus) reduce(hi, lo uint64) uint64 {
	q, _ := bits.Mul64(lo*m.inverse, m.n)
	// Both lower halves are equal: hi - q is what remains of the difference.
	r, borrow := bits.Sub64(hi, q, 0)
	return r + m.n&-borrow
}

// first takes up to count steps from x and returns the first gcd(x - start, n) that is not
// 1.
func (m modulus) first(x, start, c uint64, count int) uint64 {
	for range count {
		x = m.next(x, c)
		if d := gcd(distance(x, start), m.n); d != 1 {
			return d
		}
	}
	panic("pq: internal error: no divisor in a product of multiples")
}

// distance returns |x - y|.
func distance(x, y uint64) uint64 {
	d, borrow := bits.Sub64(x, y, 0)
	return (d ^ -borrow) + borrow
}

// gcd returns the greatest common divisor of x and n, where n is odd.
func gcd(x, n uint64) uint64 {
	for x != 0 {
		x >>= bits.TrailingZeros64(x)
		if x < n {
			x, n = n, x
		}
		x -= n
	}
	return n
}
