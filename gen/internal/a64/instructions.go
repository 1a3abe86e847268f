package a64

import (
	"fmt"
	"strings"
)

// CPU features as the "Requires:" line names them.
const (
	featAES  = "AES"
	featSHA2 = "SHA2"
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

// SHA-256. A register has four words, of which the lowest is the first: a … d, e … h
// and W_t … W_{t+3}.

// SHA256H does four rounds, with W_t + K_t in wk, and sets abcd to its new value.
func (f *Func) SHA256H(wk, efgh, abcd V) {
	f.emit(featSHA2, "SHA256H", f.s4(wk), f.useV(efgh), f.useV(abcd))
}

// SHA256H2 does the same four rounds and sets efgh to its new value; abcd is the
// value before the rounds.
func (f *Func) SHA256H2(wk, abcd, efgh V) {
	f.emit(featSHA2, "SHA256H2", f.s4(wk), f.useV(abcd), f.useV(efgh))
}

// SHA256SU0 adds σ0(W_{t+1}) … σ0(W_{t+4}) to d = W_t … W_{t+3}, with n = W_{t+4} … W_{t+7}.
func (f *Func) SHA256SU0(n, d V) { f.emit(featSHA2, "SHA256SU0", f.s4(n), f.s4(d)) }

// SHA256SU1 completes W_{t+16} … W_{t+19} in d, which is from SHA256SU0, with
// n = W_{t+8} … W_{t+11} and m = W_{t+12} … W_{t+15}.
func (f *Func) SHA256SU1(m, n, d V) {
	f.emit(featSHA2, "SHA256SU1", f.s4(m), f.s4(n), f.s4(d))
}

// Vectors.

// VADDWords sets the four words of d to those of n + m.
func (f *Func) VADDWords(m, n, d V) { f.emit(featSIMD, "VADD", f.s4(m), f.s4(n), f.s4(d)) }

// VREV32 sets d = n with the bytes of each word reversed.
func (f *Func) VREV32(n, d V) { f.emit(featSIMD, "VREV32", f.b16(n), f.b16(d)) }

// VADDDoubles sets the two doublewords of d to those of n + m.
func (f *Func) VADDDoubles(m, n, d V) { f.emit(featSIMD, "VADD", f.d2(m), f.d2(n), f.d2(d)) }

// VCMEQDoubles sets each of the two doublewords of d to all ones if those of n and m are
// equal, else to zero.
func (f *Func) VCMEQDoubles(m, n, d V) { f.emit(featSIMD, "VCMEQ", f.d2(m), f.d2(n), f.d2(d)) }

// VBIT replaces the bits of d whose bits in mask are set by those of n.
func (f *Func) VBIT(mask, n, d V) { f.emit(featSIMD, "VBIT", f.b16(mask), f.b16(n), f.b16(d)) }

// VEOR sets d = n ⊕ m.
func (f *Func) VEOR(m, n, d V) { f.emit(featSIMD, "VEOR", f.b16(m), f.b16(n), f.b16(d)) }

// VMOV sets d = n.
func (f *Func) VMOV(n, d V) { f.emit(featSIMD, "VMOV", f.b16(n), f.b16(d)) }

// VMOVDouble sets half j of d, which is 0 or 1, to half i of n.
func (f *Func) VMOVDouble(n V, i int, d V, j int) {
	f.emit(featSIMD, "VMOV", fmt.Sprintf("%s.D[%d]", f.useV(n), i), fmt.Sprintf("%s.D[%d]", f.useV(d), j))
}

// VMOVFrom sets half i of d, which is 0 or 1, to r.
func (f *Func) VMOVFrom(r R, d V, i int) {
	f.emit(featSIMD, "VMOV", f.use(r), fmt.Sprintf("%s.D[%d]", f.useV(d), i))
}

// VEXT sets d to the bytes from imm on of n followed by m.
func (f *Func) VEXT(imm int, m, n, d V) {
	f.emit(featSIMD, "VEXT", immediate(imm), f.b16(m), f.b16(n), f.b16(d))
}

// VTBL sets byte i of d to byte index[i] of table, or to zero if index[i] is above 15.
func (f *Func) VTBL(index, table, d V) {
	f.emit(featSIMD, "VTBL", f.b16(index), f.list(table), f.b16(d))
}

// VDUP sets all four words of d to the low word of r.
func (f *Func) VDUP(r R, d V) { f.emit(featSIMD, "VDUP", f.use(r), f.s4(d)) }

// VDUPDoubles sets both doublewords of d to r.
func (f *Func) VDUPDoubles(r R, d V) { f.emit(featSIMD, "VDUP", f.use(r), f.d2(d)) }

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

// Half vectors: the low 64 bits of registers. The high ones of the destination become
// zero.

// VEORHalf sets d = n ⊕ m.
func (f *Func) VEORHalf(m, n, d V) { f.emit(featSIMD, "VEOR", f.b8(m), f.b8(n), f.b8(d)) }

// VANDHalf sets d = n ∧ m.
func (f *Func) VANDHalf(m, n, d V) { f.emit(featSIMD, "VAND", f.b8(m), f.b8(n), f.b8(d)) }

// VUSHRHalf shifts the eight bytes of n right by imm bits.
func (f *Func) VUSHRHalf(imm int, n, d V) {
	f.emit(featSIMD, "VUSHR", immediate(imm), f.b8(n), f.b8(d))
}

// VTBLHalf sets byte i of d to byte index[i] of table, or to zero if index[i] is above 15.
func (f *Func) VTBLHalf(index, table, d V) {
	f.emit(featSIMD, "VTBL", f.b8(index), f.list(table), f.b8(d))
}

// VLD1HalfP loads two consecutive registers from p and moves p past what it has loaded.
func (f *Func) VLD1HalfP(p R, d0, d1 V) {
	f.emit(featSIMD, "VLD1.P", "16("+f.use(p)+")", f.halves(d0, d1))
}

// VST1HalfP stores two consecutive registers at p and moves p past what it has stored.
func (f *Func) VST1HalfP(p R, s0, s1 V) {
	f.emit(featSIMD, "VST1.P", f.halves(s0, s1), "16("+f.use(p)+")")
}

// Numbers of several words. The carry is the carry flag, which multiplications, loads
// and stores leave alone. After a subtraction it is set unless there was a borrow, so
// that CMP(1, r) sets it if r is not zero.

// MUL sets d to the low half of n m.
func (f *Func) MUL(m, n, d R) { f.emit("", "MUL", f.use(m), f.use(n), f.use(d)) }

// UMULH sets d to the high half of n m.
func (f *Func) UMULH(m, n, d R) { f.emit("", "UMULH", f.use(m), f.use(n), f.use(d)) }

// ADDS sets d = n + m and the flags.
func (f *Func) ADDS(m, n, d R) { f.emit("", "ADDS", f.use(m), f.use(n), f.use(d)) }

// ADCS sets d = n + m + carry and the flags.
func (f *Func) ADCS(m, n, d R) { f.emit("", "ADCS", f.use(m), f.use(n), f.use(d)) }

// ADC sets d = n + m + carry.
func (f *Func) ADC(m, n, d R) { f.emit("", "ADC", f.use(m), f.use(n), f.use(d)) }

// SBCS sets d = n - m - 1 + carry and the flags.
func (f *Func) SBCS(m, n, d R) { f.emit("", "SBCS", f.use(m), f.use(n), f.use(d)) }

// NEG sets d = -n.
func (f *Func) NEG(n, d R) { f.emit("", "NEG", f.use(n), f.use(d)) }

// ANDBits sets d = n ∧ m.
func (f *Func) ANDBits(m, n, d R) { f.emit("", "AND", f.use(m), f.use(n), f.use(d)) }

// EXTR sets d to the 64 bits from bit imm on of n, the high half, and m.
func (f *Func) EXTR(imm int, m, n, d R) {
	f.emit("", "EXTR", immediate(imm), f.use(m), f.use(n), f.use(d))
}

// LDP loads d0 and d1 from p + offset.
func (f *Func) LDP(offset int, p, d0, d1 R) {
	f.emit("", "LDP", fmt.Sprintf("%d(%s)", offset, f.use(p)), f.pair(d0, d1))
}

// LDPP loads d0 and d1 from p, and moves p past them.
func (f *Func) LDPP(p, d0, d1 R) { f.emit("", "LDP.P", "16("+f.use(p)+")", f.pair(d0, d1)) }

// STP stores s0 and s1 at p + offset.
func (f *Func) STP(s0, s1 R, offset int, p R) {
	f.emit("", "STP", f.pair(s0, s1), fmt.Sprintf("%d(%s)", offset, f.use(p)))
}

// STPP stores s0 and s1 at p, and moves p past them.
func (f *Func) STPP(s0, s1, p R) { f.emit("", "STP.P", f.pair(s0, s1), "16("+f.use(p)+")") }

// MOVDLoadP loads d from p, and moves p past it.
func (f *Func) MOVDLoadP(p, d R) { f.emit("", "MOVD.P", "8("+f.use(p)+")", f.use(d)) }

// MOVDStoreP stores s at p, and moves p past it.
func (f *Func) MOVDStoreP(s, p R) { f.emit("", "MOVD.P", f.use(s), "8("+f.use(p)+")") }

// Pointers, counters and control.

// MOVD sets d = imm.
func (f *Func) MOVD(imm int, d R) { f.emit("", "MOVD", immediate(imm), f.use(d)) }

// MOVDCopy sets d = n.
func (f *Func) MOVDCopy(n, d R) { f.emit("", "MOVD", f.use(n), f.use(d)) }

// MOVDAddress sets d to the address of a constant.
func (f *Func) MOVDAddress(data *Data, d R) {
	f.emit("", "MOVD", data.Address(), f.use(d))
}

// MOVDLoad sets d to the 64 bits at p + offset.
func (f *Func) MOVDLoad(offset int, p, d R) {
	f.emit("", "MOVD", fmt.Sprintf("%d(%s)", offset, f.use(p)), f.use(d))
}

// ADD sets d = n + imm.
func (f *Func) ADD(imm int, n, d R) { f.emit("", "ADD", immediate(imm), f.use(n), f.use(d)) }

// TST sets the flags to those of n ∧ imm.
func (f *Func) TST(imm int, n R) { f.emit("", "TST", immediate(imm), f.use(n)) }

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

// B continues at label.
func (f *Func) B(label string) { f.branch("B", label) }

// BEQ continues at label if the result was zero.
func (f *Func) BEQ(label string) { f.branch("BEQ", label) }

// BNE continues at label if the result was not zero.
func (f *Func) BNE(label string) { f.branch("BNE", label) }

// BLT continues at label if the comparison found less, as signed numbers.
func (f *Func) BLT(label string) { f.branch("BLT", label) }

// CBNZ continues at label if n is not zero. It neither reads nor sets flags.
func (f *Func) CBNZ(n R, label string) { f.branch("CBNZ", label, f.use(n)) }

// RET returns.
func (f *Func) RET() { f.emit("", "RET") }

// Operands.

func (f *Func) b16(v V) string { return f.useV(v) + ".B16" }

func (f *Func) b8(v V) string { return f.useV(v) + ".B8" }

func (f *Func) s4(v V) string { return f.useV(v) + ".S4" }

func (f *Func) d2(v V) string { return f.useV(v) + ".D2" }

// list is a list of one to four consecutive registers.
func (f *Func) list(regs ...V) string {
	if len(regs) < 1 || len(regs) > 4 {
		f.panicf("list of %d registers", len(regs))
	}
	names := make([]string, len(regs))
	for i, v := range regs {
		if v.Num() != regs[0].Num()+i {
			f.panicf("list of registers that are not consecutive")
		}
		names[i] = f.b16(v)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// halves is a list of two consecutive half registers.
func (f *Func) halves(v0, v1 V) string {
	if v1.Num() != v0.Num()+1 {
		f.panicf("list of registers that are not consecutive")
	}
	return "[" + f.b8(v0) + ", " + f.b8(v1) + "]"
}

// pair is an operand of two different registers, or of ZR twice.
func (f *Func) pair(r0, r1 R) string {
	if r0 == r1 && r0 != ZR {
		f.panicf("pair of R%d and itself", r0.Num())
	}
	return "(" + f.use(r0) + ", " + f.use(r1) + ")"
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
