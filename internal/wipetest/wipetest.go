//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"
)

// Stack calls f on a fresh stack, and fails the test if what f leaves there contains eight
// bytes of a secret, at a multiple of eight bytes from its start. It asks for the secrets
// after the call.
//
// The runtime may interrupt f at any time and save all registers on the stack, which nobody
// can clear. So only what is found several times in a row counts as left by f.
func Stack(t *testing.T, name string, f func(), secrets func() [][]byte) {
	t.Helper()
	defer withoutGC()()
	var what string
	for range StackCalls {
		what = left(f, secrets)
		if what == "" {
			return
		}
	}
	t.Errorf("%s leaves %s", name, what)
}

// StackCalls is how often Stack calls f, at most.
const StackCalls = 16

// withoutGC keeps stacks as they are, which a collection would shrink: none may start until the
// returned function is called, and none is in progress.
func withoutGC() (undo func()) {
	percent := debug.SetGCPercent(-1)
	runtime.GC()
	return func() { debug.SetGCPercent(percent) }
}

func left(f func(), secrets func() [][]byte) string {
	stack := make([]byte, stackSize)
	done := make(chan bool)
	go func() {
		defer close(done)
		growStack(growth)
		writeStack(stack) // zeros
		f()
		readStack(stack)
	}()
	<-done
	for _, secret := range secrets() {
		for ; len(secret) >= 8; secret = secret[8:] {
			if i := bytes.Index(stack, secret[:8]); i >= 0 {
				return fmt.Sprintf("%x on the stack, %d bytes below", secret[:8], len(stack)-i)
			}
		}
	}
	return ""
}

const (
	stackSize = 120 << 10
	// growth is the number of frames, of more than 256 bytes each, after which a stack has
	// at least 256 KiB.
	growth = 600
)

// growStack makes room for f, so that the stack does not move.
//
//go:noinline
func growStack(depth int) byte {
	var frame [256]byte
	if depth > 0 {
		frame[depth%256] = growStack(depth - 1)
	}
	return frame[depth/2%256]
}

// writeStack copies src to what is below its frame.
//
//go:noinline
//go:nosplit
func writeStack(src []byte) {
	var here byte
	p := below(&here, len(src))
	for i := range src {
		*(*byte)(unsafe.Add(p, i)) = src[i]
	}
}

// readStack copies what is below its frame to dst.
//
//go:noinline
//go:nosplit
func readStack(dst []byte) {
	var here byte
	p := below(&here, len(dst))
	for i := range dst {
		dst[i] = *(*byte)(unsafe.Add(p, i))
	}
}

// below returns the address of n bytes that end below the frame of a caller with a local
// variable here. It is a function so that the compiler does not drop stores to its result
// as stores to here, which nobody reads.
//
//go:noinline
//go:nosplit
func below(here *byte, n int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(here), -n-margin)
}

// margin is more than the distance between a local variable and the end of its frame.
const margin = 128
