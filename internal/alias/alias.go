// Package alias tells whether two buffers share memory.
//
// Ciphers of this module work in place, where input and output start at the
// same byte, and refuse every other overlap: it would overwrite input that has
// not been read.
package alias

import "unsafe"

// AnyOverlap reports whether x and y share memory at any index, within their
// lengths; memory between length and capacity does not count.
func AnyOverlap(x, y []byte) bool {
	return len(x) > 0 && len(y) > 0 &&
		uintptr(unsafe.Pointer(&x[0])) <= uintptr(unsafe.Pointer(&y[len(y)-1])) &&
		uintptr(unsafe.Pointer(&y[0])) <= uintptr(unsafe.Pointer(&x[len(x)-1]))
}

// InexactOverlap reports whether x and y share memory at differing indices:
// it is false for disjoint buffers and for buffers that begin at one address.
func InexactOverlap(x, y []byte) bool {
	d := uintptr(unsafe.Pointer(unsafe.SliceData(x))) - uintptr(unsafe.Pointer(unsafe.SliceData(y)))
	return d != 0 && len(x) > 0 && len(y) > 0 && (d < uintptr(len(y)) || -d < uintptr(len(x)))
}
