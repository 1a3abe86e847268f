package stack

import (
	"testing"
	"unsafe"
)

// TestReserve: after a number of bytes is reserved, a function that needs somewhat less does
// not move the stack.
func TestReserve(t *testing.T) {
	for _, tt := range []struct {
		name         string
		reserve, use func()
	}{
		{"4K", Reserve4K, func() { var b [3 << 10]byte; use(b[:]) }},
		{"8K", Reserve8K, func() { var b [7 << 10]byte; use(b[:]) }},
		{"16K", Reserve16K, func() { var b [15 << 10]byte; use(b[:]) }},
		{"48K", Reserve48K, func() { var b [47 << 10]byte; use(b[:]) }},
		{"80K", Reserve80K, func() { var b [79 << 10]byte; use(b[:]) }},
	} {
		for _, reserve := range []bool{true, false} {
			moved := make(chan bool)
			go func() {
				var here byte
				if reserve {
					tt.reserve()
				}
				before := uintptr(unsafe.Pointer(&here))
				tt.use()
				moved <- before != uintptr(unsafe.Pointer(&here))
			}()
			if got := <-moved; got == reserve {
				t.Errorf("Reserve%s %v: the stack has moved: %v", tt.name, reserve, got)
			}
		}
	}
}
