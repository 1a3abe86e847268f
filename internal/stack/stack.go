// Package stack makes room on the stack before there are secrets on it.
//
// A goroutine begins with a stack of a few kilobytes. When a call needs more, the runtime
// copies the stack to a larger one and leaves the old one behind as it is, with the data of
// functions that can no longer clear it. So a function that puts secrets on the stack grows it
// first, by as much as everything it calls will need, including the room that these functions
// reserve themselves. This cannot prevent the runtime from moving the goroutine to a smaller
// stack when it collects garbage in the middle of a call.
package stack

import "unsafe"

// Reserve4K and the functions below grow the goroutine's stack, if necessary, so that the
// number of bytes in their name is free after they have returned. That takes a few
// instructions, since nobody touches their frames. Watch, if there is one, is called with the
// address of these bytes and their number.
//
//go:noinline
func Reserve4K() { // a function without tables: a message of ige or kdf
	if Watch != nil {
		var frame [4 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve8K() { // one that calls such functions
	if Watch != nil {
		var frame [8 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve16K() { // a batch of ige or kdf, a power
	if Watch != nil {
		var frame [16 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve24K() { // what calls one of those
	if Watch != nil {
		var frame [24 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve48K() { // what calls several, with tables of its own
	if Watch != nil {
		var frame [48 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve64K() { // what calls one of those
	if Watch != nil {
		var frame [64 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve80K() { // eight powers at once
	if Watch != nil {
		var frame [80 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

//go:noinline
func Reserve96K() { // what calls that
	if Watch != nil {
		var frame [96 << 10]byte
		Watch(uintptr(unsafe.Pointer(&frame)), len(frame))
	}
}

// Watch is nil, except in a test that watches reservations. It is a variable also so that the
// compiler does not remove the frames.
var Watch func(reserved uintptr, size int)
