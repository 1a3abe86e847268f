// Package numexec executes amd64 machine code on words of 64 bits that are polynomials, as the CPU executes it
// for all values of them at once. It is for the kernels that compute with large numbers, and
// otherwise as strict as package exec: no jump and no address can depend on numbers, only what a contract gives is
// read and written, and whatever is not known to be right is an error.
package numexec

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// Kind says what a word is.
type Kind int

const (
	Unknown Kind = iota // and not to be used
	Entry               // what register N held at the beginning; it can be moved
	Address             // N bytes from the beginning of Region
	Number              // P
	Counter             // N, of which the kernel may only learn when it is zero
	All                 // of some numbers, And: their bits that are ones in all of them
	Bits                // of masks: a function of those bits; see bits.go
	Low                 // of a register of which only the lowest byte is known, P
)

// Value is a word.
type Value struct {
	Kind   Kind
	Region *Region
	N      int64
	P      number.Poly
	And    []number.Poly
	Of     func(bits uint32) uint64
}

// Poly returns the number that p is.
func Poly(p number.Poly) Value { return Value{Kind: Number, P: p} }

// Int returns the number n.
func Int(n uint64) Value { return Poly(number.Uint(n)) }

// constant returns the number that v is known to be.
func (v Value) constant() (uint64, bool) {
	if v.Kind != Number {
		return 0, false
	}
	n, ok := v.P.Constant()
	if !ok {
		return 0, false
	}
	return n.Uint64(), true
}

// Region is memory of words, and of some bytes.
type Region struct {
	Name     string
	Size     int // in bytes
	Writable bool
	Initial  func(word int) Value // or nil, if it must not be read before it is written
	Words    map[int64]Value
	Bytes    map[int64]number.Poly
}

// NewRegion returns memory of so many bytes.
func NewRegion(name string, size int, writable bool, initial func(word int) Value) *Region {
	return &Region{Name: name, Size: size, Writable: writable, Initial: initial, Words: map[int64]Value{}, Bytes: map[int64]number.Poly{}}
}

// At returns the word at an offset.
func (r *Region) At(off int64) Value {
	if v, ok := r.Words[off]; ok {
		return v
	}
	if off < 0 || off%8 != 0 || off+8 > int64(r.Size) || r.Initial == nil {
		panic(fmt.Sprintf("read of %s, byte %d, which is outside or not yet written", r.Name, off))
	}
	for i := int64(-7); i < 8; i++ {
		if _, ok := r.Words[off+i]; ok || i >= 0 && r.hasByte(off+i) {
			panic("read of what was written in parts")
		}
	}
	return r.Initial(int(off / 8))
}

func (r *Region) hasByte(off int64) bool { _, ok := r.Bytes[off]; return ok }

func (r *Region) store(off int64, v Value) {
	if !r.Writable || off+8 > int64(r.Size) || off < 0 && r.Name != stack {
		panic(fmt.Sprintf("write to %s, byte %d", r.Name, off))
	}
	for i := int64(-7); i < 8; i++ {
		if _, ok := r.Words[off+i]; ok && i != 0 {
			panic("words overlap")
		}
		if i >= 0 {
			delete(r.Bytes, off+i)
		}
	}
	r.Words[off] = v
}

// stack is the name of the stack, whose offset 0 is the return address's.
const stack = "stack"

// Places that the check of the stack's size reads.
const (
	currentGoroutine = 1 << 40
	stackLimit       = 1 << 41
)

// argument is the offset of the first argument.
const argument = 8

// Vec is a vector register.
type Vec = [8]Value

// flag is a flag of the CPU, if it is known: a bit.
type flag struct {
	known bool
	bit   number.Poly
}

var noFlag, clearFlag = flag{}, flag{known: true}

// Machine is the state of a CPU that is about to execute a function, or is in it.
type Machine struct {
	Facts *number.Facts
	Regs  [16]Value
	Vecs  [32]Vec
	masks [8]*[8]number.Poly
	Stack *Region

	carry, overflow, zero flag
	stackIsEnough         bool // the last comparison was that of SP with the stack's limit

	// Before is called before an instruction, if it is not nil. The machine stops if it returns true.
	Before func(in *x86.Inst) bool
	// After is called after an instruction, with the number that is its result if it is one.
	After func(in *x86.Inst, result number.Poly)
	// Natural, if it is not nil, reports whether a difference in a vector is proven not to be negative, although its
	// terms might be. It is called for all lanes in turn.
	Natural func(d number.Poly) bool
	Steps   int

	code      map[int]*x86.Inst
	alignment int64 // of the stack pointer, modulo 64
	*known
	atoms []number.Poly // the bits of masks that were moved to general registers
}

// known is what machines know of words besides facts.
type known struct {
	factors map[string][2]number.Poly // of products modulo 2^64
	indicators
}

// New returns a machine whose registers hold anything. alignment is the stack pointer modulo 64.
func New(f *number.Facts, code map[int]*x86.Inst, alignment int) *Machine {
	k := &known{factors: map[string][2]number.Poly{}}
	k.onesOf, k.incremented = map[string]number.Poly{}, map[string][2]number.Poly{}
	return start(f, k, code, alignment)
}

// Another returns a machine that is about to execute a function, and knows what m does: what it computes from the
// same numbers as m has the same terms.
func (m *Machine) Another(code map[int]*x86.Inst, alignment int) *Machine {
	return start(m.Facts, m.known, code, alignment)
}

// Flags are the carry, the overflow and the zero flag, as far as they are known.
func (m *Machine) Flags() (all []Value) {
	for _, f := range []flag{m.carry, m.overflow, m.zero} {
		if f.known {
			all = append(all, Poly(f.bit))
		} else {
			all = append(all, Value{})
		}
	}
	return all
}

func start(f *number.Facts, k *known, code map[int]*x86.Inst, alignment int) *Machine {
	m := &Machine{Facts: f, known: k, code: code, alignment: int64(alignment)}
	m.Stack = NewRegion(stack, 0, true, nil)
	for i := range m.Regs {
		m.Regs[i] = Value{Kind: Entry, N: int64(i)}
	}
	for i := range m.Vecs {
		for j := range m.Vecs[i] {
			m.Vecs[i][j] = Value{Kind: Entry, N: int64(16 + 8*i + j)}
		}
	}
	m.Regs[x86.RSP] = Value{Kind: Address, Region: m.Stack}
	return m
}

// SetArgument sets a word of the arguments.
func (m *Machine) SetArgument(word int, v Value) { m.Stack.Words[argument+8*int64(word)] = v }

const noSemantics = "no semantics: say in a table of package numexec what it does"

// maxSteps is far beyond what kernels need.
const maxSteps = 1e5

// Run executes from an address on until the function returns, or Before stops it. done is whether it
// returned.
func (m *Machine) Run(addr int) (done bool, err error) {
	var in *x86.Inst
	defer func() {
		switch r := recover().(type) {
		case nil:
		case string:
			err = fmt.Errorf("%#x: %v: %s", addr, in, r)
		default:
			panic(r)
		}
	}()
	for {
		if in = m.code[addr]; in == nil {
			panic("not an instruction of the function")
		}
		if m.Before != nil && m.Before(in) {
			return false, nil
		}
		if m.Steps++; m.Steps > maxSteps {
			panic("does not end")
		}
		if in.Op == "ret" {
			return true, m.checkReturn()
		}
		addr = m.step(in)
		if m.After != nil && len(in.Args) > 0 && in.Args[0].Kind == x86.Register && m.Regs[in.Args[0].Reg].Kind == Number {
			m.After(in, m.Regs[in.Args[0].Reg].P)
		}
	}
}

// checkReturn checks what the calling convention wants, and that nothing that depends on inputs is left in
// registers and in the frame.
func (m *Machine) checkReturn() error {
	if sp := m.Regs[x86.RSP]; sp.Region != m.Stack || sp.N != 0 {
		return fmt.Errorf("returns with another stack pointer")
	}
	if bp := m.Regs[x86.RBP]; bp.Kind != Entry || bp.N != x86.RBP {
		return fmt.Errorf("returns with another frame pointer")
	}
	for i, v := range m.Regs {
		if !harmless(v) {
			return fmt.Errorf("leaves what depends on inputs in register %d", i)
		}
	}
	for i := range m.Vecs {
		for j, v := range m.Vecs[i] {
			n, ok := v.constant()
			same := v.Kind == Entry && v.N == int64(16+8*i+j)
			if !same && !ok {
				return fmt.Errorf("leaves what depends on inputs in vector %d", i)
			}
			if i < 16 && j >= 2 && !same && n != 0 { // or else SSE instructions are slow
				return fmt.Errorf("returns with the upper half of vector %d in use", i)
			}
		}
	}
	for i, k := range m.masks {
		for j := range 8 {
			if k == nil {
				break
			}
			if _, ok := k[j].Constant(); !ok {
				return fmt.Errorf("leaves what depends on inputs in mask %d", i)
			}
		}
	}
	for off, v := range m.Stack.Words {
		if off < 0 && !harmless(v) {
			return fmt.Errorf("leaves what depends on inputs in its frame, at %d", off)
		}
	}
	for off, p := range m.Stack.Bytes {
		if _, ok := p.Constant(); !ok {
			return fmt.Errorf("leaves what depends on inputs in its frame, at %d", off)
		}
	}
	return nil
}

// harmless reports whether v does not depend on inputs, or was there before.
func harmless(v Value) bool {
	_, ok := v.constant()
	return ok || v.Kind == Address || v.Kind == Entry || v.Kind == Counter
}

// Keep forgets what registers, masks and the words of the frame hold, but for what is kept, and all flags.
func (m *Machine) Keep(keep func(place string, i, j int) bool) {
	for i := range m.Regs {
		if !keep("register", i, 0) {
			m.Regs[i] = Value{}
		}
	}
	for i := range m.Vecs {
		for j := range m.Vecs[i] {
			if !keep("vector", i, j) {
				m.Vecs[i][j] = Value{}
			}
		}
	}
	for i := range m.masks {
		if !keep("mask", i, 0) {
			m.masks[i] = nil
		}
	}
	for off := range m.Stack.Words {
		if off < 0 && !keep("frame", int(off), 0) {
			delete(m.Stack.Words, off)
		}
	}
	clear(m.Stack.Bytes)
	m.setFlags(noFlag, noFlag, noFlag)
}

// address is the place that a memory operand is.
func (m *Machine) address(a *x86.Operand) (*Region, int64) {
	if a.FS {
		return m.Stack, currentGoroutine
	}
	if a.Base < 0 {
		panic("address of constants")
	}
	v := m.Regs[a.Base]
	if v.Kind != Address {
		panic("address is in no region")
	}
	if a.Index != x86.NoRegister {
		i, ok := m.Regs[a.Index].constant()
		if !ok {
			panic("index is not known")
		}
		v.N += int64(i) * int64(a.Scale)
	}
	return v.Region, v.N + a.Disp
}

// get reads an operand of up to eight bytes.
func (m *Machine) get(a *x86.Operand) Value {
	switch a.Kind {
	case x86.Immediate:
		return Int(uint64(a.Disp))
	case x86.Register:
		v := m.Regs[a.Reg]
		if v.Kind == Low && a.Size == 1 {
			return Poly(v.P)
		}
		if a.Size < 8 && !m.fits(v, 8*a.Size) {
			panic("part of a register")
		}
		return v
	}
	r, off := m.address(a)
	switch {
	case off == currentGoroutine:
		return Value{Kind: Address, Region: m.Stack, N: currentGoroutine}
	case off == currentGoroutine+a.Disp && r == m.Stack:
		return Value{Kind: Address, Region: m.Stack, N: stackLimit}
	case a.Size == 1:
		return Poly(r.byteAt(off))
	case a.Size != 8:
		panic("part of a word")
	}
	return r.At(off)
}

// byteAt returns a byte that was written, or is the lowest of a number that is known.
func (r *Region) byteAt(off int64) number.Poly {
	if b, ok := r.Bytes[off]; ok {
		return b
	}
	n, ok := r.Words[off].constant()
	if !ok {
		panic("part of a word")
	}
	return number.Uint(n & 255)
}

// fits reports whether v is a number of so many bits.
func (m *Machine) fits(v Value, bits int) bool {
	return v.Kind == Bits || v.Kind == Number && m.Facts.Below(v.P, bits)
}

// set writes an operand of up to eight bytes.
func (m *Machine) set(a *x86.Operand, v Value) {
	if a.Size < 8 && !m.fits(v, 8*a.Size) {
		panic("part of a word")
	}
	if a.Kind == x86.Register {
		if a.Size == 1 { // and the rest stays
			if v.Kind != Number || m.Regs[a.Reg].Kind == Address {
				panic("part of a register is written")
			}
			v.Kind = Low
		}
		m.Regs[a.Reg] = v
		return
	}
	r, off := m.address(a)
	if a.Size == 8 {
		if v.Kind == Address && r != m.Stack {
			panic("an address is written to memory")
		}
		if v.Kind == Unknown {
			panic("what is not known is stored")
		}
		r.store(off, v)
		return
	}
	if a.Size != 1 || r != m.Stack || off >= 0 {
		panic("part of a word is stored")
	}
	for i := range int64(8) {
		if old, ok := r.Words[off-i]; ok && !harmless(old) {
			panic("part of a word is overwritten")
		}
		delete(r.Words, off-i)
	}
	r.Bytes[off] = v.P
}

// MaskBits returns a mask register as a number, if that is known.
func (m *Machine) MaskBits(k int) (number.Poly, bool) {
	if m.masks[k] == nil {
		return nil, false
	}
	return number.Sum(func(i int) number.Poly { return m.masks[k][i] }, 8, 1), true
}
