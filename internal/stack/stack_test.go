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
		{"24K", Reserve24K, func() { var b [23 << 10]byte; use(b[:]) }},
		{"48K", Reserve48K, func() { var b [47 << 10]byte; use(b[:]) }},
		{"64K", Reserve64K, func() { var b [63 << 10]byte; use(b[:]) }},
		{"80K", Reserve80K, func() { var b [79 << 10]byte; use(b[:]) }},
		{"96K", Reserve96K, func() { var b [95 << 10]byte; use(b[:]) }},
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

//go:noinline
func use(b []byte) {
	for i := range b {
		b[i]++
	}
}

// TestWatch: the reserved bytes are those below the caller's frame.
func TestWatch(t *testing.T) {
	defer func() { Watch = nil }()
	for size, reserve := range map[int]func(){
		4 << 10: Reserve4K, 8 << 10: Reserve8K, 16 << 10: Reserve16K, 24 << 10: Reserve24K,
		48 << 10: Reserve48K, 64 << 10: Reserve64K, 80 << 10: Reserve80K, 96 << 10: Reserve96K,
	} {
		var below, got int
		done := make(chan bool)
		go func() {
			defer close(done)
			Watch = func(uintptr, int) {}
			reserve() // so that the stack stays where it is
			var b byte
			here := uintptr(unsafe.Pointer(&b))
			Watch = func(reserved uintptr, size int) { below, got = int(here-reserved), size }
			reserve()
		}()
		<-done
		if got != size || below < size || below > size+1000 {
			t.Errorf("Reserve of %d bytes: %d bytes from %d below the caller's", size, got, below)
		}
	}
}
