//go:build amd64 || arm64 || arm

package ct

import (
	"flag"
	"fmt"
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

	var first []step
	for i := range c.Secrets {
		n := 0
		same := p.run(t, func(s step) bool {
			if i == 0 {
				first = append(first, s)
				return true
			}
			n++
			return n <= len(first) && s == first[n-1]
		})
		switch {
		case i == 0:
			note(first)
			checkTiming(t, first)
			continue
		case same && n == len(first):
			continue
		case same:
			t.Fatalf("run %d ends after %d of %d steps", i, n, len(first)) // unexpected even if planted
		}
		where := fmt.Sprintf("run %d differs from run 0 in step %d of %d, after %v", i, n, len(first), first[max(0, n-2)])
		if !c.Planted {
			t.Error(where)
		}
		t.Logf("found: %s", where)
		if c.In != "" && !strings.Contains(where, "/asm."+c.In) {
			t.Errorf("the planted leak is in %s", c.In)
		}
		return
	}
	t.Logf("%d runs of %d steps are the same", len(c.Secrets), len(first))
	if c.Planted {
		t.Error("the planted leak was not found")
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
func note(steps []step) {
	last := uint64(0)
	for _, s := range steps {
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
