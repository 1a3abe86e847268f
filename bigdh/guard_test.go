//go:build (amd64 || arm64) && gc && !purego

package bigdh

import (
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/guardtest"
)

// TestGuardsRadix64 has the kernels in radix 2^64.
func TestGuardsRadix64(t *testing.T) {
	needRadix64(t)
	guardtest.Kernels(t, func(words func(n int) unsafe.Pointer) map[string]func() {
		const entries = 5
		m := &telegramPrime().m
		n, x, y, z := (*nat)(words(32)), (*nat)(words(32)), (*nat)(words(32)), (*nat)(words(32))
		product, k := (*[64]uint64)(words(64)), (*[64]uint64)(words(64))
		*n, *x, *y = m.n, allOnes(), m.rr
		table, entry := (*[40]uint64)(words(40*entries)), (*[40]uint64)(words(40))
		return map[string]func(){
			"Mul":    func() { asm.Mul(product, x, y, k) },
			"Square": func() { asm.Square(product, x, k) },
			"Reduce": func() { asm.Reduce(z, product, n, m.k0) },
			"Select": func() { asm.Select(entry, table, entries, entries-1) },
		}
	})
}
