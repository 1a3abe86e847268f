package a64

// encoding describes an instruction: which bits identify it and their values, its operands, by
// their names in operands, and a further condition, or nil.
type encoding struct {
	mask, value uint32
	op          string
	operands    string
	when        func(word uint32) bool
}

// table lists all known instructions under the names that objdump gives them. The first match
// counts.
var table = []encoding{
	// Numbers and addresses.
	{0xffffffe0, 0x910003e0, "mov", "XdSP XnSP", nil}, // from SP
	{0xfffffc1f, 0x9100001f, "mov", "XdSP XnSP", nil}, // to SP
	{0xffc00000, 0x91000000, "add", "XdSP XnSP imm12", nil},
	{0xffc00000, 0xd1000000, "sub", "XdSP XnSP imm12", nil},
	{0xffc0001f, 0xb100001f, "cmn", "XnSP imm12", nil},
	{0xffc00000, 0xb1000000, "adds", "Xd XnSP imm12", nil},
	{0xffc0001f, 0xf100001f, "cmp", "XnSP imm12", nil},
	{0xffc00000, 0xf1000000, "subs", "Xd XnSP imm12", nil},
	{0xffe00000, 0x8b000000, "add", "Xd Xn Xm<<", nil},
	{0xffe0001f, 0xab00001f, "cmn", "Xn Xm<<", nil},
	{0xffe00000, 0xab000000, "adds", "Xd Xn Xm<<", nil},
	{0xffe003e0, 0xcb0003e0, "neg", "Xd Xm<<", nil},
	{0xffe00000, 0xcb000000, "sub", "Xd Xn Xm<<", nil},
	{0xffe0001f, 0xeb00001f, "cmp", "Xn Xm<<", nil},
	{0xffe003e0, 0xeb0003e0, "negs", "Xd Xm<<", nil},
	{0xffe00000, 0xeb000000, "subs", "Xd Xn Xm<<", nil},
	{0xffe0fc00, 0x9a000000, "adc", "Xd Xn Xm", nil},
	{0xffe0fc00, 0xba000000, "adcs", "Xd Xn Xm", nil},
	{0xffe0ffe0, 0xda0003e0, "ngc", "Xd Xm", nil},
	{0xffe0fc00, 0xda000000, "sbc", "Xd Xn Xm", nil},
	{0xffe0ffe0, 0xfa0003e0, "ngcs", "Xd Xm", nil},
	{0xffe0fc00, 0xfa000000, "sbcs", "Xd Xn Xm", nil},
	{0xffe0fc00, 0x9b007c00, "mul", "Xd Xn Xm", nil},
	{0xffe0fc00, 0x9bc07c00, "umulh", "Xd Xn Xm", nil},
	{0xffe0fc00, 0x9ac00800, "udiv", "Xd Xn Xm", nil},
	{0xffe0fc00, 0x9ac00c00, "sdiv", "Xd Xn Xm", nil},
	{0xff800000, 0x92000000, "and", "XdSP Xn bits", nil},
	{0xff8003e0, 0xb20003e0, "mov", "XdSP bits", noWide},
	{0xff800000, 0xb2000000, "orr", "XdSP Xn bits", nil},
	{0xff800000, 0xd2000000, "eor", "XdSP Xn bits", nil},
	{0xff80001f, 0xf200001f, "tst", "Xn bits", nil},
	{0xff800000, 0xf2000000, "ands", "Xd Xn bits", nil},
	{0xffe00000, 0x8a000000, "and", "Xd Xn Xm<<", nil},
	{0xffe0ffe0, 0xaa0003e0, "mov", "Xd Xm", nil},
	{0xffe00000, 0xaa000000, "orr", "Xd Xn Xm<<", nil},
	{0xffe00000, 0xca000000, "eor", "Xd Xn Xm<<", nil},
	{0xffe0001f, 0xea00001f, "tst", "Xn Xm<<", nil},
	{0xffe00000, 0xea000000, "ands", "Xd Xn Xm<<", nil},
	{0xff800000, 0xd2800000, "mov", "Xd wide", nil},
	{0xff800000, 0x92800000, "mov", "Xd inverted", nil},
	{0xff800000, 0xf2800000, "movk", "Xd wide<<", nil},
	{0xffe00000, 0x93c00000, "extr", "Xd Xn Xm imm6", otherSources},
	{0xffc0fc00, 0xd340fc00, "lsr", "Xd Xn right", nil},
	{0xffc00000, 0xd3400000, "lsl", "Xd Xn left", leftShift},
	{0xffe0fc00, 0x9ac02000, "lsl", "Xd Xn Xm", nil},
	{0xffe0fc00, 0x9ac02400, "lsr", "Xd Xn Xm", nil},
	{0xffe00c00, 0x9a800000, "csel", "Xd Xn Xm cond", nil},
	{0xffff0fe0, 0x9a9f07e0, "cset", "Xd notcond", conditional},
	{0xffff0fe0, 0xda9f03e0, "csetm", "Xd notcond", conditional},
	{0x9f000000, 0x90000000, "adrp", "Xd page", nil},
	{0xffffffe0, 0xd53b42a0, "mrs", "Xt dit", nil},
	{0xfffffeff, 0xd503405f, "msr", "dit bit8", nil},
	{0xffffffe0, 0xd51b42a0, "msr", "dit Xt", nil},

	// Jumps.
	{0xfc000000, 0x14000000, "b", "to26", nil},
	{0xfc000000, 0x94000000, "bl", "to26", nil},
	{0xff000010, 0x54000000, "b.", "to19", nil}, // and its condition
	{0xff000000, 0xb4000000, "cbz", "Xt to19", nil},
	{0xff000000, 0xb5000000, "cbnz", "Xt to19", nil},
	{0xff000000, 0x34000000, "cbz", "Wt to19", nil},
	{0xff000000, 0x35000000, "cbnz", "Wt to19", nil},
	{0x7f000000, 0x36000000, "tbz", "Xt31 bit to14", nil},
	{0x7f000000, 0x37000000, "tbnz", "Xt31 bit to14", nil},
	{0xfffffc1f, 0xd61f0000, "br", "Xn", nil},
	{0xfffffc1f, 0xd63f0000, "blr", "Xn", nil},
	{0xffffffff, 0xd65f03c0, "ret", "", nil},

	// Memory.
	{0xffc00000, 0xf9400000, "ldr", "Xt [Xn+imm12*8]", nil},
	{0xffc00000, 0xf9000000, "str", "Xt [Xn+imm12*8]", nil},
	{0xffc00000, 0xb9400000, "ldr", "Wt [Xn+imm12*4]", nil},
	{0xffc00000, 0xb9000000, "str", "Wt [Xn+imm12*4]", nil},
	{0xffc00000, 0x39400000, "ldrb", "Wt [Xn+imm12*1]", nil},
	{0xffc00000, 0x39000000, "strb", "Wt [Xn+imm12*1]", nil},
	{0xffc00000, 0x3dc00000, "ldr", "Qt [Xn+imm12*16]", nil},
	{0xffc00000, 0x3d800000, "str", "Qt [Xn+imm12*16]", nil},
	{0xffe00c00, 0xf8400000, "ldur", "Xt [Xn+imm9]", nil},
	{0xffe00c00, 0xf8000000, "stur", "Xt [Xn+imm9]", nil},
	{0xffe00c00, 0xf8400400, "ldr", "Xt [Xn],imm9", nil},
	{0xffe00c00, 0xf8000400, "str", "Xt [Xn],imm9", nil},
	{0xffe00c00, 0xf8400c00, "ldr", "Xt [Xn+imm9]!", nil},
	{0xffe00c00, 0xf8000c00, "str", "Xt [Xn+imm9]!", nil},
	{0xffe0ec00, 0xf8606800, "ldr", "Xt [Xn+Xm*8]", nil},
	{0xffe0ec00, 0xf8206800, "str", "Xt [Xn+Xm*8]", nil},
	{0xffe0ec00, 0xb8606800, "ldr", "Wt [Xn+Xm*4]", nil},
	{0xffe0fc00, 0x38606800, "ldrb", "Wt [Xn+Xm*1]", nil},
	{0xffc00000, 0xa9400000, "ldp", "Xt Xt2 [Xn+imm7]", nil},
	{0xffc00000, 0xa9000000, "stp", "Xt Xt2 [Xn+imm7]", nil},
	{0xffc00000, 0xa8c00000, "ldp", "Xt Xt2 [Xn],imm7", nil},
	{0xffc00000, 0xa8800000, "stp", "Xt Xt2 [Xn],imm7", nil},
	{0xffc00000, 0xa9c00000, "ldp", "Xt Xt2 [Xn+imm7]!", nil},
	{0xffc00000, 0xa9800000, "stp", "Xt Xt2 [Xn+imm7]!", nil},
	{0xbffffc00, 0x0c407000, "ld1", "{Vt}*1 [Xn]*1", nil},
	{0xbffffc00, 0x0c40a000, "ld1", "{Vt}*2 [Xn]*2", nil},
	{0xbffffc00, 0x0c406000, "ld1", "{Vt}*3 [Xn]*3", nil},
	{0xbffffc00, 0x0c402000, "ld1", "{Vt}*4 [Xn]*4", nil},
	{0xbffffc00, 0x0cdf7000, "ld1", "{Vt}*1 [Xn],*1", nil},
	{0xbffffc00, 0x0cdfa000, "ld1", "{Vt}*2 [Xn],*2", nil},
	{0xbffffc00, 0x0cdf6000, "ld1", "{Vt}*3 [Xn],*3", nil},
	{0xbffffc00, 0x0cdf2000, "ld1", "{Vt}*4 [Xn],*4", nil},
	{0xbffffc00, 0x0c007000, "st1", "{Vt}*1 [Xn]*1", nil},
	{0xbffffc00, 0x0c00a000, "st1", "{Vt}*2 [Xn]*2", nil},
	{0xbffffc00, 0x0c006000, "st1", "{Vt}*3 [Xn]*3", nil},
	{0xbffffc00, 0x0c002000, "st1", "{Vt}*4 [Xn]*4", nil},
	{0xbffffc00, 0x0c9f7000, "st1", "{Vt}*1 [Xn],*1", nil},
	{0xbffffc00, 0x0c9fa000, "st1", "{Vt}*2 [Xn],*2", nil},
	{0xbffffc00, 0x0c9f6000, "st1", "{Vt}*3 [Xn],*3", nil},
	{0xbffffc00, 0x0c9f2000, "st1", "{Vt}*4 [Xn],*4", nil},

	// Vectors.
	{0xbfe0fc00, 0x0e201c00, "and", "Vd Vn Vm", nil},
	{0xbfe0fc00, 0x0ea01c00, "mov", "Vd Vn", sameSources}, // ORR of a vector with itself
	{0xbfe0fc00, 0x0ea01c00, "orr", "Vd Vn Vm", nil},
	{0xbfe0fc00, 0x2e201c00, "eor", "Vd Vn Vm", nil},
	{0xbfe0fc00, 0x2ea01c00, "bit", "Vd Vn Vm", nil},
	{0xffe0fc00, 0x4ea08400, "add", "Vd.4s Vn.4s Vm.4s", nil},
	{0xffe0fc00, 0x4ee08400, "add", "Vd.2d Vn.2d Vm.2d", nil},
	{0xffe0fc00, 0x6ea08c00, "cmeq", "Vd.4s Vn.4s Vm.4s", nil},
	{0xffe0fc00, 0x6ee08c00, "cmeq", "Vd.2d Vn.2d Vm.2d", nil},
	{0xffe0fc00, 0x4f205400, "shl", "Vd.4s Vn.4s left4s", nil},
	{0xffe0fc00, 0x6f200400, "ushr", "Vd.4s Vn.4s right4s", nil},
	{0xbff8fc00, 0x2f080400, "ushr", "Vd Vn rightb", nil},
	{0xffe08400, 0x6e000000, "ext", "Vd Vn Vm imm4", nil},
	{0xbfe0fc00, 0x0e000000, "tbl", "Vd {Vn} Vm", nil},
	{0xfffffc00, 0x6e200800, "rev32", "Vd Vn", nil},
	{0xfffffc00, 0x4e040c00, "dup", "Vd.4s Wn", nil},
	{0xfffffc00, 0x4e080c00, "dup", "Vd.2d Xn", nil},
	{0xffe7fc00, 0x4e040400, "dup", "Vd.4s Vn.s[]", nil},
	{0xffefbc00, 0x6e080400, "mov", "Vd.d[] Vn.d[]14", nil},
	{0xffeffc00, 0x4e081c00, "mov", "Vd.d[] Xn", nil},
	{0xffeffc00, 0x4e083c00, "mov", "Xd Vn.d[]20", nil},
	{0xffe7fc00, 0x0e043c00, "mov", "Wd Vn.s[]", nil},
	{0xfffffc00, 0x9e660000, "fmov", "Xd Dn", nil},
	{0xfffffc00, 0x9e670000, "fmov", "Dd Xn", nil},
	{0xfffffc00, 0x4e284800, "aese", "Vd Vn", nil},
	{0xfffffc00, 0x4e285800, "aesd", "Vd Vn", nil},
	{0xfffffc00, 0x4e286800, "aesmc", "Vd Vn", nil},
	{0xfffffc00, 0x4e287800, "aesimc", "Vd Vn", nil},
	{0xffe0fc00, 0x5e004000, "sha256h", "Qd Qn Vm.4s", nil},
	{0xffe0fc00, 0x5e005000, "sha256h2", "Qd Qn Vm.4s", nil},
	{0xffe0fc00, 0x5e006000, "sha256su1", "Vd.4s Vn.4s Vm.4s", nil},
	{0xfffffc00, 0x5e282800, "sha256su0", "Vd.4s Vn.4s", nil},
}

// Conditions that set instructions apart from their special cases, which have other names.

func sameSources(w uint32) bool  { return field(w, 5, 5) == field(w, 16, 5) }
func otherSources(w uint32) bool { return !sameSources(w) }
func conditional(w uint32) bool  { return field(w, 13, 3) != 7 }

// leftShift is a bit field that ends at the highest bit.
func leftShift(w uint32) bool { return field(w, 16, 6) == field(w, 10, 6)+1 }

// noWide reports whether MOV has no other encoding for an immediate.
func noWide(w uint32) bool {
	v := bitmask(w)
	for s := 0; s < 64; s += 16 {
		if v&^(0xffff<<s) == 0 || ^v&^(0xffff<<s) == 0 {
			return false
		}
	}
	return true
}

// operands are the ways in which operands are encoded. Fields are those of the Arm Architecture
// Reference Manual: d and t are bits 0 to 4, n 5 to 9, m 16 to 20.
var operands map[string]func(word uint32, addr int) Operand

func init() {
	operands = map[string]func(uint32, int) Operand{
		"imm12":    immediate(false, func(w uint32) int64 { return int64(field(w, 10, 12)) }),
		"bit8":     immediate(false, func(w uint32) int64 { return int64(field(w, 8, 1)) }),
		"dit":      func(uint32, int) Operand { return Operand{Kind: Timing} },
		"imm6":     immediate(true, func(w uint32) int64 { return int64(field(w, 10, 6)) }),
		"imm4":     immediate(true, func(w uint32) int64 { return int64(field(w, 11, 4)) }),
		"bits":     immediate(false, func(w uint32) int64 { return int64(bitmask(w)) }),
		"wide":     immediate(false, func(w uint32) int64 { return int64(field(w, 5, 16)) << (16 * field(w, 21, 2)) }),
		"inverted": immediate(false, func(w uint32) int64 { return ^(int64(field(w, 5, 16)) << (16 * field(w, 21, 2))) }),
		"bit":      immediate(true, func(w uint32) int64 { return int64(field(w, 31, 1)<<5 | field(w, 19, 5)) }),
		"right":    immediate(true, func(w uint32) int64 { return int64(field(w, 16, 6)) }),
		"left4s":   immediate(true, func(w uint32) int64 { return int64(field(w, 16, 5)) }),
		"right4s":  immediate(true, func(w uint32) int64 { return int64(32 - field(w, 16, 5)) }),
		"rightb":   immediate(true, func(w uint32) int64 { return int64(8 - field(w, 16, 3)) }),
		"left":     immediate(true, func(w uint32) int64 { return int64(63 - field(w, 10, 6)) }),
		"wide<<": func(w uint32, _ int) Operand {
			return Operand{Kind: Immediate, Disp: int64(field(w, 5, 16)), Shift: 16 * field(w, 21, 2)}
		},
		"to26": target(func(w uint32) int64 { return 4 * signed(w, 0, 26) }),
		"to19": target(func(w uint32) int64 { return 4 * signed(w, 5, 19) }),
		"to14": target(func(w uint32) int64 { return 4 * signed(w, 5, 14) }),
		"page": func(w uint32, addr int) Operand {
			pages := signed(w, 5, 19)<<2 | int64(field(w, 29, 2))
			return Operand{Kind: Target, Disp: int64(addr)&^4095 + pages<<12}
		},
		"cond":    func(w uint32, _ int) Operand { return Operand{Kind: Condition, Cond: field(w, 12, 4)} },
		"notcond": func(w uint32, _ int) Operand { return Operand{Kind: Condition, Cond: field(w, 12, 4) ^ 1} },
		"Xm<<": func(w uint32, _ int) Operand {
			return Operand{Kind: Register, Reg: field(w, 16, 5), Size: 8, Shift: field(w, 10, 6)}
		},
		"Xt31": func(w uint32, _ int) Operand {
			return Operand{Kind: Register, Reg: field(w, 0, 5), Size: 4 + 4*field(w, 31, 1)}
		},

		"[Xn+imm9]":  memory(func(w uint32, m *Operand) { m.Disp, m.Size = signed(w, 12, 9), 8 }),
		"[Xn],imm9":  memory(func(w uint32, m *Operand) { m.Disp, m.Size, m.Mode = signed(w, 12, 9), 8, Post }),
		"[Xn+imm9]!": memory(func(w uint32, m *Operand) { m.Disp, m.Size, m.Mode = signed(w, 12, 9), 8, Pre }),
		"[Xn+imm7]":  memory(func(w uint32, m *Operand) { m.Disp, m.Size = 8*signed(w, 15, 7), 16 }),
		"[Xn],imm7":  memory(func(w uint32, m *Operand) { m.Disp, m.Size, m.Mode = 8*signed(w, 15, 7), 16, Post }),
		"[Xn+imm7]!": memory(func(w uint32, m *Operand) { m.Disp, m.Size, m.Mode = 8*signed(w, 15, 7), 16, Pre }),

		"Vn.s[]":   element(5, 4, func(w uint32) int { return field(w, 19, 2) }),
		"Vd.d[]":   element(0, 8, func(w uint32) int { return field(w, 20, 1) }),
		"Vn.d[]14": element(5, 8, func(w uint32) int { return field(w, 14, 1) }),
		"Vn.d[]20": element(5, 8, func(w uint32) int { return field(w, 20, 1) }),
		"{Vn}":     list(5, 1, 16),
	}
	for name, at := range map[string]int{"d": 0, "t": 0, "t2": 10, "n": 5, "m": 16} {
		operands["X"+name] = register(at, 8, ZR)
		operands["W"+name] = register(at, 4, ZR)
		operands["X"+name+"SP"] = register(at, 8, SP)
		operands["Q"+name] = vector(at, 16, 1)
		operands["D"+name] = vector(at, 8, 1)
		operands["V"+name+".4s"] = vector(at, 4, 4)
		operands["V"+name+".2d"] = vector(at, 8, 2)
		operands["V"+name] = func(w uint32, _ int) Operand { return vector(at, 1, 8+8*field(w, 30, 1))(w, 0) }
	}
	for _, size := range []int{1, 4, 8, 16} {
		s := map[int]string{1: "1", 4: "4", 8: "8", 16: "16"}[size]
		operands["[Xn+imm12*"+s+"]"] = memory(func(w uint32, m *Operand) { m.Disp, m.Size = int64(size*field(w, 10, 12)), size })
		operands["[Xn+Xm*"+s+"]"] = memory(func(w uint32, m *Operand) {
			m.Index, m.Size = field(w, 16, 5), size
			if field(w, 12, 1) == 1 {
				m.Shift = map[int]int{1: 0, 4: 2, 8: 3}[size]
			}
		})
	}
	for n, s := range map[int]string{1: "*1", 2: "*2", 3: "*3", 4: "*4"} {
		bytes := func(w uint32) int { return n * (8 + 8*field(w, 30, 1)) }
		operands["{Vt}"+s] = func(w uint32, _ int) Operand { return list(0, n, 8+8*field(w, 30, 1))(w, 0) }
		operands["[Xn]"+s] = memory(func(w uint32, m *Operand) { m.Size = bytes(w) })
		operands["[Xn],"+s] = memory(func(w uint32, m *Operand) { m.Size, m.Disp, m.Mode = bytes(w), int64(bytes(w)), Post })
	}
}

// register is a general register; number 31 is ZR or SP.
func register(at, size, number31 int) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		r := field(w, at, 5)
		if r == 31 {
			r = number31
		}
		return Operand{Kind: Register, Reg: r, Size: size}
	}
}

func immediate(decimal bool, f func(uint32) int64) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		return Operand{Kind: Immediate, Disp: f(w), shownAsDecimal: decimal}
	}
}

func target(f func(uint32) int64) func(uint32, int) Operand {
	return func(w uint32, addr int) Operand { return Operand{Kind: Target, Disp: int64(addr) + f(w)} }
}

// memory is an operand in memory with a base; set fills in the rest.
func memory(set func(uint32, *Operand)) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		m := Operand{Kind: Memory, Base: field(w, 5, 5), Index: NoRegister}
		if m.Base == 31 {
			m.Base = SP
		}
		set(w, &m)
		return m
	}
}

func vector(at, size, lanes int) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		return Operand{Kind: Vector, Reg: field(w, at, 5), Size: size, Lanes: lanes, Element: All}
	}
}

func element(at, size int, which func(uint32) int) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		return Operand{Kind: Vector, Reg: field(w, at, 5), Size: size, Element: which(w)}
	}
}

// list is a list of consecutive registers, where the first one follows the last.
func list(at, count, lanes int) func(uint32, int) Operand {
	return func(w uint32, _ int) Operand {
		return Operand{Kind: Vector, Reg: field(w, at, 5), Size: 1, Lanes: lanes, Count: count, Element: All}
	}
}
