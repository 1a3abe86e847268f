// Command ifma_amd64 generates the AVX-512 IFMA kernels of package bigdh/asm.
//
// A number is 40 digits of 52 bits, w = 2^52, R = w^40 = 2^2080. VPMADD52LUQ and
// VPMADD52HUQ add the low or the high halves of eight products of digits to eight
// lanes of 64 bits, where carries can wait. Of their factors they take the lowest 52
// bits and nothing else. The kernels multiply almost-Montgomery:
//
//	z ≡ x·y/R (mod n) and z < 2^2051, for x, y < 2^2051
//
// Folding. From T = x·y, Montgomery reduction clears one digit at a time, the lowest
// first. It is common to add a multiple of n that clears it, and the search for the
// multiplier is what everything else has to wait for. Here the lowest digit q itself
// is moved up, by d digits:
//
//	q·w^i ≡ q·F_d·w^(i+d) (mod n) with F_d = w^-d mod n
//
// Nothing has to be computed to know q, and d digits are known before the first of
// them changes another: the latency of broadcast, multiplication and extraction
// passes beside the work on other digits. But what leaves digit 39 must not land above
// it, or T would not become shorter by 40 digits. So the last ones move by less than depth,
// all to digit 39, and that is cleared with a multiple of n after all:
//
//	q = T_39·k0 mod w with k0 = -n^-1 mod w;   T = T + q·n·w^39
//
// Bound. F_d < n, so that each of the depth+1 digits that end there adds less than
// w·n·w^39 = n·R to T. All the others together add less than n·w^39. For n < 2^2048
// and x, y < 2^2051, with depth = 4, therefore
//
//	z < x·y/R + 5·n + n/w < 2^2022 + 5·2^2048 + 2^1996 < 2^2051
//
// Layout. Digit j is lane j/5 of register j%5: one digit up is another name for four
// registers and one lane for the fifth. In memory, registers follow each other.
//
// Columns. Column c of a sum of products is what belongs to w^c: low halves of products
// of digits i and c-i, high halves of those of i and c-1-i. With at most 40 of each, for
// x·y and again for all folds, and a carry of eight bits, it is less than 161·w < 2^60.
//
// Accumulators. Five registers hold all columns that a row of products, one digit times
// a number, can reach. When the lowest is complete, it leaves from lane 0 through
// memory, which costs no port that VPMADD52 needs. Products and folds have a set of
// accumulators each: in one, the two additions of each row to each register would be
// four, and as they take 4 cycles one after the other, 16 a digit. The scalar side adds
// up the columns that left:
//
//	s = carry + products_c + folds_c;   q = s mod w;   carry = ⌊s/w⌋
//
// Squaring. The product of two digits in different registers is in a set that counts
// twice, and computed once. Those of digits in the same register are all computed.
// That makes 240 VPMADD52 instead of 400.
//
// What limits it. VPMADD52 and all other ZMM arithmetic share two ports. A product needs
// them 800 + 80 + 65 times (VPMADD52, VALIGNQ, the end), hence at least 470 cycles, and a
// square 640 + 120 + 75 times, hence 420. Measured on a server core of Intel's: 555 and 500,
// one after another, in cycles of the clock that such code runs at. Most of the rest is
// the way from the last digit that moves to the first of the next product, with too little
// else to do; cutting the dependency of each digit on those before it changes less.
//
// No branch and no address depends on anything but the number of squarings and the
// length of the table.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./bigdh/ifma_amd64

const (
	digits    = 40
	last      = digits - 1
	digitBits = 52
	regs      = 5 // of a number
	word      = 8 // bytes
	zmm       = 64

	depth = 4 // how far digits move
	ahead = 6
)

// The constants of a modulus, in words: n, F_1 to F_depth, k0.
const (
	constF  = 0 // n is in the place of F_0
	constK0 = (1 + depth) * digits
)

// The scratch memory of a kernel, in bytes: rings of eight columns, or digits that move,
// and x.
const (
	scratchProducts = iota * zmm
	scratchTwice
	scratchFolds
	scratchQ
	scratchX
	scratchSize = scratchX + regs*zmm
)

func main() { avomain.Generate(kernels) }

func kernels() {
	mulKernel()
	squareKernel()
	selectKernel()
}

// mulKernel emits MulIFMA.
func mulKernel() {
	TEXT("MulIFMA", attr.NOSPLIT, "func(c *[201]uint64, z, x, y *[40]uint64)")
	Pragma("noescape")
	Doc("MulIFMA sets z = x*y/2^2080 modulo the n of the constants c. All numbers are below",
		"2^2051 and have digits below 2^52. z may be x or y.")

	k := newKernel()
	k.load(Mem{Base: Load(Param("x"), GP64())})
	y := Mem{Base: Load(Param("y"), GP64())}
	products := k.accumulators(scratchProducts, 1)
	k.multiply([]*accumulators{products}, func(j int) {
		products.row(broadcast(digit(y, j)), k.x[:], 0)
	})
	k.store(Mem{Base: Load(Param("z"), GP64())})
	k.done()
}

// squareKernel emits SquareIFMA.
func squareKernel() {
	TEXT("SquareIFMA", attr.NOSPLIT, "func(c *[201]uint64, z, x *[40]uint64, times int)")
	Pragma("noescape")
	Doc("SquareIFMA squares x so many times, at least once, each time as MulIFMA would, and",
		"sets z to the result. z may be x.")

	k := newKernel()
	k.load(Mem{Base: Load(Param("x"), GP64())})
	times := Load(Param("times"), GP64())
	x := k.scratch.Offset(scratchX)

	Label("square")
	k.store(x)
	once, twice := k.accumulators(scratchProducts, 1), k.accumulators(scratchTwice, 2)
	k.multiply([]*accumulators{once, twice}, func(j int) {
		r := j % regs
		var b VecVirtual
		if j < regs {
			b = broadcastLane0(k.x[j]) // it is on its way to memory still
		} else {
			b = broadcast(digit(x, j))
		}
		once.row(b, k.x[r:r+1], r)
		twice.row(b, k.x[r+1:], r+1)
	})
	DECQ(times)
	JNZ(LabelRef("square"))

	k.store(Mem{Base: Load(Param("z"), GP64())})
	k.done()
}

// A kernel is what MulIFMA and SquareIFMA have in common.
type kernel struct {
	constants Mem
	scratch   Mem              // aligned
	x         [regs]VecVirtual // a factor, then the result
	far       [regs]VecVirtual // F_depth
	folds     *accumulators
	zero      VecVirtual
	carry     Register // into the lowest column
	mask      Register // w - 1
}

func newKernel() *kernel {
	k := &kernel{zero: ZMM(), carry: GP64(), mask: GP64()}
	k.constants = Mem{Base: Load(Param("c"), GP64())}
	k.scratch = Mem{Base: GP64()}
	LEAQ(AllocLocal(scratchSize+zmm-word).Offset(zmm-word), k.scratch.Base)
	ANDQ(I8(-zmm), k.scratch.Base)
	MOVQ(U64(1<<digitBits-1), k.mask)
	VPXORQ(k.zero, k.zero, k.zero)
	for r := range regs {
		k.far[r] = ZMM()
		VMOVDQU64(k.constant(depth).Offset(r*zmm), k.far[r])
	}
	return k
}

// constant addresses F_d, or n if d is 0.
func (k *kernel) constant(d int) Mem { return k.constants.Offset((constF + d*digits) * word) }

func (k *kernel) load(x Mem) {
	for r := range regs {
		k.x[r] = ZMM()
		VMOVDQU64(x.Offset(r*zmm), k.x[r])
	}
}

func (k *kernel) store(z Mem) {
	for r := range regs {
		VMOVDQU64(k.x[r], z.Offset(r*zmm))
	}
}

// done clears the scratch memory and returns.
func (k *kernel) done() {
	for i := 0; i < scratchSize; i += zmm {
		VMOVDQA64(k.zero, k.scratch.Offset(i))
	}
	VZEROUPPER()
	RET()
}

// digit addresses digit j of x.
func digit(x Mem, j int) Mem { return x.Offset(j%regs*zmm + j/regs*word) }

// broadcast returns a register with the word at m in all lanes. That is work for the
// load ports only.
func broadcast(m Mem) VecVirtual {
	b := ZMM()
	VPBROADCASTQ(m, b)
	return b
}

// broadcastLane0 is broadcast for what is in a register.
func broadcastLane0(v VecVirtual) VecVirtual {
	b := ZMM()
	VPBROADCASTQ(v.AsX(), b)
	return b
}

// A set of accumulators holds 40 columns, from low on. Lane 0 of register low%5 is the
// lowest.
type accumulators struct {
	v      [regs]VecVirtual
	low    int
	factor int // how often they count, once or twice
	left   Mem // a ring of the columns that left
	zero   VecVirtual
}

func (k *kernel) accumulators(scratch, factor int) *accumulators {
	a := &accumulators{factor: factor, left: k.scratch.Offset(scratch), zero: k.zero}
	for r := range regs {
		a.v[r] = ZMM()
		VPXORQ(k.zero, k.zero, a.v[r])
	}
	return a
}

// at returns the register of column c.
func (a *accumulators) at(c int) VecVirtual { return a.v[c%regs] }

// column addresses column c after it was stored, until the eighth after it is.
func (a *accumulators) column(c int) Mem { return a.left.Offset(c % 8 * word) }

// storeLowest stores the lowest column.
func (a *accumulators) storeLowest() { VMOVQ(a.at(a.low).AsX(), a.column(a.low)) }

// dropLowest makes place for the column after the highest.
func (a *accumulators) dropLowest() {
	v := a.at(a.low)
	VALIGNQ(U8(1), v, a.zero, v)
	a.low++
}

// row adds b·x to the columns from the lowest on, which leaves. The registers of x begin
// with the given one of a number's five.
func (a *accumulators) row(b VecVirtual, x []VecVirtual, first int) {
	c := a.low
	for i, v := range x {
		VPMADD52LUQ(v, b, a.at(c+first+i))
	}
	a.storeLowest()
	for i, v := range x {
		if first+i+1 == regs {
			a.dropLowest() // column c+5 comes into its place
		}
		VPMADD52HUQ(v, b, a.at(c+first+i+1))
	}
	if a.low == c {
		a.dropLowest()
	}
}

// multiply sets x to the sum of the products, reduced; row adds row j to them.
func (k *kernel) multiply(products []*accumulators, row func(j int)) {
	XORQ(k.carry, k.carry)
	k.folds = k.accumulators(scratchFolds, 1)
	k.folds.low = depth // nothing moves to a lower column

	for i := -ahead; i < last-depth; i++ {
		if i+ahead < digits {
			row(i + ahead)
		}
		if i >= 0 {
			q := k.digit(i, products)
			k.folds.row(k.broadcast(i, q), k.far[:], 0)
		}
	}
	for j := last - depth + ahead; j < digits; j++ {
		row(j)
	}
	k.foldLast(products)
	k.normalise(products[0])
}

// digit adds column c to the carry, and returns the sum, whose lowest 52 bits are the
// digit, and of which the others are the new carry.
func (k *kernel) digit(c int, products []*accumulators) (q Register) {
	k.addColumn(c, products)
	q = GP64()
	MOVQ(k.carry, q)
	SHRQ(U8(digitBits), k.carry)
	return q
}

// addColumn adds column c to the carry.
func (k *kernel) addColumn(c int, products []*accumulators) {
	for _, a := range products {
		if a.factor == 1 {
			ADDQ(a.column(c), k.carry)
			continue
		}
		v := GP64()
		MOVQ(a.column(c), v)
		LEAQ(Mem{Base: k.carry, Index: v, Scale: 2}, k.carry)
	}
	if c >= depth {
		ADDQ(k.folds.column(c), k.carry)
	}
}

// broadcast returns a register with digit i in all lanes, in whose lowest 52 bits. It
// goes through memory, which takes longer than it could, for the sake of the ports.
func (k *kernel) broadcast(i int, q Register) VecVirtual {
	m := k.scratch.Offset(scratchQ + i%8*word)
	MOVQ(q, m)
	return broadcast(m)
}

// foldLast moves the last digits to column 39 and clears that:
//
//	s = carry + products_39 + folds_39 + ∑ (q_i·F_(39-i) mod w)
//	q = s·k0 mod w, and the carry is s/w, rounded up
//
// where folds_39 is what it was before the last digits, and the sum is over these. It is
// the scalar side that computes it, in less time than it would take to come back from
// the vectors. The latter add all of it, but what they have for column 39 is dropped.
//
// After this, all of the result is in the first set of products, folds, and the carry.
func (k *kernel) foldLast(products []*accumulators) {
	result := products[0]
	for _, a := range products[1:] {
		for range a.factor {
			for r := range regs {
				VPADDQ(a.v[r], result.v[r], result.v[r])
			}
		}
	}
	// The folds start at column 39 still, and the products at 40, as the high halves do.
	foldTo39 := func(q VecVirtual, f Mem) {
		for r := range regs {
			v := ZMM()
			VMOVDQU64(f.Offset(r*zmm), v)
			VPMADD52LUQ(v, q, k.folds.at(last+r))
			VPMADD52HUQ(v, q, result.at(last+r+1))
		}
	}

	k.folds.storeLowest()
	sum := GP64()
	XORQ(sum, sum)
	for i := last - depth; i < last; i++ {
		q := k.digit(i, products)
		f := k.constant(last - i)
		foldTo39(k.broadcast(i, q), f)
		IMULQ(f, q)
		ANDQ(k.mask, q)
		ADDQ(q, sum)
	}
	k.addColumn(last, products)
	ADDQ(sum, k.carry)
	q, v := GP64(), ZMM()
	MOVQ(k.constants.Offset(constK0*word), q)
	IMULQ(k.carry, q)
	VPBROADCASTQ(q, v)
	foldTo39(v, k.constant(0))
	k.folds.dropLowest()
	ADDQ(k.mask, k.carry)
	SHRQ(U8(digitBits), k.carry)
}

// normalise sets x to the digits of products + folds + carry. Carries go from register
// to register in all lanes at once, and from the last to the first of the next lane.
//
//  1. Each register hands on its carries, but not those that come: digits < w + 2^8.
//  2. The registers of a lane do so one after another. Out of a lane comes 0 or 1.
//  3. Let g be the lanes out of which comes 1, and p those with all ones, which hand on
//     what comes. An addition of integers takes them all the way: 1 comes into
//     the lanes (2g + p) ⊕ p.
//  4. A digit takes the 1 if it comes into its lane, and all digits below it there are
//     all ones.
func (k *kernel) normalise(products *accumulators) {
	t := &k.x
	mask, one, oneScalar, lane0 := ZMM(), ZMM(), GP64(), K()
	VPBROADCASTQ(k.mask, mask)
	MOVQ(U32(1), oneScalar)
	VPBROADCASTQ(oneScalar, one)
	KMOVB(oneScalar.As32(), lane0)
	for r := range regs {
		VPADDQ(products.v[r], k.folds.v[r], t[r])
	}
	in := ZMM()
	VPBROADCASTQ_Z(k.carry, lane0, in)
	VPADDQ(in, t[0], t[0])

	Comment("1.")
	var carry [regs]VecVirtual
	for r := range regs {
		carry[r] = ZMM()
		VPSRLQ(U8(digitBits), t[r], carry[r])
		VPANDQ(mask, t[r], t[r])
	}
	VALIGNQ(U8(7), k.zero, carry[regs-1], carry[regs-1])
	for r := range regs {
		VPADDQ(carry[(r+regs-1)%regs], t[r], t[r])
	}

	Comment("2.")
	for r := range regs - 1 {
		c := ZMM()
		VPSRLQ(U8(digitBits), t[r], c)
		VPADDQ(c, t[r+1], t[r+1])
		VPANDQ(mask, t[r], t[r])
	}

	Comment("3.")
	const greater = 6
	g := K()
	VPCMPUQ(U8(greater), mask, t[regs-1], g)
	var ones [regs]Register // ones[r]: registers 0 to r are all ones
	and := t[0]
	for r := range regs {
		if r > 0 {
			v := ZMM()
			VPANDQ(and, t[r], v)
			and = v
		}
		ones[r] = K()
		VPCMPEQQ(mask, and, ones[r])
	}
	gs, ps, come := GP32(), GP32(), K()
	KMOVB(g, gs)
	KMOVB(ones[regs-1], ps)
	LEAL(Mem{Base: ps, Index: gs, Scale: 2}, gs)
	XORL(ps, gs)
	KMOVB(gs, come)

	Comment("4.")
	VPADDQ(one, t[0], come, t[0])
	for r := 1; r < regs; r++ {
		takes := K()
		KANDB(come, ones[r-1], takes)
		VPADDQ(one, t[r], takes, t[r])
	}
	for r := range regs {
		VPANDQ(mask, t[r], t[r])
	}
}

// selectKernel emits SelectIFMA.
func selectKernel() {
	TEXT("SelectIFMA", attr.NOSPLIT, "func(z, table *[40]uint64, entries, index int)")
	Pragma("noescape")
	Doc("SelectIFMA sets z to the entry with that index of a table of so many entries, at least",
		"one. It reads all of them.")

	table := Mem{Base: Load(Param("table"), GP64())}
	entries := Load(Param("entries"), GP64())
	i := Load(Param("index"), GP64())
	index, current, one, oneScalar := ZMM(), ZMM(), ZMM(), GP64()
	VPBROADCASTQ(i, index)
	MOVQ(U32(1), oneScalar)
	VPBROADCASTQ(oneScalar, one)
	VPXORQ(current, current, current)
	var z [regs]VecVirtual
	for r := range regs {
		z[r] = ZMM()
		VPXORQ(z[r], z[r], z[r])
	}

	Label("entry")
	here := K()
	VPCMPEQQ(index, current, here)
	VPADDQ(one, current, current)
	for r := range regs {
		// A load with a mask might do without the memory, if that is all zeros.
		v := ZMM()
		VMOVDQU64(table.Offset(r*zmm), v)
		VMOVDQA64(v, here, z[r])
	}
	ADDQ(I32(regs*zmm), table.Base)
	DECQ(entries)
	JNZ(LabelRef("entry"))

	dst := Mem{Base: Load(Param("z"), GP64())}
	for r := range regs {
		VMOVDQU64(z[r], dst.Offset(r*zmm))
	}
	VZEROUPPER()
	RET()
}
