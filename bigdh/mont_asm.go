//go:build (amd64 || arm64) && gc && !purego

package bigdh

import (
	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/limbs"
)

// The backends in radix 2^64, ADX and Armv8, have kernels of the same names, and elements
// that are those of Generic.

func mul(m *modulus, z, x, y *elem) {
	switch {
	case useIFMA:
		mulIFMA(m, z, x, y)
	case useRadix64:
		var t, k [64]uint64
		asm.Mul(&t, (*nat)(x[:]), (*nat)(y[:]), &k)
		asm.Reduce((*nat)(z[:]), &t, &m.n, m.k0)
		clear(t[:])
		clear(k[:])
	default:
		mulGeneric(m, z, x, y)
	}
}

func square(m *modulus, z, x *elem, times int) {
	switch {
	case useIFMA:
		squareIFMA(m, z, x, times)
	case useRadix64:
		var t, k [64]uint64
		for range times {
			asm.Square(&t, (*nat)(x[:]), &k)
			asm.Reduce((*nat)(z[:]), &t, &m.n, m.k0)
			x = z
		}
		clear(t[:])
		clear(k[:])
	default:
		squareGeneric(m, z, x, times)
	}
}

func selectElem(z *elem, table []elem, index int) {
	switch {
	case useIFMA:
		selectIFMA(z, table, index)
	case useRadix64:
		asm.Select((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), index)
	default:
		selectGeneric(z, table, index)
	}
}

func enter(m *modulus, z *elem, x *nat) {
	switch {
	case useIFMA:
		enterIFMA(m, z, x)
	case useRadix64:
		var t, k [64]uint64
		asm.Mul(&t, x, &m.rr, &k)
		asm.Reduce((*nat)(z[:]), &t, &m.n, m.k0)
		clear(t[:])
		clear(k[:])
	default:
		enterGeneric(m, z, x)
	}
}

func leave(m *modulus, x *nat, z *elem) {
	switch {
	case useIFMA:
		leaveIFMA(m, x, z)
	case useRadix64:
		var t [64]uint64
		copy(t[:32], z[:32])
		asm.Reduce(x, &t, &m.n, m.k0)
		clear(t[:])
		// From t < R follows (t + q·n)/R ≤ n.
		limbs.SubtractOnce(x[:], m.n[:], 0)
	default:
		leaveGeneric(m, x, z)
	}
}

func (p *prime) combs() *combs {
	if useIFMA {
		return &p.combs52
	}
	return &p.combs64
}
