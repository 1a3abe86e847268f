//go:build gc && !purego

package bigdh

import (
	"math/big"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/limbs"
)

// IFMA is the backend for CPUs that multiply eight pairs of 52-bit digits at once. Its
// elements are 40 digits, R is 2^2080, and products are below 2^2051 if their factors
// are. The generator in gen/bigdh/ifma_amd64 explains how the kernels work, and why this is so.
const (
	ifmaDigits    = 40
	ifmaDigitBits = 52
	ifmaDigitMask = 1<<ifmaDigitBits - 1
	ifmaRBits     = ifmaDigits * ifmaDigitBits

	ifmaDepth = 4 // how far the kernels move digits
)

// ifmaConstants are what IFMA computes from a modulus n in advance.
type ifmaConstants struct {
	// kernel is n, then 2^(-52·d) mod n for d = 1 … ifmaDepth, all as elements
	// are, then -n^-1 mod 2^52.
	kernel [(1+ifmaDepth)*ifmaDigits + 1]uint64
	rr     elem // R² mod n

	batch batchConstants
}

// set makes c the constants of n, which is public.
func (c *ifmaConstants) set(n *nat) {
	bigN := toBig(n)
	for d := range 1 + ifmaDepth {
		f := *n
		if d > 0 {
			x := new(big.Int).Lsh(big.NewInt(1), uint(ifmaDigitBits*d))
			setBig(&f, x.ModInverse(x, bigN))
		}
		pack((*elem)(c.kernel[ifmaDigits*d:]), &f)
	}
	c.kernel[len(c.kernel)-1] = -limbs.Inverse(n[0]) & ifmaDigitMask

	var rr nat
	x := new(big.Int).Lsh(big.NewInt(1), 2*ifmaRBits)
	setBig(&rr, x.Mod(x, bigN))
	pack(&c.rr, &rr)
	c.batch.set(bigN)
}

// mulIFMA sets z = x·y/R.
func mulIFMA(m *modulus, z, x, y *elem) {
	asm.MulIFMA(&m.ifma.kernel, (*[40]uint64)(z), (*[40]uint64)(x), (*[40]uint64)(y))
}

// squareIFMA sets z = x^(2^times), in Montgomery form.
func squareIFMA(m *modulus, z, x *elem, times int) {
	// Assembly cannot be preempted: each call takes less than 100 µs.
	const perCall = 256
	for ; times > perCall; times -= perCall {
		asm.SquareIFMA(&m.ifma.kernel, (*[40]uint64)(z), (*[40]uint64)(x), perCall)
		x = z
	}
	asm.SquareIFMA(&m.ifma.kernel, (*[40]uint64)(z), (*[40]uint64)(x), times)
}

// selectIFMA sets z = table[index].
func selectIFMA(z *elem, table []elem, index int) {
	asm.SelectIFMA((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), index)
}

// enterIFMA sets z to a number that is x·R modulo n.
func enterIFMA(m *modulus, z *elem, x *nat) {
	pack(z, x)
	mulIFMA(m, z, z, &m.ifma.rr)
}

// leaveIFMA sets x = z/R mod n, below n.
func leaveIFMA(m *modulus, x *nat, z *elem) {
	var t elem
	mulIFMA(m, &t, z, &elem{1})

	// The bound of products says t < z/R + 5·n + n/2^52 < 8·n: the quotient of t by n
	// has three bits.
	var y [33]uint64
	unpack(&y, &t)
	for shift := 2; shift >= 0; shift-- {
		limbs.SubtractMultiple(y[:], m.n[:], shift)
	}
	copy(x[:], y[:])
	clear(t[:])
	clear(y[:])
}

// pack sets z to the digits of x.
func pack(z *elem, x *nat) {
	for j := range ifmaDigits {
		*digit(z, j) = digitOf(x, j)
	}
}

// digitOf returns digit j of x.
func digitOf(x *nat, j int) uint64 {
	limb, shift := ifmaDigitBits*j/64, ifmaDigitBits*j%64
	var v uint64
	if limb < len(x) {
		v = x[limb] >> shift
	}
	if limb+1 < len(x) {
		v |= x[limb+1] << (64 - shift)
	}
	return v & ifmaDigitMask
}

// unpack sets z to the number with the digits x, which must be below 2^2112. Returned, it
// would be on the stack twice.
func unpack(z *[33]uint64, x *elem) {
	clear(z[:])
	for j := range ifmaDigits {
		addDigit(z, j, *digit(x, j))
	}
}

// addDigit adds digit j to z, where its bits are zeros.
func addDigit(z *[33]uint64, j int, v uint64) {
	limb, shift := ifmaDigitBits*j/64, ifmaDigitBits*j%64
	z[limb] |= v << shift
	if limb+1 < len(z) {
		z[limb+1] |= v >> (64 - shift)
	}
}

// digit returns where digit j of x is: the kernels have digits j, j+5, j+10, … in one
// register.
func digit(x *elem, j int) *uint64 { return &x[8*(j%5)+j/5] }
