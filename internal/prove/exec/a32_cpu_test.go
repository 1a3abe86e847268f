package exec

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a32"
	"github.com/mtcore/mtcore/internal/prove/cpu"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// trialARM is an instruction, with what is before and what the semantics say of afterwards.
type trialARM struct {
	in     *a32.Inst
	before cpu.RegistersARM
	after  *arm
	taken  bool // if it is a jump
	memory *Region
}

// TestCPUARM executes every encoding that kernels of 32-bit arm use, on a CPU or under qemu and by the semantics, on
// random and extreme values, and with all flags if it has a condition.
func TestCPUARM(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "arm")
	if err != nil {
		t.Fatal(err)
	}
	rng, p := rand.New(rand.NewPCG(1, 2)), term.New()
	var words []cpu.WordARM
	var trials []*trialARM
	seen, executed := map[uint32]bool{}, map[string]int{}
	for _, k := range kernels {
		list, err := a32.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in, word := &list[i], binary.LittleEndian.Uint32(k.Code[4*i:])
			if !SemanticsARM(in) {
				t.Errorf("%v: no semantics", in)
			}
			if seen[word] {
				continue
			}
			seen[word] = true
			rounds := 5
			if in.Cond != a32.Always {
				rounds = 16
			}
			for round := range rounds {
				trials = append(trials, tryARM(p, in, len(words), rng, round))
				executed[in.Op]++
				executed["condition "+a32.CondName(in.Cond)]++
			}
			words = append(words, cpu.NewWordARM(t, word, in))
		}
	}
	known := []string{"b"}
	for _, list := range [][]string{slices.Collect(maps.Keys(generalARM)), slices.Collect(maps.Keys(memoryARM)), slices.Collect(maps.Keys(vectorARM))} {
		known = append(known, list...)
	}
	mnemonics := len(known)
	for name := range conditionsARM {
		known = append(known, "condition "+name)
	}
	for _, name := range known {
		if executed[name] == 0 {
			t.Errorf("%s has semantics that were not compared with the CPU's", name)
		}
	}
	for i, after := range runARM(t, words, trials) {
		if problem := trials[i].compare(&after); problem != "" {
			t.Fatalf("%v, %08x: %s", trials[i].in, words[trials[i].before.Word].Word, problem)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics", len(trials), len(words), mnemonics)
}

// tryARM executes an instruction by the semantics.
func tryARM(p *term.Pool, in *a32.Inst, word int, rng *rand.Rand, round int) *trialARM {
	r := NewRegion(p, "memory")
	r.Reads, r.Writes, r.word = Range{0, 512}, Range{0, 512}, 4
	m := &Machine{Pool: p, sp: a32.SP, Stack: r}
	trial := &trialARM{in: in, after: &arm{Machine: m, code: map[int]*a32.Inst{in.Addr: in}}, memory: r}
	b := &trial.before
	b.Word, b.Flags = uint32(word), uint32(round)<<28
	less := (b.Flags&cpu.FlagN != 0) != (b.Flags&cpu.FlagV != 0)
	trial.after.compared = compared{zeroKnown: true, zero: b.Flags&cpu.FlagZ != 0, lessKnown: true, less: less}
	for i := range b.Memory {
		b.Memory[i] = value(rng, round)
		r.Bytes[i] = term.Byte(b.Memory[i])
	}
	for i := range b.General {
		for j := range 4 {
			b.General[i] |= uint32(value(rng, round)) << (8 * j)
		}
		if in.Op == "subs" || in.Op == "cmp" { // of which zero is to be seen, too, and what is less as a signed number
			b.General[i] = []uint32{uint32(in.Args[len(in.Args)-1].Disp), 1 << 31, 0, 1<<32 - 1, b.General[i]}[(i+round)%5]
		}
		m.Regs[i] = Number(int64(b.General[i]))
	}
	for i := range b.Vectors {
		for j := range b.Vectors[i] {
			b.Vectors[i][j] = value(rng, round)
			m.Vecs[i][j] = term.Byte(b.Vectors[i][j])
		}
	}
	for reg, n := range b.SetBase(in) {
		m.Regs[reg] = Value{Region: r, N: n}
	}
	m.entry[a32.LR] = r.load(cpu.Accessed, 4) // to where a return leads
	trial.taken = trial.after.step(in.Addr) != in.Next()
	return trial
}

// runARM executes trials on a CPU, or under qemu.
func runARM(t *testing.T, words []cpu.WordARM, trials []*trialARM) []cpu.RegistersARM {
	t.Helper()
	var before []cpu.RegistersARM
	for _, trial := range trials {
		before = append(before, trial.before)
	}
	return cpu.RunARM(t, words, before)
}

// compare compares what the semantics say with what the CPU did.
func (trial *trialARM) compare(r *cpu.RegistersARM) string {
	m := trial.after
	for i, want := range r.General[:a32.PC] {
		v := m.Regs[i]
		if v.Region == trial.memory {
			v.N += int64(r.MemoryAt)
		}
		if v.Secret || v.N != int64(want) {
			return fmt.Sprintf("register %d is %x, and on the CPU %x", i, v.N, want)
		}
	}
	for i := range r.Vectors {
		for j, want := range r.Vectors[i] {
			if m.Vecs[i][j] != term.Byte(want) {
				return fmt.Sprintf("byte %d of vector %d is %02x, and on the CPU %02x", j, i, m.Vecs[i][j], want)
			}
		}
	}
	for i, want := range r.Memory {
		if got := trial.memory.At(i); got != term.Byte(want) {
			return fmt.Sprintf("byte %d of memory is %02x, and on the CPU %02x", i, got, want)
		}
	}
	if trial.taken != (r.Taken != 0) {
		return fmt.Sprintf("it jumps: %v, and on the CPU %v", trial.taken, r.Taken != 0)
	}
	less := (r.Flags&cpu.FlagN != 0) != (r.Flags&cpu.FlagV != 0)
	if f := m.compared; f.zeroKnown && f.zero != (r.Flags&cpu.FlagZ != 0) || f.lessKnown && f.less != less {
		return fmt.Sprintf("flags are %+v, and on the CPU %x", f, r.Flags)
	}
	return ""
}

// TestCPUARMFindsFaults plants faults in the semantics.
func TestCPUARMFindsFaults(t *testing.T) {
	impltest.SkipShort(t, "builds a program")
	type vector = func(*quadOp)
	type memory = func(*arm, *a32.Operand, *Region, int)
	type general = func(*arm, []a32.Operand)
	faults := []struct {
		word  uint32
		op    string
		plant func() func()
	}{
		{0xf3b00302, "aese.8", as(vectorARM, "aese.8", "aesd.8")},
		{0xf3b003c2, "aesimc.8", as(vectorARM, "aesimc.8", "aesmc.8")},
		{0xf3020154, "veor", as(vectorARM, "veor", "vorr")},
		{0xf2b20344, "vext.8", planted(vectorARM, "vext.8", func(right vector) vector {
			return func(o *quadOp) { o.x, o.y = o.y, o.x; right(o) }
		})},
		{0xf2a10554, "vshl.s32", planted(vectorARM, "vshl.s32", func(right vector) vector {
			return func(o *quadOp) { o.imm++; right(o) }
		})},
		{0xf2800051, "vmov.i32", planted(vectorARM, "vmov.i32", func(vector) vector {
			return func(o *quadOp) {
				for i := range o.out {
					o.out[i] = term.Byte(o.imm)
				}
			}
		})},
		{0xf421020d, "vld1.8", planted(memoryARM, "vld1.8", func(memory) memory {
			return func(c *arm, what *a32.Operand, r *Region, off int) { // the other way round
				for i := range 8 * what.Count {
					*c.double(what.Reg, i) = r.At(off + 8*what.Count - 1 - i)
				}
			}
		})},
		{0xe2411010, "sub", as(generalARM, "sub", "add")},
		{0xe2511010, "subs", as(generalARM, "subs", "sub")},
		{0xe350000c, "cmp", planted(generalARM, "cmp", func(general) general { // as natural numbers
			return func(c *arm, a []a32.Operand) {
				x, y := c.get(&a[0]), c.get(&a[1])
				c.compared = compared{true, x.N == y.N, true, x.N < y.N}
			}
		})},
		{0x0a000100, "b", as(conditionsARM, "eq", "ne")},
		{0x1afffc00, "b", as(conditionsARM, "ne", "")},
		{0xba000100, "b", as(conditionsARM, "lt", "ne")},
		{0x12822010, "add", as(conditionsARM, "ne", "eq")},
		{0xe52de044, "str", planted(memoryARM, "str", func(right memory) memory {
			return func(c *arm, what *a32.Operand, r *Region, off int) { right(c, what, r, off+4) }
		})},
		{0xe5921004, "ldr", planted(memoryARM, "ldr", func(right memory) memory {
			return func(c *arm, what *a32.Operand, r *Region, off int) { right(c, what, r, off+4) }
		})},
	}
	rng, p := rand.New(rand.NewPCG(3, 4)), term.New()
	var words []cpu.WordARM
	var trials []*trialARM
	var wrong []bool
	for _, f := range faults {
		in, err := a32.Decode(f.word, 0x10000)
		if err != nil || in.Op != f.op {
			t.Fatalf("%08x is %v, error %v, and not %s", f.word, in, err, f.op)
		}
		words = append(words, cpu.NewWordARM(t, f.word, &in))
		for i := range 32 {
			remove := func() {}
			if i%2 == 1 {
				remove = f.plant()
			}
			trials, wrong = append(trials, tryARM(p, &in, len(words)-1, rng, i/2)), append(wrong, i%2 == 1)
			remove()
		}
	}
	found := map[uint32]bool{}
	for i, after := range runARM(t, words, trials) {
		problem := trials[i].compare(&after)
		if wrong[i] && problem != "" {
			found[trials[i].before.Word] = true
		} else if !wrong[i] && problem != "" {
			t.Errorf("%v: a fault in right semantics: %s", trials[i].in, problem)
		}
	}
	for i, f := range faults {
		if !found[uint32(i)] {
			t.Errorf("%s, %08x: a fault is not found", f.op, f.word)
		}
	}
}
