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
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/cpu"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// trialARM64 is an instruction, with what is before and what the semantics say of afterwards.
type trialARM64 struct {
	in     *a64.Inst
	before cpu.RegistersARM64
	after  *arm64
	taken  bool // if it is a jump
	memory *Region
}

// TestCPUARM64 executes every encoding that kernels of arm64 use and that has semantics, on a CPU or under qemu
// and by the semantics, on random and extreme values.
func TestCPUARM64(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	rng, p := rand.New(rand.NewPCG(1, 2)), term.New()
	var words []cpu.WordARM64
	var trials []*trialARM64
	seen, executed, without := map[uint32]bool{}, map[string]int{}, map[string]int{}
	for _, k := range kernels {
		list, err := a64.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in := &list[i]
			word := binary.LittleEndian.Uint32(k.Code[4*i:])
			if !SemanticsARM64(in) {
				without[in.Op]++
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
			for round := range roundsOfARM64(in) {
				if trial := try(p, in, len(words), rng, round); trial != nil {
					trials = append(trials, trial)
					executed[in.Op]++
				}
			}
			words = append(words, w)
		}
	}
	for cc, name := range map[uint32]string{0: "eq", 1: "ne", 11: "lt"} { // as jumps have them
		word := 0x9a820020 | cc<<12 // CSEL
		in, err := a64.Decode(word, 0)
		if err != nil || a64.CondName(in.Args[3].Cond) != name {
			t.Fatalf("%08x is %v, error %v", word, in, err)
		}
		for range 20 {
			trials = append(trials, try(p, &in, len(words), rng, 4))
		}
		words = append(words, cpu.WordARM64{Word: word})
	}
	for _, op := range mnemonicsARM64() {
		if executed[op] == 0 {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	for i, after := range runARM64(t, words, trials) {
		if problem := trials[i].compare(&after); problem != "" {
			t.Fatalf("%v, %08x: %s", trials[i].in, words[trials[i].before.Word].Word, problem)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics; no semantics: %v", len(trials), len(words), len(executed), slices.Sorted(maps.Keys(without)))
}

func mnemonicsARM64() []string {
	all := map[string]bool{}
	for _, list := range [][]string{slices.Collect(maps.Keys(generalARM64)), slices.Collect(maps.Keys(memoryARM64)), slices.Collect(maps.Keys(vectorARM64)), slices.Collect(maps.Keys(jumpsARM64)), {"ret"}} {
		for _, op := range list {
			all[op] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// roundsOfARM64 is how often an instruction is executed: jumps with all flags.
func roundsOfARM64(in *a64.Inst) int {
	if in.Op == "ret" || jumpsARM64[in.Op] != nil || in.Op == "ldrb" || in.Op == "mrs" || in.Op == "msr" {
		return 16
	}
	return 5
}

// try executes an instruction by the semantics, or returns nil if it has no meaning on such values.
func try(p *term.Pool, in *a64.Inst, word int, rng *rand.Rand, round int) (trial *trialARM64) {
	m := &Machine{Pool: p, sp: a64.SP}
	r := NewRegion(p, "memory")
	r.Reads, r.Writes = Range{0, 512}, Range{0, 512}
	trial = &trialARM64{in: in, after: &arm64{Machine: m, code: map[int]*a64.Inst{in.Addr: in}}, memory: r}
	b := &trial.before
	b.Word, b.Flags = uint64(word), uint64(rng.Uint32()&0xf0000000)
	if roundsOfARM64(in) == 16 {
		b.Flags = uint64(round) << 28
	}
	less := (b.Flags&cpu.FlagN != 0) != (b.Flags&cpu.FlagV != 0)
	trial.after.compared = compared{zeroKnown: true, zero: b.Flags&cpu.FlagZ != 0, lessKnown: true, less: less}
	for i := range b.Memory {
		b.Memory[i] = value(rng, round)
		r.Bytes[i] = term.Byte(b.Memory[i])
	}
	for i := range b.General {
		var x [8]term.Byte
		for j := range x {
			v := value(rng, round)
			x[j] = term.Byte(v)
			b.General[i] |= uint64(v) << (8 * j)
		}
		m.Regs[i] = fromBytes(x)
	}
	for i := range b.Vectors {
		for j := range b.Vectors[i] {
			b.Vectors[i][j] = value(rng, round)
			m.Vecs[i][j] = term.Byte(b.Vectors[i][j])
		}
	}
	if reg, n, ok := b.SetBase(in); ok {
		m.Regs[reg] = Value{Region: r, N: n}
	}
	switch in.Op {
	case "adrp":
		m.Constants = NewRegion(p, "constants")
	case "ldrb": // of the variable DIT
		m.Constants, trial.after.isDIT = r, func(addr int) bool { return addr == cpu.Accessed }
		trial.after.timing = Timing(round % 3)
		b.Memory[cpu.Accessed] = byte(min(trial.after.timing, 1))
		r.Bytes[cpu.Accessed] = term.Byte(b.Memory[cpu.Accessed])
	case "mrs", "msr":
		if trial.after.timing = TimingOff + Timing(round%2); round%2 == 1 {
			b.Flags |= cpu.FlagDIT
		}
	case "cbz": // what is zero in parts, or altogether
		b.General[in.Args[0].Reg] = []uint64{0, 1, 1 << 31, 1 << 32, 1 << 63}[round%5]
		m.Regs[in.Args[0].Reg] = Number(int64(b.General[in.Args[0].Reg]))
	}
	defer func() {
		if r := recover(); r != nil {
			if _, isString := r.(string); !isString {
				panic(r)
			}
			trial = nil
		}
	}()
	trial.taken = trial.after.step(in.Addr) != in.Next()
	return trial
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
		switch {
		case v.Region == trial.memory:
			v.N += int64(r.MemoryAt)
		case v.Region != nil && v.Region == m.Constants: // of which addresses count from the word's page
			v.N += int64(r.WordAt&^4095) - int64(trial.in.Addr&^4095)
		}
		if v.Secret || uint64(v.N) != want {
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
	if asked := r.Flags&cpu.FlagDIT != 0; asked != (m.timing == TimingOn) && trial.in.Op != "ldrb" {
		return fmt.Sprintf("PSTATE.DIT is %v, and on the CPU %v", m.timing == TimingOn, asked)
	}
	less := (r.Flags&cpu.FlagN != 0) != (r.Flags&cpu.FlagV != 0)
	if f := m.compared; f.zeroKnown && f.zero != (r.Flags&cpu.FlagZ != 0) || f.lessKnown && f.less != less {
		return fmt.Sprintf("flags are %+v, and on the CPU %x", f, r.Flags)
	}
	return ""
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
	type vector = func(*neonOp)
	type general = func(*arm64, []a64.Operand)
	type jump = func(*arm64, *a64.Inst) bool
	otherWay := func(right vector) vector { return func(o *neonOp) { o.x, o.y = o.y, o.x; right(o) } }
	faults := []struct {
		word  uint32
		op    string
		plant func() func()
	}{
		{0x4e284820, "aese", as(vectorARM64, "aese", "aesd")},
		{0x4e286820, "aesmc", as(vectorARM64, "aesmc", "aesimc")},
		{0x5e024020, "sha256h", as(vectorARM64, "sha256h", "sha256h2")},
		{0x5e026020, "sha256su1", planted(vectorARM64, "sha256su1", otherWay)},
		{0x6e024020, "ext", planted(vectorARM64, "ext", otherWay)},
		{0x6ea21c20, "bit", planted(vectorARM64, "bit", func(vector) vector {
			return bytesNEON(func(p *term.Pool, d, x, y term.Byte) term.Byte { return p.Xor(d, p.And(p.Xor(d, y), x)) })
		})},
		{0x4ea28420, "add", as(vectorARM64, "add", "eor")},
		{0x2f0c0420, "ushr", planted(vectorARM64, "ushr", func(vector) vector { return func(o *neonOp) { o.n = 16; o.shift(-o.imm) } })},
		{0x0e020020, "tbl", planted(vectorARM64, "tbl", func(vector) vector { return func(o *neonOp) { o.out = o.x } })},
		{0x14000100, "b", as(jumpsARM64, "b", "b.eq")},
		{0x54000800, "b.eq", as(jumpsARM64, "b.eq", "b.ne")},
		{0x54fff801, "b.ne", as(jumpsARM64, "b.ne", "b")},
		{0x5400080b, "b.lt", as(jumpsARM64, "b.lt", "b.ne")},
		{0xb4000801, "cbz", planted(jumpsARM64, "cbz", func(right jump) jump {
			return func(c *arm64, in *a64.Inst) bool { return !right(c, in) }
		})},
		{0x34000801, "cbz", planted(jumpsARM64, "cbz", func(jump) jump { // of the whole register
			return func(c *arm64, in *a64.Inst) bool { return c.Regs[in.Args[0].Reg] == Number(0) }
		})},
		{0x90000101, "adrp", planted(generalARM64, "adrp", func(right general) general {
			return func(c *arm64, a []a64.Operand) { right(c, a); c.Regs[a[0].Reg].N += 4 }
		})},
		{0x39400041, "ldrb", planted(memoryARM64, "ldrb", func(func(*arm64, []a64.Operand, *Region, int)) func(*arm64, []a64.Operand, *Region, int) {
			return func(c *arm64, regs []a64.Operand, _ *Region, _ int) { c.set(&regs[0], Number(1)) }
		})},
		{0xd53b42a1, "mrs", planted(generalARM64, "mrs", func(general) general {
			return func(c *arm64, a []a64.Operand) { c.set(&a[0], Number(int64(c.timing-TimingOff))) }
		})},
		{0xd503415f, "msr", planted(generalARM64, "msr", func(general) general { return func(c *arm64, _ []a64.Operand) { c.timing = TimingOff } })},
		{0xd51b42bf, "msr", planted(generalARM64, "msr", func(general) general { return func(c *arm64, _ []a64.Operand) { c.timing = TimingOn } })},
	}
	rng, p := rand.New(rand.NewPCG(3, 4)), term.New()
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
		for i := range 32 {
			remove := func() {}
			if i%2 == 1 {
				remove = f.plant()
			}
			if trial := try(p, &in, len(words)-1, rng, i/2); trial != nil {
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
