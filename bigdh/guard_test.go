//go:build (amd64 || arm64) && gc && !purego

package bigdh

import (
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// kernelCall is a call of a kernel with memory of its own.
type kernelCall struct {
	name string
	f    func()
}

// TestGuards has all that a kernel is given next to memory which cannot be accessed:
// before its first byte, and then after its last.
func TestGuards(t *testing.T) {
	for _, side := range []struct {
		name  string
		alloc func(testing.TB, int) []byte
	}{{"front", guardtest.Front}, {"back", guardtest.Back}} {
		limbs := func(n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(side.alloc(t, 8*n))) }
		for backend, calls := range kernelCalls(limbs) {
			t.Run(backend+"/"+side.name, func(t *testing.T) {
				impltest.Need(t, backends, backend)
				for _, c := range calls {
					if fault := guardtest.Try(c.f); fault != nil {
						t.Errorf("%s: %v", c.name, fault)
					}
				}
			})
		}
	}
}
