//go:build gc && !purego

package bigdh

import (
	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/impl"
)

// useArm64 needs no feature: each of these CPUs has the instructions.
var useArm64 = true

var backends = impl.New("bigdh").Add("Armv8", &useArm64)

// The five operations with the kernels for ARMv8. Elements are what they are for
// Generic.

func mulArm64(m *modulus, z, x, y *elem) {
	var t [64]uint64
	asm.MulArmv8(&t, (*nat)(x[:]), (*nat)(y[:]))
	asm.ReduceArmv8((*nat)(z[:]), &t, &m.n, m.k0)
	clear(t[:])
}

func sqrArm64(m *modulus, z, x *elem, times int) {
	var t [64]uint64
	for range times {
		asm.SquareArmv8(&t, (*nat)(x[:]))
		asm.ReduceArmv8((*nat)(z[:]), &t, &m.n, m.k0)
		x = z
	}
	clear(t[:])
}

func selectArm64(z *elem, table []elem, i uint64) {
	asm.SelectArmv8((*[40]uint64)(z), (*[40]uint64)(&table[0]), len(table), int(i))
}

func enterArm64(m *modulus, z *elem, x *nat) {
	var t [64]uint64
	asm.MulArmv8(&t, x, &m.rr)
	asm.ReduceArmv8((*nat)(z[:]), &t, &m.n, m.k0)
	clear(t[:])
}

func leaveArm64(m *modulus, x *nat, z *elem) {
	var t [64]uint64
	copy(t[:], z[:32])
	asm.ReduceArmv8(x, &t, &m.n, m.k0)
	clear(t[:])

	// The kernel returns at most n for t < R, and may return n itself.
	subtractOnce(x, &m.n)
}
