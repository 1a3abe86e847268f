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
	product, k := (*[64]uint64)(limbs(64)), (*[64]uint64)(limbs(64))
	*n, *x, *y = m.n, allOnes(), m.rr

	c := (*[len(m.ifma.kernel)]uint64)(limbs(len(m.ifma.kernel)))
	ex, ey, ez := (*elem)(limbs(40)), (*elem)(limbs(40)), (*elem)(limbs(40))
	*c = m.ifma.kernel
	pack(ex, x)
	pack(ey, y)
	table := (*[entries]elem)(limbs(40 * entries))

	return map[string][]kernelCall{
		"ADX": {
			{"MulADX", func() { asm.MulADX(product, x, y, k) }},
			{"SqrADX", func() { asm.SqrADX(product, x, k) }},
			{"RedADX", func() { asm.RedADX(z, product, n, m.k0) }},
			{"SelectADX", func() { selectADX(ez, table[:], entries-1) }},
		},
		"IFMA": {
			{"MulIFMA", func() { asm.MulIFMA(c, (*[40]uint64)(ez), (*[40]uint64)(ex), (*[40]uint64)(ey)) }},
			{"SqrIFMA", func() { asm.SqrIFMA(c, (*[40]uint64)(ez), (*[40]uint64)(ex), 3) }},
			{"SelectIFMA", func() { selectIFMA(ez, table[:], entries-1) }},
		},
	}
}
