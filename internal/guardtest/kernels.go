package guardtest

import (
	"testing"
	"unsafe"
)

// Kernels puts everything that kernels are given right after inaccessible memory, and then
// right before it, and fails the test if one of the calls faults. The kernels work on what
// words, a function that allocates 64-bit words, returns.
func Kernels(t *testing.T, calls func(words func(n int) unsafe.Pointer) map[string]func()) {
	for _, side := range []struct {
		name  string
		alloc func(testing.TB, int) []byte
	}{{"front", Front}, {"back", Back}} {
		t.Run(side.name, func(t *testing.T) {
			words := func(n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(side.alloc(t, 8*n))) }
			for name, call := range calls(words) {
				if fault := Try(call); fault != nil {
					t.Errorf("%s: %v", name, fault)
				}
			}
		})
	}
}
