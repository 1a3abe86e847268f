// Package a64 decodes the arm64 instructions of this module's kernels, from one table. What is not
// in the table is an error: a decoder that guesses proves nothing. Its reference is GNU objdump,
// whose text for every instruction of every kernel is the one that String returns.
package a64

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Kind says what an operand is.
type Kind uint8

const (
	Register  Kind = iota + 1 // Reg, shifted left by Shift bits
	Vector                    // Lanes elements of Size bytes in each of Count registers from Reg on, or one Element
	Memory                    // Base + Disp, or Base + Index << Shift; see Mode
	Immediate                 // Disp, shifted left by Shift bits
	Target                    // Disp: an address
	Condition                 // Cond
	Timing                    // PSTATE.DIT
)

// Registers besides the general ones. Instructions encode both as number 31.
const (
	ZR = 31
	SP = 32
)

// What Index and Element may be, besides a number.
const (
	NoRegister = -1
	All        = -1
)

// Mode says what an access to memory does to Base.
type Mode uint8

const (
	Offset Mode = iota // nothing
	Pre                // sets it to the address
	Post               // adds Disp after the access, which is at Base
)

// Operand is an operand of an instruction.
type Operand struct {
	Kind           Kind
	Reg            int
	Size           int // in bytes: of a register, of an element, or of what is accessed in memory
	Lanes, Count   int
	Element        int
	Base, Index    int
	Shift          int
	Disp           int64
	Mode           Mode
	Cond           int
	shownAsDecimal bool
}

// Inst is an instruction.
type Inst struct {
	Addr int
	Op   string
	Args []Operand
}

// Next is the address after the instruction.
func (in *Inst) Next() int { return in.Addr + 4 }

// Decode decodes an instruction, which is the word at an address.
func Decode(word uint32, addr int) (in Inst, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			in, err = Inst{}, fmt.Errorf("%#x: %08x: %w", addr, word, r)
		default:
			panic(r)
		}
	}()
	for i := range table {
		e := &table[i]
		if word&e.mask != e.value || e.when != nil && !e.when(word) {
			continue
		}
		in = Inst{Addr: addr, Op: e.op}
		for name := range strings.FieldsSeq(e.operands) {
			in.Args = append(in.Args, operands[name](word, addr))
		}
		if e.op == "b." {
			in.Op += conditions[field(word, 0, 4)]
		}
		return in, nil
	}
	panic(failure{fmt.Errorf("not an instruction of the table")})
}

// Function decodes all of a function, without the zeros with which the linker pads it.
func Function(code []byte, addr int) ([]Inst, error) {
	var all []Inst
	for len(code) >= 4 && binary.LittleEndian.Uint32(code[len(code)-4:]) == 0 {
		code = code[:len(code)-4]
	}
	for at := 0; at+4 <= len(code); at += 4 {
		in, err := Decode(binary.LittleEndian.Uint32(code[at:]), addr+at)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	if len(code)%4 != 0 {
		return nil, fmt.Errorf("%#x: the function ends within a word", addr)
	}
	return all, nil
}

type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// field returns the n bits from bit at upwards.
func field(word uint32, at, n int) int { return int(word >> at & (1<<n - 1)) }

// signed returns a field in two's complement.
func signed(word uint32, at, n int) int64 {
	return int64(word>>at) << (64 - n) >> (64 - n)
}

// bitmask is the immediate of logical instructions: a run of ones, rotated, repeated.
func bitmask(word uint32) uint64 {
	n, immr, imms := field(word, 22, 1), field(word, 16, 6), field(word, 10, 6)
	size := 64
	if n == 0 {
		for size = 32; size >= 2 && imms&size != 0; size /= 2 {
		}
		if size < 2 {
			fail("not an immediate")
		}
	}
	ones, turn := imms&(size-1)+1, immr&(size-1)
	if ones == size {
		fail("not an immediate")
	}
	element := uint64(1)<<ones - 1
	element = element>>turn | element<<(size-turn)
	if size < 64 {
		element &= 1<<size - 1
	}
	v := uint64(0)
	for at := 0; at < 64; at += size {
		v |= element << at
	}
	return v
}
