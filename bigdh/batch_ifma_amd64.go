//go:build gc && !purego

package bigdh

import (
	"math/big"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/limbs"
)

// Eight powers at once, each modulo an n of its own. The numbers are those of IFMA, 40 digits of 52
// bits and R = 2^2080, but digit j of number i is word 8·j + i. The generator in
// gen/bigdh/ifma8_amd64 explains how they are multiplied, and why products are again below 2^2051.
type (
	block8   [10 * lanes]uint64             // ten digits of eight numbers
	elem8    [ifmaDigits * lanes]uint64     // eight numbers
	product8 [2 * ifmaDigits * lanes]uint64 // twice as long
)

// difference8 is one of two blocks, without its sign, as the kernel says.
type difference8 [(10 + 1) * lanes]uint64

// karatsuba8 is a factor of 20 digits, as its kernel wants it: the digits, and the difference of
// the upper and the lower ten of them.
type karatsuba8 struct {
	y [20 * lanes]uint64
	e difference8
}

// batchConstants are what eight powers at once need of a modulus n, in digits, the lowest first.
type batchConstants struct {
	f10, f20, n, rr [ifmaDigits]uint64 // 2^(-520) mod n, 2^(-1040) mod n, R² mod n
	k               [10]uint64         // -n^-1 mod 2^520
}

func (c *batchConstants) set(n *big.Int) {
	setDigits(c.n[:], n)
	x := new(big.Int).Lsh(big.NewInt(1), 10*ifmaDigitBits)
	f := new(big.Int).ModInverse(x, n)
	setDigits(c.f10[:], f)
	k := new(big.Int).ModInverse(n, x)
	setDigits(c.k[:], k.Sub(x, k))
	f.Mul(f, f)
	setDigits(c.f20[:], f.Mod(f, n))
	x.Lsh(big.NewInt(1), 2*ifmaRBits)
	setDigits(c.rr[:], x.Mod(x, n))
}

// setDigits sets z to the digits of x.
func setDigits(z []uint64, x *big.Int) {
	d, v := new(big.Int), new(big.Int).Set(x)
	for j := range z {
		z[j] = d.And(v, big.NewInt(ifmaDigitMask)).Uint64()
		v.Rsh(v, ifmaDigitBits)
	}
}

// group8 are eight moduli, and room to calculate with them.
type group8 struct {
	t       [2]product8
	f20     [2]karatsuba8 // its lower and its upper half
	f10, n  elem8
	k, q    block8
	d       difference8
	scratch [2 * len(block8{})]uint64
	rr      elem8
	last    int // which of t was computed last
}

// setModulus sets the modulus of lane i.
func (g *group8) setModulus(i int, c *batchConstants) {
	for j := range ifmaDigits {
		at := lanes*j + i
		g.n[at], g.f10[at], g.rr[at] = c.n[j], c.f10[j], c.rr[j]
	}
	for j, d := range c.k {
		g.k[lanes*j+i] = d
	}
	for h := range g.f20 {
		f := &g.f20[h]
		for j, d := range c.f20[20*h:][:20] {
			f.y[lanes*j+i] = d
		}
	}
}

// setDifferences computes what f20 has besides digits.
func (g *group8) setDifferences() {
	for i := range g.f20 {
		f := &g.f20[i]
		var exchanged [20 * lanes]uint64
		copy(exchanged[:], f.y[10*lanes:])
		copy(exchanged[10*lanes:], f.y[:10*lanes])
		asm.Difference8IFMA((*[88]uint64)(&f.e), &exchanged)
	}
}

// result is where the last product is.
func (g *group8) result() *elem8 { return (*elem8)(g.t[g.last][len(elem8{}):]) }

// mul makes x·y/R the result. x may be the one before.
func (g *group8) mul(x, y *elem8) {
	t := &g.t[1-g.last]
	clear(t[:])
	for i := 0; i < len(y); i += len(block8{}) {
		asm.MulAdd8IFMA((*[400]uint64)(t[i:]), (*[320]uint64)(x), (*[80]uint64)(y[i:]))
	}
	g.reduce()
}

// square squares the result.
func (g *group8) square() {
	asm.Square8IFMA((*[640]uint64)(g.t[1-g.last][:]), (*[320]uint64)(g.result()))
	g.reduce()
}

// reduce makes t/R the result, for the t that is not the last, as the generator says.
func (g *group8) reduce() {
	g.last = 1 - g.last
	t := &g.t[g.last]
	const w = len(block8{})
	low := (*[2 * w]uint64)(t[:])
	asm.Difference8IFMA((*[88]uint64)(&g.d), low)
	for i := range g.f20 {
		z := (*[320]uint64)(t[(2+2*i)*w:])
		asm.MulAddKaratsuba8IFMA(z, low, (*[88]uint64)(&g.d), (*[248]uint64)(unsafe.Pointer(&g.f20[i])), &g.scratch)
	}
	asm.MulAdd8IFMA((*[400]uint64)(t[3*w:]), (*[320]uint64)(&g.f10), (*[80]uint64)(t[2*w:]))
	asm.MulLow8IFMA((*[80]uint64)(&g.q), (*[80]uint64)(t[3*w:]), (*[80]uint64)(&g.k))
	asm.MulAdd8IFMA((*[400]uint64)(t[3*w:]), (*[320]uint64)(&g.n), (*[80]uint64)(&g.q))
}

// select8 sets z to an entry of table for each number, given the indices.
func select8(z *elem8, table []elem8, index *[lanes]uint64) {
	asm.Select8IFMA((*[320]uint64)(z), (*[320]uint64)(&table[0]), len(table), index)
}

// enter sets number i of z to x, which still has to be multiplied by R².
func (z *elem8) enter(i int, x *nat) {
	for j := range ifmaDigits {
		z[lanes*j+i] = digitOf(x, j)
	}
}

// setOne makes all numbers 1, not in Montgomery form.
func (z *elem8) setOne() {
	clear(z[:])
	for i := range lanes {
		z[i] = 1
	}
}

// leave sets x to number i of z, which is below 4·n, modulo n.
func (z *elem8) leave(i int, x, n *nat) {
	var y [33]uint64
	for j := range ifmaDigits {
		addDigit(&y, j, z[lanes*j+i])
	}
	for shift := 1; shift >= 0; shift-- {
		limbs.SubtractMultiple(y[:], n[:], shift)
	}
	copy(x[:], y[:])
	clear(y[:])
}

// selfTest8 reports whether (x^4 · y)^2 · y is z in all lanes.
func selfTest8(m *modulus, x, y, z *nat) bool {
	var room room8
	g := room.aligned()
	var a, b elem8
	for i := range lanes {
		g.setModulus(i, &m.ifma.batch)
		a.enter(i, x)
		b.enter(i, y)
		g.index[i] = 3
	}
	g.setDifferences()
	g.mul(&b, &g.rr)
	g.table[2] = *g.result()
	g.mul(&a, &g.rr)
	g.square()
	g.square()
	g.mul(g.result(), &g.table[2])
	g.table[3] = *g.result()
	select8(&a, g.table[:4], &g.index)
	g.mul(&a, &a)
	g.mul(g.result(), &g.table[2])
	a.setOne()
	g.mul(g.result(), &a)
	ok := true
	for i := range lanes {
		var got nat
		g.result().leave(i, &got, &m.n)
		ok = ok && got == *z
	}
	return ok
}

// windowBits8 is smaller than windowBits, for a table that is half as large.
const windowBits8 = 4

// exp8IFMA computes eight powers. The time depends on the length of the exponents only. It must not
// become a part of its caller, which makes room for its frame.
//
//go:noinline
func exp8IFMA(powers *[lanes]power) {
	var room room8
	room.aligned().exp(powers)
	clear(room[:])
}

// exponentiation8 is what exp8IFMA computes with. All arrays begin at multiples of 64 bytes, which
// takes 5 % off the time.
type exponentiation8 struct {
	table  [1 << windowBits8]elem8 // x^0, x^1, …
	factor elem8
	index  [lanes]uint64
	group8
}

// room8 is room for an exponentiation8.
type room8 [unsafe.Sizeof(exponentiation8{}) + 64]byte

func (r *room8) aligned() *exponentiation8 {
	return (*exponentiation8)(unsafe.Pointer(&r[-uintptr(unsafe.Pointer(r))%64]))
}

func (x *exponentiation8) exp(powers *[lanes]power) {
	var b nat
	for i := range powers {
		p := &powers[i]
		x.setModulus(i, &p.m.ifma.batch)
		setBytes(&b, p.base)
		x.factor.enter(i, &b)
	}
	x.setDifferences()
	table := x.table[:]
	x.mul(&x.factor, &x.rr)
	table[1] = *x.result()
	x.factor.setOne()
	x.mul(&x.factor, &x.rr)
	table[0] = *x.result()
	for i := 2; i < len(table); i++ {
		x.mul(&table[i-1], &table[1])
		table[i] = *x.result()
	}

	e := (8*len(powers[0].exp)+windowBits8-1)/windowBits8 - 1 // the topmost window
	x.selectFactor(powers, e)
	*x.result() = x.factor
	for e--; e >= 0; e-- {
		for range windowBits8 {
			x.square()
		}
		x.selectFactor(powers, e)
		x.mul(x.result(), &x.factor)
	}

	x.factor.setOne()
	x.mul(x.result(), &x.factor)
	for i := range powers {
		p := &powers[i]
		x.result().leave(i, &b, &p.m.n)
		putBytes(p.dst, &b)
	}
	clear(b[:])
}

// selectFactor sets the factor to what window e of the exponents selects.
func (x *exponentiation8) selectFactor(powers *[lanes]power, e int) {
	for i := range powers {
		x.index[i] = uint64(limbs.Window(powers[i].exp, windowBits8*e, windowBits8))
	}
	select8(&x.factor, x.table[:], &x.index)
}
