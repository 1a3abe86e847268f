package ct

// operand has the numbers of the registers in the address of a memory operand.
type operand struct{ base, index int8 }

const (
	none = -1
	rsi  = 6
	rdi  = 7
)

// memoryOperand returns the registers that decide which memory an instruction accesses,
// besides the stack pointer (Intel SDM, volume 2, chapter 2). It knows as much of
// encodings as is needed to find the ModRM byte. A displacement is part of the
// instruction, and LEA accesses nothing.
func memoryOperand(code *[maxInstruction]byte) operand {
	nothing := operand{none, none}
	i := 0
	for isPrefix(code[i]) && i < 4 {
		i++
	}

	var extendBase, extendIndex byte // 8, or 0
	op := code[i]
	switch {
	case op == 0x62: // EVEX
		extendBase, extendIndex = ^code[i+1]>>2&8, ^code[i+1]>>3&8
		i += 4
	case op == 0xc4: // VEX, three bytes
		extendBase, extendIndex = ^code[i+1]>>2&8, ^code[i+1]>>3&8
		i += 3
		if code[i] == 0x77 && code[i-2]&31 == 1 { // VZEROUPPER
			return nothing
		}
	case op == 0xc5: // VEX, two bytes
		i += 2
		if code[i] == 0x77 {
			return nothing
		}
	default:
		if op>>4 == 4 { // REX
			extendBase, extendIndex = op<<3&8, op<<2&8
			i++
			op = code[i]
		}
		switch {
		case op == 0x0f && (code[i+1] == 0x38 || code[i+1] == 0x3a):
			i += 2
		case op == 0x0f:
			i++
			if !hasModRM2(code[i]) {
				return nothing
			}
		case op >= 0xa4 && op <= 0xa7: // MOVS, CMPS
			return operand{rsi, rdi}
		case op == 0xac || op == 0xad: // LODS
			return operand{rsi, none}
		case op >= 0xaa && op <= 0xaf: // STOS, SCAS
			return operand{rdi, none}
		case !hasModRM1(op):
			return nothing
		}
	}

	modRM, sib := code[i+1], code[i+2]
	mod, rm := modRM>>6, modRM&7
	switch {
	case mod == 3 || mod == 0 && rm == 5: // a register; relative to the program counter
		return nothing
	case rm != 4:
		return operand{int8(rm | extendBase), none}
	}
	o := operand{int8(sib&7 | extendBase), int8(sib>>3&7 | extendIndex)}
	if mod == 0 && sib&7 == 5 {
		o.base = none
	}
	if o.index == 4 {
		o.index = none
	}
	return o
}

func isPrefix(b byte) bool {
	switch b {
	case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3:
		return true
	}
	return false
}

// hasModRM1 reports whether a one-byte opcode has a ModRM byte. LEA counts as having none.
func hasModRM1(op byte) bool {
	switch {
	case op < 0x40:
		return op&7 < 4
	case op >= 0x80 && op < 0x90:
		return op != 0x8d
	case op >= 0xd8 && op < 0xe0: // x87
		return true
	}
	switch op {
	case 0x63, 0x69, 0x6b, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff:
		return true
	}
	return false
}

// hasModRM2 is the same for two-byte opcodes, given the second. NOP counts as having none.
func hasModRM2(op byte) bool {
	switch {
	case op >= 0x05 && op <= 0x0b, // SYSCALL, UD2, …
		op == 0x1f,               // NOP
		op >= 0x30 && op <= 0x37, // RDTSC, …
		op == 0x77,               // EMMS
		op >= 0x80 && op <= 0x8f, // conditional jumps
		op >= 0xa0 && op <= 0xa2, // CPUID, …
		op >= 0xa8 && op <= 0xaa,
		op >= 0xc8 && op <= 0xcf: // BSWAP
		return false
	}
	return true
}
