package numexec

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/cpu"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// arena is memory for operands, which does not move.
var arena [4096]byte

// TestCPU executes every encoding that kernels with numbers use, on this CPU and by the semantics, on random and
// extreme values.
func TestCPU(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	cpu.Need(t)
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	c := cpu.New(t)
	rng := rand.New(rand.NewPCG(1, 2))
	seen, executed := map[string]bool{}, map[string]int{}
	runs := 0
	for _, k := range kernels {
		if k.Package != "bigdh" || strings.HasPrefix(k.Name, "Select") {
			continue
		}
		list, err := x86.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in := &list[i]
			code := k.Code[in.Addr-k.Addr:][:in.Len]
			if seen[string(code)] || !semantics(in.Op) || in.Op == "mov" && in.Args[1].FS { // see package exec's TestStackCheck
				continue
			}
			seen[string(code)] = true
			if cpu.InPlaceOnly(in) {
				if code, in = cpu.WithRCX(code, in); in == nil {
					t.Fatalf("%v cannot be executed", &list[i])
				}
			}
			before := executed[in.Op]
			for round := range rounds {
				problem, known := compareOnce(c, code, in, rng, round)
				if !known {
					continue
				}
				if problem != "" {
					t.Fatalf("%v, % x: %s", in, code, problem)
				}
				runs++
				executed[in.Op]++
			}
			if executed[in.Op] == before {
				t.Errorf("%v: %v, % x, has a meaning for no values", k, in, code)
			}
		}
	}
	for _, op := range slices.Concat(slices.Collect(maps.Keys(general)), slices.Collect(maps.Keys(vectorOps))) {
		if executed[op] == 0 {
			t.Errorf("%s has semantics that were not compared with the CPU's", op)
		}
	}
	t.Logf("%d runs of %d encodings, %d mnemonics", runs, len(seen), len(executed))
}

// TestJumps executes every jump that kernels with numbers have, but those of the check of the stack's size, on this CPU and
// by the semantics.
func TestJumps(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	cpu.Need(t)
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	c, seen, mnemonics := cpu.New(t), map[string]bool{}, map[string]int{}
	for _, k := range kernels {
		if k.Package != "bigdh" || strings.HasPrefix(k.Name, "Select") {
			continue
		}
		list, err := x86.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			in := &list[i]
			code := k.Code[in.Addr-k.Addr:][:in.Len]
			if !slices.Contains([]string{"jmp", "je", "jne"}, in.Op) || seen[string(code)] {
				continue
			}
			seen[string(code)] = true
			mnemonics[in.Op]++
			if problem := compareJump(t, c, code, in); problem != "" {
				t.Errorf("%v, % x: %s", in, code, problem)
			}
			wrong := *in
			if wrong.Op = "je"; in.Op != "jne" {
				wrong.Op = "jne"
			}
			if compareJump(t, c, code, &wrong) == "" {
				t.Errorf("%v in place of %v is not found", &wrong, in)
			}
		}
	}
	if len(mnemonics) == 0 {
		t.Error("no jumps")
	}
	t.Logf("%d encodings: %v", len(seen), mnemonics)
}

// compareJump executes a jump both ways.
func compareJump(t *testing.T, c *cpu.CPU, code []byte, in *x86.Inst) string {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 16 {
		m, zero, f := New(number.New(), nil, 0), round&1 == 1, rng.Uint64()&^cpu.Zero
		if zero {
			f |= cpu.Zero
		}
		m.zero = flag{true, number.Uint(uint64(round & 1))}
		want := m.step(in) != in.Next()
		if got, _ := c.Jump(t, code, int(in.Args[0].Disp)-in.Next(), f); got != want {
			return fmt.Sprintf("with zero %v it is taken: %v, and on the CPU %v", zero, want, got)
		}
	}
	return ""
}

// TestCPUFindsFaults plants faults in the semantics.
func TestCPUFindsFaults(t *testing.T) {
	cpu.Need(t)
	c := cpu.New(t)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct {
		code  []byte
		op    string
		wrong func(*Machine, []x86.Operand)
	}{
		{[]byte{0x66, 0x48, 0x0f, 0x38, 0xf6, 0xc3}, "adcx", general["adox"]},
		{[]byte{0x48, 0x11, 0xd8}, "adc", general["add"]},
		{[]byte{0x48, 0x19, 0xd8}, "sbb", general["sub"]},
		{[]byte{0xc4, 0xe2, 0xf3, 0xf6, 0xc3}, "mulx", func(m *Machine, a []x86.Operand) { // whose halves change places
			lo, hi := m.multiply(m.Regs[x86.RDX], m.get(&a[2]))
			m.set(&a[0], Poly(lo))
			m.set(&a[1], Poly(hi))
		}},
	} {
		in, err := x86.Decode(tt.code, 0)
		if err != nil || in.Op != tt.op {
			t.Fatalf("% x is %v, error %v", tt.code, in, err)
		}
		find := func() (found bool) {
			for round := range rounds {
				problem, known := compareOnce(c, tt.code, &in, rng, round)
				found = found || known && problem != ""
			}
			return found
		}
		if find() {
			t.Errorf("%v: a fault in right semantics", in)
		}
		right := general[tt.op]
		general[tt.op] = tt.wrong
		if !find() {
			t.Errorf("%v: a fault is not found", in)
		}
		general[tt.op] = right
	}
}

func semantics(op string) bool { return general[op] != nil || vectorOps[op] != nil }

// compareOnce executes an instruction both ways. known is false if it has no meaning on such values.
func compareOnce(c *cpu.CPU, code []byte, in *x86.Inst, rng *rand.Rand, round int) (problem string, known bool) {
	const size, at, index = 2048, 512, 8
	start := 64 - int(uintptr(unsafe.Pointer(&arena[0]))%64)
	memory := arena[start:][:size]
	address := int64(uintptr(unsafe.Pointer(&memory[0])))

	m := New(number.New(), nil, 0)
	m.Stack.Writable = true
	region := NewRegion("memory", size, true, nil)
	var r cpu.Registers
	for i := 0; i < size; i += 8 {
		w := word(rng, round)
		binary.LittleEndian.PutUint64(memory[i:], w)
		region.Words[int64(i)] = Int(w)
	}
	for i := range r.General {
		r.General[i] = word(rng, round)
		if round == 5 && i == x86.RAX {
			r.General[i] = 127
		}
		m.Regs[i] = Int(r.General[i])
	}
	base := int64(at)
	inFrame := func() { // at negative offsets
		base -= size
		region.Name, m.Stack = stack, region
		region.Words = map[int64]Value{}
		for i := 0; i < size; i += 8 {
			region.Words[int64(i-size)] = Int(binary.LittleEndian.Uint64(memory[i:]))
		}
	}
	if cpu.UsesStack(in) {
		inFrame()
		r.General[x86.RSP], m.Regs[x86.RSP] = uint64(address+at), Value{Kind: Address, Region: region, N: base}
	}
	for _, a := range in.Args {
		if a.Kind != x86.Memory {
			continue
		}
		if a.Size == 1 || strings.HasPrefix(in.Op, "vmovdqa") { // is stored in the frame alone
			inFrame()
		}
		if in.Op == "lea" && a.Index != x86.NoRegister { // of numbers
			continue
		}
		if a.Index != x86.NoRegister {
			r.General[a.Index], m.Regs[a.Index] = index, Int(index)
		}
		if a.Base >= 0 {
			r.General[a.Base] = uint64(address + at - a.Disp)
			m.Regs[a.Base] = Value{Kind: Address, Region: region, N: base - a.Disp}
		}
	}
	r.Flags = rng.Uint64()
	bit := func(f uint64) flag { return flag{true, number.Uint(r.Flags & f / f)} }
	m.carry, m.overflow, m.zero = bit(cpu.Carry), bit(cpu.Overflow), bit(cpu.Zero)
	for i := range r.Masks {
		r.Masks[i] = rng.Uint64() & 255
		k := m.asBits(Int(r.Masks[i]))
		m.masks[i] = &k
	}
	for i := range r.Vectors {
		for j := range 8 {
			w := word(rng, round)
			if round == 6 && isLastVector(in, i) {
				w = 1<<digit - 1
			}
			binary.LittleEndian.PutUint64(r.Vectors[i][8*j:], w)
			m.Vecs[i][j] = Int(w)
		}
	}
	if !defined(m, in) {
		return "", false
	}
	c.Execute(code, in, &r)
	return difference(m, region, memory, address, &r, c.Base), true
}

func isLastVector(in *x86.Inst, i int) bool {
	for _, a := range slices.Backward(in.Args) {
		if a.Kind == x86.Vector {
			return a.Reg == i
		}
	}
	return false
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
	origin := int64(0) // offset of the first byte of memory
	if region.Name == stack {
		origin = -int64(len(memory))
	}
	for i, want := range r.General {
		v := m.Regs[i]
		got, ok := v.constant()
		switch {
		case v.Kind == Address:
			got, ok = uint64(v.N-origin+address), true
		case v.Kind == Low:
			got, ok = Poly(v.P).constant()
			want &= 255
		}
		if i != base && (!ok || got != want) {
			return fmt.Sprintf("register %d is %x, and on the CPU %x", i, got, want)
		}
	}
	for i := range r.Vectors {
		for j := range 8 {
			want := binary.LittleEndian.Uint64(r.Vectors[i][8*j:])
			if got, ok := m.Vecs[i][j].constant(); !ok || got != want {
				return fmt.Sprintf("word %d of vector %d is %x, and on the CPU %x", j, i, got, want)
			}
		}
	}
	for i := 1; i < 8; i++ {
		p, _ := m.MaskBits(i)
		if got, ok := Poly(p).constant(); !ok || got != r.Masks[i]&255 {
			return fmt.Sprintf("mask %d is %x, and on the CPU %x", i, got, r.Masks[i])
		}
	}
	for i := 0; i < len(memory); i += 8 {
		want := binary.LittleEndian.Uint64(memory[i:])
		v, ok := region.Words[origin+int64(i)]
		if got, known := v.constant(); ok && (!known || got != want) {
			return fmt.Sprintf("word at %d is %x, and on the CPU %x", i, got, want)
		}
	}
	for off, p := range region.Bytes {
		if got, ok := Poly(p).constant(); !ok || got != uint64(memory[off-origin]) {
			return fmt.Sprintf("byte at %d is %x, and on the CPU %x", off, got, memory[off-origin])
		}
	}
	for _, f := range []struct {
		flag
		bit uint64
	}{{m.carry, cpu.Carry}, {m.overflow, cpu.Overflow}, {m.zero, cpu.Zero}} {
		if got, ok := Poly(f.flag.bit).constant(); f.known && (!ok || got != r.Flags&f.bit/f.bit) {
			return fmt.Sprintf("a flag is %x, and on the CPU they are %x", got, r.Flags)
		}
	}
	return ""
}
