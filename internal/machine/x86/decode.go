// Package x86 decodes the amd64 instructions of this module's kernels, from one table. What is
// not in the table, or not the usual encoding of what is, is an error: a decoder that guesses
// proves nothing. Its reference is GNU objdump, whose text for every instruction of every
// kernel is the one that String returns.
package x86

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kind says what an operand is.
type Kind uint8

const (
	Register  Kind = iota + 1 // Reg: general register
	Vector                    // Reg
	Mask                      // Reg
	Memory                    // FS?, Base + Index·Scale + Disp
	Immediate                 // Disp
	Target                    // Disp: address of an instruction
)

// What Base and Index may be, besides a general register.
const (
	NoRegister = -1
	RIP        = -2 // Disp is an address then
)

// Registers with a role.
const (
	RAX, RCX, RDX, RSP, RBP = 0, 1, 2, 4, 5
)

// Operand is an operand of an instruction.
type Operand struct {
	Kind        Kind
	Reg         int
	Size        int // in bytes
	Base, Index int
	Scale       int
	Disp        int64
	Broadcast   int // bytes of the element in memory that is repeated, or 0
	FS          bool
}

// Inst is an instruction.
type Inst struct {
	Addr, Len int
	Op        string
	Args      []Operand // the destination first
	Mask      int       // number of the mask register, 0 for none
	Zero      bool      // whether the mask zeroes
	Length    int       // of vectors, in bytes
}

// Next is the address after the instruction.
func (in *Inst) Next() int { return in.Addr + in.Len }

// maxLen is the length of the longest instruction, in bytes.
const maxLen = 15

// Decode decodes the instruction that code begins with, which is at the address addr.
func Decode(code []byte, addr int) (in Inst, err error) {
	d := decoder{code: code[:min(len(code), maxLen)], inst: Inst{Addr: addr}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			in, err = Inst{}, fmt.Errorf("%#x: % x: %w", addr, d.code, r)
		default:
			panic(r)
		}
	}()
	d.decode()
	return d.inst, nil
}

// Function decodes all of a function.
func Function(code []byte, addr int) ([]Inst, error) {
	var all []Inst
	for at := 0; at < len(code); {
		in, err := Decode(code[at:], addr+at)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
		at += in.Len
	}
	return all, nil
}

type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

type decoder struct {
	code []byte
	at   int
	inst Inst

	enc  encoding
	form *form
	fs   bool
	// What is added to the numbers of registers: 8, 16, or nothing.
	reg, index, base int
	vvvv             int
	evexB            bool // broadcast
	modRM            byte
	memory           Operand
}

func (d *decoder) byte() byte {
	if d.at == len(d.code) {
		panic(failure{errors.New("instruction is cut off")})
	}
	d.at++
	return d.code[d.at-1]
}

// signed reads a little-endian number of n bytes.
func (d *decoder) signed(n int) int64 {
	var b [8]byte
	for i := range n {
		b[i] = d.byte()
	}
	v := int64(binary.LittleEndian.Uint64(b[:]))
	return v << (64 - 8*n) >> (64 - 8*n)
}

// bit returns bit n of v, as what extends the number of a register.
func bit(v byte, n, value int) int { return int(v>>n&1) * value }

func (d *decoder) decode() {
	d.enc.extension = none
	d.prefixes()
	d.lookUp()
	d.inst.Op = d.form.op
	d.inst.Length = 16 << d.enc.length
	if d.form.hasModRM {
		d.modRM = d.byte()
		if d.isMemory() {
			d.address()
		} else if d.evexB {
			fail("rounding is not known")
		}
	}
	usesV := false
	for _, o := range d.form.operands {
		d.inst.Args = append(d.inst.Args, d.operand(o[0], d.size(o[1]), o[1]))
		usesV = usesV || o[0] == 'B' || o[0] == 'H' || o[0] == 'T'
	}
	if d.vvvv != 0 && !usesV {
		fail("vvvv is not used")
	}
	d.inst.Len = d.at
	for i := range d.inst.Args { // relative to the next instruction
		if a := &d.inst.Args[i]; a.Kind == Target || a.Kind == Memory && a.Base == RIP {
			a.Disp += int64(d.inst.Next())
		}
	}
	d.check()
}

// check rejects what has no meaning, or another one than the table says.
func (d *decoder) check() {
	if d.fs && d.memory.Kind != Memory {
		fail("segment of no memory")
	}
	if d.evexB && (d.form.broadcast == 0 || !d.isMemory()) {
		fail("broadcast is not known")
	}
	if d.inst.Mask == 0 && d.inst.Zero {
		fail("zeroing without a mask")
	}
	if to := d.inst.Args; d.inst.Zero && to[0].Kind != Vector {
		fail("zeroing of what is no vector")
	}
}

// prefixes reads what comes before ModRM: prefixes, REX, VEX or EVEX, and the opcode.
func (d *decoder) prefixes() {
	e := &d.enc
	e.kind = 'L'
	op := d.byte()
	for op == 0x64 || op == 0x66 || op == 0xf2 || op == 0xf3 {
		if op == 0x64 && !d.fs {
			d.fs = true
		} else if op != 0x64 && e.prefix == 0 {
			e.prefix = op
		} else {
			fail("prefix again")
		}
		op = d.byte()
	}
	if (op == 0xc4 || op == 0xc5 || op == 0x62) && e.prefix != 0 {
		fail("prefix before VEX or EVEX")
	}
	implied := [4]byte{0, 0x66, 0xf3, 0xf2}
	switch op {
	case 0xc5:
		v := ^d.byte()
		e.kind, e.opmap = 'V', 1
		d.reg = bit(v, 7, 8)
		d.lengthAndPrefix(v, implied)
	case 0xc4:
		u, v := ^d.byte(), ^d.byte()
		e.kind, e.opmap = 'V', ^u&31
		d.reg, d.index, d.base = bit(u, 7, 8), bit(u, 6, 8), bit(u, 5, 8)
		e.w = ^v >> 7
		d.lengthAndPrefix(v, implied)
	case 0x62:
		u, v, t := ^d.byte(), ^d.byte(), d.byte()
		if u&0x08 == 0 || v&0x04 != 0 || t>>5&3 == 3 {
			fail("reserved bits of EVEX")
		}
		e.kind, e.opmap = 'E', ^u&7
		d.reg = bit(u, 7, 8) + bit(u, 4, 16)
		d.index, d.base = bit(u, 6, 8), bit(u, 5, 8)
		e.w = ^v >> 7
		d.lengthAndPrefix(v, implied)
		e.length = t >> 5 & 3
		d.vvvv += bit(^t, 3, 16)
		d.evexB, d.inst.Zero, d.inst.Mask = t>>4&1 == 1, t>>7 == 1, int(t&7)
	default:
		if op>>4 == 4 { // REX
			e.w = op >> 3 & 1
			d.reg, d.index, d.base = bit(op, 2, 8), bit(op, 1, 8), bit(op, 0, 8)
			op = d.byte()
		}
		if op == 0x0f {
			switch e.opmap, op = 1, d.byte(); op {
			case 0x38:
				e.opmap, op = 2, d.byte()
			case 0x3a:
				e.opmap, op = 3, d.byte()
			}
		}
		e.opcode = op
		return
	}
	e.opcode = d.byte()
}

// lengthAndPrefix reads the fields that VEX and EVEX have in one byte, which is v inverted.
func (d *decoder) lengthAndPrefix(v byte, implied [4]byte) {
	d.vvvv = int(v >> 3 & 15)
	d.enc.length = ^v >> 2 & 1
	d.enc.prefix = implied[^v&3]
}

func (d *decoder) lookUp() {
	if d.form = forms[d.enc]; d.form == nil && d.at < len(d.code) {
		e := d.enc
		e.extension = int8(d.code[d.at] >> 3 & 7)
		d.form = forms[e]
	}
	if d.form == nil {
		fail("not an instruction of the table")
	}
}

func (d *decoder) isMemory() bool { return d.form.hasModRM && d.modRM>>6 != 3 }

// address reads a memory operand.
func (d *decoder) address() {
	size := 0
	for _, o := range d.form.operands {
		if o[0] == 'E' || o[0] == 'W' || o[0] == 'M' {
			size = d.size(o[1])
		}
	}
	m := Operand{Kind: Memory, Size: size, Base: int(d.modRM&7) + d.base, Index: NoRegister, Scale: 1, FS: d.fs}
	if d.evexB {
		m.Broadcast, size = d.form.broadcast, d.form.broadcast
	}
	mod, rm := d.modRM>>6, d.modRM&7
	displacement := [3]int{0, 1, 4}[mod]
	switch {
	case rm == 4: // SIB
		sib := d.byte()
		m.Base, m.Scale = int(sib&7)+d.base, 1<<(sib>>6)
		if m.Index = int(sib>>3&7) + d.index; m.Index == RSP {
			m.Index = NoRegister
		}
		if mod == 0 && sib&7 == 5 {
			m.Base, displacement = NoRegister, 4
		}
	case rm == 5 && mod == 0:
		m.Base, displacement = RIP, 4
	}
	m.Disp = d.signed(displacement)
	if displacement == 1 && d.enc.kind == 'E' {
		m.Disp *= int64(size)
	}
	d.memory = m
}

// size returns how many bytes a letter of an operand stands for.
func (d *decoder) size(letter byte) int {
	switch letter {
	case 'b', 's', '1':
		return 1
	case 'd':
		return 4
	case 'q', 'k':
		return 8
	case 'v':
		return 4 + 4*int(d.enc.w)
	case 'x':
		return 16
	case 'y':
		return 32
	case 'z':
		return 16 << d.enc.length
	}
	return 0
}

func (d *decoder) operand(where byte, size int, letter byte) Operand {
	rm := int(d.modRM & 7)
	reg := int(d.modRM>>3&7) + d.reg
	switch where {
	case 'E', 'F':
		if where == 'E' && d.isMemory() {
			return d.memory
		}
		return d.register(rm+d.base, size)
	case 'G':
		return d.register(reg, size)
	case 'B':
		return d.register(d.vvvv, size)
	case 'Z':
		return d.register(int(d.code[d.at-1]&7)+d.base, size)
	case 'A':
		return d.register(RAX, size)
	case 'C':
		return d.register(RCX, size)
	case 'W', 'U':
		if where == 'W' && d.isMemory() {
			return d.memory
		}
		if rm += d.base; d.enc.kind == 'E' {
			rm += 2 * d.index
		}
		return d.vector(rm, size)
	case 'V':
		return d.vector(reg, size)
	case 'H':
		return d.vector(d.vvvv, size)
	case 'X':
		return d.vector(0, size)
	case 'R':
		return d.mask(rm)
	case 'S':
		return d.mask(reg)
	case 'T':
		return d.mask(d.vvvv)
	case 'M':
		if !d.isMemory() {
			fail("a register where memory has to be")
		}
		return d.memory
	case 'J':
		n := 4
		if letter == 's' {
			n = 1
		}
		return Operand{Kind: Target, Disp: d.signed(n)}
	}
	return d.immediate(letter)
}

func (d *decoder) register(r, size int) Operand {
	if size == 1 && r >= RSP && r < 8 && d.enc.kind == 'L' && !d.rex() {
		fail("AH, CH, DH and BH are not known")
	}
	return Operand{Kind: Register, Reg: r, Size: size}
}

// rex reports whether there is a REX prefix, which changes what 8-bit registers 4 to 7 are.
func (d *decoder) rex() bool {
	for _, b := range d.code[:d.at] {
		if b>>4 == 4 {
			return true
		}
		if b != 0x64 && b != 0x66 && b != 0xf2 && b != 0xf3 {
			return false
		}
	}
	return false
}

// vector is a vector register, or a whole XMM register where only a part of it is used.
func (d *decoder) vector(r, size int) Operand {
	return Operand{Kind: Vector, Reg: r, Size: max(size, 16)}
}

func (d *decoder) mask(r int) Operand {
	if r > 7 {
		fail("no mask register %d", r)
	}
	return Operand{Kind: Mask, Reg: r, Size: 8}
}

// immediate reads an immediate, whose size is that of the operand that it is for.
func (d *decoder) immediate(letter byte) Operand {
	a := Operand{Kind: Immediate, Size: 1}
	switch letter {
	case '1':
		return Operand{Kind: Immediate, Disp: 1}
	case 'b':
		a.Disp = int64(d.byte())
		return a
	case 's':
		a.Disp = d.signed(1)
	case 'z':
		a.Disp = d.signed(4)
	case 'v':
		a.Disp = d.signed(8)
	}
	if len(d.inst.Args) > 0 {
		a.Size = d.inst.Args[0].Size
	}
	if a.Size == 4 {
		a.Disp = int64(uint32(a.Disp))
	}
	return a
}
