package exec

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/cpu"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// isJump reports whether an instruction is one that TestJumps executes, and not TestCPU.
func isJump(op string) bool {
	_, conditional := conditional(op, "j")
	return conditional || op == "jmp" || op == "ret"
}

// arena is memory for operands, which does not move.
var arena [4096]byte

// TestCPU executes every encoding that kernels use and that has semantics, on this CPU and by the
// semantics, on random and extreme values.
func TestCPU(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	cpu.Need(t)
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	c, p := cpu.New(t), term.New()
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	executed, without := map[string]int{}, map[string]int{}
	runs, encodings := 0, 0
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
			if isJump(in.Op) || in.Op == "mov" && in.Args[1].FS { // see TestStackCheck
				continue
			}
			if cpu.InPlaceOnly(in) {
				if code, in = cpu.WithRCX(code, in); in == nil {
					t.Fatalf("%v cannot be executed", &list[i])
				}
			}
			encodings++
			before := executed[in.Op]
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
			if executed[in.Op] > before {
				continue
			}
			if delete(seen, string(code)); !computes(k) {
				t.Errorf("%v: %v, % x, has a meaning for no values", k, in, code)
			}
		}
	}
	for _, op := range mnemonics() {
		if executed[op] == 0 && !slices.Contains(unused, op) {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	for _, op := range unused {
		if executed[op] > 0 || !slices.Contains(mnemonics(), op) {
			t.Errorf("%s is used by a kernel, or has no semantics: remove it from unused", op)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics; no semantics: %v", runs, encodings, len(executed), slices.Sorted(maps.Keys(without)))
}

// computes reports whether a kernel is one for large numbers. It is executed on words, by package numexec.
func computes(k *machine.Kernel) bool {
	return k.Package == "bigdh" && !strings.HasPrefix(k.Name, "Select")
}

// unused are instructions with semantics that no kernel has at present.
var unused = []string{"vzeroall", "vmovd", "vporq"}

func mnemonics() []string {
	all := slices.Collect(maps.Keys(general))
	return slices.Sorted(slices.Values(append(all, slices.Collect(maps.Keys(vectorOps))...)))
}

// compareOnce executes an instruction both ways. known is false if it has no meaning on such values.
func compareOnce(c *cpu.CPU, p *term.Pool, code []byte, in *x86.Inst, rng *rand.Rand, round int) (problem string, known bool) {
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
	var r cpu.Registers
	r.Flags = rng.Uint64()
	m.flags = flags{carryKnown: true, zeroKnown: true, carry: r.Flags&cpu.Carry != 0, zero: r.Flags&cpu.Zero != 0}
	for i := range r.General {
		var b [8]term.Byte
		for j := range b {
			b[j] = term.Byte(value(rng, round))
			r.General[i] |= uint64(b[j]) << (8 * j)
		}
		m.Regs[i] = fromBytes(b)
	}
	for _, a := range in.Args {
		if a.Kind != x86.Memory {
			continue
		}
		if a.Index != x86.NoRegister {
			r.General[a.Index], m.Regs[a.Index] = index, Number(index)
		}
		if a.Base != x86.NoRegister {
			r.General[a.Base], m.Regs[a.Base] = uint64(address+at-a.Disp), Value{Region: region, N: at - a.Disp}
		}
	}
	if cpu.UsesStack(in) {
		r.General[x86.RSP], m.Regs[x86.RSP], m.Stack = uint64(address+at), Value{Region: region, N: at}, region
		if in.Op == "pop" {
			region.Values[at] = region.load(at, 8)
			for i := range 8 {
				delete(region.Bytes, at+i)
			}
		}
	}
	for i := range r.Masks {
		r.Masks[i] = rng.Uint64()
		m.setMask(i, r.Masks[i])
	}
	for i := range r.Vectors {
		for j := range r.Vectors[i] {
			r.Vectors[i][j] = value(rng, round)
			m.Vecs[i][j] = term.Byte(r.Vectors[i][j])
		}
	}
	if !defined(m, in) {
		return "", false
	}
	c.Execute(code, in, &r)
	return difference(m, region, memory, address, &r, c.Base), true
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

func difference(m *Machine, region *Region, memory []byte, address int64, r *cpu.Registers, base int) string {
	for i, want := range r.General {
		v := m.Regs[i]
		if v.Region == region {
			v.N += address
		}
		if i != base && (v.Secret || uint64(v.N) != want) {
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
	for i := 1; i < 8; i++ {
		if m.Masks[i] != r.Masks[i] {
			return fmt.Sprintf("mask %d is %x, and on the CPU %x", i, m.Masks[i], r.Masks[i])
		}
	}
	for i, want := range memory {
		if got := region.At(i); got != term.Byte(want) {
			return fmt.Sprintf("byte %d of memory is %02x, and on the CPU %02x", i, got, want)
		}
	}
	if f := m.flags; f.carryKnown && f.carry != (r.Flags&cpu.Carry != 0) || f.zeroKnown && f.zero != (r.Flags&cpu.Zero != 0) {
		return fmt.Sprintf("flags are %+v, and on the CPU %x", f, r.Flags)
	}
	return ""
}

// TestJumps executes every jump that kernels have on this CPU and by the semantics, with all flags that a condition may
// look at, and what else there is of flags at random.
func TestJumps(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	cpu.Need(t)
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	c, seen, mnemonics := cpu.New(t), map[string]bool{}, map[string]int{}
	for _, k := range kernels {
		list, err := x86.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in := &list[i]
			code := k.Code[in.Addr-k.Addr:][:in.Len]
			if !isJump(in.Op) || seen[string(code)] {
				continue
			}
			seen[string(code)] = true
			mnemonics[in.Op]++
			if problem := compareJump(t, c, code, in); problem != "" {
				t.Errorf("%v, % x: %s", in, code, problem)
			}
		}
	}
	for _, op := range []string{"jmp", "je", "jne", "jb", "jae", "jbe", "ja", "ret"} {
		if mnemonics[op] == 0 {
			t.Errorf("no kernel has %s", op)
		}
	}
	t.Logf("%d encodings: %v", len(seen), mnemonics)
}

// compareJump executes a jump both ways, with all flags.
func compareJump(t *testing.T, c *cpu.CPU, code []byte, in *x86.Inst) string {
	rng := rand.New(rand.NewPCG(5, 6))
	displacement := 100 // of a return
	if in.Op != "ret" {
		displacement = int(in.Args[0].Disp) - in.Next()
	}
	for round := range 16 {
		carry, zero := round&1 == 1, round&2 == 2
		f := rng.Uint64() &^ (cpu.Carry | cpu.Zero)
		if carry {
			f |= cpu.Carry
		}
		if zero {
			f |= cpu.Zero
		}
		m := &Machine{flags: flags{carryKnown: true, zeroKnown: true, carry: carry, zero: zero}}
		want := in.Op == "ret" || m.step(in) != in.Next()
		got, after := c.Jump(t, code, displacement, f)
		if got != want {
			return fmt.Sprintf("with carry %v and zero %v it is taken: %v, and on the CPU %v", carry, zero, want, got)
		}
		if m.flags.carry != (after&cpu.Carry != 0) || m.flags.zero != (after&cpu.Zero != 0) {
			return fmt.Sprintf("flags are %+v, and on the CPU %x", m.flags, after)
		}
	}
	return ""
}

// TestJumpsFindsFaults takes jumps for others.
func TestJumpsFindsFaults(t *testing.T) {
	cpu.Need(t)
	c := cpu.New(t)
	for _, tt := range []struct {
		code  []byte
		wrong string
	}{
		{[]byte{0x74, 0x20}, "jne"}, {[]byte{0x75, 0xc0}, "je"}, {[]byte{0x72, 0x20}, "jbe"}, {[]byte{0x0f, 0x83, 0, 1, 0, 0}, "ja"},
		{[]byte{0x0f, 0x86, 0, 0xff, 0xff, 0xff}, "jb"}, {[]byte{0x77, 0x20}, "jae"}, {[]byte{0xeb, 0x80}, "je"},
	} {
		in, err := x86.Decode(tt.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if problem := compareJump(t, c, tt.code, &in); problem != "" {
			t.Errorf("%v: a fault in right semantics: %s", in, problem)
		}
		wrong := in
		wrong.Op = tt.wrong
		if compareJump(t, c, tt.code, &wrong) == "" {
			t.Errorf("%v in place of %v is not found", wrong, in)
		}
	}
}

// TestConditionalMoves compares all conditions with those of conditional moves, of which kernels have only some.
func TestConditionalMoves(t *testing.T) {
	cpu.Need(t)
	c := cpu.New(t)
	for number, cc := range map[byte]string{2: "b", 3: "ae", 4: "e", 5: "ne", 6: "be", 7: "a"} {
		code := []byte{0x48, 0x0f, 0x40 + number, 0xc1}
		in, err := x86.Decode(code, 0)
		if err != nil || in.Op != "cmov"+cc {
			t.Fatalf("% x is %v, error %v", code, in, err)
		}
		for f := range 4 {
			carry, zero := f&1 == 1, f&2 == 2
			m := &Machine{flags: flags{carryKnown: true, zeroKnown: true, carry: carry, zero: zero}}
			r := &cpu.Registers{Flags: uint64(f&1)*cpu.Carry | uint64(f>>1)*cpu.Zero}
			r.General[x86.RCX] = 1
			c.Execute(code, &in, r)
			if got, want := m.condition(cc), r.General[x86.RAX] == 1; got != want {
				t.Errorf("%s with carry %v and zero %v is %v, and on the CPU %v", cc, carry, zero, got, want)
			}
		}
	}
}

// TestAddresses compares addresses that count from the next instruction.
func TestAddresses(t *testing.T) {
	cpu.Need(t)
	c := cpu.New(t)
	for _, displacement := range []int32{0, 1, 4, 0x1234, -1, -7, -0x123456, math.MaxInt32, math.MinInt32} {
		code := binary.LittleEndian.AppendUint32([]byte{0x48, 0x8d, 0x05}, uint32(displacement)) // LEA
		in, err := x86.Decode(code, 0)
		if err != nil || in.Op != "lea" || in.Args[1].Base != x86.RIP {
			t.Fatalf("% x is %v, error %v", code, in, err)
		}
		m, r := &Machine{Constants: &Region{}}, &cpu.Registers{}
		m.step(&in)
		c.Execute(code, &in, r)
		if got, want := m.Regs[x86.RAX], r.General[x86.RAX]; got.Region != m.Constants || uint64(got.N)+r.At != want {
			t.Errorf("%v, at %x, is %x, and on the CPU %x", in, r.At, got.N, want)
		}
	}
}

// TestStackCheck executes what a function with a large frame begins with: the goroutine that it finds is Go's.
func TestStackCheck(t *testing.T) {
	cpu.Need(t)
	c := cpu.New(t)
	code := []byte{0x64, 0x4c, 0x8b, 0x34, 0x25, 0xf8, 0xff, 0xff, 0xff}
	load, err := x86.Decode(code, 0)
	if err != nil || load.Op != "mov" || !load.Args[1].FS {
		t.Fatalf("% x is %v, error %v", code, load, err)
	}
	m := &Machine{sp: x86.RSP, Stack: &Region{}}
	m.Regs[x86.RSP] = Address(m.Stack)
	m.step(&load)
	r := &cpu.Registers{}
	c.Execute(code, &load, r)
	if got := m.Regs[14]; got != (Value{Region: m.Stack, N: currentGoroutine}) || r.General[14] != r.Goroutine {
		t.Fatalf("%v: the goroutine is %v, and on the CPU %x, where Go's is at %x", load, got, r.General[14], r.Goroutine)
	}
}

// TestCPUFindsFaults plants faults in the semantics.
func TestCPUFindsFaults(t *testing.T) {
	cpu.Need(t)
	c, p := cpu.New(t), term.New()
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
