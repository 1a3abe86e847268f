// Package a32 decodes the instructions of this module's kernels for 32-bit arm, from one table, as package a64 does for
// arm64: what is not in the table is an error. Its reference is GNU objdump, whose text for every instruction of every
// kernel is the one that String returns.
package a32

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Kind says what an operand is.
type Kind uint8

const (
	Register  Kind = iota + 1 // Reg
	Quad                      // the vector Reg of 128 bits
	Element                   // Disp, of two words, of the vector Reg of 64 bits
	List                      // Count vectors of 64 bits, from Reg on
	Memory                    // Base + Disp; see Mode
	Immediate                 // Disp
	Target                    // Disp: an address
)

// General registers with names.
const (
	SP = 13
	LR = 14
	PC = 15
)

// Mode says what an access to memory does to Base.
type Mode uint8

const (
	Offset Mode = iota // nothing
	Pre                // sets it to the address
	Post               // adds Disp after the access, which is at Base
)

// Always is the condition of most instructions.
const Always = 14

// Operand is an operand of an instruction.
type Operand struct {
	Kind  Kind
	Reg   int
	Count int
	Base  int
	Disp  int64
	Mode  Mode
	// of a list, which moves Base by as much as is accessed, and does not say so
	bare bool
}

// Inst is an instruction, which is executed if Cond holds.
type Inst struct {
	Addr int
	Op   string // without the condition
	Cond int
	Args []Operand
}

// Next is the address after the instruction.
func (in *Inst) Next() int { return in.Addr + 4 }

// Decode decodes an instruction, which is the word at an address.
func Decode(word uint32, addr int) (Inst, error) {
	for i := range table {
		e := &table[i]
		if word&e.mask != e.value || e.when != nil && !e.when(word) {
			continue
		}
		in := Inst{Addr: addr, Op: e.op, Cond: Always}
		if word>>28 != unconditional {
			in.Cond = field(word, 28, 4)
		} else if e.mask>>28 != unconditional { // of instructions that have conditions, which this one is not
			continue
		}
		for name := range strings.FieldsSeq(e.operands) {
			in.Args = append(in.Args, operands[name](word, addr))
		}
		return in, nil
	}
	return Inst{}, fmt.Errorf("%#x: %08x: not an instruction of the table", addr, word)
}

// unconditional is where others have a condition.
const unconditional = 15

// Function decodes all of a function.
func Function(code []byte, addr int) ([]Inst, error) {
	if len(code)%4 != 0 {
		return nil, fmt.Errorf("%#x: the function ends within a word", addr)
	}
	var all []Inst
	for at := 0; at < len(code); at += 4 {
		in, err := Decode(binary.LittleEndian.Uint32(code[at:]), addr+at)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return all, nil
}

// field returns the n bits from bit at upwards.
func field(word uint32, at, n int) int { return int(word >> at & (1<<n - 1)) }

// double returns the number of a 64-bit vector: four bits in one place, the fifth in another.
func double(word uint32, low, high int) int { return field(word, low, 4) | field(word, high, 1)<<4 }
