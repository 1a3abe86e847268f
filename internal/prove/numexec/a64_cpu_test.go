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
	"github.com/mtcore/mtcore/internal/prove/number"
)

// notExecutedARM64 are the instructions with semantics that cannot be executed where they are put: jumps, ADRP, and those
// for data-independent timing.
var notExecutedARM64 = []string{"b", "b.eq", "b.ne", "cbz", "cbnz", "ret", "adrp", "ldrb", "mrs", "msr"}

// trialARM64 is an instruction, with what is before and what the semantics say of afterwards.
type trialARM64 struct {
	in     *a64.Inst
	before cpu.RegistersARM64
	after  *ARM64
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
	var words []uint32
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
			if slices.Contains(notExecutedARM64, in.Op) || in.Args[0].Kind != a64.Register {
				continue
			}
			word, in = cpu.WithoutSP(t, word, in)
			if seen[word] {
				continue
			}
			seen[word] = true
			for round := range rounds {
				if trial := tryARM64(in, len(words), rng, round); trial != nil {
					trials = append(trials, trial)
					executed[in.Op]++
				}
			}
			words = append(words, word)
		}
	}
	for _, op := range slices.Concat(slices.Collect(maps.Keys(generalARM64)), slices.Collect(maps.Keys(memoryARM64))) {
		if executed[op] == 0 && !slices.Contains(notExecutedARM64, op) {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	for i, after := range runARM64(t, words, trials) {
		if problem := trials[i].compare(&after); problem != "" {
			t.Fatalf("%v, %08x: %s", trials[i].in, words[trials[i].before.Word], problem)
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
	defer func() {
		if r := recover(); r != nil {
			if _, isString := r.(string); !isString {
				panic(r)
			}
			trial = nil
		}
	}()
	m.step(in)
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
func runARM64(t *testing.T, words []uint32, trials []*trialARM64) []cpu.RegistersARM64 {
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
		if v.Kind == Address {
			got, ok = uint64(v.N)+r.MemoryAt, true
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

// TestCPUARM64FindsFaults plants faults in the semantics.
func TestCPUARM64FindsFaults(t *testing.T) {
	impltest.SkipShort(t, "builds a program")
	rng, extr := rand.New(rand.NewPCG(3, 4)), generalARM64["extr"]
	faults := []struct {
		word  uint32
		op    string
		wrong func(*ARM64, []a64.Operand)
	}{
		{0xba020020, "adcs", generalARM64["adds"]},
		{0xfa020020, "sbcs", func(m *ARM64, a []a64.Operand) { // with a borrow that is a carry
			m.set(&a[0], m.subtract(m.number(&a[1]), m.number(&a[2]), m.carryBit(), true))
		}},
		{0x9bc27c20, "umulh", generalARM64["mul"]},
		{0x93c2fc20, "extr", func(m *ARM64, a []a64.Operand) { a[1], a[2] = a[2], a[1]; extr(m, a) }},
		{0xf100043f, "cmp", generalARM64["cmn"]},
		{0x9a020020, "adc", generalARM64["add"]},
	}
	var words []uint32
	var trials []*trialARM64
	var wrong []bool
	for _, f := range faults {
		in, err := a64.Decode(f.word, 0)
		if err != nil || in.Op != f.op {
			t.Fatalf("%08x is %v, error %v, and not %s", f.word, in, err, f.op)
		}
		right := generalARM64[f.op]
		for i := range 20 * rounds {
			planted := i%2 == 1
			if planted {
				generalARM64[f.op] = f.wrong
			}
			one := in
			one.Args = slices.Clone(in.Args)
			if trial := tryARM64(&one, len(words), rng, i/2%rounds); trial != nil {
				trials, wrong = append(trials, trial), append(wrong, planted)
			}
			generalARM64[f.op] = right
		}
		words = append(words, f.word)
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
		if !found[uint64(i)] {
			t.Errorf("%s: a fault is not found", f.op)
		}
	}
}
