//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Another secret each time, also with -count, as nobody clears the last one.
var random = rand.New(rand.NewPCG(1, 2))

// TestLeftInMemory checks the search: what is cleared, or belongs to the caller, is not found; what
// stays on the stack, in what was the stack, or in the heap is.
func TestLeftInMemory(t *testing.T) {
	defer withoutGC()()
	var kept []byte
	for _, tt := range []struct {
		name  string
		run   func(secret []byte)
		found bool
	}{
		{"nothing", func(secret []byte) {}, false},
		{"cleared", func(secret []byte) { leave(secret, true) }, false},
		{"left on the stack", func(secret []byte) { leave(secret, false) }, true},
		{"left by a stack that grows", func(secret []byte) {
			var copied [256]byte
			copy(copied[:], secret)
			growStack(growth)
			clear(copied[:])
			growStack(int(copied[1])) // so that nothing above is in vain
		}, true},
		{"a part in the heap", func(secret []byte) { kept = append(make([]byte, 3, 100), secret[8:]...) }, true},
	} {
		found := ""
		for range 4 { // see attempts
			secret := make([]byte, 34)
			for i := range secret {
				secret[i] = byte(random.Uint32())
			}
			found = leftInMemory(Trial{
				Run:     func() { tt.run(secret) },
				Owned:   [][]byte{secret},
				Secrets: func() [][]byte { return [][]byte{secret} },
			}, 0)
			if found == "" {
				break
			}
			clear(kept)
		}
		if found != "" != tt.found {
			t.Errorf("%s: found %q, want something: %v", tt.name, found, tt.found)
		}
	}
}

// TestMemory: a leak that is found in the other process is a failure in this one.
func TestMemory(t *testing.T) {
	const plant = "MTCORE_PLANTED_LEAK"
	if os.Getenv(plant) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$")
		cmd.Env = append(os.Environ(), plant+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "a leak leaves bytes 0 to 8") {
			t.Errorf("a leak: %v\n%s", err, out)
		}
		return
	}
	Memory(t, "a leak", func() Trial {
		secret := make([]byte, 32)
		for i := range secret {
			secret[i] = byte(random.Uint32())
		}
		return Trial{
			Run:     func() { leave(secret, false) },
			Owned:   [][]byte{secret},
			Secrets: func() [][]byte { return [][]byte{secret} },
		}
	})
}
