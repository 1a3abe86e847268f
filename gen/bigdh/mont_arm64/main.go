// Command mont_arm64 generates the kernels of package bigdh/asm for ARMv8: multiplication
// and Montgomery reduction of numbers of 32 words of 64 bits, or of 16 words, with MUL and UMULH.
//
// Products are computed in full and then reduced, so that a square takes little more than half of
// the multiplications of a product. Everything works on blocks of 8 × 8 words. With eight words x
// in registers, a row adds their product by a word y_i:
//
//	a ← a + x y_i
//	the lowest word of a is complete: store it, and shift a down
//
// a never overflows its nine words, since it has only eight before:
// 2^512 - 1 + (2^512 - 1) (2^64 - 1) < 2^576. A block begins where the previous one has left
// off, and adds what earlier blocks have stored in its place:
//
//	a, c ← a + c + z_i … z_{i+7}
//	eight rows, which replace z_i … z_{i+7}
//
// The carry c is one bit, since this is a sum of two numbers of eight words and a bit. It belongs
// to the words after a, where the next block adds it.
//
// There is one carry flag, which multiplications leave alone. So a row adds the low halves of its
// products in one chain of carries and the high halves in another. Out-of-order cores work on
// several chains at a time, since each chain is only two additions behind the one before. For
// in-order cores, two more multiplications are issued before the addition of a product, which the
// three registers for products allow.
//
// Schoolbook multiplication suits cores whose multiplier starts one or two products every cycle,
// such as Apple's, and Arm's from Cortex-X1 and Neoverse V1 on. Where each product takes several
// cycles, as on Cortex-A55 and A76, one level of Karatsuba's method would save a twelfth of the
// products of an exponentiation, since most of them belong to reductions. Additions would cost
// part of that again.
//
// General registers, as the allocator assigns them. Pointers advance with the blocks:
//
//	y, z                R0 R1
//	c                   R2
//	x                   R3 … R10
//	a                   R11 … R19, without R18
//	y_i                 R20
//	products            R21 … R23
//	counters, pointer   R24 R25
//
// The last part of a kernel, which adds what the blocks have put aside, and the selection from a
// table use their own registers.
//
// Branches and addresses depend only on counters and on the length of a table.
package main

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/gen/internal/a64"
)

//go:generate go -C ../.. run ./bigdh/mont_arm64

const (
	wordSize = 8 // bytes
	rows     = 8 // words of a block

	blockShift = 6 // log2 of the bytes of a block
	blockSize  = 1 << blockShift
)

// size is how many bits the numbers of a kernel have: 2048, or 1024.
type size int

func (s size) limbs() int  { return int(s) / 64 }
func (s size) blocks() int { return s.limbs() / rows }

// name returns the name of a kernel for numbers of this size.
func (s size) name(role string) string {
	if s == 2048 {
		return role
	}
	return fmt.Sprint(role, int(s))
}

// signature returns the signature of a kernel, where N is a number, T a product, and K scratch
// memory that other architectures need.
func (s size) signature(params string) string {
	if s == 2048 {
		params = strings.Replace(params, "K", "k *[64]uint64", 1)
	} else {
		params = strings.Replace(params, ", K", "", 1)
	}
	return "func(" + strings.NewReplacer(
		"N", fmt.Sprintf("*[%d]uint64", s.limbs()), "T", fmt.Sprintf("*[%d]uint64", 2*s.limbs())).Replace(params) + ")"
}

// scratch returns what a comment says about K.
func (s size) scratch() string {
	if s == 2048 {
		return " Scratch k is not needed here."
	}
	return ""
}

func main() {
	file := a64.NewFile()
	file.SecretGeneral()
	for _, s := range []size{2048, 1024} {
		mulKernel(file, s)
		squareKernel(file, s)
		reduceKernel(file, s)
	}
	selectKernel(file, "Select", "index",
		"Select sets the first 32 words of z to those of table[index]. It reads all entries,\n"+
			"of which there is at least one.")
	selectKernel(file, "SelectPair", "i, j",
		"SelectPair sets the first 16 words of z to those of table[i], and the next 16 words to\n"+
			"those of table[j]. It reads all entries, of which there is at least one.")
	file.Generate()
}

// mulKernel emits Mul: each block of x times all blocks of y.
func mulKernel(file *a64.File, s size) {
	name, blocks := s.name("Mul"), s.blocks()
	f := file.Func(name, s.signature("t T, x, y N, K"),
		name+" sets t = x y. t shares no memory with x and y."+s.scratch())

	m := newMultiplier(f, s)
	toOffset := blockShift - bits.TrailingZeros(uint(blocks)) // of blocks of x

	done := f.GP() // blocks
	from := f.GP()
	m.clearZ()
	f.MOVD(0, done)

	f.Label("outer")
	f.Comment("Eight words of x times y. So far, these are done for the words below")
	f.ReloadParam("x", from)
	f.ADDShifted(done, toOffset, from, from)
	m.loadX(from)
	f.ReloadParam("y", m.y)
	f.ReloadParam("t", m.z)
	f.ADDShifted(done, toOffset, m.z, m.z)
	m.begin()
	f.Label("inner")
	m.addZ()
	m.multiply()
	f.ADD(1, done, done)
	f.TST(blocks-1, done)
	f.BNE("inner")
	m.end()
	f.CMP(blocks*blocks, done)
	f.BNE("outer")
	f.RET()

	f.FreeGP(done, from)
	m.free()
}

// squareKernel emits Square:
//
//	x² = 2 Σ_{i<j} x_i x_j 2^{64(i+j)} + Σ_i x_i² 2^{128i}
//
// The first sum takes a triangle of the blocks of Mul, and a triangle of each product of a block
// by itself.
func squareKernel(file *a64.File, s size) {
	name, blocks := s.name("Square"), s.blocks()
	f := file.Func(name, s.signature("t T, x N, K"),
		name+" sets t = x². t shares no memory with x."+s.scratch())

	m := newMultiplier(f, s)
	outer, inner := f.GP(), f.GP() // the two blocks
	m.clearZ()
	f.MOVD(0, outer)

	f.Label("outer")
	f.Comment("Eight words of x times one another and all that follow them")
	f.ReloadParam("x", m.y)
	f.ADDShifted(outer, blockShift, m.y, m.y)
	m.loadX(m.y)
	f.ADD(blockSize, m.y, m.y)
	f.ReloadParam("t", m.z)
	f.ADDShifted(outer, blockShift+1, m.z, m.z)
	m.begin()
	m.addZ()
	m.triangle()
	f.ADD(1, outer, outer)
	f.MOVDCopy(outer, inner)
	f.CMP(blocks, inner)
	f.BEQ("next")
	f.Label("inner")
	m.addZ()
	m.multiply()
	f.ADD(1, inner, inner)
	f.CMP(blocks, inner)
	f.BNE("inner")
	f.Label("next")
	m.end()
	f.CMP(blocks, outer)
	f.BNE("outer")

	f.FreeGP(outer, inner)
	m.free()
	addSquares(f, s)
	f.RET()
}

// addSquares emits the end of Square: z ← 2z + Σ_i x_i² 2^{128i}.
func addSquares(f *a64.Func, s size) {
	const step = 4 // words of x at a time
	x, z, n := f.LoadParam("x"), f.LoadParam("t"), f.GP()
	low, high := gpN(f, step), gpN(f, step) // halves of x_i², the high one x_i first
	words := gpN(f, 1+2*step)               // z_{2i-1} … z_{2i+2step-1}

	f.Comment("Double the products and add the squares of all words")
	f.MOVD(s.limbs()/step, n)
	f.MOVD(0, words[0])
	f.ADDS(a64.ZR, a64.ZR, a64.ZR) // no carry
	f.Label("squares")
	for i := 0; i < step; i += 2 {
		f.LDPP(x, high[i], high[i+1])
	}
	for i := range step {
		f.LDP(2*i*wordSize, z, words[1+2*i], words[2+2*i])
		f.MUL(high[i], high[i], low[i])
		f.UMULH(high[i], high[i], high[i])
	}
	for i := range step {
		twice := words[2*i:]
		f.EXTR(63, twice[0], twice[1], twice[0])
		f.EXTR(63, twice[1], twice[2], twice[1])
		f.ADCS(low[i], twice[0], twice[0])
		f.ADCS(high[i], twice[1], twice[1])
		f.STPP(twice[0], twice[1], z)
	}
	f.MOVDCopy(words[2*step], words[0])
	f.SUB(1, n, n)
	f.CBNZ(n, "squares")

	f.FreeGP(x, z, n)
	f.FreeGP(low...)
	f.FreeGP(high...)
	f.FreeGP(words...)
}

// reduceKernel emits Reduce. With R = 2^2048, it finds the q < R that makes t + q n
// a multiple of R:
//
//	z = (t + q n) / R < R + n
//
// n is taken off z if there is a carry, which leaves z < R. There is none if t < R, as
// z is at most n then.
//
// Step i finds block i of q, which makes block i of t zero, and adds its products by n
// to t. They reach up to block i + 4. What belongs there goes to block i for the time
// being, which is free, since to add it at once would take another carry. It is no more
// than eight words:
//
//	2^2048 - 1 + (2^512 - 1) (2^2048 - 1) < 2^2560
//
// At the end, that is added to the high half of t as a whole.
func reduceKernel(file *a64.File, s size) {
	name, blocks := s.name("Reduce"), s.blocks()
	f := file.Func(name, s.signature("z N, t T, n N, k0 uint64"),
		fmt.Sprintf("%s sets z to a number that is t / 2^%d modulo n, with k0 = -1/n modulo\n"+
			"2^64: below 2^%[2]d, and at most n if t is below 2^%[2]d. It overwrites t. z\n"+
			"shares no memory with t and n.", name, int(s)))

	m := newMultiplier(f, s)
	outer, inner := f.GP(), f.GP() // the blocks of q and of n
	f.MOVD(0, outer)

	f.Label("outer")
	f.Comment("Eight words of q, and their products by the lowest words of n")
	f.ReloadParam("n", m.y)
	m.loadX(m.y)
	f.ReloadParam("k0", m.y)
	f.ReloadParam("t", m.z)
	f.ADDShifted(outer, blockShift, m.z, m.z)
	m.begin()
	m.addZ()
	m.quotient(m.y)
	f.MOVD(1, inner)
	f.Label("inner")
	f.Comment("And by the next ones")
	f.ReloadParam("n", m.y)
	f.ADDShifted(inner, blockShift, m.y, m.y)
	m.loadX(m.y)
	f.ReloadParam("t", m.y)
	f.ADDShifted(outer, blockShift, m.y, m.y)
	m.addZ()
	m.multiply()
	f.ADD(1, inner, inner)
	f.CMP(blocks, inner)
	f.BNE("inner")
	f.Comment("These words of q are needed no longer")
	f.ReloadParam("t", m.z)
	f.ADDShifted(outer, blockShift, m.z, m.z)
	m.end()
	f.ADD(1, outer, outer)
	f.CMP(blocks, outer)
	f.BNE("outer")

	f.FreeGP(outer, inner)
	m.free()
	addHigh(f, s)
	f.RET()
}

// addHigh emits the end of Reduce: z is the sum of the halves of t, less n if there
// is a carry.
func addHigh(f *a64.Func, s size) {
	const step = 4 // words at a time
	z, p, q, n := f.GP(), f.LoadParam("t"), f.GP(), f.GP()
	mask := f.GP()
	left, right := gpN(f, step), gpN(f, step)
	combine := func(label string, words func(right, left a64.R)) {
		f.ReloadParam("z", z)
		f.MOVD(s.limbs()/step, n)
		f.Label(label)
		for i := 0; i < step; i += 2 {
			f.LDPP(p, left[i], left[i+1])
			f.LDPP(q, right[i], right[i+1])
		}
		for i := range step {
			words(right[i], left[i])
		}
		for i := 0; i < step; i += 2 {
			f.STPP(left[i], left[i+1], z)
		}
		f.SUB(1, n, n)
		f.CBNZ(n, label)
	}

	f.Comment("Add the halves. The mask is all ones if there is a carry")
	f.ADD(s.limbs()*wordSize, p, q)
	f.ADDS(a64.ZR, a64.ZR, a64.ZR) // no carry
	combine("add", func(right, left a64.R) { f.ADCS(right, left, left) })
	f.ADC(a64.ZR, a64.ZR, mask)
	f.NEG(mask, mask)

	f.Comment("Subtract n or zero")
	f.ReloadParam("z", p)
	f.ReloadParam("n", q)
	f.CMP(0, p) // no borrow
	combine("subtract", func(right, left a64.R) {
		f.ANDBits(mask, right, right)
		f.SBCS(right, left, left)
	})

	f.FreeGP(z, p, q, n, mask)
	f.FreeGP(left...)
	f.FreeGP(right...)
}

// selectKernel emits a kernel that selects, with each of the indices, an equal part of the
// first 32 words of an entry.
func selectKernel(file *a64.File, name, indices, doc string) {
	const (
		group    = 4             // registers to load at a time
		regs     = 16            // of the result
		elemSize = 40 * wordSize // of an entry
		unused   = elemSize - 16*regs
	)
	f := file.Func(name, "func(z, table *[40]uint64, entries, "+indices+" int)", doc)

	z, table, entries := f.LoadParam("z"), f.LoadParam("table"), f.LoadParam("entries")
	sum, entry := f.VecN(regs), f.VecN(group)
	var wanted, masks []a64.V
	number := f.GP()
	for _, index := range strings.Split(indices, ", ") {
		v := f.Vec()
		f.ReloadParam(index, number)
		f.VDUPDoubles(number, v)
		wanted, masks = append(wanted, v), append(masks, f.Vec())
	}
	current, one := f.Vec(), f.Vec()
	f.MOVD(1, number)
	f.VDUPDoubles(number, one)
	f.VEOR(current, current, current)
	for _, v := range sum {
		f.VEOR(v, v, v)
	}

	f.Label("loop")
	for i, mask := range masks {
		f.VCMEQDoubles(wanted[i], current, mask)
	}
	f.VADDDoubles(one, current, current)
	for first := 0; first < regs; first += group {
		f.VLD1P(table, entry...)
		for i, v := range sum[first : first+group] {
			f.VBIT(masks[first*len(masks)/regs], entry[i], v)
		}
	}
	f.ADD(unused, table, table)
	f.SUBS(1, entries, entries)
	f.BNE("loop")
	for list := range slices.Chunk(sum, group) {
		f.VST1P(z, list...)
	}
	f.RET()

	f.FreeGP(z, table, entries, number)
	f.FreeVec(sum...)
	f.FreeVec(entry...)
	f.FreeVec(wanted...)
	f.FreeVec(masks...)
	f.FreeVec(current, one)
}

// multiplier has the state of the blocks of a kernel. The names are those at the top.
type multiplier struct {
	*a64.Func
	size
	y, z a64.R   // addresses
	c    a64.R   // between blocks
	x    []a64.R // lowest first, as is a
	a    []a64.R // without the ninth word of a row, which takes the place of the lowest
	yi   a64.R

	products  []a64.R
	started   int      // products so far
	additions []func() // of the last products, which are still to be emitted
}

func newMultiplier(f *a64.Func, s size) *multiplier {
	return &multiplier{
		Func: f, size: s, y: f.GP(), z: f.GP(), c: f.GP(),
		x: gpN(f, rows), a: gpN(f, rows), yi: f.GP(),
		products: gpN(f, 3),
	}
}

func (m *multiplier) free() {
	m.FreeGP(m.y, m.z, m.c, m.yi)
	m.FreeGP(m.x...)
	m.FreeGP(m.a...)
	m.FreeGP(m.products...)
}

// clearZ sets all words of z that the first blocks add to their products: all others
// are stored before they are loaded.
func (m *multiplier) clearZ() {
	m.ReloadParam("t", m.z)
	for i := 0; i < m.limbs(); i += 2 {
		m.STP(a64.ZR, a64.ZR, i*wordSize, m.z)
	}
}

// loadX loads x from p.
func (m *multiplier) loadX(p a64.R) {
	for i := 0; i < rows; i += 2 {
		m.LDP(i*wordSize, p, m.x[i], m.x[i+1])
	}
}

// begin sets a and c to zero.
func (m *multiplier) begin() {
	for _, r := range m.a {
		m.MOVD(0, r)
	}
	m.MOVD(0, m.c)
}

// addZ emits a, c ← a + c + z_i … z_{i+7}.
func (m *multiplier) addZ() {
	m.CMP(1, m.c)
	for i := 0; i < rows; i += 2 {
		low, high := m.products[0], m.products[1]
		m.LDP(i*wordSize, m.z, low, high)
		m.ADCS(low, m.a[i], m.a[i])
		m.ADCS(high, m.a[i+1], m.a[i+1])
	}
	m.ADC(a64.ZR, a64.ZR, m.c)
}

// end emits z_i … z_{i+7} ← a + c, which has no carry if it is the end of a product.
func (m *multiplier) end() {
	m.CMP(1, m.c)
	for i := 0; i < rows; i += 2 {
		m.ADCS(a64.ZR, m.a[i], m.a[i])
		m.ADCS(a64.ZR, m.a[i+1], m.a[i+1])
		m.STP(m.a[i], m.a[i+1], i*wordSize, m.z)
	}
}

// multiply emits eight rows with words of y, and moves y and z past them.
func (m *multiplier) multiply() {
	m.MOVDLoadP(m.y, m.yi)
	for i := range rows {
		m.row(m.yi, 0, nil, m.storeLowest(m.a[0]))
		if i < rows-1 {
			m.MOVDLoadP(m.y, m.yi)
		}
	}
	m.flush()
}

// triangle emits eight rows with words of x, each with the words of x above it only,
// and moves z past them.
func (m *multiplier) triangle() {
	for i := range rows - 1 {
		m.row(m.x[i], i+1, nil, m.storeLowest(m.a[0]))
	}
	m.flush()
	lowest := m.a[0]
	m.MOVDStoreP(lowest, m.z)
	m.MOVD(0, lowest)
	m.shift()
}

// quotient emits eight rows with words of q, which it finds from a as it goes, stores
// instead of the lowest words of a, and moves z past:
//
//	q_i = a_0 k0
//
// makes the lowest word of a + x q_i zero. To add the low half of x_0 q_i is to get
// zero and, unless a_0 is zero itself, a carry: that takes no multiplication.
func (m *multiplier) quotient(k0 a64.R) {
	for range rows {
		lowest := m.a[0]
		m.MUL(k0, lowest, m.yi)
		m.MOVDStoreP(m.yi, m.z)
		m.row(m.yi, 0, func() { m.CMP(1, lowest) }, nil)
	}
	m.flush()
}

// row emits a ← a + (x_from … x_7) y 2^{64 from}, and shifts a down.
//
// With carry, which leaves the carry of the lowest word of the sum, that word is not
// computed. complete, after which the word is lost, may store it.
func (m *multiplier) row(y a64.R, from int, carry, complete func()) {
	x, low := m.x[from:], m.a[from:]
	top := m.a[0]
	high := append(slices.Clone(m.a[from+1:]), top)
	if carry != nil {
		// The chain of the high halves needs x_0 all the same.
		x, low = x[1:], low[1:]
	}
	m.chain(m.MUL, y, x, low, carry, func() {
		if complete != nil {
			complete()
		}
		m.ADC(a64.ZR, a64.ZR, top)
	})
	m.chain(m.UMULH, y, m.x[from:], high, nil, nil)
	m.shift()
}

// shift makes the lowest word of a the highest.
func (m *multiplier) shift() { m.a = append(m.a[1:], m.a[0]) }

func (m *multiplier) storeLowest(lowest a64.R) func() {
	return func() { m.MOVDStoreP(lowest, m.z) }
}

// chain emits the multiplications of all x by y, and the additions of these products
// to sum, one chain of carries that begins with carry, if any, and is followed by then.
func (m *multiplier) chain(multiply func(m, n, d a64.R), y a64.R, x, sum []a64.R, carry, then func()) {
	for j := range x {
		if len(m.additions) == len(m.products) {
			m.addNext()
		}
		product := m.products[m.started%len(m.products)]
		m.started++
		multiply(x[j], y, product)
		m.additions = append(m.additions, func() {
			switch {
			case j > 0:
				m.ADCS(product, sum[j], sum[j])
			case carry != nil:
				carry()
				m.ADCS(product, sum[j], sum[j])
			default:
				m.ADDS(product, sum[j], sum[j])
			}
			if j == len(x)-1 && then != nil {
				then()
			}
		})
	}
}

// addNext emits the oldest addition.
func (m *multiplier) addNext() {
	add := m.additions[0]
	m.additions = m.additions[1:]
	add()
}

// flush emits all additions that are left.
func (m *multiplier) flush() {
	for len(m.additions) > 0 {
		m.addNext()
	}
}

func gpN(f *a64.Func, n int) []a64.R {
	regs := make([]a64.R, n)
	for i := range regs {
		regs[i] = f.GP()
	}
	return regs
}
