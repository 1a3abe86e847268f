package number

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
)

// Facts are variables and what is known of them. Facts are only added, so that whatever was proven stays.
type Facts struct {
	vars      []variable
	facts     []fact
	products  [][]int
	productOf map[string]product
	made      map[string][2]Poly // what splits and names have been made of, by polynomials
	down      map[int]Poly       // memory of Down

	cuts   []int // see Mark
	groups []group
	hint   int // the number of facts when the last group was complete

	// Zeros counts the carries that were shown to be zero.
	Zeros int
	// MaxCuts is how many cuts Congruent tries for a carry before it gives up.
	MaxCuts int
}

// variable is a natural number, at most max.
type variable struct {
	name  string
	max   Coefficient
	fact  int  // that it was made by, or -1
	carry bool // it is the t of its fact, not the v
}

func (v *variable) bit() bool { return v.max.one() }

// fact is v = d - m·t.
type fact struct {
	d      Poly
	m      Coefficient
	v, t   int  // t is -1 if there is none: v is only a name of d
	zero   bool // t is zero
	vanish bool // v is zero, so that t is d/m
	frozen bool // v stays downwards: t is (d - v)/m
}

// New returns no facts.
func New() *Facts {
	f := &Facts{productOf: map[string]product{}, made: map[string][2]Poly{}, down: map[int]Poly{}, MaxCuts: 100}
	f.product()
	return f
}

// Var returns a new natural number that is at most max.
func (f *Facts) Var(name string, max Coefficient) Poly {
	f.vars = append(f.vars, variable{name: name, max: max, fact: -1})
	return f.variable(len(f.vars) - 1)
}

// of makes a variable that belongs to the next fact.
func (f *Facts) of(name string, max Coefficient, carry bool) (v int, p Poly) {
	f.vars = append(f.vars, variable{name, max, len(f.facts), carry})
	v = len(f.vars) - 1
	return v, f.variable(v)
}

// Split returns v and t with 0 <= v < 2^bits and v = d - 2^bits·t, for a natural number d.
func (f *Facts) Split(d Poly, bits int) (v, t Poly) {
	lo, hi := f.Bounds(d)
	if lo.sign() < 0 || hi.e < 0 {
		panic("a part of what may be negative")
	}
	if hi.Less(Pow2(bits)) {
		return d, nil
	}
	if c, ok := d.Constant(); ok {
		low := new(big.Int).And(c, Max(bits).m)
		return Const(Of(low, 0)), Const(Of(new(big.Int).Rsh(c, uint(bits)), 0))
	}
	most := new(big.Int).Rsh(new(big.Int).Lsh(hi.m, uint(hi.e)), uint(bits))
	return f.split(d, Pow2(bits), Max(bits), Of(most, 0))
}

// Borrow returns v and t with 0 <= v < 2^bits and v = d + 2^bits·t, where t is a bit, for -2^bits <= d < 2^bits.
func (f *Facts) Borrow(d Poly, bits int) (v, t Poly) {
	lo, hi := f.Bounds(d)
	if lo.Less(Pow2(bits).Neg()) || !hi.Less(Pow2(bits)) {
		panic("a borrow of more than one")
	}
	if lo.sign() >= 0 {
		return d, nil
	}
	if len(d) == 1 && d[0].product == 0 { // a negative number
		return d.Plus(Const(Pow2(bits)), Small(1)), Int(1)
	}
	return f.split(d, Pow2(bits).Neg(), Max(bits), Small(1))
}

func (f *Facts) split(d Poly, m, vMax, tMax Coefficient) (v, t Poly) {
	key := string(d.appendKey(binary.LittleEndian.AppendUint32(nil, uint32(m.e*m.sign()))))
	if s, ok := f.made[key]; ok {
		return s[0], s[1]
	}
	n := fact{d: d, m: m}
	n.v, v = f.of("v", vMax, false)
	n.t, t = f.of("t", tMax, true)
	f.facts = append(f.facts, n)
	f.made[key] = [2]Poly{v, t}
	return v, t
}

// Name returns a variable that is d, which is known to be at most max, so that it can be a factor.
func (f *Facts) Name(d Poly, max Coefficient) Poly {
	if _, ok := f.single(d); ok {
		return d
	}
	if len(d) == 0 || len(d) == 1 && d[0].product == 0 {
		return d
	}
	key := string(d.appendKey(make([]byte, 4)))
	if s, ok := f.made[key]; ok {
		return s[0]
	}
	n := fact{d: d, m: Small(1), t: -1}
	var p Poly
	n.v, p = f.of("n", max, false)
	f.facts = append(f.facts, n)
	f.made[key] = [2]Poly{p}
	return p
}

// Freeze keeps v, which a split has returned, as it is downwards: it is a factor, as which its definition
// would be far too large.
func (f *Facts) Freeze(v Poly) {
	if id, ok := f.single(v); ok && f.vars[id].fact >= 0 {
		f.facts[f.vars[id].fact].frozen = true
	}
}

// Definition returns what v, which a split has returned, is a part of: v is d - 2^n·t.
func (f *Facts) Definition(v Poly) (d, t Poly) {
	id, ok := f.single(v)
	if !ok || f.vars[id].fact < 0 || f.vars[id].carry || f.facts[f.vars[id].fact].t < 0 {
		panic("what is not part of anything")
	}
	n := f.facts[f.vars[id].fact]
	return n.d, f.variable(n.t)
}

// Down replaces what is left of numbers by what it is of, if its fact is before the given one.
func (f *Facts) Down(p Poly, before int) Poly {
	return f.substitute(p, func(v int) (Poly, bool) {
		number := f.vars[v].fact
		if number < 0 {
			return nil, false
		}
		n := &f.facts[number]
		if q, ok := f.down[v]; ok && (f.vars[v].carry || number < before) {
			return q, true
		}
		var q Poly
		switch {
		case f.vars[v].carry && (n.vanish || n.frozen):
			q = f.Down(n.d, len(f.facts))
			if n.frozen {
				q = q.Plus(f.variable(n.v), Small(-1))
			}
			q = q.Times(Coefficient{n.m.m, -n.m.e}) // 1/m, which is ±2^-e
		case f.vars[v].carry:
			return nil, n.zero
		case n.frozen || number >= before:
			return nil, false
		default:
			q = n.d
			if n.t >= 0 && !n.zero {
				q = q.Plus(f.variable(n.t), n.m.Neg())
			}
			q = f.Down(q, len(f.facts))
		}
		f.down[v] = q
		return q, true
	})
}

// up replaces what was carried, in facts since the given one. memo is for that one.
func (f *Facts) up(p Poly, since int, memo map[int]Poly) Poly {
	return f.substitute(p, func(v int) (Poly, bool) {
		number := f.vars[v].fact
		switch {
		case number < 0 || !f.vars[v].carry:
			return nil, false
		case f.facts[number].zero:
			return nil, true
		case number < since:
			return nil, false
		}
		if q, ok := memo[v]; ok {
			return q, true
		}
		n := &f.facts[number]
		q := f.up(n.d, since, memo).Plus(f.variable(n.v), Small(-1)).Times(Coefficient{n.m.m, -n.m.e})
		memo[v] = q
		return q, true
	})
}

// Mark notes that a chain of carries begins, before which proofs may cut.
func (f *Facts) Mark() {
	if n := len(f.cuts); n == 0 || f.cuts[n-1] != len(f.facts) {
		f.cuts = append(f.cuts, len(f.facts))
	}
}

// group is limbs that together are a number: the highest is what the others and the number, as a polynomial
// in the inputs, leave of it.
type group struct {
	limbs Poly // their weighted sum
	top   int
	place int // of the highest limb, in bits
}

// Group is a hint: n limbs of 64 bits are best seen as one number.
func (f *Facts) Group(limb func(int) Poly, n int) {
	g := group{limbs: Sum(limb, n, 64), place: 64 * (n - 1)}
	f.hint = len(f.facts)
	var ok bool
	if g.top, ok = f.single(limb(n - 1)); ok {
		f.groups = append(f.groups, g)
	}
}

// Sum is the number of n digits of so many bits.
func Sum(digit func(int) Poly, n, bits int) (p Poly) {
	for i := range n {
		p = p.Plus(digit(i), Pow2(bits*i))
	}
	return p
}

// Multiple reports whether p is a multiple of 2^bits: if parts, which splits have returned, are replaced by what
// they are parts of, and then the product of the variables a and b by another polynomial, all coefficients are.
func (f *Facts) Multiple(p Poly, bits int, parts []Poly, a, b, by Poly) bool {
	for _, part := range parts {
		id, ok := f.single(part)
		if !ok {
			return false
		}
		d, t := f.Definition(part)
		whole := d.Plus(t, f.facts[f.vars[id].fact].m.Neg())
		p = f.substitute(p, func(v int) (Poly, bool) { return whole, v == id })
	}
	for _, t := range f.replace(p, f.Mul(a, b)[0].product, by) {
		if t.c.e < bits {
			return false
		}
	}
	return true
}

// Vanish notes that v, which a split has returned, is zero, so that what was carried is all of it. The caller
// knows by Multiple.
func (f *Facts) Vanish(v Poly) {
	id, ok := f.single(v)
	if !ok || f.vars[id].carry {
		panic("what is not left of anything")
	}
	f.facts[f.vars[id].fact].vanish = true
	f.vars[id].max = Small(0)
}

// replace replaces the product of two variables.
func (f *Facts) replace(p Poly, two product, by Poly) (out Poly) {
	a, b := f.products[two][0], f.products[two][1]
	for _, t := range p {
		rest := slices.Clone(f.products[t.product])
		i := slices.Index(rest, a)
		if i < 0 {
			out = out.Plus(Poly{t}, Small(1))
			continue
		}
		rest = slices.Delete(rest, i, i+1)
		j := slices.Index(rest, b)
		if j < 0 {
			out = out.Plus(Poly{t}, Small(1))
			continue
		}
		rest = slices.Delete(rest, j, j+1)
		out = out.Plus(f.Mul(by, Poly{{f.product(rest...), t.c}}), Small(1))
	}
	return out
}

// Congruent proves that p and q are equal modulo 2^bits, and so are equal if both are natural numbers below
// that. It shows that carries are zero where it has to.
func (f *Facts) Congruent(p, q Poly, bits int) error {
	failed := map[int]bool{}
	cuts := 4
	for {
		f.down = map[int]Poly{}
		d := f.Down(p.Plus(q, Small(-1)), len(f.facts))
		d = slices.DeleteFunc(d, func(t summand) bool { return t.c.e >= bits })
		if len(d) == 0 {
			return nil
		}
		progress := false
		for _, t := range d {
			for _, v := range f.products[t.product] {
				if x := &f.vars[v]; !x.carry || f.facts[x.fact].zero || failed[v] {
					continue
				}
				if failed[v] = true; f.isZero(f.variable(v), cuts) {
					f.facts[f.vars[v].fact].zero, progress = true, true
					f.Zeros++
				}
			}
		}
		if progress {
			continue
		}
		// The lowest terms may be zero together: a limb that several sums are carried into.
		z, place := lowest(d)
		if f.isZero(z, cuts) {
			f.Zeros++
			p = p.Plus(z, Pow2(place).Neg())
			continue
		}
		if cuts >= f.MaxCuts {
			return fmt.Errorf("%d terms are left: %.300s", len(d), f.String(d))
		}
		cuts *= 4
		clear(failed)
	}
}

// lowest are the terms of a polynomial with about the lowest coefficients, divided by 2^place.
func lowest(p Poly) (low Poly, place int) {
	place = p[0].c.e
	for _, t := range p {
		place = min(place, t.c.e)
	}
	for _, t := range p {
		if t.c.e < place+52 {
			low = append(low, t)
		}
	}
	return low.Times(Pow2(-place)), place
}
