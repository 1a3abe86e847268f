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

// notExecutedARM64 are the instructions with semantics that the program cannot execute where it puts
// them: jumps, whose conditions CSEL has as well, ADRP, and those for data-independent timing.
var notExecutedARM64 = []string{"b", "b.eq", "b.ne", "b.lt", "cbz", "ret", "adrp", "ldrb", "mrs", "msr"}

// trialARM64 is an instruction, with what is before and what the semantics say of afterwards.
type trialARM64 struct {
	in     *a64.Inst
	before cpu.RegistersARM64
	after  *arm64
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
	var words []uint32
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
			switch {
			case !SemanticsARM64(in):
				without[in.Op]++
				continue
			case slices.Contains(notExecutedARM64, in.Op):
				continue
			}
			word, in = cpu.WithoutSP(t, word, in)
			if seen[word] {
				continue
			}
			seen[word] = true
			for round := range 5 {
				if trial := try(p, in, len(words), rng, round); trial != nil {
					trials = append(trials, trial)
					executed[in.Op]++
				}
			}
			words = append(words, word)
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
		words = append(words, word)
	}
	for _, op := range mnemonicsARM64() {
		if executed[op] == 0 && !slices.Contains(notExecutedARM64, op) {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	for i, after := range runARM64(t, words, trials) {
		if problem := trials[i].compare(&after); problem != "" {
			t.Fatalf("%v, %08x: %s", trials[i].in, words[trials[i].before.Word], problem)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics; no semantics: %v", len(trials), len(words), len(executed), slices.Sorted(maps.Keys(without)))
}

func mnemonicsARM64() []string {
	all := map[string]bool{}
	for _, list := range [][]string{slices.Collect(maps.Keys(generalARM64)), slices.Collect(maps.Keys(memoryARM64)), slices.Collect(maps.Keys(vectorARM64))} {
		for _, op := range list {
			all[op] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// try executes an instruction by the semantics, or returns nil if it has no meaning on such values.
func try(p *term.Pool, in *a64.Inst, word int, rng *rand.Rand, round int) (trial *trialARM64) {
	m := &Machine{Pool: p, sp: a64.SP}
	r := NewRegion(p, "memory")
	r.Reads, r.Writes = Range{0, 512}, Range{0, 512}
	trial = &trialARM64{in: in, after: &arm64{Machine: m}, memory: r}
	b := &trial.before
	b.Word, b.Flags = uint64(word), uint64(rng.Uint32()&0xf0000000)
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
	defer func() {
		if r := recover(); r != nil {
			if _, isString := r.(string); !isString {
				panic(r)
			}
			trial = nil
		}
	}()
	trial.after.execute(in)
	return trial
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
		if v.Region == trial.memory {
			v.N += int64(r.MemoryAt)
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
	less := (r.Flags&cpu.FlagN != 0) != (r.Flags&cpu.FlagV != 0)
	if f := m.compared; f.zeroKnown && f.zero != (r.Flags&cpu.FlagZ != 0) || f.lessKnown && f.less != less {
		return fmt.Sprintf("flags are %+v, and on the CPU %x", f, r.Flags)
	}
	return ""
}

// TestCPUARM64FindsFaults plants faults in the semantics.
func TestCPUARM64FindsFaults(t *testing.T) {
	impltest.SkipShort(t, "builds a program")
	rng, p := rand.New(rand.NewPCG(3, 4)), term.New()
	ext, su1 := vectorARM64["ext"], vectorARM64["sha256su1"]
	faults := []struct {
		word  uint32
		op    string
		wrong func(*neonOp)
	}{
		{0x4e284820, "aese", vectorARM64["aesd"]},
		{0x4e286820, "aesmc", vectorARM64["aesimc"]},
		{0x5e024020, "sha256h", vectorARM64["sha256h2"]},
		{0x5e026020, "sha256su1", func(o *neonOp) { o.x, o.y = o.y, o.x; su1(o) }},
		{0x6e024020, "ext", func(o *neonOp) { o.x, o.y = o.y, o.x; ext(o) }},
		{0x6ea21c20, "bit", bytesNEON(func(p *term.Pool, d, x, y term.Byte) term.Byte { return p.Xor(d, p.And(p.Xor(d, y), x)) })},
		{0x4ea28420, "add", vectorARM64["eor"]},
		{0x2f0c0420, "ushr", func(o *neonOp) { o.n = 16; o.shift(-o.imm) }},
		{0x0e020020, "tbl", func(o *neonOp) { o.out = o.x }},
	}
	var words []uint32
	var trials []*trialARM64
	for _, f := range faults {
		in, err := a64.Decode(f.word, 0)
		if err != nil || in.Op != f.op {
			t.Fatalf("%08x is %v, error %v, and not %s", f.word, in, err, f.op)
		}
		right := vectorARM64[f.op]
		for range 10 {
			trials = append(trials, try(p, &in, len(words), rng, 4))
		}
		vectorARM64[f.op] = f.wrong
		for range 10 {
			trials = append(trials, try(p, &in, len(words), rng, 4))
		}
		vectorARM64[f.op] = right
		words = append(words, f.word)
	}
	found := map[uint32]bool{}
	for i, after := range runARM64(t, words, trials) {
		problem := trials[i].compare(&after)
		if wrong := i/10%2 == 1; wrong && problem != "" {
			found[words[trials[i].before.Word]] = true
		} else if !wrong && problem != "" {
			t.Errorf("%v: a fault in right semantics: %s", trials[i].in, problem)
		}
	}
	for _, f := range faults {
		if !found[f.word] {
			t.Errorf("%s: a fault is not found", f.op)
		}
	}
}
