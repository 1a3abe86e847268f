//go:build linux || darwin

package guardtest

import (
	"os"
	"syscall"
	"testing"
)

// Faults reports whether an access beyond a buffer faults on this system.
const Faults = true

// alloc returns whole pages, at least n bytes, between two inaccessible ones.
func alloc(t testing.TB, n int) []byte {
	t.Helper()
	page := os.Getpagesize()
	size := max(1, (n+page-1)/page) * page
	all, err := syscall.Mmap(-1, 0, page+size+page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("guardtest: mmap: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Errorf("guardtest: munmap: %v", err)
		}
	})
	b := all[page : page+size : page+size]
	if err := syscall.Mprotect(b, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		t.Fatalf("guardtest: mprotect: %v", err)
	}
	return b
}
