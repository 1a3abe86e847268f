// Package guardtest makes buffers that end where memory ends, so that a kernel
// which reads or writes one byte too many is caught doing it. Go checks the
// bounds of Go code only, and nothing else would notice within a live allocation.
//
// On Linux and macOS a buffer lies between two inaccessible pages. On other
// systems the buffers are ordinary slices between canaries: a stray write is
// found at the end of the test, a stray read is not. [Faults] says which it is.
package guardtest

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Front returns n zero bytes of which the first adjoins inaccessible memory. They
// are freed when the test ends.
func Front(t testing.TB, n int) []byte {
	t.Helper()
	b := alloc(t, n)
	return b[:n:n]
}

// Back returns n zero bytes of which the last adjoins inaccessible memory, and so
// does the last one of every b[i:]. They are freed when the test ends.
func Back(t testing.TB, n int) []byte {
	t.Helper()
	b := alloc(t, n)
	return b[len(b)-n:]
}

// Try runs f and returns the run-time error that ended it, if any: a memory fault, or a
// failed bounds check of Go's. Without it the program would die, and the test could not say
// what it was doing. Other panics pass through.
func Try(f func()) (fault error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			fault = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}
