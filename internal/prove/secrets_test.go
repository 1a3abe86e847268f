package prove

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/exec"
)

// Arguments that are secret numbers, such as the index of an entry, are taken one by one, so that to a
// machine they are as public as any. What must not depend on them is therefore compared between calls: how
// many instructions are executed, and what is left in registers and in the frame.

// remains are what calls with the same public arguments leave.
type remains map[string]*remain

type remain struct {
	steps  int
	regs   []exec.Value
	vecs   [32]exec.Vec
	masks  [8]uint64
	frame  map[int]exec.Value
	memory map[int]int // bytes of the frame
}

// compare compares what a call leaves with what other ones left.
func (r remains) compare(c *call) error {
	public, secrets := c.input, false
	public.numbers = maps.Clone(c.input.numbers)
	for _, a := range c.subject.contract.Args {
		if a.Kind == contract.Secret {
			secrets = true
			delete(public.numbers, a.Name)
		}
	}
	if !secrets {
		return nil
	}
	public.seed = 0
	left := &remain{c.Steps, slices.Clone(c.Regs[:]), c.Vecs, c.Masks, map[int]exec.Value{}, map[int]int{}}
	for off, v := range c.Stack.Values {
		if off < 0 {
			left.frame[off] = v
		}
	}
	for off, b := range c.Stack.Bytes {
		if off < 0 {
			left.memory[off] = int(b)
		}
	}
	known := r[public.String()]
	if known == nil {
		r[public.String()] = left
		return nil
	}
	same := func(a, b exec.Value) bool {
		if a.Region != nil && b.Region != nil && a.Region.Name == b.Region.Name {
			a.Region = b.Region
		}
		return a == b
	}
	switch {
	case left.steps != known.steps:
		return fmt.Errorf("executes another number of instructions")
	case !slices.EqualFunc(left.regs, known.regs, same) || left.vecs != known.vecs || left.masks != known.masks:
		return fmt.Errorf("leaves what depends on a secret number in registers")
	case !maps.EqualFunc(left.frame, known.frame, same) || !maps.Equal(left.memory, known.memory):
		return fmt.Errorf("leaves what depends on a secret number in its frame")
	}
	return nil
}

// TestSecretNumbers leaves an index in a register.
func TestSecretNumbers(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	s := subjects(t)["bigdh.SelectIFMA"]
	var last *x86.Inst // before the kernel returns
	for _, in := range s.code {
		if next := s.code[in.Next()]; next != nil && next.Op == "ret" {
			last = in
		}
	}
	const index = 3 // which argument
	s.after = map[int]func(*exec.Machine){last.Addr: func(m *exec.Machine) { m.Regs[x86.RDX] = m.Argument(index) }}
	for _, g := range goals() {
		if g.kernel != s.kernel.String() {
			continue
		}
		small := g.small()
		if _, err := small.prove(s); err == nil || !strings.Contains(err.Error(), "secret number") {
			t.Errorf("an index is left in a register: error %v", err)
		}
	}
}
