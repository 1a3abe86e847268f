package a32

import "math/bits"

// encoding describes an instruction: which bits identify it and their values, its operands, by
// their names in operands, and a further condition, or nil.
type encoding struct {
	mask, value uint32
	op          string
	operands    string
	when        func(word uint32) bool
}

// table lists all known instructions under the names that objdump gives them.
var table = []encoding{
	// Numbers and addresses, where a condition is in the highest bits.
	{0x0ff00000, 0x02800000, "add", "Rd Rn imm", plain},
	{0x0ff00000, 0x02400000, "sub", "Rd Rn imm", plain},
	{0x0ff00000, 0x02500000, "subs", "Rd Rn imm", plain},
	{0x0ff0f000, 0x03500000, "cmp", "Rn imm", plain},
	{0x0fff0ff0, 0x01a00000, "mov", "Rd Rm", plain},
	{0x0f700000, 0x05100000, "ldr", "Rd [Rn+imm12]", access},
	{0x0f700000, 0x05300000, "ldr", "Rd [Rn+imm12]!", access},
	{0x0f700000, 0x04100000, "ldr", "Rd [Rn],imm12", access},
	{0x0f700000, 0x05000000, "str", "Rd [Rn+imm12]", access},
	{0x0f700000, 0x05200000, "str", "Rd [Rn+imm12]!", access},
	{0x0f700000, 0x04000000, "str", "Rd [Rn],imm12", access},
	{0x0f000000, 0x0a000000, "b", "to24", nil},

	// Vectors, without conditions.
	{0xffb11f51, 0xf3000150, "veor", "Qd Qn Qm", nil},
	{0xffb11f51, 0xf2200150, "vorr", "Qd Qn Qm", nil},
	{0xffb11051, 0xf2b00040, "vext.8", "Qd Qn Qm imm4", nil},
	{0xffb71fd0, 0xf3b40c40, "vdup.32", "Qd Dm[]", nil},
	{0xffa01fd1, 0xf2a00550, "vshl.s32", "Qd Qm left32", nil},
	{0xfeb81ff0, 0xf2800050, "vmov.i32", "Qd imm8", nil},
	{0xffbf1fd1, 0xf3b00300, "aese.8", "Qd Qm", nil},
	{0xffbf1fd1, 0xf3b00340, "aesd.8", "Qd Qm", nil},
	{0xffbf1fd1, 0xf3b00380, "aesmc.8", "Qd Qm", nil},
	{0xffbf1fd1, 0xf3b003c0, "aesimc.8", "Qd Qm", nil},
	{0xffb00fff, 0xf4200a0f, "vld1.8", "{Dd}*2 [Rn]", list(2)},
	{0xffb00fff, 0xf4200a0d, "vld1.8", "{Dd}*2 [Rn]!*2", list(2)},
	{0xffb00fff, 0xf420020f, "vld1.8", "{Dd}*4 [Rn]", list(4)},
	{0xffb00fff, 0xf420020d, "vld1.8", "{Dd}*4 [Rn]!*4", list(4)},
	{0xffb00fff, 0xf4000a0f, "vst1.8", "{Dd}*2 [Rn]", list(2)},
	{0xffb00fff, 0xf4000a0d, "vst1.8", "{Dd}*2 [Rn]!*2", list(2)},
	{0xffb00fff, 0xf400020f, "vst1.8", "{Dd}*4 [Rn]", list(4)},
	{0xffb00fff, 0xf400020d, "vst1.8", "{Dd}*4 [Rn]!*4", list(4)},
}

// Conditions on operands, without which instructions do something else, or have other names.

// plain excludes the program counter, NOP, and immediates that are not encoded as assemblers do.
func plain(w uint32) bool {
	if w&0x0fffffff == 0x01a00000 {
		return false
	}
	if field(w, 12, 4) == PC || field(w, 16, 4) == PC || field(w, 0, 4) == PC && field(w, 25, 1) == 0 {
		return false
	}
	return field(w, 25, 1) == 0 || canonical(w)
}

// canonical reports whether an immediate is turned by as little as can be.
func canonical(w uint32) bool {
	v := uint32(immediate(w))
	for turn := range field(w, 8, 4) {
		if bits.RotateLeft32(v, 2*turn) < 256 {
			return false
		}
	}
	return true
}

// access excludes addresses that count from the program counter or are moved on top of what is accessed, PUSH and POP
// of one register, and zero with a sign. Of loads, that of the program counter is a return.
func access(w uint32) bool {
	base, reg, offset := field(w, 16, 4), field(w, 12, 4), field(w, 0, 12)
	moves := field(w, 24, 1) == 0 || field(w, 21, 1) == 1
	switch {
	case base == PC, moves && base == reg, field(w, 23, 1) == 0 && offset == 0:
		return false
	case base == SP && moves && offset == 4:
		return false
	}
	return reg != PC || field(w, 20, 1) == 1
}

func list(count int) func(uint32) bool {
	return func(w uint32) bool { return field(w, 16, 4) != PC && double(w, 12, 22)+count <= 32 }
}

// immediate is a byte that is turned right by an even number of bits.
func immediate(w uint32) int64 {
	return int64(bits.RotateLeft32(w&255, -2*field(w, 8, 4)))
}

// operands are the ways in which operands are encoded. Fields are those of the Arm Architecture
// Reference Manual: d are bits 12 to 15, n 16 to 19, m 0 to 3.
var operands map[string]func(word uint32, addr int) Operand

func init() {
	number := func(f func(uint32) int64) func(uint32, int) Operand {
		return func(w uint32, _ int) Operand { return Operand{Kind: Immediate, Disp: f(w)} }
	}
	operands = map[string]func(uint32, int) Operand{
		"imm":    number(immediate),
		"imm4":   number(func(w uint32) int64 { return int64(field(w, 8, 4)) }),
		"imm8":   number(func(w uint32) int64 { return int64(field(w, 24, 1)<<7 | field(w, 16, 3)<<4 | field(w, 0, 4)) }),
		"left32": number(func(w uint32) int64 { return int64(field(w, 16, 5)) }),
		"to24": func(w uint32, addr int) Operand {
			return Operand{Kind: Target, Disp: int64(uint32(addr + 8 + int(int32(w<<8)>>6)))}
		},
		"Dm[]": func(w uint32, _ int) Operand {
			return Operand{Kind: Element, Reg: double(w, 0, 5), Disp: int64(field(w, 19, 1))}
		},
		"[Rn]":    func(w uint32, _ int) Operand { return Operand{Kind: Memory, Base: field(w, 16, 4)} },
		"[Rn]!*2": moving(16),
		"[Rn]!*4": moving(32),
		"{Dd}*2":  func(w uint32, _ int) Operand { return Operand{Kind: List, Reg: double(w, 12, 22), Count: 2} },
		"{Dd}*4":  func(w uint32, _ int) Operand { return Operand{Kind: List, Reg: double(w, 12, 22), Count: 4} },
	}
	for name, at := range map[string][2]int{"d": {12, 22}, "n": {16, 7}, "m": {0, 5}} {
		operands["R"+name] = func(w uint32, _ int) Operand { return Operand{Kind: Register, Reg: field(w, at[0], 4)} }
		operands["Q"+name] = func(w uint32, _ int) Operand { return Operand{Kind: Quad, Reg: double(w, at[0], at[1]) / 2} }
	}
	for name, mode := range map[string]Mode{"[Rn+imm12]": Offset, "[Rn+imm12]!": Pre, "[Rn],imm12": Post} {
		operands[name] = func(w uint32, _ int) Operand {
			m := Operand{Kind: Memory, Base: field(w, 16, 4), Disp: int64(field(w, 0, 12)), Mode: mode}
			if field(w, 23, 1) == 0 {
				m.Disp = -m.Disp
			}
			return m
		}
	}
}

// moving is the operand in memory of a list of so many bytes, which moves its base.
func moving(n int64) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		return Operand{Kind: Memory, Base: field(w, 16, 4), Disp: n, Mode: Post, bare: true}
	}
}
