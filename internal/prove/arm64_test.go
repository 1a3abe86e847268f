package prove

import (
	"slices"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/prove/exec"
)

// subjectsARM64 are all kernels of arm64.
func subjectsARM64(t *testing.T) map[string]*subject {
	t.Helper()
	kernels, err := machine.Build(t.TempDir(), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*subject{}
	for _, k := range kernels {
		code, err := exec.CodeARM64(k)
		if err != nil {
			t.Fatal(err)
		}
		all[k.String()] = &subject{kernel: k, contract: contract.Find(k.Package, k.Name), arm64: code}
	}
	return all
}

// goalsARM64 are those of goals whose kernels there are on arm64, and those of NEON. There every loop takes a block
// or chunk at a time, and kernels have no frames, to which it would matter where the stack pointer is. But each is
// called with and without PSTATE.DIT, set or not, in turns.
func goalsARM64(all map[string]*subject) (list []goal) {
	for _, g := range append(goals(), neonGoals(all)...) {
		if all[g.kernel] == nil {
			continue
		}
		g.stride, g.loops = 1, anyStack(g.loops)
		g.cases, g.loops = timed(g.cases), timed(g.loops)
		list = append(list, g)
	}
	return list
}

// anyStack are inputs without those that differ from others in the stack pointer alone.
func anyStack(list []input) []input {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(in input) bool {
		in.sp = 0
		twice := seen[in.String()]
		seen[in.String()] = true
		return twice
	})
}

// timed are inputs with all that PSTATE.DIT may be, in turns: at least three, if there are any.
func timed(list []input) (out []input) {
	for i := range max(3, len(list)) {
		if len(list) > 0 {
			in := list[i%len(list)]
			in.timing = exec.Timing(i % 3)
			out = append(out, in)
		}
	}
	return out
}

// TestProofsARM64 is TestProofs for arm64.
func TestProofsARM64(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjectsARM64(t)
	proven := map[string]bool{}
	for _, g := range goalsARM64(all) {
		proven[g.kernel], proven[g.with] = true, true
		t.Run(g.kernel, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			steps, err := g.prove(all[g.kernel])
			if err != nil {
				t.Fatal(err)
			}
			name := g.kernel
			if g.with != "" {
				name = g.with + ", " + name
			}
			t.Logf("%s: proven for %s; %d instructions, %.1f s", name, g.extent(), steps, time.Since(start).Seconds())
		})
	}
	for _, a := range arithmeticsARM64() {
		proven[a.kernel] = true
		t.Run(a.kernel, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			c, err := a.proven(all[a.kernel])
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: proven for all numbers; %d instructions, %d dropped carries are zero, %.1f s", a.kernel, c.steps, c.facts.Zeros, time.Since(start).Seconds())
		})
	}
	for name := range all {
		if !proven[name] {
			t.Errorf("%s needs a goal, in kernels_test.go or arm64_numbers_test.go", name)
		}
	}
}
