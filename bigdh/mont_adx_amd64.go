//go:build gc && !purego

package bigdh

import "github.com/mtcore/mtcore/bigdh/asm"

// ADX is the backend for CPUs with MULX and two carry chains. Its elements are those
// of Generic.

// mulADX sets z = x·y/R.
func mulADX(m *modulus, z, x, y *elem) {
	var t, k [64]uint64
	asm.MulADX(&t, (*nat)(x[:]), (*nat)(y[:]), &k)
	asm.RedADX((*nat)(z[:]), &t, &m.n, m.k0)
	clear(t[:])
	clear(k[:])
}

// sqrADX sets z = x^(2^times), in Montgomery form.
func sqrADX(m *modulus, z, x *elem, times int) {
	var t, k [64]uint64
	for range times {
		asm.SqrADX(&t, (*nat)(x[:]), &k)
		asm.RedADX((*nat)(z[:]), &t, &m.n, m.k0)
		x = z
	}
	clear(t[:])
	clear(k[:])
}

// selectADX sets z = table[i].
func selectADX(z *elem, table []elem, i uint64) {
	asm.SelectADX((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), i)
}

// enterADX sets z = x·R mod n.
func enterADX(m *modulus, z *elem, x *nat) {
	var t, k [64]uint64
	asm.MulADX(&t, x, &m.rr, &k)
	asm.RedADX((*nat)(z[:]), &t, &m.n, m.k0)
	clear(t[:])
	clear(k[:])
}

// leaveADX sets x = z/R mod n, below n.
func leaveADX(m *modulus, x *nat, z *elem) {
	var t [64]uint64
	copy(t[:32], z[:32])
	asm.RedADX(x, &t, &m.n, m.k0)
	clear(t[:])

	// From t < R follows (t + q·n)/R ≤ n.
	subtractOnce(x, &m.n)
}
