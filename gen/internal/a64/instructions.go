package a64

import (
	"fmt"
	"strings"
)

// CPU features as the "Requires:" line names them.
const (
	featAES  = "AES"
	featSIMD = "ASIMD"
)

// A Cond is a condition of CSEL.
type Cond string

const NE Cond = "NE"

// AES rounds. On most cores an AESE or AESD fuses with the AESMC or AESIMC that
// follows, if both work on the same register.

// AESE sets d = ShiftRows(SubBytes(d ⊕ key)).
func (f *Func) AESE(key, d V) { f.emit(featAES, "AESE", f.b16(key), f.b16(d)) }

// AESMC sets d = MixColumns(n).
func (f *Func) AESMC(n, d V) { f.emit(featAES, "AESMC", f.b16(n), f.b16(d)) }

// AESD sets d = InvSubBytes(InvShiftRows(d ⊕ key)).
func (f *Func) AESD(key, d V) { f.emit(featAES, "AESD", f.b16(key), f.b16(d)) }

// AESIMC sets d = InvMixColumns(n).
func (f *Func) AESIMC(n, d V) { f.emit(featAES, "AESIMC", f.b16(n), f.b16(d)) }

// Vectors.

// VEOR sets d = n ⊕ m.
func (f *Func) VEOR(m, n, d V) { f.emit(featSIMD, "VEOR", f.b16(m), f.b16(n), f.b16(d)) }

// VMOV sets d = n.
func (f *Func) VMOV(n, d V) { f.emit(featSIMD, "VMOV", f.b16(n), f.b16(d)) }

// VEXT sets d to the bytes from imm on of n followed by m.
func (f *Func) VEXT(imm int, m, n, d V) {
	f.emit(featSIMD, "VEXT", immediate(imm), f.b16(m), f.b16(n), f.b16(d))
}

// VTBL sets byte i of d to byte index[i] of table.
func (f *Func) VTBL(index, table, d V) {
	f.emit(featSIMD, "VTBL", f.b16(index), f.list(table), f.b16(d))
}

// VDUP sets all four words of d to the low word of r.
func (f *Func) VDUP(r R, d V) { f.emit(featSIMD, "VDUP", f.use(r), f.s4(d)) }

// VDUPWord sets all four words of d to word i of n.
func (f *Func) VDUPWord(n V, i int, d V) {
	f.emit(featSIMD, "VDUP", fmt.Sprintf("%s.S[%d]", f.useV(n), i), f.s4(d))
}

// VSHLWords shifts the four words of n left by imm bits.
func (f *Func) VSHLWords(imm int, n, d V) {
	f.emit(featSIMD, "VSHL", immediate(imm), f.s4(n), f.s4(d))
}

// VLD1 loads up to four consecutive registers from p.
func (f *Func) VLD1(p R, d ...V) {
	f.emit(featSIMD, "VLD1", address(f.use(p)), f.list(d...))
}

// VLD1P is VLD1 that moves p past what it has loaded.
func (f *Func) VLD1P(p R, d ...V) {
	f.emit(featSIMD, "VLD1.P", after(f.use(p), d), f.list(d...))
}

// VST1 stores up to four consecutive registers at p.
func (f *Func) VST1(p R, s ...V) {
	f.emit(featSIMD, "VST1", f.list(s...), address(f.use(p)))
}

// VST1P is VST1 that moves p past what it has stored.
func (f *Func) VST1P(p R, s ...V) {
	f.emit(featSIMD, "VST1.P", f.list(s...), after(f.use(p), s))
}

// Pointers, counters and control.

// MOVD sets d = imm.
func (f *Func) MOVD(imm int, d R) { f.emit("", "MOVD", immediate(imm), f.use(d)) }

// MOVDLoad sets d to the 64 bits at p + offset.
func (f *Func) MOVDLoad(offset int, p, d R) {
	f.emit("", "MOVD", fmt.Sprintf("%d(%s)", offset, f.use(p)), f.use(d))
}

// ADD sets d = n + imm.
func (f *Func) ADD(imm int, n, d R) { f.emit("", "ADD", immediate(imm), f.use(n), f.use(d)) }

// ADDShifted sets d = n + m≪shift.
func (f *Func) ADDShifted(m R, shift int, n, d R) {
	f.emit("", "ADD", fmt.Sprintf("%s<<%d", f.use(m), shift), f.use(n), f.use(d))
}

// SUB sets d = n - imm.
func (f *Func) SUB(imm int, n, d R) { f.emit("", "SUB", immediate(imm), f.use(n), f.use(d)) }

// SUBS sets d = n - imm and the flags.
func (f *Func) SUBS(imm int, n, d R) { f.emit("", "SUBS", immediate(imm), f.use(n), f.use(d)) }

// CMP sets the flags to those of n - imm.
func (f *Func) CMP(imm int, n R) { f.emit("", "CMP", immediate(imm), f.use(n)) }

// CSEL sets d to n if cond holds, else to m.
func (f *Func) CSEL(cond Cond, n, m, d R) {
	f.emit("", "CSEL", string(cond), f.use(n), f.use(m), f.use(d))
}

// BEQ continues at label if the result was zero.
func (f *Func) BEQ(label string) { f.branch("BEQ", label) }

// BNE continues at label if the result was not zero.
func (f *Func) BNE(label string) { f.branch("BNE", label) }

// BLT continues at label if the comparison found less, as signed numbers.
func (f *Func) BLT(label string) { f.branch("BLT", label) }

// RET returns.
func (f *Func) RET() { f.emit("", "RET") }

// Operands.

func (f *Func) b16(v V) string { return f.useV(v) + ".B16" }

func (f *Func) s4(v V) string { return f.useV(v) + ".S4" }

// list is a list of one to four consecutive registers.
func (f *Func) list(regs ...V) string {
	if len(regs) < 1 || len(regs) > 4 {
		f.panicf("list of %d registers", len(regs))
	}
	names := make([]string, len(regs))
	for i, v := range regs {
		if v.num != regs[0].num+i {
			f.panicf("list of registers that are not consecutive")
		}
		names[i] = f.b16(v)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func address(p string) string { return "(" + p + ")" }

// after is the address p, to be moved past regs.
func after(p string, regs []V) string { return fmt.Sprintf("%d(%s)", 16*len(regs), p) }

func immediate(imm int) string {
	if imm > 0xffff {
		return fmt.Sprintf("$%#08x", imm)
	}
	return fmt.Sprintf("$%d", imm)
}
