//go:build !linux && !darwin

package guardtest

import (
	"bytes"
	"testing"
)

// Faults reports whether an access beyond a buffer faults on this system.
const Faults = false

// alloc returns n bytes between two canaries, which it looks at when the test
// ends.
func alloc(t testing.TB, n int) []byte {
	canary := bytes.Repeat([]byte{0xA5}, 256)
	all := make([]byte, len(canary)+n+len(canary))
	front, b, back := all[:len(canary)], all[len(canary):len(canary)+n], all[len(canary)+n:]
	copy(front, canary)
	copy(back, canary)
	t.Cleanup(func() {
		if !bytes.Equal(front, canary) {
			t.Errorf("guardtest: write before a buffer of %d bytes", n)
		}
		if !bytes.Equal(back, canary) {
			t.Errorf("guardtest: write after a buffer of %d bytes", n)
		}
	})
	return b[:n:n]
}
