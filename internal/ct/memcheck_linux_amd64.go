package ct

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// Memcheck runs c under valgrind with a secret that is undefined, and fails the test if a
// branch or an address depends on it. The results of c must be undefined too: otherwise the
// secret got lost on the way.
func Memcheck(t *testing.T, c Case) {
	t.Helper()
	if Subject() {
		c.runUndefined(t)
		return
	}
	errors, err := underValgrind(t)
	if err != nil {
		// Valgrind does not always get the addresses that it wants. What it has to say of the
		// secret is in its report, not in how it ends, so a second try hides nothing.
		t.Logf("once more, after %v", err)
		errors, err = underValgrind(t)
	}
	if err != nil {
		t.Fatal(err)
	}

	var leaks []string
	seen := map[string]int{}
	ignored := 0
	for _, e := range errors {
		function, ours := e.culprit()
		switch {
		case !ours:
			ignored++
		case slices.Contains(c.Public, function):
			seen[function]++
		default:
			leaks = append(leaks, e.String())
		}
	}
	t.Logf("%d reports about the secret, %d about what is public, %d about the Go runtime", len(leaks), len(seen), ignored)
	for _, function := range c.Public {
		if seen[function] == 0 {
			t.Errorf("nothing in %s depends on the secret: it should not be listed", function)
		}
	}
	switch {
	case c.Planted && len(leaks) == 0:
		t.Error("the planted leak was not found")
	case c.Planted:
		t.Logf("found: %s", leaks[0])
	default:
		for _, leak := range leaks {
			t.Error(leak)
		}
	}
}

// underValgrind runs the subject, and returns what valgrind reports.
func underValgrind(t *testing.T) ([]memError, error) {
	report := filepath.Join(t.TempDir(), "report.xml")
	cmd := subject(t, "valgrind", "--xml=yes", "--xml-file="+report, "--error-limit=no", "--num-callers=40")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	file, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	return parseReport(file)
}

// runUndefined is Memcheck in the subject.
func (c *Case) runUndefined(t *testing.T) {
	if request(&[6]uint64{runningOnValgrind}) == 0 {
		t.Fatal("not running under valgrind")
	}
	secret := slices.Clone(c.Secrets[0])
	c.Run(secret)
	mark(makeMemUndefined, secret)
	result := c.run(secret)
	defined := 0
	for _, bits := range validity(result) {
		if bits == 0 {
			defined++
		}
	}
	mark(makeMemDefined, result)
	mark(makeMemDefined, secret)
	// For a planted index, valgrind reports the load, not the value loaded.
	if (defined > 0 || len(result) == 0) && !c.Planted {
		t.Errorf("%d of %d bytes of the result do not depend on the secret", defined, len(result))
	}
}

// Requests of valgrind.h and memcheck.h.
const (
	runningOnValgrind = 0x1001
	makeMemUndefined  = 'M'<<24 | 'C'<<16 | 1
	makeMemDefined    = 'M'<<24 | 'C'<<16 | 2
	getVBits          = 'M'<<24 | 'C'<<16 | 8
)

func mark(as uint64, b []byte) {
	request(&[6]uint64{as, address(b), uint64(len(b))})
	runtime.KeepAlive(b)
}

// validity returns a byte for each byte of b, whose bits are 1 where those of b are
// undefined.
func validity(b []byte) []byte {
	bits := make([]byte, len(b))
	request(&[6]uint64{getVBits, address(b), address(bits), uint64(len(b))})
	runtime.KeepAlive(b)
	return bits
}

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// memError is valgrind's report about one place, with the call stack, innermost function
// first.
type memError struct {
	kind   string
	frames []runtime.Frame
}

// parseReport reads the output of valgrind --xml=yes. It takes only program counters from
// it: this process is the same program, and knows better than valgrind what is there.
func parseReport(file []byte) (errors []memError, err error) {
	var report struct {
		Errors []struct {
			Kind   string `xml:"kind"`
			Stacks []struct {
				Frames []struct {
					IP string `xml:"ip"`
				} `xml:"frame"`
			} `xml:"stack"`
		} `xml:"error"`
	}
	if err := xml.Unmarshal(file, &report); err != nil {
		return nil, err
	}
	for _, e := range report.Errors {
		if strings.HasPrefix(e.Kind, "Leak_") {
			continue // memory that was not freed
		}
		memErr := memError{kind: e.Kind}
		var pcs []uintptr
		for _, f := range e.Stacks[0].Frames {
			pc, err := strconv.ParseUint(f.IP, 0, 64)
			if err != nil {
				return nil, err
			}
			// CallersFrames is for return addresses, and looks one byte before.
			pcs = append(pcs, uintptr(pc)+1)
		}
		for frames := runtime.CallersFrames(pcs); ; {
			f, more := frames.Next()
			memErr.frames = append(memErr.frames, f)
			if !more {
				break
			}
		}
		errors = append(errors, memErr)
	}
	return errors, nil
}

const (
	module  = "github.com/mtcore/mtcore/"
	harness = module + "internal/ct."
)

// culprit returns the innermost function of this module, and whether the report is about
// the computation under observation: everything below run is, except what the allocator
// does with its own memory. That includes reports of invalid addresses, since valgrind
// takes for defined what it reads there. If the innermost frame is in this module and the
// harness is not in the stack, valgrind got lost in assembly; other reports without the
// harness, of the runtime and the test, do not count.
func (e *memError) culprit() (function string, ours bool) {
	for _, f := range e.frames {
		name, inModule := strings.CutPrefix(f.Function, module)
		switch {
		case strings.HasPrefix(f.Function, harness):
			return function, f.Function == harness+"(*Case).run"
		case inModule && function == "":
			function = name
		case f.Function == "runtime.mallocgc":
			return "", false
		}
	}
	return function, strings.HasPrefix(e.frames[0].Function, module)
}

func (e *memError) String() string {
	var s strings.Builder
	s.WriteString(e.kind)
	for _, f := range e.frames {
		if strings.HasPrefix(f.Function, harness) {
			break
		}
		s.WriteString("\n\t" + f.Function + " " + filepath.Base(f.File) + ":" + strconv.Itoa(f.Line))
	}
	return s.String()
}
