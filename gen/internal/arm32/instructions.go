package arm32

import "fmt"

// CPU features as the "Requires:" line names them.
const (
	featAES  = "AES"
	featSIMD = "ASIMD"
)

// AES rounds. On most cores an AESE or AESD fuses with the AESMC or AESIMC that
// follows, if both work on the same register.

// AESE sets d = ShiftRows(SubBytes(d ⊕ key)).
func (f *Func) AESE(key, d Q) { f.aes(0xf3b00300, "aese.8", key, d) }

// AESD sets d = InvSubBytes(InvShiftRows(d ⊕ key)).
func (f *Func) AESD(key, d Q) { f.aes(0xf3b00340, "aesd.8", key, d) }

// AESMC sets d = MixColumns(n).
func (f *Func) AESMC(n, d Q) { f.aes(0xf3b00380, "aesmc.8", n, d) }

// AESIMC sets d = InvMixColumns(n).
func (f *Func) AESIMC(n, d Q) { f.aes(0xf3b003c0, "aesimc.8", n, d) }

func (f *Func) aes(opcode uint32, mnemonic string, m, d Q) {
	f.word(featAES, opcode|f.d(d)|f.m(m), "%s q%d, q%d", mnemonic, d.Num(), m.Num())
}

// Vectors.

// VEOR sets d = n ⊕ m.
func (f *Func) VEOR(m, n, d Q) {
	f.word(featSIMD, 0xf3000150|f.d(d)|f.n(n)|f.m(m), "veor q%d, q%d, q%d", d.Num(), n.Num(), m.Num())
}

// VMOV sets d = n. The instruction is VORR with both operands the same.
func (f *Func) VMOV(n, d Q) {
	f.word(featSIMD, 0xf2200150|f.d(d)|f.n(n)|f.m(n), "vorr q%d, q%d, q%d", d.Num(), n.Num(), n.Num())
}

// VMOVImm sets all four words of d to imm, a number below 256.
func (f *Func) VMOVImm(imm int, d Q) {
	i := f.immediate(imm, 8)
	f.word(featSIMD, 0xf2800050|f.d(d)|i&0x80<<17|i&0x70<<12|i&0xf, "vmov.i32 q%d, #%d", d.Num(), imm)
}

// VDUPWord sets all four words of d to word i of n.
func (f *Func) VDUPWord(n Q, i int, d Q) {
	double, half := 2*f.vector(n)+f.immediate(i, 2)/2, f.immediate(i, 2)%2
	f.word(featSIMD, 0xf3b40c40|half<<19|f.d(d)|field(double, 0, 5), "vdup.32 q%d, d%d[%d]", d.Num(), double, half)
}

// VEXT sets d to the bytes from imm on of n followed by m.
func (f *Func) VEXT(imm int, m, n, d Q) {
	f.word(featSIMD, 0xf2b00040|f.immediate(imm, 4)<<8|f.d(d)|f.n(n)|f.m(m),
		"vext.8 q%d, q%d, q%d, #%d", d.Num(), n.Num(), m.Num(), imm)
}

// VSHLWords shifts the four words of n left by imm bits.
func (f *Func) VSHLWords(imm int, n, d Q) {
	f.word(featSIMD, 0xf2a00550|f.immediate(imm, 5)<<16|f.d(d)|f.m(n), "vshl.s32 q%d, q%d, #%d", d.Num(), n.Num(), imm)
}

// VLD1 loads one register, or two consecutive ones, from p, which need not be aligned.
func (f *Func) VLD1(p R, d ...Q) { f.access(0xf420000f, "vld1.8", "", p, d) }

// VLD1P is VLD1 that moves p past what it has loaded.
func (f *Func) VLD1P(p R, d ...Q) { f.access(0xf420000d, "vld1.8", "!", p, d) }

// VST1 stores one register, or two consecutive ones, at p, which need not be aligned.
func (f *Func) VST1(p R, s ...Q) { f.access(0xf400000f, "vst1.8", "", p, s) }

// VST1P is VST1 that moves p past what it has stored.
func (f *Func) VST1P(p R, s ...Q) { f.access(0xf400000d, "vst1.8", "!", p, s) }

func (f *Func) access(opcode uint32, mnemonic, writeback string, p R, list []Q) {
	var kind uint32
	switch {
	case len(list) == 1:
		kind = 0xa00
	case len(list) == 2 && list[1].Num() == list[0].Num()+1:
		f.vector(list[1])
		kind = 0x200
	default:
		f.panicf("list is neither one register nor two consecutive ones")
	}
	f.use(p)
	first := 2 * list[0].Num()
	f.word(featSIMD, opcode|kind|uint32(p.Num())<<16|f.d(list[0]),
		"%s {d%d-d%d}, [r%d]%s", mnemonic, first, first+2*len(list)-1, p.Num(), writeback)
}

// Pointers, counters and control.

// MOVW sets d = n.
func (f *Func) MOVW(n, d R) { f.emit("", "MOVW", f.use(n), f.use(d)) }

// ADD sets d = n + imm.
func (f *Func) ADD(imm int, n, d R) {
	f.emit("", "ADD", fmt.Sprintf("$%d", imm), f.use(n), f.use(d))
}

// ADDNE sets d = d + imm if the result that set the flags was not zero.
func (f *Func) ADDNE(imm int, d R) { f.emit("", "ADD.NE", fmt.Sprintf("$%d", imm), f.use(d)) }

// SUB sets d = n - imm.
func (f *Func) SUB(imm int, n, d R) {
	f.emit("", "SUB", fmt.Sprintf("$%d", imm), f.use(n), f.use(d))
}

// SUBS sets d = n - imm and the flags.
func (f *Func) SUBS(imm int, n, d R) {
	f.emit("", "SUB.S", fmt.Sprintf("$%d", imm), f.use(n), f.use(d))
}

// CMP sets the flags to those of n - imm.
func (f *Func) CMP(imm int, n R) { f.emit("", "CMP", fmt.Sprintf("$%d", imm), f.use(n)) }

// BEQ continues at label if the result was zero.
func (f *Func) BEQ(label string) { f.branch("BEQ", label) }

// BNE continues at label if the result was not zero.
func (f *Func) BNE(label string) { f.branch("BNE", label) }

// BLT continues at label if the comparison found less, as signed numbers.
func (f *Func) BLT(label string) { f.branch("BLT", label) }

// RET returns.
func (f *Func) RET() { f.emit("", "RET") }

// Fields of encodings. Qn is encoded as D(2n).

func (f *Func) d(q Q) uint32 { return field(2*f.vector(q), 12, 22) }

func (f *Func) n(q Q) uint32 { return field(2*f.vector(q), 16, 7) }

func (f *Func) m(q Q) uint32 { return field(2*f.vector(q), 0, 5) }

// field encodes the number of a 64-bit register: four bits in one place, the fifth in
// another.
func field(double uint32, low, high int) uint32 { return double&0xf<<low | double>>4<<high }

// immediate returns imm, which must fit into that many bits.
func (f *Func) immediate(imm, bits int) uint32 {
	if imm < 0 || imm >= 1<<bits {
		f.panicf("immediate %d does not fit %d bits", imm, bits)
	}
	return uint32(imm)
}
