//go:build amd64 || arm64 || arm

package ct

import (
	"flag"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
)

// Trace runs c once for each of its secrets, one instruction at a time, and fails the
// test unless all runs consist of the same instructions with the same addresses. On amd64,
// this process needs the right to trace another (ptrace); on ARM, it needs qemu.
func Trace(t *testing.T, c Case) {
	t.Helper()
	if Subject() {
		c.runTraced()
		return
	}
	p := startTracee(t)
	defer p.kill()

	var first recording
	for i := range c.Secrets {
		n := 0
		same := p.run(t, func(s step) bool {
			if i == 0 {
				first.add(s)
				return true
			}
			n++
			return n <= first.n && s == first.at(n-1)
		})
		switch {
		case i == 0:
			note(first.all())
			checkTiming(t, first.all())
			continue
		case same && n == first.n:
			continue
		case same:
			t.Fatalf("run %d ends after %d of %d steps", i, n, first.n) // unexpected even if planted
		}
		where := fmt.Sprintf("run %d differs from run 0 in step %d of %d, after %v", i, n, first.n, first.at(max(0, n-2)))
		if !c.Planted {
			t.Error(where)
		}
		t.Logf("found: %s", where)
		if c.In != "" && !strings.Contains(where, "/asm."+c.In) {
			t.Errorf("the planted leak is in %s", c.In)
		}
		return
	}
	t.Logf("%d runs of %d steps are the same", len(c.Secrets), first.n)
	if c.Planted {
		t.Error("the planted leak was not found")
	}
}

// recording is the steps of a run, of which there may be tens of millions: in pieces, which stay where
// they are when it grows.
type recording struct {
	pieces [][]step
	n      int
}

const piece = 1 << 16

func (r *recording) add(s step) {
	if r.n%piece == 0 {
		r.pieces = append(r.pieces, make([]step, piece))
	}
	r.pieces[r.n/piece][r.n%piece] = s
	r.n++
}

func (r *recording) at(i int) step { return r.pieces[i/piece][i%piece] }

func (r *recording) all() iter.Seq[step] {
	return func(yield func(step) bool) {
		for i := range r.n {
			if !yield(r.at(i)) {
				return
			}
		}
	}
}

// runTraced is Trace in the subject. From freeze to thaw this is the only thread that runs, so
// that neither the scheduler nor the collector interferes.
func (c *Case) runTraced() {
	allowTiming()
	secret := make([]byte, len(c.Secrets[0])) // the same address for all
	for _, s := range c.Secrets {
		copy(secret, s)
		c.run(secret)
	}

	runtime.LockOSThread()
	freeze()
	runtime.UnlockOSThread()
	// If the scheduler asked for the thread meanwhile, it gets it now.
	runtime.Gosched()

	for _, s := range c.Secrets {
		copy(secret, s)
		begin()
		c.run(secret)
		end()
	}
	thaw()
}

func (s step) String() string {
	f, _ := runtime.CallersFrames([]uintptr{uintptr(s.pc) + 1}).Next()
	return fmt.Sprintf("%s %s:%d", f.Function, f.File[strings.LastIndex(f.File, "/")+1:], f.Line)
}

// maxInstruction is how many bytes an instruction has at most, here on amd64.
const maxInstruction = 15

// traced has the functions that were called in a trace.
var traced = map[string]bool{}

// note adds to traced.
func note(steps iter.Seq[step]) {
	last := uint64(0)
	for s := range steps {
		if s.pc-last > maxInstruction {
			if f := runtime.FuncForPC(uintptr(s.pc)); f != nil {
				traced[f.Name()] = true
			}
		}
		last = s.pc
	}
}

// TraceAll runs f as a subtest in each state of p, the backends of the package in the current
// directory. It then fails the test if there is a kernel that this package calls and no trace has;
// unless a backend is missing, or only some subtests run. On amd64, portable Go is left to
// Memcheck: it takes too many steps.
func TraceAll(t *testing.T, p *impl.Package, f func(t *testing.T, s impl.State)) {
	t.Helper()
	impltest.Require(t, p)
	states := p.States()
	if runtime.GOARCH == "amd64" {
		states = states[1:]
	}
	for _, s := range states {
		t.Run(s.Name, func(t *testing.T) {
			defer s.Enter()()
			f(t, s)
		})
	}
	missing := slices.ContainsFunc(p.Backends(), func(b impl.Backend) bool { return !b.Available })
	if Subject() || missing || t.Failed() || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return
	}
	kernels := impltest.Kernels(t)
	for name := range kernels {
		calls := func(f string) bool { return strings.HasSuffix(f, "/asm."+name) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(traced)), calls) {
			t.Errorf("%s was not traced", name)
		}
	}
	t.Logf("%d kernels were traced", len(kernels))
}
