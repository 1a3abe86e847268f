// Command ifma8_amd64 generates the AVX-512 IFMA kernels of package bigdh/asm that compute
// with eight numbers at once, each modulo an n of its own.
//
// A number is 40 digits of 52 bits, w = 2^52, R = w^40 = 2^2080, as in ifma_amd64, but digit j
// of all eight is one vector, with a number in each lane. So nothing has to move between
// lanes, and nothing has to be found in one lane and brought to all: no latency is left to
// be hidden, and half of a square's products are never computed.
//
// Ten digits are a block, W = w^10. The product of two blocks needs 20 columns as
// accumulators, 10 vectors for the one factor, one for a digit of the other, and one for what
// is carried: all 32 registers. VPMADD52LUQ and VPMADD52HUQ add the low and high halves of
// digits' products to columns. Everything in memory has digits below w: carries are
// propagated where columns leave the registers, beside the multiplications that follow. The one
// exception is the last ten digits that Karatsuba's method adds to: the next kernel carries them.
//
// Columns. A column gets at most 40 low halves and 40 high halves, where those that a square
// doubles count twice, then a digit and a carry: less than 2^60.
//
// Reduction. From T = x·y < w^80 the lowest digits are moved up, as in ifma_amd64, but two blocks
// at once, then one, and the last is cleared with a multiple of n:
//
//	T = ⌊T/W²⌋ + (T mod W²)·F_20 with F_20 = w^-20 mod n
//	T = ⌊T/W⌋ + (T mod W)·F_10 with F_10 = w^-10 mod n
//	z = (T + q·n)/W with q = T·k mod W and k = -n^-1 mod W
//
// Bound. The three steps add less than n·w^20, n·w^10 and n·w^10 to T, of which the rest of
// the divisions leaves less than n each in z. For n < 2^2048 and x, y < 2^2051, therefore,
//
//	z < x·y/R + 3·n < 2^2022 + 3·2^2048 < 2^2051
//
// Karatsuba. F_20 is known in advance, and so is what Karatsuba's method needs of it. Its
// product, of 20 × 40 digits, is two of 20 × 20, each of which takes three products of blocks
// instead of four. For x = x_0 + x_1·W and y likewise,
//
//	x·y = x_0·y_0 + (x_0·y_0 + x_1·y_1 + (x_0 - x_1)·(y_1 - y_0))·W + x_1·y_1·W²
//
// Negative differences become positive by adding W: d = x_0 - x_1 + b·W and e = y_1 - y_0 + s·W,
// where the bits b and s are one in the lanes in which the difference was negative. So to d·e is
// added
//
//	(d - b·W)·(e - s·W) - d·e = (b·(W - e) + s·(W - d))·W + (b·s - b - s)·W²
//
// of which only b + s - b·s is subtracted. The carry that it is taken from is large enough, since
// what is in brackets above is x_0·y_1 + x_1·y_0, which is not negative. For squares, and where
// both factors vary, this saves little or nothing: 1673 cycles instead of 1721 for a square.
//
// What limits it is VPMADD52, of which Zen 4 starts one per cycle and later CPUs two. For eight
// numbers, a square takes 1640, a product 3200, and a reduction 1200 + 800 + 100 + 800 of them:
// on Zen 4 at least 4540 and 6100 cycles in all, or 568 and 763 for one number, where ifma_amd64
// needs 640 and 800, and waits for latencies besides. Measured on Zen 4: 4940 and 6720, or 618 and 840; ifma_amd64: 768
// and 904. The rest is additions, which take the ports of multiplications as often as others.
//
// Branches and addresses depend only on the length of the table.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./bigdh/ifma8_amd64

const (
	digitBits = 52
	zmm       = 64
	digits    = 10 // of a block
	block     = digits * zmm
	blocks    = 4 // of a number
)

func main() {
	avomain.SecretGeneral()
	avomain.Generate(kernels)
}

func kernels() {
	square()
	mulAdd()
	mulLow()
	difference()
	mulAddKaratsuba()
	selectKernel()
}

// square emits Square8IFMA. In columns, products of different digits are added once and then
// doubled.
func square() {
	TEXT("Square8IFMA", attr.NOSPLIT, "func(z *[640]uint64, x *[320]uint64)")
	Pragma("noescape")
	Doc("Square8IFMA sets z = x*x, for eight numbers. Digit j of number i is word 8*j+i, and below",
		"2^52.")
	z, x := pointer("z"), pointer("x")
	acc, carry := newColumns(), zero(ZMM())
	for k := range 2 * blocks {
		for i := max(0, k-blocks+1); i < k-i; i++ {
			acc.product(x.Offset(i*block), load(x.Offset((k-i)*block)))
		}
		if k%2 == 0 {
			acc.triangle(load(x.Offset(k / 2 * block)))
		}
		for i, v := range acc.lower() {
			VPADDQ(v, v, v)
			if i%2 == 0 {
				continue
			}
			b := ZMM()
			VMOVDQU64(at(x, (k*digits+i)/2), b)
			VPMADD52LUQ(b, b, acc[i-1])
			VPMADD52HUQ(b, b, v)
		}
		carry = storeCarry(z.Offset(k*block), acc.lower(), carry)
		acc.dropLower()
	}
	done()
}

// mulAdd emits MulAdd8IFMA.
func mulAdd() {
	TEXT("MulAdd8IFMA", attr.NOSPLIT, "func(z *[400]uint64, x *[320]uint64, y *[80]uint64)")
	Pragma("noescape")
	Doc("MulAdd8IFMA adds x*y to z modulo 2^2600, likewise, but the digits of z may be sums below 2^57",
		"at first.")
	z, x := pointer("z"), pointer("x")
	acc, carry, count := newColumns(), zero(ZMM()), GP64()
	factor := load(pointer("y"))
	MOVQ(U32(blocks), count)

	Label("block")
	acc.product(x, factor)
	carry = addCarry(z, acc.lower(), carry)
	acc.dropLower()
	ADDQ(I32(block), x.Base)
	ADDQ(I32(block), z.Base)
	DECQ(count)
	JNZ(LabelRef("block"))

	addCarry(z, acc.lower(), carry)
	done()
}

// difference emits Difference8IFMA.
func difference() {
	TEXT("Difference8IFMA", attr.NOSPLIT, "func(z *[88]uint64, x *[160]uint64)")
	Pragma("noescape")
	Doc("Difference8IFMA sets z to the digits of d = x_0 - x_1 + 2^520*b, likewise, for",
		"x = x_0 + 2^520*x_1, and then b, which is 0 or 1, so that 0 <= d < 2^520.")
	z, x := pointer("z"), pointer("x")
	mask, one := digitMask(), all(1)
	carry := ZMM()
	VMOVDQA64(one, carry)
	for i := range digits { // x_0 + (2^520-1 - x_1) + 1
		v := ZMM()
		VPSUBQ(at(x, digits+i), mask, v)
		VPADDQ(at(x, i), v, v)
		VPADDQ(carry, v, v)
		VPSRLQ(U8(digitBits), v, carry)
		VPANDQ(mask, v, v)
		VMOVDQU64(v, at(z, i))
	}
	VPSUBQ(carry, one, one)
	VMOVDQU64(one, at(z, digits))
	done()
}

// mulAddKaratsuba emits MulAddKaratsuba8IFMA.
func mulAddKaratsuba() {
	TEXT("MulAddKaratsuba8IFMA", attr.NOSPLIT, "func(z *[320]uint64, x *[160]uint64, d *[88]uint64, c *[248]uint64, scratch *[160]uint64)")
	Pragma("noescape")
	Doc("MulAddKaratsuba8IFMA adds x*y to z, like MulAdd8IFMA, but leaves sums in the highest ten",
		"digits of z, which have to be digits at first. d is what Difference8IFMA makes of x, and c is y",
		"and what Difference8IFMA makes of y with its halves exchanged.")
	z, x, c, scratch := pointer("z"), pointer("x"), pointer("c"), pointer("scratch")
	d := pointer("d")
	x0, x1 := x, x.Offset(block)
	y0, y1, e := c, c.Offset(block), c.Offset(2*block)
	low, high := scratch, scratch.Offset(block)

	Comment("x_0*y_0")
	acc := newColumns()
	acc.product(x0, load(y0))
	store(low, acc.lower())
	carry := addCarry(z, acc.lower(), zero(ZMM()))

	Comment("x_1*y_1, to the upper half of x_0*y_0")
	acc.dropLower()
	acc.product(x1, load(y1))
	store(high, acc.upper())
	for i := range digits {
		VPADDQ(acc[i], acc[digits+i], acc[digits+i])
		VPADDQ(at(low, i), acc[i], acc[i])
	}

	Comment("d*e")
	acc.product(d, load(e))
	carry = addCarry(z.Offset(block), acc.lower(), carry)

	Comment("Correct for negative differences")
	mask, b, be := digitMask(), ZMM(), ZMM()
	VMOVDQU64(at(d, digits), b)
	VMOVDQU64(at(e, digits), be)
	for i := range digits {
		v := ZMM()
		VPSUBQ(at(e, i), mask, v)
		VPMADD52LUQ(v, b, acc[digits+i])
		v = ZMM()
		VPSUBQ(at(d, i), mask, v)
		VPMADD52LUQ(v, be, acc[digits+i])
	}
	both := ZMM()
	VPADDQ(b, be, both)
	VPADDQ(both, acc[digits], acc[digits])
	carry = addCarry(z.Offset(2*block), acc.upper(), carry)
	VPMADD52LUQ(b, be, carry)
	VPSUBQ(both, carry, carry)
	top := z.Offset(3 * block)
	for i, v := range load(high) {
		VPADDQ(at(top, i), v, v)
		if i == 0 {
			VPADDQ(carry, v, v)
		}
		VMOVDQU64(v, at(top, i))
	}
	done()
}

// mulLow emits MulLow8IFMA.
func mulLow() {
	TEXT("MulLow8IFMA", attr.NOSPLIT, "func(z, x, y *[80]uint64)")
	Pragma("noescape")
	Doc("MulLow8IFMA sets z = x*y modulo 2^520, likewise.")
	z, x, y := pointer("z"), pointer("x"), pointer("y")
	var acc []VecVirtual
	for range digits {
		acc = append(acc, zero(ZMM()))
	}
	factor := load(y)
	for j := range digits {
		b := ZMM()
		VMOVDQU64(at(x, j), b)
		for i := range digits - j {
			VPMADD52LUQ(factor[i], b, acc[i+j])
		}
		for i := range digits - j - 1 {
			VPMADD52HUQ(factor[i], b, acc[i+j+1])
		}
	}
	storeCarry(z, acc, zero(ZMM()))
	done()
}

// selectKernel emits Select8IFMA, which reads the lower and then the upper half of all entries.
func selectKernel() {
	TEXT("Select8IFMA", attr.NOSPLIT, "func(z, table *[320]uint64, entries int, index *[8]uint64)")
	Pragma("noescape")
	Doc("Select8IFMA sets number i of z to that of table[index[i]], of which only the bits count that",
		"index an entry. It reads all entries, whose number is a power of two.")
	z, table := pointer("z"), pointer("table")
	entries := Load(Param("entries"), GP64())
	index := ZMM()
	last := copyOf(entries)
	DECQ(last)
	VPBROADCASTQ(last, index)
	VPANDQ(pointer("index"), index, index)
	one := all(1)
	parts := GP64()
	MOVQ(U32(2), parts)

	Label("part")
	acc, current := newColumns(), zero(ZMM())
	p, left := Mem{Base: copyOf(table.Base)}, copyOf(entries)
	Label("entry")
	here := K()
	VPCMPEQQ(index, current, here)
	VPADDQ(one, current, current)
	for i, v := range acc {
		// A masked load might skip the memory access if the mask is all zeros.
		t := ZMM()
		VMOVDQU64(at(p, i), t)
		VMOVDQA64(t, here, v)
	}
	ADDQ(I32(4*block), p.Base)
	DECQ(left)
	JNZ(LabelRef("entry"))
	for i, v := range acc {
		VMOVDQU64(v, at(z, i))
	}
	ADDQ(I32(2*block), z.Base)
	ADDQ(I32(2*block), table.Base)
	DECQ(parts)
	JNZ(LabelRef("part"))
	done()
}

// columns are the accumulators of two blocks of columns.
type columns []VecVirtual

func newColumns() (acc columns) {
	for range 2 * digits {
		acc = append(acc, zero(ZMM()))
	}
	return acc
}

func (acc columns) lower() []VecVirtual { return acc[:digits] }
func (acc columns) upper() []VecVirtual { return acc[digits:] }

// dropLower moves the upper columns down, and clears them.
func (acc columns) dropLower() {
	for i, v := range acc.upper() {
		VMOVDQA64(v, acc[i])
		zero(v)
	}
}

// product adds the product of two blocks.
func (acc columns) product(x Mem, factor []VecVirtual) {
	for j := range digits {
		b := ZMM()
		VMOVDQU64(at(x, j), b)
		acc.row(j, b, factor)
	}
}

// triangle adds the products of digits of a block with those above them.
func (acc columns) triangle(x []VecVirtual) {
	for j := range digits - 1 {
		acc.row(2*j+1, x[j], x[j+1:])
	}
}

// row adds b·x, from column c on.
func (acc columns) row(c int, b VecVirtual, x []VecVirtual) {
	for i, v := range x {
		VPMADD52LUQ(v, b, acc[c+i])
	}
	for i, v := range x {
		VPMADD52HUQ(v, b, acc[c+i+1])
	}
}

// addCarry is storeCarry for what columns and z add up to.
func addCarry(z Mem, v []VecVirtual, carry VecVirtual) VecVirtual {
	for i, v := range v {
		VPADDQ(at(z, i), v, v)
	}
	return storeCarry(z, v, carry)
}

// storeCarry stores the digits of columns, and returns what is carried out of them.
func storeCarry(z Mem, v []VecVirtual, carry VecVirtual) VecVirtual {
	mask := digitMask()
	for i, v := range v {
		VPADDQ(carry, v, v)
		VPSRLQ(U8(digitBits), v, carry)
		VPANDQ(mask, v, v)
		VMOVDQU64(v, at(z, i))
	}
	return carry
}

// all returns a vector with n in all lanes.
func all(n uint64) VecVirtual {
	r, v := GP64(), ZMM()
	MOVQ(U64(n), r)
	VPBROADCASTQ(r, v)
	return v
}

func digitMask() VecVirtual { return all(1<<digitBits - 1) }

func at(base Mem, digit int) Mem { return base.Offset(digit * zmm) }

func pointer(param string) Mem { return Mem{Base: Load(Param(param), GP64())} }

// load returns the digits of a block.
func load(x Mem) (v []VecVirtual) {
	for i := range digits {
		v = append(v, ZMM())
		VMOVDQU64(at(x, i), v[i])
	}
	return v
}

// store stores columns as they are.
func store(z Mem, v []VecVirtual) {
	for i, v := range v {
		VMOVDQU64(v, at(z, i))
	}
}

func zero(v VecVirtual) VecVirtual {
	VPXORQ(v, v, v)
	return v
}

func copyOf(r Register) GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

func done() {
	VZEROUPPER()
	RET()
}
