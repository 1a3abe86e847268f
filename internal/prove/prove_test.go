package prove

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// subjects are all kernels of amd64.
func subjects(t *testing.T) map[string]*subject {
	t.Helper()
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*subject{}
	for _, k := range kernels {
		code, err := exec.Code(k)
		if err != nil {
			t.Fatal(err)
		}
		all[k.String()] = &subject{kernel: k, contract: contract.Find(k.Package, k.Name), code: code}
	}
	return all
}

// The terms of sixteen lanes take 3 GB, which the collector would let become 6.
func init() { debug.SetMemoryLimit(4 << 30) }

// TestProofs proves every kernel that has a goal, and compares the others with the list of those that
// have none.
func TestProofs(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjects(t)
	proven := map[string]bool{}
	for _, g := range goals() {
		proven[g.kernel] = true
		s := all[g.kernel]
		if s == nil {
			t.Errorf("there is no kernel %s: remove it from goals, kernels_test.go", g.kernel)
			continue
		}
		if s.contract == nil {
			t.Errorf("%s has no contract: write one in internal/contract/kernels.go", g.kernel)
			continue
		}
		t.Run(g.kernel, func(t *testing.T) {
			if g.visits == 0 { // the others take all of the memory
				t.Parallel()
			}
			start := time.Now()
			steps, err := g.prove(s)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: proven for %s; %d instructions, %.1f s", g.kernel, g.extent(), steps, time.Since(start).Seconds())
		})
	}
	for _, a := range arithmetics() {
		proven[a.kernel] = true
		if all[a.kernel] == nil {
			t.Errorf("there is no kernel %s: remove it from arithmetics, numbers_test.go", a.kernel)
			continue
		}
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
		if _, listed := unproven[name]; listed == proven[name] {
			t.Errorf("%s needs either a goal, in kernels_test.go or numbers_test.go, or a reason why it has none, in unproven_test.go: see CONTRIBUTING.md, Prove a kernel", name)
		}
	}
	for name := range unproven {
		if all[name] == nil {
			t.Errorf("there is no kernel %s: remove it from unproven_test.go", name)
		}
	}
}

// proven proves a kernel.
func (a *arithmetic) proven(s *subject) (c *computation, err error) {
	defer recovered(&err)
	c = compute(s, nil)
	if err := a.refute(s); err != nil { // what is proven is what is true of numbers that are known
		return c, err
	}
	return c, a.prove(c)
}

// extent says what a goal is for.
func (g *goal) extent() string {
	var parts []string
	if len(g.loops) > 0 {
		all := "all lengths"
		for _, name := range g.loops[0].unknown {
			all += ", any " + name
		}
		parts = append(parts, fmt.Sprintf("%s (%d layouts)", all, len(g.loops)))
	}
	if len(g.cases) > 0 {
		parts = append(parts, fmt.Sprintf("%d inputs", len(g.cases)))
	}
	return strings.Join(parts, " and ")
}

// prove returns how many instructions it took.
func (g *goal) prove(s *subject) (steps int, err error) {
	defer recovered(&err)
	p, memory := term.New(), specified{}
	finish := func(c *call) { steps += c.Steps }
	left := remains{}
	for _, in := range g.cases {
		c := setUp(p, s, in, g.spec, memory)
		if err := c.run(); err != nil {
			return steps, fmt.Errorf("%v: %w", in, err)
		}
		if err := left.compare(c); err != nil {
			return steps, fmt.Errorf("%v: %w", in, err)
		}
		finish(c)
	}
	for _, in := range g.loops {
		proof := g.induction
		if g.chosenBy != nil {
			proof = g.choice
		}
		if err := proof(p, s, in, memory, finish); err != nil {
			return steps, fmt.Errorf("%v: %w", in, err)
		}
	}
	return steps, nil
}
