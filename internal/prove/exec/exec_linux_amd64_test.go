package exec

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// notExecuted are the instructions with semantics that TestCPU cannot execute in its page: jumps,
// whose conditions TestConditions compares, and what uses the stack.
var notExecuted = []string{"jmp", "je", "jne", "jb", "jae", "jbe", "ja", "ret", "push", "pop"}

// arena is memory for operands, which does not move.
var arena [4096]byte

// TestCPU executes every encoding that kernels use and that has semantics, on this CPU and by the
// semantics, on random and extreme values.
func TestCPU(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	needAVX512(t)
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	c, p := newCPU(t), term.New()
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	executed, without := map[string]int{}, map[string]int{}
	runs, encodings, elsewhere := 0, 0, 0
	for _, k := range kernels {
		list, err := x86.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in := &list[i]
			code := k.Code[in.Addr-k.Addr:][:in.Len]
			if seen[string(code)] {
				continue
			}
			seen[string(code)] = true
			if !Semantics(in.Op) {
				without[in.Op]++
				continue
			}
			if slices.Contains(notExecuted, in.Op) {
				continue
			}
			if inPlaceOnly(in) {
				if code, in = withRCX(code, in); in == nil {
					elsewhere++
					continue
				}
			}
			encodings++
			for round := range 5 {
				runs++
				problem, known := compareOnce(c, p, code, in, rng, round)
				if !known { // on bytes that are no numbers: other rounds may be
					continue
				}
				if problem != "" {
					t.Fatalf("%v, % x: %s", in, code, problem)
				}
				executed[in.Op]++
			}
		}
	}
	for _, op := range mnemonics() {
		if executed[op] == 0 && !slices.Contains(notExecuted, op) && !slices.Contains(unused, op) {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics; not run, for what they do to the stack: %d; no semantics: %v",
		runs, encodings, len(executed), elsewhere, slices.Sorted(maps.Keys(without)))
}

// unused are instructions with semantics that no kernel has at present.
var unused = []string{"vzeroall", "vmovd", "cmova", "cmovae", "cmovbe", "cmovne", "vporq", "vpsubq", "kmovw"}

func mnemonics() []string {
	all := slices.Collect(maps.Keys(general))
	return slices.Sorted(slices.Values(append(all, slices.Collect(maps.Keys(vectorOps))...)))
}

// inPlaceOnly reports whether an instruction has to be where it is, or uses the stack.
func inPlaceOnly(in *x86.Inst) bool {
	return slices.ContainsFunc(in.Args, func(a x86.Operand) bool {
		return a.Kind == x86.Memory && (a.Base == x86.RIP || a.Base == x86.RSP || a.FS) || a.Kind == x86.Register && a.Reg == x86.RSP
	})
}

// withRCX returns an instruction whose operand in memory is relative to RCX, instead of RIP or RSP, or nil
// if it has no such operand.
func withRCX(code []byte, in *x86.Inst) ([]byte, *x86.Inst) {
	want := slices.Clone(in.Args)
	for i := range want {
		if a := &want[i]; a.Kind == x86.Memory && !a.FS {
			a.Base, a.Disp = x86.RCX, 0
		}
	}
	for i, b := range code {
		for _, changed := range []byte{b&^7 | x86.RCX, b&0x38 | 0x80 | x86.RCX} { // SIB, ModRM
			code := slices.Clone(code)
			code[i] = changed
			got, err := x86.Decode(code, 0)
			if err != nil || got.Op != in.Op || got.Len != in.Len || got.Mask != in.Mask || got.Zero != in.Zero {
				continue
			}
			args := slices.Clone(got.Args)
			for i := range args {
				if args[i].Kind == x86.Memory {
					args[i].Disp = 0
				}
			}
			if slices.Equal(args, want) && !inPlaceOnly(&got) {
				return code, &got
			}
		}
	}
	return nil, nil
}

func needAVX512(t *testing.T) {
	if !cpuid.X86HasAVX512VL || !cpuid.X86HasVAES || !cpuid.X86HasSHA || !cpuid.X86HasADX {
		impltest.SkipWithout(t, "ige:VAES-512")
	}
}

// compareOnce executes an instruction both ways. known is false if it has no meaning on such values.
func compareOnce(c *cpu, p *term.Pool, code []byte, in *x86.Inst, rng *rand.Rand, round int) (problem string, known bool) {
	const size, at, index = 1024, 128, 64
	start := 64 - int(uintptr(unsafe.Pointer(&arena[0]))%64)
	memory := arena[start:][:size]
	address := int64(uintptr(unsafe.Pointer(&memory[0])))

	m := &Machine{Pool: p}
	region := NewRegion(m.Pool, "memory")
	region.Reads, region.Writes, region.Align = Range{0, size}, Range{0, size}, 64
	for i := range memory {
		memory[i] = value(rng, round)
		region.Bytes[i] = term.Byte(memory[i])
	}
	var r registers
	r.flags = rng.Uint64()
	m.flags = flags{carryKnown: true, zeroKnown: true, carry: r.flags&carryFlag != 0, zero: r.flags&zeroFlag != 0}
	for i := range r.general {
		var b [8]term.Byte
		for j := range b {
			b[j] = term.Byte(value(rng, round))
			r.general[i] |= uint64(b[j]) << (8 * j)
		}
		m.Regs[i] = fromBytes(b)
	}
	for _, a := range in.Args {
		if a.Kind != x86.Memory {
			continue
		}
		if a.Index != x86.NoRegister {
			r.general[a.Index], m.Regs[a.Index] = index, Number(index)
		}
		if a.Base != x86.NoRegister {
			r.general[a.Base], m.Regs[a.Base] = uint64(address+at-a.Disp), Value{Region: region, N: at - a.Disp}
		}
	}
	for i := range r.masks {
		r.masks[i] = rng.Uint64()
		m.setMask(i, r.masks[i])
	}
	for i := range r.vectors {
		for j := range r.vectors[i] {
			r.vectors[i][j] = value(rng, round)
			m.Vecs[i][j] = term.Byte(r.vectors[i][j])
		}
	}
	if !defined(m, in) {
		return "", false
	}
	c.execute(code, in, &r)
	return difference(m, region, memory, address, &r, c.base), true
}

// defined executes an instruction by its semantics, and reports whether it has any for these values.
func defined(m *Machine, in *x86.Inst) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, isString := r.(string); !isString {
				panic(r)
			}
		}
	}()
	m.step(in)
	return true
}

func difference(m *Machine, region *Region, memory []byte, address int64, r *registers, base int) string {
	for i, want := range r.general {
		v := m.Regs[i]
		if v.Region == region {
			v.N += address
		}
		if i != x86.RSP && i != base && (v.Secret || uint64(v.N) != want) {
			return fmt.Sprintf("register %d is %x, and on the CPU %x", i, v.N, want)
		}
	}
	for i := range r.vectors {
		for j, want := range r.vectors[i] {
			if m.Vecs[i][j] != term.Byte(want) {
				return fmt.Sprintf("byte %d of vector %d is %02x, and on the CPU %02x", j, i, m.Vecs[i][j], want)
			}
		}
	}
	for i := 1; i < 8; i++ {
		if m.Masks[i] != r.masks[i] {
			return fmt.Sprintf("mask %d is %x, and on the CPU %x", i, m.Masks[i], r.masks[i])
		}
	}
	for i, want := range memory {
		if got := region.At(i); got != term.Byte(want) {
			return fmt.Sprintf("byte %d of memory is %02x, and on the CPU %02x", i, got, want)
		}
	}
	if f := m.flags; f.carryKnown && f.carry != (r.flags&carryFlag != 0) || f.zeroKnown && f.zero != (r.flags&zeroFlag != 0) {
		return fmt.Sprintf("flags are %+v, and on the CPU %x", f, r.flags)
	}
	return ""
}

// TestConditions compares conditions with what conditional moves do on this CPU.
func TestConditions(t *testing.T) {
	needAVX512(t)
	c := newCPU(t)
	for number, cc := range map[byte]string{2: "b", 3: "ae", 4: "e", 5: "ne", 6: "be", 7: "a"} {
		code := []byte{0x48, 0x0f, 0x40 + number, 0xc1}
		in, err := x86.Decode(code, 0)
		if err != nil || in.Op != "cmov"+cc {
			t.Fatalf("% x is %v, error %v", code, in, err)
		}
		for f := range 4 {
			carry, zero := f&1 == 1, f&2 == 2
			m := &Machine{flags: flags{carryKnown: true, zeroKnown: true, carry: carry, zero: zero}}
			r := &registers{flags: uint64(f&1)*carryFlag | uint64(f>>1)*zeroFlag}
			r.general[x86.RCX] = 1
			c.execute(code, &in, r)
			if got, want := m.condition(cc), r.general[x86.RAX] == 1; got != want {
				t.Errorf("%s with carry %v and zero %v is %v, and on the CPU %v", cc, carry, zero, got, want)
			}
		}
	}
}

// TestCPUFindsFaults plants faults in the semantics.
func TestCPUFindsFaults(t *testing.T) {
	needAVX512(t)
	c, p := newCPU(t), term.New()
	rng := rand.New(rand.NewPCG(3, 4))
	vpalignr := vectorOps["vpalignr"]
	for _, tt := range []struct {
		code  []byte
		wrong func(*vectorOp) int
	}{
		{[]byte{0xc5, 0xe9, 0x6a, 0xcb}, vectorOps["vpunpckldq"]},                                                           // VPUNPCKHDQ
		{[]byte{0xc4, 0xe2, 0x69, 0xde, 0xcb}, vectorOps["vaesdeclast"]},                                                    // VAESDEC
		{[]byte{0xc5, 0xe9, 0xfe, 0xcb}, vectorOps["vpsubd"]},                                                               // VPADDD
		{[]byte{0xc5, 0xf9, 0x70, 0xca, 0x1b}, vectorOps["vmovdqu"]},                                                        // VPSHUFD
		{[]byte{0xc4, 0xe3, 0x69, 0x0f, 0xcb, 0x04}, func(o *vectorOp) int { *o.x, *o.y = *o.y, *o.x; return vpalignr(o) }}, // VPALIGNR
		{[]byte{0xc5, 0xed, 0xef, 0xcb}, func(o *vectorOp) int { o.n = 16; return vectorOps["vmovdqu"](o) }},                // VPXOR of YMM
	} {
		in, err := x86.Decode(tt.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		right := vectorOps[in.Op]
		find := func() (found bool) {
			for range 10 {
				problem, _ := compareOnce(c, p, tt.code, &in, rng, 5)
				found = found || problem != ""
			}
			return found
		}
		if find() {
			t.Errorf("%v: a fault in right semantics", in)
		}
		vectorOps[in.Op] = tt.wrong
		if !find() {
			t.Errorf("%v: a fault is not found", in)
		}
		vectorOps[in.Op] = right
	}
}
