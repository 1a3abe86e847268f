package prove

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/a32"
	"github.com/mtcore/mtcore/internal/prove/exec"
)

const toNextARM = 0xeaffffff // B to the next word

// mutateARM returns a mutant of a kernel of arm, of which the words at addrs are executed: mutants are those that mutantARM64
// says.
func mutateARM(rng *rand.Rand, s *subject, addrs []int, unread func(mutated *subject, last int) bool) *candidate {
next:
	for {
		words := changeWords(rng, s, addrs, toNextARM)
		code := maps.Clone(s.arm)
		what, last, jumps := "", 0, false
		for _, addr := range slices.Sorted(maps.Keys(words)) {
			in, err := a32.Decode(words[addr], addr)
			was := s.arm[addr]
			if err != nil || !exec.SemanticsARM(&in) || returnsARM(&in) || returnsARM(was) {
				continue next
			}
			last = addr
			jumps = jumps || was.Op == "b" || in.Op == "b" && words[addr] != toNextARM
			if what += fmt.Sprintf("%v becomes %v; ", was, in); words[addr] == toNextARM {
				what = fmt.Sprintf("%v is left out; ", was)
			}
			code[addr] = &in
		}
		mutated := &subject{kernel: s.kernel, contract: s.contract, arm: code}
		what = fmt.Sprintf("%v: %s", s.kernel, what)
		return &candidate{
			subject: mutated, what: what, where: fmt.Sprintf("at %#x", last),
			rule:   len(words) == 2 && independentARM(s.arm[last-4], s.arm[last]),
			unread: func() bool { return !jumps && unread(mutated, last) },
			listed: listedARM[what] != "",
		}
	}
}

// returnsARM reports whether an instruction loads the program counter.
func returnsARM(in *a32.Inst) bool {
	return in.Args[0].Kind == a32.Register && in.Args[0].Reg == a32.PC
}

// independentARM reports whether two instructions can be executed in any order: neither writes what the other uses.
func independentARM(a, b *a32.Inst) bool {
	usedByA, writtenByA := usesARM(a)
	usedByB, writtenByB := usesARM(b)
	return disjoint(writtenByA, usedByB) && disjoint(writtenByB, usedByA)
}

// usesARM are the registers that an instruction reads or writes, and those that it writes, with flags and memory among
// them.
func usesARM(in *a32.Inst) (used, written map[string]bool) {
	used, written = map[string]bool{}, map[string]bool{}
	write := func(name string) { used[name], written[name] = true, true }
	store := in.Op == "str" || in.Op == "vst1.8"
	for i := range in.Args {
		a := &in.Args[i]
		var names []string
		switch a.Kind {
		case a32.Register:
			names = []string{fmt.Sprint("r", a.Reg)}
		case a32.Quad:
			names = []string{fmt.Sprint("d", 2*a.Reg), fmt.Sprint("d", 2*a.Reg+1)}
		case a32.Element:
			names = []string{fmt.Sprint("d", a.Reg)}
		case a32.List:
			for j := range a.Count {
				names = append(names, fmt.Sprint("d", a.Reg+j))
			}
		case a32.Memory:
			if used["memory"] = true; store {
				written["memory"] = true
			}
			if names = []string{fmt.Sprint("r", a.Base)}; a.Mode != a32.Offset {
				write(names[0])
			}
		}
		for _, name := range names {
			if used[name] = true; i == 0 && !store && in.Op != "cmp" {
				written[name] = true
			}
		}
	}
	if in.Op == "cmp" || in.Op == "subs" {
		write("flags")
	}
	if in.Cond != a32.Always {
		used["flags"] = true
	}
	if in.Op == "b" {
		write("where to go on")
	}
	return used, written
}

// listedARM are mutants that do the same, of which no rule says so, and why.
var listedARM = map[string]string{
	"ige.Expand: vld1.8 {d12-d15}, [r0]! becomes vld1.8 {d12-d15}, [r0]; ":     "another address in the frame is left in a register",
	"ige.Encrypt: vld1.8 {d12-d15}, [r0]! becomes vld1.8 {d12-d15}, [r0]; ":    "another address in the frame is left in a register",
	"ige.EncryptKey: vld1.8 {d12-d15}, [r0]! becomes vld1.8 {d12-d15}, [r0]; ": "another address in the frame is left in a register",
	"ige.Decrypt: vld1.8 {d12-d15}, [r0]! becomes vld1.8 {d12-d15}, [r0]; ":    "another address in the frame is left in a register",
	"ige.DecryptKey: vld1.8 {d12-d15}, [r0]! becomes vld1.8 {d12-d15}, [r0]; ": "another address in the frame is left in a register",
}

// TestMutantsARM is TestMutants for arm.
func TestMutantsARM(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjectsARM(t)
	var v verdicts
	for _, g := range goalsARM(all) {
		t.Run(g.kernel, func(t *testing.T) {
			s := all[g.kernel]
			g.judge(t, &v, s, func(addrs []int, unread func(*subject, int) bool) func(*rand.Rand) *candidate {
				return func(rng *rand.Rand) *candidate { return mutateARM(rng, s, addrs, unread) }
			})
		})
	}
	t.Log(v)
}
