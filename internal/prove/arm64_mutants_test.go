package prove

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/numexec"
)

// mutantARM64 is a kernel in which a bit of a word is another, a word is left out, or two have changed
// places, and what is left are instructions with semantics.
type mutantARM64 struct {
	*subject
	what    string // without addresses
	swapped bool   // whether two words have changed places that do not depend on each other
	last    int    // address of the last word that is another
	jumps   bool   // whether there was a jump before, or is one now that leads elsewhere than to the next word
}

const toNext = 0x14000001 // B to the next word

// mutateARM64 returns a mutant of a kernel of which the words at addrs are executed, by instructions that have semantics.
func mutateARM64(rng *rand.Rand, s *subject, addrs []int, semantics func(*a64.Inst) bool) *mutantARM64 {
	for {
		words := changeWords(rng, s, addrs, toNext)
		m := &mutantARM64{}
		code := maps.Clone(s.arm64)
		ok := true
		for _, addr := range slices.Sorted(maps.Keys(words)) {
			w := words[addr]
			in, err := a64.Decode(w, addr)
			if err != nil || !semantics(&in) || in.Op == "ret" || s.arm64[addr].Op == "ret" {
				ok = false
				break
			}
			m.last = max(m.last, addr)
			m.jumps = m.jumps || jumpsARM64(s.arm64[addr]) || jumpsARM64(&in) && w != toNext
			if m.what += fmt.Sprintf("%v becomes %v; ", s.arm64[addr], in); w == toNext {
				m.what = fmt.Sprintf("%v is left out; ", s.arm64[addr])
			}
			code[addr] = &in
		}
		if ok {
			m.swapped = len(words) == 2 && independentARM64(s.arm64[m.last-4], s.arm64[m.last])
			m.subject = &subject{kernel: s.kernel, contract: s.contract, arm64: code}
			return m
		}
	}
}

// candidate is the mutant as it is judged.
func (m *mutantARM64) candidate() *candidate {
	what := fmt.Sprintf("%v: %s", m.kernel, m.what)
	return &candidate{subject: m.subject, what: what, where: fmt.Sprintf("at %#x", m.last), rule: m.swapped, listed: listedARM64[what] != ""}
}

// changeWords returns words of a kernel that are others, by their addresses: one has another bit, or leads to the next
// instead, or two have changed places.
func changeWords(rng *rand.Rand, s *subject, addrs []int, toNext uint32) map[int]uint32 {
	word := func(addr int) uint32 { return binary.LittleEndian.Uint32(s.kernel.Code[addr-s.kernel.Addr:]) }
	for {
		i := rng.IntN(len(addrs))
		at := addrs[i]
		switch rng.IntN(6) {
		case 0:
			return map[int]uint32{at: toNext}
		case 1:
			if i+1 < len(addrs) && addrs[i+1] == at+4 && word(at) != word(at+4) {
				return map[int]uint32{at: word(at + 4), at + 4: word(at)}
			}
		default:
			return map[int]uint32{at: word(at) ^ 1<<rng.IntN(32)}
		}
	}
}

// independentARM64 reports whether two instructions can be executed in any order: neither writes what the
// other uses.
func independentARM64(a, b *a64.Inst) bool {
	usedByA, writtenByA := usesARM64(a)
	usedByB, writtenByB := usesARM64(b)
	return disjoint(writtenByA, usedByB) && disjoint(writtenByB, usedByA)
}

func disjoint(a, b map[string]bool) bool {
	for name := range a {
		if b[name] {
			return false
		}
	}
	return true
}

// usesARM64 are the registers that an instruction reads or writes, and those that it writes, with flags and
// memory among them.
func usesARM64(in *a64.Inst) (used, written map[string]bool) {
	used, written = map[string]bool{}, map[string]bool{}
	write := func(name string) { used[name], written[name] = true, true }
	store := slices.Contains([]string{"st1", "str", "stp"}, in.Op)
	for i := range in.Args {
		a := &in.Args[i]
		var names []string
		switch a.Kind {
		case a64.Register:
			names = []string{fmt.Sprint("x", a.Reg)}
		case a64.Vector:
			for j := range max(1, a.Count) {
				names = append(names, fmt.Sprint("v", (a.Reg+j)%32))
			}
		case a64.Memory:
			if used["memory"] = true; store {
				written["memory"] = true
			}
			if names = []string{fmt.Sprint("x", a.Base)}; a.Mode != a64.Offset {
				write(names[0])
			}
		}
		for _, name := range names {
			if used[name] = true; (i == 0 || i == 1 && in.Op == "ldp") && !store && !slices.Contains([]string{"cmp", "cmn", "tst"}, in.Op) {
				written[name] = true
			}
		}
	}
	switch in.Op {
	case "cmp", "subs", "cmn", "tst", "adds", "adcs", "sbcs":
		write("flags")
	case "csel", "adc":
		used["flags"] = true
	case "mrs", "msr":
		write("timing")
	}
	if used["memory"] { // which has to be after MSR
		used["timing"] = true
	}
	return used, written
}

func jumpsARM64(in *a64.Inst) bool {
	return in.Op[0] == 'b' && in.Op != "bit" || in.Op == "cbz" || in.Op == "cbnz"
}

// listedARM64 are mutants that do the same, of which no rule says so, and why.
var listedARM64 = map[string]string{
	"bigdh.Select: mov x0, xzr becomes mov x1, xzr; ":                    "the address of the result is left in a register",
	"bigdh.SelectPair: mov x0, xzr becomes mov x1, xzr; ":                "the address of the result is left in a register",
	"bigdh.Mul: mov x16, xzr becomes mov x16, x15; ":                     "x15 is zero",
	"bigdh.Square: mov x24, xzr becomes orr x24, xzr, xzr, lsl #16; ":    "zero",
	"bigdh.Mul1024: mov x24, xzr becomes orr x24, xzr, xzr, lsl #16; ":   "zero",
	"bigdh.Square1024: mov x16, xzr becomes orr x16, xzr, xzr, lsl #4; ": "zero",
	"bigdh.Square1024: adcs x13, x13, x21 is left out; ":                 "the one time that it is executed, it adds zero and no carry",
}

// TestMutantsARM64 is TestMutants for arm64.
func TestMutantsARM64(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjectsARM64(t)
	var v verdicts
	goals := goalsARM64(all)
	for _, g := range goals {
		if g.with != "" {
			goals = append(goals, prepareGoal(all[g.with], strings.Contains(g.with, "Encrypt"), all))
		}
	}
	for _, g := range goals {
		t.Run(g.kernel, func(t *testing.T) {
			s := all[g.kernel]
			g.judge(t, &v, s, func(addrs []int, unread func(*subject, int) bool) func(*rand.Rand) *candidate {
				return func(rng *rand.Rand) *candidate {
					m := mutateARM64(rng, s, addrs, exec.SemanticsARM64)
					c := m.candidate()
					c.unread = func() bool { return !m.jumps && unread(m.subject, m.last) }
					return c
				}
			})
		})
	}
	for _, a := range arithmeticsARM64() {
		t.Run(a.kernel, func(t *testing.T) {
			s := all[a.kernel]
			addrs := slices.Sorted(maps.Keys(s.arm64))
			a.judge(t, &v, func(rng *rand.Rand) *candidate {
				c := mutateARM64(rng, s, addrs, numexec.SemanticsARM64).candidate()
				c.unread = func() bool { return false }
				return c
			})
		})
	}
	t.Log(v)
}
