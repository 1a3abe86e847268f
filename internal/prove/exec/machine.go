// Package exec executes machine code, of amd64, arm64 and arm, on bytes that are terms, as the CPU
// executes it for all values of them at once.
//
// Addresses are a region and an offset, lengths and counters are numbers, and what comes from
// memory or vectors is bytes. Those may be moved and computed with, but no jump and no address
// can depend on them. What is read has to be in regions that the contract lets be read, or to have
// been written before; what is written has to be in regions that it lets be written, or in the frame.
// Whatever is not known to be right is an error.
package exec

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// Vec is a vector register, of 512 bits, of which arm64 and arm have the lowest 128.
type Vec = [64]term.Byte

// Machine is the state of a CPU that is about to execute a function, or is in it.
type Machine struct {
	Pool  *term.Pool
	Regs  [maxRegisters]Value
	Vecs  [32]Vec
	Masks [8]uint64 // those that were set; see mask
	isSet [8]bool
	flags flags
	Stack *Region // offset 0 is what the stack pointer is at first; on amd64 the return address is there
	// Constants are the read-only memory of the program; offsets are addresses.
	Constants *Region

	Steps int
	// Trace is called before every instruction, if it is not nil. The machine stops before
	// it if Trace returns true.
	Trace func(m *Machine, addr int) bool
	// After is called after the instruction at an address, if there is one for it.
	After map[int]func(m *Machine)
	// Equal says whether two sums of different numbers are equal, if it is not nil; see Unknown.
	Equal func(x, y Sum) bool

	cpu       processor
	sp        int                 // the stack pointer, among Regs
	kept      []int               // other registers that a function has to leave as they were
	entry     [maxRegisters]Value // Regs at the beginning
	entryVecs [32]Vec
	sums      map[[8]term.Byte]Sum
	publics   map[int]bool // regions of what sums are of that may be left in registers
}

// maxRegisters is how many general registers there may be.
const maxRegisters = 33

// processor knows what a function's instructions do.
type processor interface {
	// step executes the instruction at an address, and returns the address of the next one, or
	// returned.
	step(addr int) int
	// text is the instruction, and targets where it may jump to.
	text(addr int) string
	targets(addr int) []int
	// checkReturn checks what the architecture's calling convention wants besides what Machine's checks.
	checkReturn() error
	// saved reports whether a byte is one of a vector that a function has to keep, and may have in its frame.
	saved(b term.Byte) bool
	forgetFlags()
}

// returned is what step returns after the last instruction.
const returned = -1

// amd64 is a processor.
type amd64 struct {
	*Machine
	code map[int]*x86.Inst
}

// flags are two of the CPU's.
type flags struct {
	carryKnown, zeroKnown bool
	carry, zero           bool
	stackIsEnough         bool // the last comparison was that of SP with the stack's limit
}

const noSemantics = "no semantics: say in a table of package exec what it does"

// maxSteps is far beyond what kernels need.
const maxSteps = 4e6

// Places that the check of the stack's size reads.
const (
	currentGoroutine = 1 << 30
	stackLimit       = 1 << 31
)

// New returns a machine of amd64 whose registers hold anything. alignment is the stack pointer modulo 64.
func New(p *term.Pool, k *machine.Kernel, code map[int]*x86.Inst, alignment int) *Machine {
	m := newMachine(p, k, x86.RSP, alignment)
	m.cpu, m.kept = amd64{m, code}, []int{x86.RBP}
	return m
}

func newMachine(p *term.Pool, k *machine.Kernel, sp, alignment int) *Machine {
	m := &Machine{Pool: p, sp: sp}
	before := p.Region("what registers held")
	for i := range m.Vecs {
		for j := range m.Vecs[i] {
			m.Vecs[i][j] = p.Input(before, 64*i+j)
		}
	}
	for i := range m.Regs {
		m.Regs[i].Secret = true
		for j := range 8 {
			m.Regs[i].Bytes[j] = p.Input(before, 1<<16+8*i+j)
		}
	}
	m.Stack = NewRegion(p, "stack")
	m.Stack.Writes = Range{-1 << 20, 0}
	m.Stack.Align, m.Stack.AlignOffset = 64, int64(alignment)
	m.Regs[sp] = Address(m.Stack)
	m.entry, m.entryVecs = m.Regs, m.Vecs
	m.Constants = NewRegion(p, "constants")
	m.Constants.Reads, m.Constants.Align = Range{0, 1 << 30}, 1<<12
	m.Constants.Initial = func(off int) term.Byte {
		b, err := k.Program.Constants(off, 1)
		if err != nil {
			panic(err.Error())
		}
		return term.Byte(b[0])
	}
	return m
}

// Code decodes a kernel of amd64, by addresses.
func Code(k *machine.Kernel) (map[int]*x86.Inst, error) {
	list, err := x86.Function(k.Code, k.Addr)
	if err != nil {
		return nil, err
	}
	code := map[int]*x86.Inst{}
	for i := range list {
		code[list[i].Addr] = &list[i]
	}
	return code, nil
}

// SetArgument sets a word of the arguments, which are above the return address.
func (m *Machine) SetArgument(word int, v Value) {
	m.Stack.Values[m.Stack.word*(1+word)] = v
}

// Argument returns a word of the arguments.
func (m *Machine) Argument(word int) Value { return m.Stack.Values[m.Stack.word*(1+word)] }

// Targets are the addresses that the instruction at an address may jump to.
func (m *Machine) Targets(addr int) []int { return m.cpu.targets(addr) }

// Run executes from an address on until the function returns, or Trace stops it. done is whether it
// returned.
func (m *Machine) Run(addr int) (done bool, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case string:
			err = fmt.Errorf("%#x: %s: %s", addr, m.cpu.text(addr), r)
		default:
			panic(r)
		}
	}()
	for {
		if m.Trace != nil && m.Trace(m, addr) {
			return false, nil
		}
		if m.Steps++; m.Steps > maxSteps {
			panic("does not end")
		}
		next := m.cpu.step(addr)
		if next == returned {
			return true, m.checkReturn()
		}
		if f := m.After[addr]; f != nil {
			f(m)
		}
		addr = next
	}
}

func (c amd64) step(addr int) int {
	in := c.code[addr]
	switch {
	case in == nil:
		panic("not an instruction of the function")
	case in.Op == "ret":
		return returned
	}
	return c.Machine.step(in)
}

func (c amd64) text(addr int) string { return fmt.Sprint(c.code[addr]) }

func (c amd64) targets(addr int) (all []int) {
	if in := c.code[addr]; in != nil {
		for _, a := range in.Args {
			if a.Kind == x86.Target {
				all = append(all, int(a.Disp))
			}
		}
	}
	return all
}

func (c amd64) checkReturn() error {
	for i := range 16 { // or else SSE instructions are slow
		for j := 16; j < 64; j++ {
			if !c.Untouched(i, j) {
				return fmt.Errorf("returns with the upper half of vector %d in use", i)
			}
		}
	}
	return nil
}

func (c amd64) saved(term.Byte) bool { return false }

func (c amd64) forgetFlags() { c.flags = flags{} }

// checkReturn checks what the calling convention wants, and that nothing that depends on inputs
// is left in registers and in the frame.
func (m *Machine) checkReturn() error {
	if m.Regs[m.sp] != Address(m.Stack) {
		return fmt.Errorf("returns with another stack pointer")
	}
	for _, r := range m.kept {
		if m.Regs[r] != m.entry[r] {
			return fmt.Errorf("returns with another value of register %d, which it has to keep", r)
		}
	}
	if err := m.cpu.checkReturn(); err != nil {
		return err
	}
	for i, v := range m.Regs {
		if v.Secret && v != m.entry[i] && !m.public(v) {
			return fmt.Errorf("leaves what depends on inputs in register %d", i)
		}
	}
	for i := range m.Vecs {
		for j, b := range m.Vecs[i] {
			if !b.IsConst() && !m.Untouched(i, j) {
				return fmt.Errorf("leaves what depends on inputs in vector %d", i)
			}
		}
	}
	for off, b := range m.Stack.Bytes {
		if off < 0 && !b.IsConst() && !m.cpu.saved(b) {
			return fmt.Errorf("leaves what depends on inputs in its frame")
		}
	}
	for off, v := range m.Stack.Values {
		if off < 0 && v.Secret && v != m.entry[m.kept[0]] {
			return fmt.Errorf("leaves a register that depends on inputs in its frame")
		}
	}
	return nil
}

// mask is a mask register, which has to have been set.
func (m *Machine) mask(k int) uint64 {
	if !m.isSet[k] {
		panic("mask is not known")
	}
	return m.Masks[k]
}

func (m *Machine) setMask(k int, v uint64) { m.Masks[k], m.isSet[k] = v, true }

// ForgetFlags lets the flags be anything.
func (m *Machine) ForgetFlags() { m.cpu.forgetFlags() }

// ForgetMasks lets mask registers be anything.
func (m *Machine) ForgetMasks() { m.isSet = [8]bool{} }

// Untouched reports whether byte j of vector i is zero, or as it was at the beginning, or SetUntouched's.
func (m *Machine) Untouched(i, j int) bool {
	b := m.Vecs[i][j]
	return b == 0 || b == m.entryVecs[i][j] || b == m.untouched(i, j)
}

// SetUntouched makes byte j of vector i anything that is untouched.
func (m *Machine) SetUntouched(i, j int) { m.Vecs[i][j] = m.untouched(i, j) }

func (m *Machine) untouched(i, j int) term.Byte {
	return m.Pool.Input(m.Pool.Region("what is untouched"), 64*i+j)
}

// address is the place that a memory operand is.
func (m *Machine) address(a *x86.Operand) (*Region, int) {
	return m.effective(a).place()
}

// place is the memory at an address.
func (v Value) place() (*Region, int) {
	switch {
	case v.Secret || v.T != 0:
		panic("address is not known")
	case v.Region == nil:
		panic("address is in no region")
	case v.I != 0 && v.I != 1 || (v.I == 1) != v.Region.Moves:
		panic("address does not go with the index of the loop")
	}
	return v.Region, int(v.N)
}

// effective is the address that an operand names, which may be a number.
func (m *Machine) effective(a *x86.Operand) Value {
	if a.FS {
		return Value{Region: m.Stack, N: currentGoroutine}
	}
	v := Number(a.Disp)
	switch a.Base {
	case x86.RIP:
		v.Region = m.Constants
	case x86.NoRegister:
	default:
		v = m.sum(v, m.Regs[a.Base], 1)
	}
	if a.Index != x86.NoRegister {
		v = m.sum(v, m.Regs[a.Index], int64(a.Scale))
	}
	return v
}

// sum is x + scale·y, of which at most one is an address.
func (m *Machine) sum(x, y Value, scale int64) Value {
	if x.Secret && y.number() || y.Secret && x.number() {
		if v, ok := m.plus(x.bytes(), y.bytes(), scale); ok {
			return v
		}
	}
	if x.Secret || y.Secret {
		panic("arithmetic with secrets")
	}
	if y.Region != nil {
		if x.Region != nil || scale != 1 {
			panic("arithmetic with two addresses")
		}
		x.Region = y.Region
	}
	x.N += scale * y.N
	x.T += scale * y.T
	x.I += scale * y.I
	return x
}

// aligned checks the address of an instruction that needs it to be a multiple of its size.
func aligned(r *Region, off, size int) {
	if int64(size) > r.Align || (int64(off)+r.AlignOffset)%int64(size) != 0 {
		panic(fmt.Sprintf("%s, byte %d, is not known to be aligned to %d bytes", r.Name, off, size))
	}
}

// loadBytes reads n bytes of memory.
func (m *Machine) loadBytes(a *x86.Operand, n int) []term.Byte {
	r, off := m.address(a)
	out := make([]term.Byte, n)
	for i := range out {
		out[i] = r.At(off + i)
	}
	return out
}

// get reads an operand of up to eight bytes.
func (m *Machine) get(a *x86.Operand) Value {
	switch {
	case a.Kind == x86.Immediate:
		return Number(a.Disp)
	case a.Kind == x86.Register && a.Size == 8:
		return m.Regs[a.Reg]
	case a.Kind == x86.Register:
		b := m.Regs[a.Reg].bytes()
		clear(b[a.Size:])
		return fromBytes(b)
	}
	r, off := m.address(a)
	if r == m.Stack && off >= currentGoroutine {
		if a.FS {
			return Value{Region: m.Stack, N: currentGoroutine}
		}
		return Value{Region: m.Stack, N: stackLimit}
	}
	return r.load(off, a.Size)
}

// set writes an operand of up to eight bytes.
func (m *Machine) set(a *x86.Operand, v Value) {
	if a.Kind == x86.Memory {
		r, off := m.address(a)
		if v.Region != nil && r != m.Stack {
			panic("an address is written to memory")
		}
		r.store(off, a.Size, v)
		return
	}
	switch a.Size {
	case 4: // and the upper half becomes zero
		b := v.bytes()
		clear(b[4:])
		v = fromBytes(b)
	case 1: // and the rest stays
		b := m.Regs[a.Reg].bytes()
		b[0] = v.bytes()[0]
		v = fromBytes(b)
	}
	m.Regs[a.Reg] = v
}
