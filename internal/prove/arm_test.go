package prove

import (
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/prove/exec"
)

// subjectsARM are all kernels of arm.
func subjectsARM(t *testing.T) map[string]*subject {
	t.Helper()
	kernels, err := machine.Build(t.TempDir(), "arm")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*subject{}
	for _, k := range kernels {
		code, err := exec.CodeARM(k)
		if err != nil {
			t.Fatal(err)
		}
		all[k.String()] = &subject{kernel: k, contract: contract.Find(k.Package, k.Name), arm: code}
	}
	return all
}

// goalsARM are those of goals whose kernels there are on arm. There every loop takes a block at a time, and frames are
// not aligned.
func goalsARM(all map[string]*subject) (list []goal) {
	for _, g := range goals() {
		if all[g.kernel] != nil {
			g.stride, g.loops = 1, anyStack(g.loops)
			list = append(list, g)
		}
	}
	return list
}

// TestProofsARM is TestProofs for arm.
func TestProofsARM(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjectsARM(t)
	proven := map[string]bool{}
	for _, g := range goalsARM(all) {
		proven[g.kernel] = true
		t.Run(g.kernel, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			steps, err := g.prove(all[g.kernel])
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: proven for %s; %d instructions, %.1f s", g.kernel, g.extent(), steps, time.Since(start).Seconds())
		})
	}
	for name := range all {
		if !proven[name] {
			t.Errorf("%s needs a goal, in kernels_test.go: see CONTRIBUTING.md, Prove a kernel", name)
		}
	}
	if len(all) == 0 {
		t.Error("no kernels")
	}
}
