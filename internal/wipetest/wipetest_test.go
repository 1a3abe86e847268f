//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"bytes"
	"testing"
)

//go:noinline
func leave(secret []byte, wipe bool) {
	var copied [4096]byte
	copy(copied[1000:], secret)
	use(&copied)
	if wipe {
		clear(copied[:])
		use(&copied)
	}
}

//go:noinline
func use(*[4096]byte) {}

// TestLeft checks the search: what is cleared is not found; what is not cleared is, and so
// is a part of it.
func TestLeft(t *testing.T) {
	secret := []byte("a secret of some length, in memory")
	part := append([]byte("another "), secret[8:16]...)
	defer withoutGC()()
	for _, tt := range []struct {
		name  string
		wipe  bool
		find  []byte
		found bool
	}{
		{"all", false, secret, true},
		{"a part", false, part, true},
		{"something else", false, []byte("something else"), false},
		{"cleared", true, secret, false},
	} {
		found := true
		for range 4 { // see Stack
			found = found && left(func() { leave(secret, tt.wipe) }, func() [][]byte { return [][]byte{tt.find} }) != ""
		}
		if found != tt.found {
			t.Errorf("%s: found %v, want %v", tt.name, found, tt.found)
		}
	}
}

// TestWriteStack: what was on the stack before is not found.
func TestWriteStack(t *testing.T) {
	secret := []byte("a secret of another time")
	zeros, stack := make([]byte, 8<<10), make([]byte, 8<<10)
	defer withoutGC()()
	find := func(write bool) bool {
		found := true
		for range 4 { // see Stack
			done := make(chan bool)
			go func() {
				defer close(done)
				growStack(growth)
				leave(secret, false)
				if write {
					writeStack(zeros)
				}
				readStack(stack)
			}()
			<-done
			found = found && bytes.Contains(stack, secret)
		}
		return found
	}
	if !find(false) {
		t.Error("what a function leaves is not found")
	}
	if find(true) {
		t.Error("what a function left is found after writeStack")
	}
}
