//go:build amd64 || arm64 || arm

package impltest

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// Patch writes machine code to an address in the running program, and returns a function that
// restores what was there. Nothing else may execute it meanwhile. On ARM the instruction cache
// is not cleared, so that only emulators are sure to notice.
func Patch(t *testing.T, addr uintptr, code []byte) (restore func()) {
	t.Helper()
	page := uintptr(syscall.Getpagesize())
	from := addr &^ (page - 1)
	pages := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), from)), page*2)
	write := func(b []byte) {
		t.Helper()
		if err := syscall.Mprotect(pages, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC); err != nil {
			t.Fatal(err)
		}
		copy(pages[addr-from:], b)
		if err := syscall.Mprotect(pages, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
			t.Fatal(err)
		}
	}
	old := slices.Clone(pages[addr-from:][:len(code)])
	write(code)
	return func() { write(old) }
}
