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
	testGuards(t, func(words func(n int) unsafe.Pointer) []kernelCall {
		const entries = 5
		m := &telegramPrime().m
		n, x, y, z := (*nat)(words(32)), (*nat)(words(32)), (*nat)(words(32)), (*nat)(words(32))
		product, k := (*[64]uint64)(words(64)), (*[64]uint64)(words(64))
		*n, *x, *y = m.n, allOnes(), m.rr
		table, entry := (*[40]uint64)(words(40*entries)), (*[40]uint64)(words(40))
		return []kernelCall{
			{"Mul", func() { asm.Mul(product, x, y, k) }},
			{"Square", func() { asm.Square(product, x, k) }},
			{"Reduce", func() { asm.Reduce(z, product, n, m.k0) }},
			{"Select", func() { asm.Select(entry, table, entries, entries-1) }},
		}
	})
}

// kernelCall is a call of a kernel with memory of its own.
type kernelCall struct {
	name string
	f    func()
}

// testGuards has all that kernels are given next to memory which cannot be accessed:
// before its first byte, and then after its last. calls has them work on what words
// returns.
func testGuards(t *testing.T, calls func(words func(n int) unsafe.Pointer) []kernelCall) {
	for _, side := range []struct {
		name  string
		alloc func(testing.TB, int) []byte
	}{{"front", guardtest.Front}, {"back", guardtest.Back}} {
		t.Run(side.name, func(t *testing.T) {
			words := func(n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(side.alloc(t, 8*n))) }
			for _, c := range calls(words) {
				if fault := guardtest.Try(c.f); fault != nil {
					t.Errorf("%s: %v", c.name, fault)
				}
			}
		})
	}
}
