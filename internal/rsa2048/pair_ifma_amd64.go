//go:build gc && !purego

package rsa2048

import (
	"math/bits"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/limbs"
)

// IFMA is the backend for CPUs that multiply eight pairs of 52-bit digits at once: both
// numbers of an element are in the same registers. R is 2^1040, and products are below
// 2^1027 if their factors are. The generator in gen/bigdh/ifma_amd64 explains how the
// kernels work, and why this is so.
const (
	ifmaDigits    = 20
	ifmaDigitBits = 52
	ifmaDigitMask = 1<<ifmaDigitBits - 1
	ifmaRBits     = ifmaDigits * ifmaDigitBits

	ifmaDepth = 4 // how far the kernels move digits
)

// ifmaConstants are what IFMA computes in advance from a pair of moduli.
type ifmaConstants struct {
	// kernel is n, then 2^(-52·d) mod n for d = 1 … ifmaDepth, all in the form of elements,
	// then -n^-1 mod 2^52 for each prime.
	kernel [(1+ifmaDepth)*len(elem{}) + 2]uint64
	enter  elem // 2^1024·R² mod n
}

// set computes the constants of the primes, which are secret.
func (c *ifmaConstants) set(p *[2]prime) {
	for i := range p {
		m := &p[i]
		f := m.n
		pack((*elem)(c.kernel[:]), i, &f)
		f = half{1}
		for d := 1; d <= ifmaDepth; d++ {
			m.divideByDigit(&f)
			pack((*elem)(c.kernel[len(elem{})*d:]), i, &f)
		}
		c.kernel[len(c.kernel)-2+i] = m.k0 & ifmaDigitMask
		m.powerOfTwo(&f, 64*halfLimbs+2*ifmaRBits)
		pack(&c.enter, i, &f)
		clear(f[:])
	}
}

// divideByDigit divides x by 2^52 modulo n, for an x below n:
//
//	q = -x/n mod 2^52;   x = (x + q·n) / 2^52 < n
func (m *prime) divideByDigit(x *half) {
	q := x[0] * m.k0 & ifmaDigitMask
	var t [halfLimbs + 1]uint64
	var carry uint64
	for i := range x {
		hi, lo := bits.Mul64(q, m.n[i])
		var c uint64
		lo, c = bits.Add64(lo, x[i], 0)
		hi += c
		lo, c = bits.Add64(lo, carry, 0)
		t[i], carry = lo, hi+c
	}
	t[halfLimbs] = carry
	for i := range x {
		x[i] = t[i]>>ifmaDigitBits | t[i+1]<<(64-ifmaDigitBits)
	}
	clear(t[:])
}

// mulIFMA sets z = x·y/R.
func mulIFMA(p *primes, z, x, y *elem) {
	asm.MulPairIFMA(&p.ifma.kernel, (*[40]uint64)(z), (*[40]uint64)(x), (*[40]uint64)(y))
}

// squareIFMA sets z = x^(2^times), in Montgomery form.
func squareIFMA(p *primes, z, x *elem, times int) {
	asm.SquarePairIFMA(&p.ifma.kernel, (*[40]uint64)(z), (*[40]uint64)(x), times)
}

// selectIFMA sets z to table[i] modulo one prime and to table[j] modulo the other.
func selectIFMA(z *elem, table []elem, i, j int) {
	asm.SelectPairIFMA((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), i, j)
}

// enterIFMA sets z to a number that is x·R modulo each prime.
func enterIFMA(p *primes, z *elem, x *full) {
	var t full
	var y half
	for i := range p.prime {
		m := &p.prime[i]
		t = *x
		asm.Reduce1024(&y, &t, &m.n, m.k0) // x/2^1024
		pack(z, i, &y)
	}
	mulIFMA(p, z, z, &p.ifma.enter)
	clear(t[:])
	clear(y[:])
}

// leaveIFMA sets x = z/R modulo each prime, below the prime.
func leaveIFMA(p *primes, x *[2]half, z *elem) {
	var t elem
	mulIFMA(p, &t, z, &elem{1, 1})

	// The bound on products gives t < z/R + 5·n + n/2^52 < 8·n: the quotient of t by n has
	// three bits.
	var y [halfLimbs + 1]uint64
	for i := range x {
		unpack(&y, &t, i)
		for shift := 2; shift >= 0; shift-- {
			limbs.SubtractMultiple(y[:], p.prime[i].n[:], shift)
		}
		copy(x[i][:], y[:])
	}
	clear(t[:])
	clear(y[:])
}

// pack sets number i of z to x.
func pack(z *elem, i int, x *half) {
	for j := range ifmaDigits {
		limb, shift := ifmaDigitBits*j/64, ifmaDigitBits*j%64
		v := x[limb] >> shift
		if limb+1 < len(x) {
			v |= x[limb+1] << (64 - shift)
		}
		*digit(z, i, j) = v & ifmaDigitMask
	}
}

// unpack sets z to number i of x.
func unpack(z *[halfLimbs + 1]uint64, x *elem, i int) {
	clear(z[:])
	for j := range ifmaDigits {
		limb, shift := ifmaDigitBits*j/64, ifmaDigitBits*j%64
		v := *digit(x, i, j)
		z[limb] |= v << shift
		if limb+1 < len(z) {
			z[limb+1] |= v >> (64 - shift)
		}
	}
}

// digit points to digit j of number i of x: the kernels keep digits j, j+5, j+10, … of both
// numbers in one register, alternating between the two.
func digit(x *elem, i, j int) *uint64 { return &x[8*(j%5)+2*(j/5)+i] }
