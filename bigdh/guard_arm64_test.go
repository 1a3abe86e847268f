//go:build gc && !purego

package bigdh

import (
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
)

// kernelCalls returns calls of all kernels, by backend, whose arguments are so many limbs each.
func kernelCalls(limbs func(n int) unsafe.Pointer) map[string][]kernelCall {
	const entries = 5
	m := &telegramPrime().m
	n, x, y, z := (*nat)(limbs(32)), (*nat)(limbs(32)), (*nat)(limbs(32)), (*nat)(limbs(32))
	product := (*[64]uint64)(limbs(64))
	*n, *x, *y = m.n, allOnes(), m.rr
	table, entry := (*[entries]elem)(limbs(40*entries)), (*elem)(limbs(40))

	return map[string][]kernelCall{
		"Armv8": {
			{"MulArmv8", func() { asm.MulArmv8(product, x, y) }},
			{"SquareArmv8", func() { asm.SquareArmv8(product, x) }},
			{"ReduceArmv8", func() { asm.ReduceArmv8(z, product, n, m.k0) }},
			{"SelectArmv8", func() { selectArm64(entry, table[:], entries-1) }},
		},
	}
}
