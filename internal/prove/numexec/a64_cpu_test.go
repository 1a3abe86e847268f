package numexec

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/cpu"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// trialARM64 is an instruction, with what is before and what the semantics say of afterwards.
type trialARM64 struct {
	in     *a64.Inst
	before cpu.RegistersARM64
	after  *ARM64
	taken  bool // if it is a jump
	memory *Region
}

// TestCPUARM64 executes every encoding that kernels of arm64 with numbers use, on a CPU or under qemu and by the
// semantics, on random and extreme values.
func TestCPUARM64(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var words []cpu.WordARM64
	var trials []*trialARM64
	seen, executed := map[uint32]bool{}, map[string]int{}
	for _, k := range kernels {
		if k.Package != "bigdh" || strings.HasPrefix(k.Name, "Select") {
			continue
		}
		list, err := a64.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in, word := &list[i], binary.LittleEndian.Uint32(k.Code[4*i:])
			if !SemanticsARM64(in) {
				t.Errorf("%v: no semantics", in)
			}
			if in.Op == "ret" { // which package exec's test executes
				continue
			}
			word, in = cpu.WithoutSP(t, word, in)
			if seen[word] {
				continue
			}
			seen[word] = true
			w := cpu.NewWordARM64(t, word, in)
			if w.HasTiming != 0 && !cpu.HasTimingARM64() {
				executed[in.Op]++ // as far as can be
				continue
			}
			many := rounds
			if jumpsARM64[in.Op] != nil {
				many = 16 // all flags
			}
			for round := range many {
				if trial := tryARM64(in, len(words), rng, round); trial != nil {
					trials = append(trials, trial)
					executed[in.Op]++
				}
			}
			words = append(words, w)
		}
	}
	for _, op := range slices.Concat(slices.Collect(maps.Keys(generalARM64)), slices.Collect(maps.Keys(memoryARM64)), slices.Collect(maps.Keys(jumpsARM64))) {
		if executed[op] == 0 && op != "b" { // which mutants alone have here, and package exec's test executes
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	for i, after := range runARM64(t, words, trials) {
		if problem := trials[i].compare(&after); problem != "" {
			t.Fatalf("%v, %08x: %s", trials[i].in, words[trials[i].before.Word].Word, problem)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics", len(trials), len(words), len(executed))
}

// tryARM64 executes an instruction by the semantics, or returns nil if it has no meaning on such values.
func tryARM64(in *a64.Inst, word int, rng *rand.Rand, round int) (trial *trialARM64) {
	m := &ARM64{Facts: number.New(), Stack: NewRegion(stack, 0, false, nil)}
	r := NewRegion("memory", 512, true, nil)
	trial = &trialARM64{in: in, after: m, memory: r}
	b := &trial.before
	b.Word, b.Flags = uint64(word), uint64(rng.Uint32()&0xf0000000)
	if jumpsARM64[in.Op] != nil {
		b.Flags = uint64(round%16) << 28
	}
	m.carry, m.zero = isZero(b.Flags&cpu.FlagC != 0), isZero(b.Flags&cpu.FlagZ != 0)
	for i := range len(b.Memory) / 8 {
		w := wordARM64(rng, round)
		binary.LittleEndian.PutUint64(b.Memory[8*i:], w)
		r.Words[int64(8*i)] = Int(w)
	}
	for i := range b.General {
		b.General[i] = wordARM64(rng, round)
		m.Regs[i] = Int(b.General[i])
	}
	if reg, n, ok := b.SetBase(in); ok {
		m.Regs[reg] = Value{Kind: Address, Region: r, N: n}
	}
	switch in.Op {
	case "adrp":
		m.constants = NewRegion("constants", 0, false, nil)
	case "ldrb": // of the variable DIT
		m.constants, m.isDIT = r, func(addr int64) bool { return addr == cpu.Accessed }
		m.timing = exec.Timing(round % 3)
		has := uint64(min(m.timing, 1))
		binary.LittleEndian.PutUint64(b.Memory[cpu.Accessed:], has)
		r.Words[cpu.Accessed] = Int(has)
	case "mrs", "msr":
		if m.timing = exec.TimingOff + exec.Timing(round%2); round%2 == 1 {
			b.Flags |= cpu.FlagDIT
		}
	case "cbz", "cbnz": // what is zero in parts, or altogether
		b.General[in.Args[0].Reg] = []uint64{0, 1, 1 << 31, 1 << 32, 1 << 63}[round%5]
		m.Regs[in.Args[0].Reg] = Int(b.General[in.Args[0].Reg])
	}
	defer func() {
		if r := recover(); r != nil {
			if _, isString := r.(string); !isString {
				panic(r)
			}
			trial = nil
		}
	}()
	trial.taken = m.step(in) != in.Next()
	return trial
}

// wordARM64 is random, or one of the extremes.
func wordARM64(rng *rand.Rand, round int) uint64 {
	if round == 5 || round == 6 {
		return [4]uint64{0, 1<<64 - 1, 1, rng.Uint64()}[rng.IntN(4)]
	}
	return word(rng, round)
}

// runARM64 executes trials on a CPU, or under qemu.
func runARM64(t *testing.T, words []cpu.WordARM64, trials []*trialARM64) []cpu.RegistersARM64 {
	t.Helper()
	var before []cpu.RegistersARM64
	for _, trial := range trials {
		before = append(before, trial.before)
	}
	return cpu.RunARM64(t, words, before)
}

// compare compares what the semantics say with what the CPU did.
func (trial *trialARM64) compare(r *cpu.RegistersARM64) string {
	m := trial.after
	for i, want := range r.General {
		v := m.Regs[i]
		got, ok := v.constant()
		switch {
		case v.Kind == Address && v.Region == trial.memory:
			got, ok = uint64(v.N)+r.MemoryAt, true
		case v.Kind == Address: // of constants, whose addresses count from the word's page
			got, ok = uint64(v.N)+r.WordAt&^4095-uint64(trial.in.Addr&^4095), true
		}
		if !ok || got != want {
			return fmt.Sprintf("register %d is %x, and on the CPU %x", i, got, want)
		}
	}
	for i := range len(r.Memory) / 8 {
		want := binary.LittleEndian.Uint64(r.Memory[8*i:])
		if got, ok := trial.memory.Words[int64(8*i)].constant(); !ok || got != want {
			return fmt.Sprintf("word %d of memory is %x, and on the CPU %x", i, got, want)
		}
	}
	if trial.taken != (r.Taken != 0) {
		return fmt.Sprintf("it jumps: %v, and on the CPU %v", trial.taken, r.Taken != 0)
	}
	if asked := r.Flags&cpu.FlagDIT != 0; asked != (m.timing == exec.TimingOn) && trial.in.Op != "ldrb" {
		return fmt.Sprintf("PSTATE.DIT is %v, and on the CPU %v", m.timing == exec.TimingOn, asked)
	}
	if differs(m.carry, r.Flags&cpu.FlagC != 0) || differs(m.zero, r.Flags&cpu.FlagZ != 0) {
		return fmt.Sprintf("flags are %v and %v, and on the CPU %x", m.carry, m.zero, r.Flags)
	}
	return ""
}

// differs reports whether a flag is known to be another one.
func differs(f flag, is bool) bool {
	n, ok := f.bit.Constant()
	return f.known && (!ok || (n.Sign() != 0) != is)
}

// planted replaces semantics by wrong ones, and returns what puts them back.
func planted[F any](table map[string]F, op string, wrong func(right F) F) func() func() {
	return func() func() {
		right := table[op]
		table[op] = wrong(right)
		return func() { table[op] = right }
	}
}

// as takes an instruction for another.
func as[F any](table map[string]F, op, other string) func() func() {
	return planted(table, op, func(F) F { return table[other] })
}

// TestCPUARM64FindsFaults plants faults in the semantics.
func TestCPUARM64FindsFaults(t *testing.T) {
	impltest.SkipShort(t, "builds a program")
	rng := rand.New(rand.NewPCG(3, 4))
	type general = func(*ARM64, []a64.Operand)
	type jump = func(*ARM64, []a64.Operand) bool
	faults := []struct {
		word  uint32
		op    string
		plant func() func()
	}{
		{0xba020020, "adcs", as(generalARM64, "adcs", "adds")},
		{0xfa020020, "sbcs", planted(generalARM64, "sbcs", func(general) general { // with a borrow that is a carry
			return func(m *ARM64, a []a64.Operand) {
				m.set(&a[0], m.subtract(m.number(&a[1]), m.number(&a[2]), m.carryBit(), true))
			}
		})},
		{0x9bc27c20, "umulh", as(generalARM64, "umulh", "mul")},
		{0x93c2fc20, "extr", planted(generalARM64, "extr", func(right general) general {
			return func(m *ARM64, a []a64.Operand) { a[1], a[2] = a[2], a[1]; right(m, a) }
		})},
		{0xf100043f, "cmp", as(generalARM64, "cmp", "cmn")},
		{0x9a020020, "adc", as(generalARM64, "adc", "add")},
		{0x14000100, "b", as(jumpsARM64, "b", "b.eq")},
		{0x54000800, "b.eq", as(jumpsARM64, "b.eq", "b.ne")},
		{0x54fff801, "b.ne", as(jumpsARM64, "b.ne", "b")},
		{0xb4000801, "cbz", as(jumpsARM64, "cbz", "cbnz")},
		{0xb5fff801, "cbnz", planted(jumpsARM64, "cbnz", func(jump) jump { // of the lower half
			return func(m *ARM64, a []a64.Operand) bool { return uint32(m.known(&a[0])) != 0 }
		})},
		{0x90000101, "adrp", planted(generalARM64, "adrp", func(right general) general {
			return func(m *ARM64, a []a64.Operand) { right(m, a); m.Regs[a[0].Reg].N += 4 }
		})},
		{0xd53b42a1, "mrs", planted(generalARM64, "mrs", func(general) general {
			return func(m *ARM64, a []a64.Operand) { m.set(&a[0], Int(uint64(m.timing-exec.TimingOff))) }
		})},
		{0xd503415f, "msr", planted(generalARM64, "msr", func(general) general {
			return func(m *ARM64, _ []a64.Operand) { m.timing = exec.TimingOff }
		})},
	}
	var words []cpu.WordARM64
	var trials []*trialARM64
	var wrong []bool
	for _, f := range faults {
		in, err := a64.Decode(f.word, 0x10000)
		if err != nil || in.Op != f.op {
			t.Fatalf("%08x is %v, error %v, and not %s", f.word, in, err, f.op)
		}
		w := cpu.NewWordARM64(t, f.word, &in)
		words = append(words, w)
		if w.HasTiming != 0 && !cpu.HasTimingARM64() {
			continue
		}
		for i := range 20 * rounds {
			remove := func() {}
			if i%2 == 1 {
				remove = f.plant()
			}
			one := in
			one.Args = slices.Clone(in.Args)
			if trial := tryARM64(&one, len(words)-1, rng, i/2%rounds); trial != nil {
				trials, wrong = append(trials, trial), append(wrong, i%2 == 1)
			}
			remove()
		}
	}
	found := map[uint64]bool{}
	for i, after := range runARM64(t, words, trials) {
		problem := trials[i].compare(&after)
		if wrong[i] && problem != "" {
			found[trials[i].before.Word] = true
		} else if !wrong[i] && problem != "" {
			t.Errorf("%v: a fault in right semantics: %s", trials[i].in, problem)
		}
	}
	for i, f := range faults {
		if !found[uint64(i)] && (words[i].HasTiming == 0 || cpu.HasTimingARM64()) {
			t.Errorf("%s: a fault is not found", f.op)
		}
	}
}
