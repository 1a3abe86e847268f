// Command ifma_amd64 generates the AVX-512 IFMA kernels of package bigdh/asm.
//
// A number is 40 digits of 52 bits, w = 2^52, R = w^40 = 2^2080. VPMADD52LUQ and VPMADD52HUQ
// add the low or the high halves of eight products of digits to eight lanes of 64 bits,
// where carries can wait. They use only the lowest 52 bits of their factors. The kernels
// compute an almost-Montgomery product:
//
//	z ≡ x·y/R (mod n) and z < 2^2051, for x, y < 2^2051
//
// Folding. From T = x·y, Montgomery reduction clears one digit at a time, the lowest first.
// Usually it adds a multiple of n that clears the digit, and everything else has to wait for
// the multiplier to be found. Here the lowest digit q itself is moved up, by d digits:
//
//	q·w^i ≡ q·F_d·w^(i+d) (mod n) with F_d = w^-d mod n
//
// Nothing has to be computed to know q, and d digits are known before the first of them
// changes another: the latency of broadcast, multiplication and extraction is hidden behind
// the work on other digits. But what leaves digit 39 must not land above it, or T would not
// become shorter by 40 digits. So the last digits move by less than depth, all to digit 39,
// and that one is cleared with a multiple of n after all:
//
//	q = T_39·k0 mod w with k0 = -n^-1 mod w;   T = T + q·n·w^39
//
// Bound. F_d < n, so each of the depth+1 digits that end there adds less than w·n·w^39 = n·R
// to T. All others together add less than n·w^39. For n < 2^2048 and x, y < 2^2051, with
// depth = 4, therefore
//
//	z < x·y/R + 5·n + n/w < 2^2022 + 5·2^2048 + 2^1996 < 2^2051
//
// Layout. Digit j is lane j/5 of register j%5, so moving up one digit renames four registers
// and moves only the fifth by one lane. In memory, registers follow each other.
//
// Columns. Column c of a sum of products is the coefficient of w^c: low halves of products
// of digits i and c-i, high halves of those of i and c-1-i. With at most 40 of each, for x·y
// and again for all folds, and a carry of eight bits, it is less than 161·w < 2^60.
//
// Accumulators. Five registers hold all columns that a row of products, one digit times a
// number, can reach. When the lowest is complete, it leaves from lane 0 through memory,
// which costs no port that VPMADD52 needs. Products and folds have separate sets of
// accumulators: in a shared set, each row would add to each register four times instead of
// twice, one addition after the other at 4 cycles each, which makes 16 per digit. The scalar
// side adds up the columns that have left:
//
//	s = carry + products_c + folds_c;   q = s mod w;   carry = ⌊s/w⌋
//
// Squaring. The product of two digits in different registers is computed once, in a set that
// counts twice. Those of digits in the same register are all computed. That makes 240
// VPMADD52 instead of 400.
//
// Pairs. The two powers of an RSA key are modulo numbers of half the length. Computing both
// at once takes half the time of one power of full length, since two numbers of 20 digits
// each, with R = w^20 = 2^1040, fit where one of 40 does: digit j of the first is in lane
// 2·⌊j/5⌋ of register j%5, and digit j of the second in the next lane. Moving up one digit
// is then two lanes, a broadcast has two digits, and the scalar side adds up two columns.
// The bound for n < 2^1024 and x, y < 2^1027 is
//
//	z < x·y/R + 5·n + n/w < 2^1014 + 5·2^1024 + 2^972 < 2^1027
//
// What limits it. VPMADD52 and all other ZMM arithmetic share two ports. A product needs
// them 800 + 80 + 65 times (VPMADD52, VALIGNQ, the end), hence at least 470 cycles, and a
// square 640 + 120 + 75 times, hence 420. Measured on an Intel server core: 555 and 500, one
// after another, in cycles of the clock at which such code runs. Most of the rest is the
// path from the last digit that moves to the first digit of the next product, beside which
// there is too little other work; making each digit depend less on those before it changes
// less.
//
// Branches and addresses depend only on the number of squarings and the length of the table.
package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./bigdh/ifma_amd64

const (
	digitBits = 52
	regs      = 5 // of a number, or of a pair
	word      = 8 // bytes
	zmm       = 64
	elem      = regs * zmm // bytes of a number, or of a pair

	depth = 4 // by how many digits digits move
	ahead = 6 // by how many rows products are ahead of the digits that move
)

// The constants of a modulus, or of a pair: n, F_1 to F_depth, k0. n takes the place of F_0.
const (
	constF  = 0
	constK0 = (1 + depth) * elem
)

// The scratch memory of a kernel: rings of eight columns, or of digits that move, and x.
const (
	ringProducts = iota
	ringTwice
	ringFolds
	ringQ
	rings
)

// width is how many numbers a register holds: one or two.
type width int

func (w width) digits() int { return regs * zmm / word / int(w) } // of a number
func (w width) last() int   { return w.digits() - 1 }
func (w width) step() int   { return word * int(w) } // bytes from a lane to the next of a number
func (w width) ring() int   { return 8 * w.step() }
func (w width) x() int      { return rings * w.ring() }
func (w width) size() int   { return w.x() + elem } // of the scratch memory

// mask returns the lanes of number i, as bits.
func (w width) mask(i int) uint32 { return [][]uint32{1: {0xff}, 2: {0x55, 0xaa}}[w][i] }

// words returns the type of the constants.
func (w width) words() string { return fmt.Sprintf("*[%d]uint64", constK0/word+int(w)) }

func main() {
	avomain.SecretGeneral()
	avomain.Generate(kernels)
}

func kernels() {
	mulKernel("MulIFMA", 1,
		"MulIFMA sets z = x*y/2^2080 modulo the n of the constants c. All numbers are below",
		"2^2051 and have digits below 2^52. z may be x or y.")
	squareKernel("SquareIFMA", 1,
		"SquareIFMA squares x the given number of times, at least once, as MulIFMA would, and",
		"sets z to the result. z may be x.")
	selectKernel("SelectIFMA", "index",
		"SelectIFMA sets z to table[index]. It reads all entries, of which there is at least one.")

	mulKernel("MulPairIFMA", 2,
		"MulPairIFMA sets z = x*y/2^1040 for two numbers each, modulo the two n of the constants",
		"c. All numbers are below 2^1027 and have digits below 2^52. z may be x or y.")
	squareKernel("SquarePairIFMA", 2,
		"SquarePairIFMA squares x the given number of times, at least once, as MulPairIFMA would,",
		"and sets z to the result. z may be x.")
	selectKernel("SelectPairIFMA", "i, j",
		"SelectPairIFMA sets the one number of z to that of table[i], and the other to that of",
		"table[j]. It reads all entries, of which there is at least one.")
}

// mulKernel emits MulIFMA or MulPairIFMA.
func mulKernel(name string, w width, doc ...string) {
	TEXT(name, flags(w), fmt.Sprintf("func(c %s, z, x, y *[40]uint64)", w.words()))
	Pragma("noescape")
	Doc(doc...)

	k := newKernel(w)
	k.load(Mem{Base: Load(Param("x"), GP64())})
	y := Mem{Base: Load(Param("y"), GP64())}
	products := k.accumulators(ringProducts, 1)
	k.multiply([]*accumulators{products}, func(j int) {
		products.row(k.broadcast(k.at(y, j)), k.x[:], 0)
	})
	k.store(Mem{Base: Load(Param("z"), GP64())})
	k.done()
}

// squareKernel emits SquareIFMA or SquarePairIFMA.
func squareKernel(name string, w width, doc ...string) {
	TEXT(name, flags(w), fmt.Sprintf("func(c %s, z, x *[40]uint64, times int)", w.words()))
	Pragma("noescape")
	Doc(doc...)

	k := newKernel(w)
	k.load(Mem{Base: Load(Param("x"), GP64())})
	times := Load(Param("times"), GP64())
	x := k.scratch.Offset(w.x())

	Label("square")
	k.store(x)
	once, twice := k.accumulators(ringProducts, 1), k.accumulators(ringTwice, 2)
	k.multiply([]*accumulators{once, twice}, func(j int) {
		r := j % regs
		var b VecVirtual
		if j < regs {
			b = k.broadcastLowest(k.x[j]) // it has not reached memory yet
		} else {
			b = k.broadcast(k.at(x, j))
		}
		once.row(b, k.x[r:r+1], r)
		twice.row(b, k.x[r+1:], r+1)
	})
	DECQ(times)
	JNZ(LabelRef("square"))

	k.store(Mem{Base: Load(Param("z"), GP64())})
	k.done()
}

// flags returns the flags of a function: the frame for one number is small enough to skip
// the stack check.
func flags(w width) attr.Attribute {
	if w == 1 {
		return attr.NOSPLIT
	}
	return 0
}

// A kernel is what multiplications and squarings share.
type kernel struct {
	width
	constants Mem
	scratch   Mem              // aligned
	x         [regs]VecVirtual // a factor, then the result
	far       [regs]VecVirtual // F_depth
	folds     *accumulators
	zero      VecVirtual
	carry     []Register // into the lowest column of each number
	mask      Register   // w - 1
	second    Register   // the lanes of the second number, if there is one
}

func newKernel(w width) *kernel {
	k := &kernel{width: w, zero: ZMM()}
	for range w {
		k.carry = append(k.carry, GP64())
	}
	k.mask = GP64()
	k.constants = Mem{Base: Load(Param("c"), GP64())}
	k.scratch = Mem{Base: GP64()}
	LEAQ(AllocLocal(w.size()+zmm-word).Offset(zmm-word), k.scratch.Base)
	ANDQ(I8(-zmm), k.scratch.Base)
	MOVQ(U64(1<<digitBits-1), k.mask)
	if w == 2 {
		k.second = K()
		lanes := GP32()
		MOVL(U32(w.mask(1)), lanes)
		KMOVB(lanes, k.second)
	}
	VPXORQ(k.zero, k.zero, k.zero)
	for r := range regs {
		k.far[r] = ZMM()
		VMOVDQU64(k.constant(depth).Offset(r*zmm), k.far[r])
	}
	return k
}

// constant addresses F_d, or n if d is 0.
func (k *kernel) constant(d int) Mem { return k.constants.Offset(constF + d*elem) }

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
	for i := 0; i < k.size(); i += zmm {
		VMOVDQA64(k.zero, k.scratch.Offset(i))
	}
	VZEROUPPER()
	RET()
}

// at addresses digit j of x: that of the first number if there are two, with the other's
// next to it.
func (w width) at(x Mem, j int) Mem { return x.Offset(j%regs*zmm + j/regs*w.step()) }

// broadcast returns a register with the digit at m in all lanes of each number, which takes
// only the load ports.
func (k *kernel) broadcast(m Mem) VecVirtual {
	b := ZMM()
	if k.width == 1 {
		VPBROADCASTQ(m, b)
	} else {
		VBROADCASTI32X4(m, b)
	}
	return b
}

// broadcastLowest is broadcast for the lowest digit in a register.
func (k *kernel) broadcastLowest(v VecVirtual) VecVirtual {
	b := ZMM()
	if k.width == 1 {
		VPBROADCASTQ(v.AsX(), b)
	} else {
		VSHUFI64X2(U8(0), v, v, b)
	}
	return b
}

// accumulators is a set that holds the columns of as many digits as a number has, from low
// on. The lowest lane of register low%5 is the lowest column.
type accumulators struct {
	width
	v      [regs]VecVirtual
	low    int
	factor int // how many times they count, once or twice
	left   Mem // a ring of columns that have left
	zero   VecVirtual
}

func (k *kernel) accumulators(ring, factor int) *accumulators {
	a := &accumulators{width: k.width, factor: factor, left: k.scratch.Offset(ring * k.ring()), zero: k.zero}
	for r := range regs {
		a.v[r] = ZMM()
		VPXORQ(k.zero, k.zero, a.v[r])
	}
	return a
}

// of returns the register of column c.
func (a *accumulators) of(c int) VecVirtual { return a.v[c%regs] }

// column addresses column c of number i, from when it was stored until eight columns later.
func (a *accumulators) column(c, i int) Mem { return a.left.Offset(c%8*a.step() + i*word) }

// storeLowest stores the lowest column.
func (a *accumulators) storeLowest() {
	v := a.of(a.low).AsX()
	if a.width == 1 {
		VMOVQ(v, a.column(a.low, 0))
	} else {
		VMOVDQU64(v, a.column(a.low, 0))
	}
}

// dropLowest makes room for the column above the highest.
func (a *accumulators) dropLowest() {
	v := a.of(a.low)
	VALIGNQ(U8(a.width), v, a.zero, v)
	a.low++
}

// row adds b·x to the columns from the lowest on, and the lowest leaves. The registers of x
// start at the given one of a number's five.
func (a *accumulators) row(b VecVirtual, x []VecVirtual, first int) {
	c := a.low
	for i, v := range x {
		VPMADD52LUQ(v, b, a.of(c+first+i))
	}
	a.storeLowest()
	for i, v := range x {
		if first+i+1 == regs {
			a.dropLowest() // column c+5 takes its place
		}
		VPMADD52HUQ(v, b, a.of(c+first+i+1))
	}
	if a.low == c {
		a.dropLowest()
	}
}

// multiply sets x to the sum of the products, reduced; row adds row j to them.
func (k *kernel) multiply(products []*accumulators, row func(j int)) {
	for _, carry := range k.carry {
		XORQ(carry, carry)
	}
	k.folds = k.accumulators(ringFolds, 1)
	k.folds.low = depth // nothing moves to a lower column

	digits, last := k.digits(), k.last()
	for i := -ahead; i < last-depth; i++ {
		if i+ahead < digits {
			row(i + ahead)
		}
		if i >= 0 {
			q := k.digit(i, products)
			k.folds.row(k.broadcastDigit(i, q), k.far[:], 0)
		}
	}
	for j := last - depth + ahead; j < digits; j++ {
		row(j)
	}
	k.foldLast(products)
	k.normalise(products[0])
}

// digit adds column c to the carries and returns the sums. Their lowest 52 bits are the
// digits, and the rest are the new carries.
func (k *kernel) digit(c int, products []*accumulators) (q []Register) {
	for i, carry := range k.carry {
		k.addColumn(c, i, products)
		q = append(q, GP64())
		MOVQ(carry, q[i])
		SHRQ(U8(digitBits), carry)
	}
	return q
}

// addColumn adds column c of number i to its carry.
func (k *kernel) addColumn(c, i int, products []*accumulators) {
	carry := k.carry[i]
	for _, a := range products {
		if a.factor == 1 {
			ADDQ(a.column(c, i), carry)
			continue
		}
		v := GP64()
		MOVQ(a.column(c, i), v)
		LEAQ(Mem{Base: carry, Index: v, Scale: 2}, carry)
	}
	if c >= depth {
		ADDQ(k.folds.column(c, i), carry)
	}
}

// broadcastDigit returns a register with digit i in all lanes of each number, in their
// lowest 52 bits. It goes through memory, which takes longer than necessary, to spare the
// ports. Two numbers are loaded separately, since no CPU forwards the data of two stores to
// one load.
func (k *kernel) broadcastDigit(i int, q []Register) VecVirtual {
	b := ZMM()
	for n := range q {
		m := k.scratch.Offset(ringQ*k.ring() + i%8*k.step() + n*word)
		MOVQ(q[n], m)
		if n == 0 {
			VPBROADCASTQ(m, b)
		} else {
			VPBROADCASTQ(m, k.second, b)
		}
	}
	return b
}

// foldLast moves the last digits to column 39 and clears that:
//
//	s = carry + products_39 + folds_39 + ∑ (q_i·F_(39-i) mod w)
//	q = s·k0 mod w, and the carry is s/w, rounded up
//
// where folds_39 is the value before the last digits, and the sum is over these. The scalar
// side computes it, in less time than it would take to come back from the vectors. The
// vectors also add all of it, but their column 39 is dropped.
//
// Afterwards the complete result is in the first set of products, folds, and the carry.
func (k *kernel) foldLast(products []*accumulators) {
	result := products[0]
	for _, a := range products[1:] {
		for range a.factor {
			for r := range regs {
				VPADDQ(a.v[r], result.v[r], result.v[r])
			}
		}
	}
	last := k.last()
	// The folds still start at the last column, and the products after it, like the high
	// halves.
	foldToLast := func(q VecVirtual, f Mem) {
		for r := range regs {
			v := ZMM()
			VMOVDQU64(f.Offset(r*zmm), v)
			VPMADD52LUQ(v, q, k.folds.of(last+r))
			VPMADD52HUQ(v, q, result.of(last+r+1))
		}
	}

	k.folds.storeLowest()
	var sum []Register
	for range k.width {
		s := GP64()
		XORQ(s, s)
		sum = append(sum, s)
	}
	for i := last - depth; i < last; i++ {
		q := k.digit(i, products)
		f := k.constant(last - i)
		foldToLast(k.broadcastDigit(i, q), f)
		for n, q := range q {
			IMULQ(f.Offset(n*word), q)
			ANDQ(k.mask, q)
			ADDQ(q, sum[n])
		}
	}
	v := ZMM()
	for n, carry := range k.carry {
		k.addColumn(last, n, products)
		ADDQ(sum[n], carry)
		q := GP64()
		MOVQ(k.constants.Offset(constK0+n*word), q)
		IMULQ(carry, q)
		if n == 0 {
			VPBROADCASTQ(q, v)
		} else {
			VPBROADCASTQ(q, k.second, v)
		}
	}
	foldToLast(v, k.constant(0))
	k.folds.dropLowest()
	for _, carry := range k.carry {
		ADDQ(k.mask, carry)
		SHRQ(U8(digitBits), carry)
	}
}

// normalise sets x to the digits of products + folds + carry. Carries go from register to
// register in all lanes at once, and from the last register to the first of the next lane.
//
//  1. Each register passes on its own carries, but not incoming ones: digits < w + 2^8.
//  2. The registers of a lane do so one after another. Each lane produces 0 or 1.
//  3. Let g be the lanes that produce 1, and p those with all ones, which pass on an
//     incoming 1. One addition of integers propagates them all: a 1 comes into the lanes
//     (2g + p) ⊕ p. With two numbers these are (4g + p) ⊕ p for each, with the lanes of
//     the other in p.
//  4. A digit takes the 1 if it comes into its lane, and all digits below it in that lane
//     are all ones.
func (k *kernel) normalise(products *accumulators) {
	mask, one, oneScalar, lane0 := ZMM(), ZMM(), GP64(), K()
	VPBROADCASTQ(k.mask, mask)
	MOVQ(U32(1), oneScalar)
	VPBROADCASTQ(oneScalar, one)
	KMOVB(oneScalar.As32(), lane0)
	for r := range regs {
		VPADDQ(products.v[r], k.folds.v[r], k.x[r])
	}
	in := ZMM()
	VPBROADCASTQ_Z(k.carry[0], lane0, in)
	if k.width == 2 {
		lane1 := K()
		ADDQ(oneScalar, oneScalar)
		KMOVB(oneScalar.As32(), lane1)
		VPBROADCASTQ(k.carry[1], lane1, in)
	}
	VPADDQ(in, k.x[0], k.x[0])

	Comment("1.")
	k.passOn(mask)
	Comment("2.")
	k.passOnInLanes(mask)
	Comment("3.")
	const greater = 6
	produced := K()
	VPCMPUQ(U8(greater), mask, k.x[regs-1], produced)
	ones := k.allOnes(mask)
	come := k.comeIn(produced, ones[regs-1])
	Comment("4.")
	VPADDQ(one, k.x[0], come, k.x[0])
	for r := 1; r < regs; r++ {
		takes := K()
		KANDB(come, ones[r-1], takes)
		VPADDQ(one, k.x[r], takes, k.x[r])
	}
	for r := range regs {
		VPANDQ(mask, k.x[r], k.x[r])
	}
}

// passOn adds what each register carries to the next one.
func (k *kernel) passOn(mask VecVirtual) {
	var carry [regs]VecVirtual
	for r, x := range k.x {
		carry[r] = ZMM()
		VPSRLQ(U8(digitBits), x, carry[r])
		VPANDQ(mask, x, x)
	}
	VALIGNQ(U8(8-k.width), k.zero, carry[regs-1], carry[regs-1])
	for r, x := range k.x {
		VPADDQ(carry[(r+regs-1)%regs], x, x)
	}
}

// passOnInLanes adds what each register carries, incoming carries included, to the next one, but for
// the last.
func (k *kernel) passOnInLanes(mask VecVirtual) {
	for r, x := range k.x[:regs-1] {
		c := ZMM()
		VPSRLQ(U8(digitBits), x, c)
		VPADDQ(c, k.x[r+1], k.x[r+1])
		VPANDQ(mask, x, x)
	}
}

// allOnes returns for each register the lanes in which it and those below it are all ones.
func (k *kernel) allOnes(mask VecVirtual) (ones [regs]Register) {
	and := k.x[0]
	for r, x := range k.x {
		if r > 0 {
			v := ZMM()
			VPANDQ(and, x, v)
			and = v
		}
		ones[r] = K()
		VPCMPEQQ(mask, and, ones[r])
	}
	return ones
}

// comeIn returns the lanes that a 1 comes into, by those that produce one and those that pass it on.
func (k *kernel) comeIn(produced, passing Register) Register {
	gs, ps, come := GP32(), GP32(), K()
	KMOVB(produced, gs)
	KMOVB(passing, ps)
	if k.width == 1 {
		LEAL(Mem{Base: ps, Index: gs, Scale: 2}, gs)
		XORL(ps, gs)
	} else {
		var into [2]GPVirtual
		for n := range into {
			generate, propagate := GP64(), GP64()
			MOVL(gs, generate.As32())
			ANDQ(U32(k.width.mask(n)), generate)
			MOVL(ps, propagate.As32())
			ORQ(U32(k.width.mask(1-n)), propagate)
			LEAQ(Mem{Base: propagate, Index: generate, Scale: 4}, generate)
			XORQ(propagate, generate)
			ANDQ(U32(k.width.mask(n)), generate)
			into[n] = generate
		}
		ORQ(into[0], into[1])
		MOVL(into[1].As32(), gs)
	}
	KMOVB(gs, come)
	return come
}

// selectKernel emits SelectIFMA or SelectPairIFMA, with an index for each number.
func selectKernel(name, indices string, doc ...string) {
	TEXT(name, attr.NOSPLIT, "func(z, table *[40]uint64, entries, "+indices+" int)")
	Pragma("noescape")
	Doc(doc...)

	table := Mem{Base: Load(Param("table"), GP64())}
	entries := Load(Param("entries"), GP64())
	index, current, one, oneScalar := ZMM(), ZMM(), ZMM(), GP64()
	for n, param := range strings.Split(indices, ", ") {
		i := Load(Param(param), GP64())
		if n == 0 {
			VPBROADCASTQ(i, index)
			continue
		}
		lanes, second := GP32(), K()
		MOVL(U32(width(2).mask(n)), lanes)
		KMOVB(lanes, second)
		VPBROADCASTQ(i, second, index)
	}
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
		// A masked load might skip the memory access if the mask is all zeros.
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
