//go:build (amd64 || arm64) && gc && !purego

package rsa2048

import (
	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/limbs"
)

// The backends in radix 2^64, ADX and Armv8, have kernels with the same names, and the same
// elements as Generic. The work for one prime does not depend on the work for the other, so
// a CPU starts on the second before it is done with the first.

func mul(p *primes, z, x, y *elem) {
	switch {
	case useIFMA:
		mulIFMA(p, z, x, y)
	case useRadix64:
		var t, u full
		m, n := &p.prime[0], &p.prime[1]
		asm.Mul1024(&t, x.side(0), y.side(0))
		asm.Mul1024(&u, x.side(1), y.side(1))
		asm.Reduce1024(z.side(0), &t, &m.n, m.k0)
		asm.Reduce1024(z.side(1), &u, &n.n, n.k0)
		clear(t[:])
		clear(u[:])
	default:
		mulGeneric(p, z, x, y)
	}
}

func square(p *primes, z, x *elem, times int) {
	switch {
	case useIFMA:
		squareIFMA(p, z, x, times)
	case useRadix64:
		var t, u full
		m, n := &p.prime[0], &p.prime[1]
		for range times {
			asm.Square1024(&t, x.side(0))
			asm.Square1024(&u, x.side(1))
			asm.Reduce1024(z.side(0), &t, &m.n, m.k0)
			asm.Reduce1024(z.side(1), &u, &n.n, n.k0)
			x = z
		}
		clear(t[:])
		clear(u[:])
	default:
		squareGeneric(p, z, x, times)
	}
}

func selectElem(z *elem, table []elem, i, j int) {
	switch {
	case useIFMA:
		selectIFMA(z, table, i, j)
	case useRadix64:
		asm.SelectPair((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), i, j)
	default:
		selectGeneric(z, table, i, j)
	}
}

func enter(p *primes, z *elem, x *full) {
	switch {
	case useIFMA:
		enterIFMA(p, z, x)
	case useRadix64:
		var t full
		for i := range p.prime {
			m, s := &p.prime[i], z.side(i)
			t = *x
			asm.Reduce1024(s, &t, &m.n, m.k0) // x/R
			asm.Mul1024(&t, s, &m.rrr)
			asm.Reduce1024(s, &t, &m.n, m.k0)
		}
		clear(t[:])
	default:
		enterGeneric(p, z, x)
	}
}

func leave(p *primes, x *[2]half, z *elem) {
	switch {
	case useIFMA:
		leaveIFMA(p, x, z)
	case useRadix64:
		for i := range p.prime {
			m := &p.prime[i]
			var t full
			copy(t[:], z.side(i)[:])
			asm.Reduce1024(&x[i], &t, &m.n, m.k0)
			clear(t[:])
			// From t < R follows (t + q·n)/R ≤ n.
			limbs.SubtractOnce(x[i][:], m.n[:], 0)
		}
	default:
		leaveGeneric(p, x, z)
	}
}
