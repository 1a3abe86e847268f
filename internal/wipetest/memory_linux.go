//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// A Trial is one call, whose traces in memory are searched for.
type Trial struct {
	Run func()
	// Owned are the places of secrets that the caller has to wipe.
	Owned [][]byte
	// OwnedLater, unless it is nil, returns those that are only known after the call.
	OwnedLater func() [][]byte
	// Secrets returns what must not be anywhere else. It is called after the memory was
	// copied, so it may compute things that leave traces.
	Secrets func() [][]byte
}

// Memory makes a trial for each of many depths of the stack of a new goroutine. It fails the
// test if afterwards there are eight bytes of a secret, at a multiple of eight bytes from its
// start, in memory that the heap and all stacks are in, or once were: a stack that grows is
// copied, and nobody clears what it leaves behind. It fails as well if a reservation of package
// stack does not fit into one that it is inside of, which few depths would show.
//
// The test runs in a process of its own, see [uninterrupted].
func Memory(t *testing.T, name string, newTrial func() Trial) {
	t.Helper()
	if !uninterrupted(t) {
		return
	}
	defer withoutGC()()
	// The first call runs the self-tests of packages, which have no secrets.
	newTrial().Run()
	if what := outgrown(newTrial().Run); what != "" {
		t.Errorf("%s: %s", name, what)
	}
	for depth := 0; depth < depths; depth++ {
		var what string
		for range attempts {
			runtime.GC() // so that there is little to search
			if what = leftInMemory(newTrial(), depth); what == "" {
				break
			}
		}
		if what != "" {
			t.Errorf("%s leaves %s, from %d bytes into the stack of a new goroutine", name, what, depth*stepSize)
			return
		}
	}
}

// attempts is how often something has to be found in a row: a word of a secret that setting up a trial has
// spilled stays now and then, also where the call has no use for that secret.
const attempts = 16

// Goroutines begin with 2 KiB of stack.
const (
	depths   = 50
	stepSize = 152
)

// uninterrupted reports whether the runtime leaves running goroutines alone. Otherwise it sends
// them signals, at which the kernel saves all registers, with what is in them, where nobody can
// clear it: on a busy machine one in three calls of authkey.StepBatch would be blamed. Then it runs
// the test t once in another process, which has to pass, and where it returns true.
func uninterrupted(t *testing.T) bool {
	t.Helper()
	const off = "asyncpreemptoff=1"
	debug := os.Getenv("GODEBUG")
	if strings.Contains(debug, off) {
		return true
	}
	if _, again := elsewhere.LoadOrStore(t, true); again {
		return false
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := "^" + strings.ReplaceAll(regexp.QuoteMeta(t.Name()), "/", "$/^") + "$"
	cmd := exec.CommandContext(t.Context(), exe, "-test.run="+name, "-test.v", fmt.Sprint("-test.short=", testing.Short()))
	cmd.Env = append(os.Environ(), "GODEBUG="+strings.TrimPrefix(debug+","+off, ","))
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("without interruptions: %v\n%s", err, out)
	}
	return false
}

// elsewhere has the tests that were run in another process.
var elsewhere sync.Map

func leftInMemory(trial Trial, depth int) string {
	done := make(chan bool)
	go func() {
		descend(depth, trial.Run)
		close(done)
	}()
	<-done
	snapshot := takeSnapshot()
	defer snapshot.free()
	if trial.OwnedLater != nil {
		trial.Owned = append(trial.Owned, trial.OwnedLater()...)
	}
	return snapshot.search(trial.Secrets(), trial.Owned)
}

// descend calls f with a stack of so many frames of about stepSize bytes.
//
//go:noinline
func descend(depth int, f func()) byte {
	var frame [stepSize - 56]byte
	if depth == 0 {
		f()
	} else {
		frame[depth] = descend(depth-1, f)
	}
	return frame[depth/2]
}

// snapshot is a copy of memory, which is not in the memory that is copied.
type snapshot struct {
	copied  []byte
	regions []region
}

type region struct {
	address uintptr
	memory  []byte
}

// near is more than the heap and all stacks of a test take, which are in one place.
const near = 1 << 30

func takeSnapshot() *snapshot {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		panic(err)
	}
	var s snapshot
	size := 0
	heap := uintptr(unsafe.Pointer(new([64 << 10]byte)))
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		var from, to uintptr
		var mode string
		fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode)
		if strings.HasPrefix(mode, "rw") && from+near > heap && from < heap+near {
			s.regions = append(s.regions, region{address: from, memory: unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), from)), to-from)})
			size += int(to - from)
		}
	}
	s.copied, err = syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	free := s.copied
	for i := range s.regions {
		r := &s.regions[i]
		n := copy(free, r.memory)
		r.memory, free = free[:n], free[n:]
	}
	return &s
}

func (s *snapshot) free() { syscall.Munmap(s.copied) }

// search looks for the secrets outside of what is owned.
func (s *snapshot) search(secrets, owned [][]byte) string {
	pieces := map[uint64]string{} // by their bits, inverted, so that the next search does not find what this one leaves
	var filter [1 << 16]bool      // by the lower bits of pieces
	for i, secret := range secrets {
		for at := 0; at+8 <= len(secret); at += 8 {
			if inverted := ^binary.LittleEndian.Uint64(secret[at:]); ^inverted != 0 {
				pieces[inverted] = fmt.Sprintf("bytes %d to %d of secret %d", at, at+8, i)
				filter[uint16(inverted)] = true
			}
		}
	}
	for _, r := range s.regions {
		for _, o := range owned {
			if at := uintptr(unsafe.Pointer(unsafe.SliceData(o))) - r.address; at < uintptr(len(r.memory)) {
				clear(r.memory[at:][:len(o)])
			}
		}
		for i := 0; i+8 <= len(r.memory); i++ {
			inverted := ^*(*uint64)(unsafe.Pointer(&r.memory[i]))
			if ^inverted != 0 && filter[uint16(inverted)] && pieces[inverted] != "" {
				return fmt.Sprintf("%s at %#x", pieces[inverted], r.address+uintptr(i))
			}
		}
	}
	return ""
}
