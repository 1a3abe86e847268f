// Command adx_amd64 generates the MULX/ADCX/ADOX kernels of package bigdh/asm.
//
// A Montgomery product of numbers of 32 limbs, R = 2^2048, is two steps:
//
//	t = x·y                           Mul, or Square if y = x
//	z = (t + n·(-t/n mod R)) / R      Reduce
//
// For numbers of 16 limbs, which RSA needs, there are Mul1024, Square1024 and Reduce1024.
//
// The product is separate from the reduction so that a square can take half the
// multiplications. Products and reductions are built from one piece, the row: a digit times
// eight limbs, added to a window of eight limbs that stays in registers. A square has chains
// of its own, see triangle.
//
//	(w_0 … w_8) = (w_0 … w_7) + x·d < 2^512 + (2^512-1)·(2^64-1) < 2^576
//
// The low halves of the eight products travel up one carry chain, in CF through ADCX, and
// the high halves up another, in OF through ADOX; MULX touches neither flag. Both chains
// end in the new limb w_8. The limb w_0 is finished and leaves; the window moves up by one.
// Eight rows are a block, after which every register is in its old place again, eight limbs
// higher. (Ozturk, Guilford, Gopal, Feghali: New Instructions Supporting Large Integer
// Arithmetic on Intel Architecture Processors, 2012.)
//
// What limits it. MULX takes a cycle, but on Zen 4 a chain of n products takes n + 3, in
// whatever order its instructions are: 11 cycles a row. Of the 424 cycles of Reduce1024,
// its 32 rows are 352, its 16 multiplications by k0 some 15, and its final subtraction 28.
// So a square, where it may choose, has few and long chains.
//
// Register map of every multiplying kernel:
//
//	R8 … R15    the window: limb i of the result in R(8 + i mod 8)
//	DX          the digit
//	AX, BX      low and high half of a product
//	SI          the eight limbs x to multiply
//	CX          the digits, unless they are with z; in a square, where they are with x, the
//	            high half of every other product
//	DI          the result z
//	BP          zero within a row, else free
//
// The time depends only on the number of entries to select from. Data that depends on
// numbers is in the callers' arrays, which the callers wipe; a sign and carries in the frames
// are overwritten.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./bigdh/adx_amd64

const (
	limb  = 8         // bytes
	block = 8 * limb  // bytes of what the window holds
	half  = 2 * block // bytes of half an operand
	full  = 2 * half  // bytes of an operand
)

// The registers of the map above.
var (
	window = [8]GPPhysical{R8, R9, R10, R11, R12, R13, R14, R15}
	digit  = RDX
	lo, hi = RAX, RBX
	zero   = RBP

	x      = Mem{Base: RSI}
	digits = Mem{Base: RCX}
	z      = Mem{Base: RDI}
)

// place returns the register of limb i.
func place(i int) GPPhysical { return window[i%len(window)] }

func main() {
	avomain.SecretGeneral()
	avomain.Generate(kernels)
}

func kernels() {
	mulKernel()
	squareKernel()
	reduceKernel(2048)
	selectKernel()

	mul1024Kernel()
	square1024Kernel()
	reduceKernel(1024)
	selectPairKernel()
}

// at addresses limb i.
func at(m Mem, i int) Mem { return m.Offset(limb * i) }

// row adds x·DX to the window of limbs j … j+7, which becomes the window of
// limbs j+1 … j+8. Limb j is final: leave takes it out of its register.
func row(x Mem, j int, leave func(low Register)) {
	XORL(zero.As32(), zero.As32()) // and CF = OF = 0
	rowWithFlags(x, j, leave)
}

// rowWithFlags is row with zero and the flags set: OF is added to limb j+1.
func rowWithFlags(x Mem, j int, leave func(low Register)) {
	for i := range 7 {
		MULXQ(at(x, i), lo, hi)
		ADOXQ(hi, place(j+i+1))
		ADCXQ(lo, place(j+i))
		if i == 0 {
			leave(place(j))
		}
	}
	lastProduct(at(x, 7), j+7)
}

// lastProduct adds m·DX at limb i and ends both chains in limb i+1, which is new and cannot
// overflow. MULX could write its high half there at once, and in every row ADCX could come
// before ADOX, but that makes an Intel CPU 13 % slower.
func lastProduct(m Mem, i int) {
	MULXQ(m, lo, hi)
	ADCXQ(lo, place(i))
	MOVQ(zero, place(i+1))
	ADOXQ(hi, place(i+1))
	ADCXQ(zero, place(i+1))
}

// firstRow sets the window of limbs 1 … 8 to x·DX without its limb 0, which leaves. CF is
// the only chain, since there is nothing to add to.
func firstRow(x Mem, leave func(low Register)) {
	MULXQ(x, lo, place(1))
	leave(lo)
	for i := 1; i < 8; i++ {
		MULXQ(at(x, i), lo, place(i+1))
		if i == 1 {
			ADDQ(lo, place(i))
		} else {
			ADCQ(lo, place(i))
		}
	}
	ADCQ(Imm(0), place(8)) // x·d < 2^576
}

// multiply adds x·digits to the window: eight limbs go to z, eight stay. carry, if given,
// is the bit that addWindow carried out, at limb 8.
func multiply(x, digits, z Mem, carry ...Mem) {
	for j := range 8 {
		MOVQ(at(digits, j), digit)
		store := func(low Register) { MOVQ(low, at(z, j)) }
		if j == 7 && len(carry) > 0 {
			// Only the complete sum is sure to have room for the bit: what addWindow added
			// up and the product are at most 2·(2^512-1) + (2^512-1)² = 2^1024-1 together.
			// So the bit waits for the last row, whose chain in OF begins at limb 8: 127 +
			// 1 overflows.
			XORL(zero.As32(), zero.As32())
			MOVB(U8(127), lo.As8())
			ADDB(carry[0], lo.As8())
			rowWithFlags(x, j, store)
		} else {
			row(x, j, store)
		}
	}
}

// addWindow adds eight limbs of m to the window and sets carry to the carry out.
func addWindow(m, carry Mem) {
	ADDQ(m, place(0))
	addWindowFrom(m, 1)
	SETCS(carry)
}

// addWindowWithCarry is addWindow with a carry in.
func addWindowWithCarry(m, carry Mem) {
	restore(carry)
	addWindowFrom(m, 0)
	SETCS(carry)
}

func addWindowFrom(m Mem, i int) {
	for ; i < 8; i++ {
		ADCQ(at(m, i), place(i))
	}
}

// forget overwrites words of the frame.
func forget(words ...Mem) {
	for _, w := range words {
		MOVQ(U32(0), w)
	}
}

// restore sets CF to the byte carry, 0 or 1.
func restore(carry Mem) {
	MOVBLZX(carry, lo.As32())
	NEGL(lo.As32())
}

func loadWindow(m Mem) {
	for i := range 8 {
		MOVQ(at(m, i), place(i))
	}
}

func storeWindow(m Mem) {
	for i := range 8 {
		MOVQ(place(i), at(m, i))
	}
}

// Products use one level of Karatsuba's method, in its subtractive form (Knuth, The Art of
// Computer Programming, 4.3.3), whose middle product needs no 17th limb. Below that level,
// where additions would cost what multiplications save, the schoolbook method is used. With
// B = 2^1024, x = x_1·B + x_0, and y likewise:
//
//	L = x_0·y_0,  H = x_1·y_1,  M = (x_0 - x_1)·(y_1 - y_0)
//	x·y = H·B² + (L + H + M)·B + L
//
// M is computed from absolute values, with a separate sign.

// mulKernel emits Mul.
func mulKernel() {
	TEXT("Mul", 0, "func(t *[64]uint64, x, y *[32]uint64, k *[64]uint64)")
	Pragma("noescape")
	Doc("Mul sets t to x·y. Scratch k is for the caller to wipe.")

	sign := AllocLocal(8) // of M: 0 or -1
	carry := AllocLocal(8)

	Comment("k = |x_0 - x_1|, |y_1 - y_0|")
	Load(Param("x"), RSI)
	Load(Param("y"), RCX)
	Load(Param("k"), RDI)
	absDiff(x, x.Offset(half), z)
	MOVQ(RBP, sign)
	absDiff(digits.Offset(half), digits, z.Offset(half))
	XORQ(RBP, sign)

	Comment("L, H, |M|")
	Load(Param("t"), RDX)
	t, k := Mem{Base: RDX}, z
	threeTimes([]GPPhysical{RSI, RCX, RDI}, [3][]Mem{
		{x, digits, t},
		{x.Offset(half), digits.Offset(half), t.Offset(full)},
		{k, k.Offset(half), k.Offset(full)},
	}, func() { multiplyHalves(carry) })

	MOVQ(sign, RBP)
	recombine()
	forget(sign, carry)
	RET()
}

// squareKernel emits Square.
func squareKernel() {
	TEXT("Square", 0, "func(t *[64]uint64, x *[32]uint64, k *[64]uint64)")
	Pragma("noescape")
	Doc("Square sets t to x². Scratch k is for the caller to wipe.")

	Comment("k = |x_0 - x_1|")
	Load(Param("x"), RSI)
	Load(Param("k"), RDI)
	absDiff(x, x.Offset(half), z)

	Comment("L, H, |M|")
	Load(Param("t"), RDX)
	t, k := Mem{Base: RDX}, z
	threeTimes([]GPPhysical{RSI, RDI}, [3][]Mem{
		{x, t},
		{x.Offset(half), t.Offset(full)},
		{k, k.Offset(full)},
	}, squareHalf)

	MOVQ(I32(-1), RBP) // M = -|M|
	recombine()
	RET()
}

// threeTimes runs body with the registers set to the addresses of one row after the
// other, from the last row to the first. It changes AX and BP.
func threeTimes(registers []GPPhysical, rows [3][]Mem, body func()) {
	n := len(registers)
	table := AllocLocal(len(rows) * n * 8)
	left := AllocLocal(8) // addresses not used so far
	for i, row := range rows {
		for j, address := range row {
			LEAQ(address, RAX)
			MOVQ(RAX, table.Offset(8*(n*i+j)))
		}
	}
	MOVQ(U32(len(rows)*n), RBP)

	Label("product")
	SUBQ(Imm(uint64(n)), RBP)
	MOVQ(RBP, left)
	for j, r := range registers {
		MOVQ(table.Offset(8*j).Idx(RBP, 8), r)
	}
	body()
	MOVQ(left, RBP)
	TESTQ(RBP, RBP)
	JNZ(LabelRef("product"))
}

// recombine sets t = H·B² + (L + H + M)·B + L. On entry t is H·B² + L, the upper half of k
// is |M|, and BP is -1 if M is negative, else 0.
func recombine() {
	Comment("t = H·B² + (L + H + M)·B + L")
	Load(Param("t"), RDI)
	Load(Param("k"), RCX)
	t, k := z, Mem{Base: RCX}
	// The limbs 16 … 31 are needed again after they have been overwritten.
	for i := 0; i < half; i += 32 {
		VMOVDQU(t.Offset(half+i), Y0)
		VMOVDQU(Y0, k.Offset(i))
	}
	VZEROUPPER()

	// -v = ~v + 1: |M| xor BP, and the 1 is the first carry in.
	carries := [3]GPPhysical{RAX, RBX, RDX} // of three sums, 0 or -1
	MOVQ(RBP, RAX)
	XORL(EBX, EBX)
	XORL(EDX, EDX)
	for b := range 4 {
		out := t.Offset(half + b*block)
		for i := range 8 {
			MOVQ(at(k, i).Offset(full+b*block), place(i))
			XORQ(RBP, place(i))
		}
		l := t.Offset(b * block)
		if b >= 2 {
			l = k.Offset((b - 2) * block)
		}
		for s, summand := range []Mem{l, out, out.Offset(half)} {
			ADDQ(carries[s], carries[s]) // CF = carry
			addWindowFrom(summand, 0)
			SBBQ(carries[s], carries[s])
		}
		storeWindow(out)
	}
	// What remains to be added to the limbs 48 … 63 is the carries and the ones above a
	// negative M. Since L + H + M is not negative and less than 2·B², this is not negative
	// either, and at most 1.
	SUBQ(RAX, RBP)
	SUBQ(RBX, RBP)
	SUBQ(RDX, RBP)
	ADDQ(RBP, t.Offset(3*half))
	for i := 1; i < 16; i++ {
		ADCQ(Imm(0), at(t, i).Offset(3*half))
	}
}

// absDiff sets out to |a - b|, of 16 limbs, and BP to -1 if a < b, else to 0. It
// changes BX and the window.
func absDiff(a, b, out Mem) {
	for i := range 16 {
		MOVQ(at(a, i), place(i))
		if i == 0 {
			SUBQ(at(b, i), place(i))
		} else {
			SBBQ(at(b, i), place(i))
		}
		MOVQ(place(i), at(out, i))
	}
	SBBQ(RBP, RBP)
	Comment("-v = ~v + 1")
	MOVQ(RBP, RBX) // the carry in: 0 or -1
	for m := out; m != out.Offset(half); m = m.Offset(block) {
		loadWindow(m)
		for i := range 8 {
			XORQ(RBP, place(i))
		}
		ADDQ(RBX, RBX)
		for i := range 8 {
			ADCQ(Imm(0), place(i))
		}
		SBBQ(RBX, RBX)
		storeWindow(m)
	}
}

// multiplyHalves sets z, of 32 limbs, to x·digits, of 16 limbs each.
func multiplyHalves(carry Mem) {
	Comment("x_0·d_0")
	MOVQ(digits, digit)
	firstRow(x, func(low Register) { MOVQ(low, z) })
	for j := 1; j < 8; j++ {
		MOVQ(at(digits, j), digit)
		row(x, j, func(low Register) { MOVQ(low, at(z, j)) })
	}
	Comment("x_1·d_0")
	multiply(x.Offset(block), digits, z.Offset(block))
	storeWindow(z.Offset(2 * block))

	Comment("x_0·d_1")
	loadWindow(z.Offset(block))
	multiply(x, digits.Offset(block), z.Offset(block))
	Comment("x_1·d_1")
	addWindow(z.Offset(2*block), carry)
	multiply(x.Offset(block), digits.Offset(block), z.Offset(2*block), carry)
	storeWindow(z.Offset(3 * block))
}

// squareHalf sets z, of 32 limbs, to x², of 16 limbs:
//
//	x² = Σ x_i²·2^128i + 2·(Σ_{i<j} x_i·x_j·2^64(i+j))
func squareHalf() {
	Comment("Σ_{i<j} x_i·x_j·2^64(i+j)")
	triangle(x, z)

	Comment("Twice that, in CF, plus Σ x_i²·2^128i, in OF")
	XORL(EAX, EAX)
	for i := range 16 {
		MOVQ(at(x, i), digit)
		MULXQ(digit, lo, hi)
		for h, square := range []Register{lo, hi} {
			m, r := at(z, 2*i+h), place(2*i+h)
			MOVQ(m, r)
			ADCXQ(r, r)
			ADOXQ(square, r)
			MOVQ(r, m)
		}
	}
}

// triangle sets z, of 32 limbs, to Σ_{i<j} x_i·x_j·2^64(i+j). The products are eight chains,
// where rows would be more and shorter. Chain k is
//
//	x_k·(x_{k+1} … x_{15-k}), x_{15-k}·(x_{k+1} … x_{14-k})
//
// and is added to the limbs from 2k+1 to 29-2k, one after the other, as a row would be. It
// begins two limbs below chain k+1, which comes before it, and ends two limbs above it: these
// limbs are new, and the last one, 30-2k, cannot overflow.
//
// The window has the limbs from 12 to 19, in the middle. The others stay in z. In a chain,
// such a limb begins as the high half of the product below it.
func triangle(x, z Mem) {
	const n = 16
	windowed := func(i int) bool { return 12 <= i && i < 20 }
	high := func(i int) GPPhysical { return [2]GPPhysical{RCX, RBX}[i%2] } // of the product at limb i
	sum := func(i int) GPPhysical {                                        // at limb i
		if windowed(i) {
			return place(i)
		}
		return high(i - 1)
	}
	for k := n/2 - 1; k >= 0; k-- {
		first, last := 2*k+1, 2*n-3-2*k
		XORL(zero.As32(), zero.As32()) // and CF = OF = 0
		for i := first; i <= last; i++ {
			d := k
			if i >= n {
				d = n - 1 - k
			}
			if i == first || i == n {
				MOVQ(at(x, d), digit)
			}
			if i == first { // there is nothing to add to
				MULXQ(at(x, i-d), lo, sum(i+1))
				if windowed(i) {
					MOVQ(lo, place(i))
				} else {
					MOVQ(lo, at(z, i))
				}
				continue
			}
			switch {
			case windowed(i) || i == first+1:
			case i < last:
				ADOXQ(at(z, i), sum(i))
			default:
				ADOXQ(zero, sum(i))
			}
			MULXQ(at(x, i-d), lo, high(i))
			if windowed(i + 1) {
				if i >= last-1 {
					MOVQ(zero, place(i+1))
				}
				ADOXQ(high(i), place(i+1))
			}
			ADCXQ(lo, sum(i))
			if !windowed(i) || k == 0 {
				MOVQ(sum(i), at(z, i))
			}
		}
		if first < last {
			ADCXQ(zero, sum(last+1))
		}
		if !windowed(last + 1) {
			MOVQ(sum(last+1), at(z, last+1))
		}
	}
	MOVQ(zero, z)
	MOVQ(zero, at(z, 2*n-1))
}

// mul1024Kernel emits Mul1024, the product that Mul takes three times.
func mul1024Kernel() {
	TEXT("Mul1024", 0, "func(t *[32]uint64, x, y *[16]uint64)")
	Pragma("noescape")
	Doc("Mul1024 sets t to x·y.")

	carry := AllocLocal(8)
	Load(Param("x"), RSI)
	Load(Param("y"), RCX)
	Load(Param("t"), RDI)
	multiplyHalves(carry)
	forget(carry)
	RET()
}

// square1024Kernel emits Square1024, the square that Square takes three times.
func square1024Kernel() {
	TEXT("Square1024", 0, "func(t *[32]uint64, x *[16]uint64)")
	Pragma("noescape")
	Doc("Square1024 sets t to x².")

	Load(Param("x"), RSI)
	Load(Param("t"), RDI)
	squareHalf()
	RET()
}

// reduceKernel emits Reduce or Reduce1024, for numbers of that many bits: Montgomery's
// reduction (Modular Multiplication Without Trial Division, 1985), eight limbs at a time.
// For each block of the number:
//
//	q = -t/n mod 2^512,  t = (t + q·n) / 2^512
//
// q is found limb by limb while its product with the lowest block of n is computed, and
// replaces the limbs of t that become zero.
func reduceKernel(bits int) {
	name, limbs, size := "Reduce", bits/64, bits/8
	if bits != 8*full {
		name += fmt.Sprint(bits)
	}
	TEXT(name, 0, fmt.Sprintf("func(z *[%d]uint64, t *[%d]uint64, n *[%[1]d]uint64, k0 uint64)", limbs, 2*limbs))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s sets z to a number congruent to t/2^%d modulo n and less than 2^%[2]d, for", name, bits),
		fmt.Sprintf("any t < 2^%d and odd n < 2^%d, where k0 is -1/n mod 2^64. It destroys t.", 2*bits, bits))

	carry := AllocLocal(8)
	top := AllocLocal(8) // the bit carried out of the blocks
	left := AllocLocal(8)
	k0 := address("k0")

	Load(Param("t"), RDI)
	Load(Param("n"), RSI)
	// Offsets from the middle of n and t are short.
	middle := size / 2
	ADDQ(U32(middle), RSI)
	ADDQ(U32(middle), RDI)
	n, t := x.Offset(-middle), z.Offset(-middle)
	MOVQ(U32(0), top)
	MOVQ(U32(size/block), left)

	Label("block")
	loadWindow(t)
	for j := range 8 {
		Commentf("q_%d", j)
		MOVQ(place(j), digit)
		IMULQ(k0, digit)
		MOVQ(digit, at(t, j))
		row(n, j, func(Register) {}) // limb j is zero now
	}
	for b := 1; b < size/block; b++ {
		Commentf("q·n, block %d", b)
		addWindow(t.Offset(b*block), carry)
		multiply(n.Offset(b*block), t, t.Offset(b*block), carry)
	}
	addWindowWithCarry(t.Offset(size), top)
	storeWindow(t.Offset(size))
	ADDQ(Imm(block), RDI)
	SUBQ(Imm(1), left)
	JNZ(LabelRef("block"))

	// t + q·n < R² + R·n, so top·R + the upper half of t is less than R + n, and top is one
	// bit. If it is set, subtracting n leaves less than R, and the borrow cancels the bit.
	Comment("z = t/R - top·n")
	MOVBLZX(top, EDX)
	NEGQ(RDX)
	Load(Param("z"), RCX)
	for b := 0; b < size; b += block {
		if b > 0 {
			SBBQ(RBP, RBP) // the borrow: 0 or -1
		}
		for i := range 8 {
			MOVQ(RDX, place(i))
			ANDQ(at(n, i).Offset(b), place(i))
		}
		if b > 0 {
			ADDQ(RBP, RBP)
		}
		for i := range 8 {
			MOVQ(at(t, i).Offset(b), lo)
			if b == 0 && i == 0 {
				SUBQ(place(i), lo)
			} else {
				SBBQ(place(i), lo)
			}
			MOVQ(lo, at(digits, i).Offset(b))
		}
	}
	forget(carry, top)
	RET()
}

// selectKernel emits Select.
func selectKernel() {
	TEXT("Select", 0, "func(z, table *[40]uint64, entries, index int)")
	Pragma("noescape")
	Doc("Select sets the first 32 words of z to those of table[index], or to zero if there is no",
		"such entry. It reads all entries, of which there is at least one.")
	selectWords("index")
}

// selectPairKernel emits SelectPair.
func selectPairKernel() {
	TEXT("SelectPair", 0, "func(z, table *[40]uint64, entries, i, j int)")
	Pragma("noescape")
	Doc("SelectPair sets the first 16 words of z to those of table[i], and the next 16 words to",
		"those of table[j], or to zero where there is no such entry. It reads all entries, of",
		"which there is at least one.")
	selectWords("i", "j")
}

// selectWords selects an equal share of the 32 words by each of the indices.
func selectWords(indices ...string) {
	const entry = 40 * limb

	Load(Param("z"), RDI)
	Load(Param("table"), RSI)
	Load(Param("entries"), RCX)
	words := [8]VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}
	index, mask, word, zeroes, minusOne := []VecPhysical{Y8, Y13}, Y9, Y10, Y11, Y12
	for i, name := range indices {
		VPBROADCASTQ(address(name), index[i])
	}
	VPXOR(zeroes, zeroes, zeroes)
	VPCMPEQQ(minusOne, minusOne, minusOne)
	for _, w := range words {
		VPXOR(w, w, w)
	}

	Comment("An index counts down: it is zero at its entry")
	Label("entry")
	part := len(words) / len(indices)
	for i, w := range words {
		if i%part == 0 {
			VPCMPEQQ(zeroes, index[i/part], mask)
			VPADDQ(minusOne, index[i/part], index[i/part])
		}
		VPAND(Mem{Base: RSI, Disp: 32 * i}, mask, word)
		VPOR(word, w, w)
	}
	ADDQ(U32(entry), RSI)
	SUBQ(Imm(1), RCX)
	JNZ(LabelRef("entry"))

	for i, w := range words {
		VMOVDQU(w, Mem{Base: RDI, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}

// address returns the location of the parameter itself.
func address(param string) Mem {
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}
