// Package number proves equations between natural numbers that are computed word by word.
//
// A value is a polynomial in variables, which are natural numbers with an upper bound. Whatever takes a
// number apart makes two variables and one fact,
//
//	v = D - M·t
//
// where D is the polynomial that is taken apart, v the part that stays, t what is carried (a bit, a borrow, the
// upper half of a product), and M a power of two, or the negative of one for a borrow. Facts are used in two
// directions:
//
//	down:  v becomes D - M·t     until all v are gone: carries that were taken up cancel
//	up:    t becomes (D - v)/M   until all t are gone: a carry is what all that it comes from is too large by
//
// The first proves equations, but for carries that were dropped. The second bounds those: an
// integer between -1 and 1 is zero.
package number

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Coefficient is m·2^e with odd m, or zero.
type Coefficient struct {
	m *big.Int
	e int
}

// Of returns n·2^e.
func Of(n *big.Int, e int) Coefficient {
	if z := n.TrailingZeroBits(); z > 0 && n.Sign() != 0 {
		return Coefficient{new(big.Int).Rsh(n, z), e + int(z)}
	}
	return Coefficient{n, e}
}

// Small returns n.
func Small(n int64) Coefficient { return Of(big.NewInt(n), 0) }

// Pow2 returns 2^e.
func Pow2(e int) Coefficient { return Coefficient{big.NewInt(1), e} }

// Max returns 2^bits - 1.
func Max(bits int) Coefficient { return Pow2(bits).Plus(Small(-1)) }

// Plus returns a + b.
func (a Coefficient) Plus(b Coefficient) Coefficient {
	switch {
	case a.m.Sign() == 0:
		return b
	case b.m.Sign() == 0:
		return a
	}
	e := min(a.e, b.e)
	x, y := new(big.Int).Lsh(a.m, uint(a.e-e)), new(big.Int).Lsh(b.m, uint(b.e-e))
	return Of(x.Add(x, y), e)
}

func (a Coefficient) mul(b Coefficient) Coefficient {
	return Of(new(big.Int).Mul(a.m, b.m), a.e+b.e)
}
func (a Coefficient) sign() int { return a.m.Sign() }
func (a Coefficient) one() bool { return a.e == 0 && a.m.IsInt64() && a.m.Int64() == 1 }

// Neg returns -a.
func (a Coefficient) Neg() Coefficient { return Coefficient{new(big.Int).Neg(a.m), a.e} }

// Less reports whether a < b.
func (a Coefficient) Less(b Coefficient) bool {
	return a.Plus(b.Neg()).sign() < 0
}

// product is a product of variables, by its number. That of none is 0.
type product uint32

// summand is a coefficient times a product of variables.
type summand struct {
	product product
	c       Coefficient
}

// Poly is a polynomial: a sum of terms, sorted by product, none of them zero.
type Poly []summand

// Const returns the polynomial that is a number.
func Const(n Coefficient) Poly {
	if n.sign() == 0 {
		return nil
	}
	return Poly{{0, n}}
}

// Int returns the polynomial that is a number.
func Int(n int64) Poly { return Const(Small(n)) }

// Uint returns the polynomial that is a number.
func Uint(n uint64) Poly { return Const(Of(new(big.Int).SetUint64(n), 0)) }

// Plus returns p + c·q.
func (p Poly) Plus(q Poly, c Coefficient) Poly {
	out := make(Poly, 0, len(p)+len(q))
	i, j := 0, 0
	for i < len(p) || j < len(q) {
		switch {
		case j == len(q) || i < len(p) && p[i].product < q[j].product:
			out = append(out, p[i])
			i++
		case i == len(p) || q[j].product < p[i].product:
			out = append(out, summand{q[j].product, q[j].c.mul(c)})
			j++
		default:
			if n := p[i].c.Plus(q[j].c.mul(c)); n.sign() != 0 {
				out = append(out, summand{p[i].product, n})
			}
			i, j = i+1, j+1
		}
	}
	return out
}

// Times returns c·p.
func (p Poly) Times(c Coefficient) Poly { return Poly(nil).Plus(p, c) }

// Constant returns the natural number that p is.
func (p Poly) Constant() (n *big.Int, ok bool) {
	switch {
	case len(p) == 0:
		return new(big.Int), true
	case len(p) == 1 && p[0].product == 0 && p[0].c.e >= 0:
		return new(big.Int).Lsh(p[0].c.m, uint(p[0].c.e)), true
	}
	return nil, false
}

// Divide returns p/c, if all coefficients of p are multiples of the odd number c.
func (p Poly) Divide(c Coefficient) (q Poly, ok bool) {
	for _, t := range p {
		m, rest := new(big.Int).QuoRem(t.c.m, c.m, new(big.Int))
		if rest.Sign() != 0 {
			return nil, false
		}
		q = append(q, summand{t.product, Coefficient{m, t.c.e}})
	}
	return q, true
}

// Same reports whether p and q are the same polynomial.
func (p Poly) Same(q Poly) bool {
	return slices.EqualFunc(p, q, func(a, b summand) bool {
		return a.product == b.product && a.c.e == b.c.e && a.c.m.Cmp(b.c.m) == 0
	})
}

// Key is different for different polynomials.
func (p Poly) Key() string { return string(p.appendKey(make([]byte, 0, 32*len(p)))) }

func (p Poly) appendKey(key []byte) []byte {
	for _, t := range p {
		bits := t.c.m.Bits()
		key = binary.LittleEndian.AppendUint32(key, uint32(t.product))
		key = binary.LittleEndian.AppendUint32(key, uint32(t.c.e))
		key = binary.LittleEndian.AppendUint32(key, uint32(len(bits)*t.c.m.Sign()))
		for _, w := range bits {
			key = binary.LittleEndian.AppendUint64(key, uint64(w))
		}
	}
	return key
}

// collect sums terms that are in no order.
func collect(terms []summand) Poly {
	slices.SortStableFunc(terms, func(a, b summand) int { return int(a.product) - int(b.product) })
	var out Poly
	for i := 0; i < len(terms); {
		c, j := terms[i].c, i+1
		for ; j < len(terms) && terms[j].product == terms[i].product; j++ {
			c = c.Plus(terms[j].c)
		}
		if c.sign() != 0 {
			out = append(out, summand{terms[i].product, c})
		}
		i = j
	}
	return out
}

// product numbers a product of variables. The square of a bit is the bit.
func (f *Facts) product(vars ...int) product {
	slices.Sort(vars)
	out := vars[:0]
	for i, v := range vars {
		if i == 0 || vars[i-1] != v || !f.vars[v].bit() {
			out = append(out, v)
		}
	}
	var key []byte
	for _, v := range out {
		key = binary.LittleEndian.AppendUint32(key, uint32(v))
	}
	id, ok := f.productOf[string(key)]
	if !ok {
		id = product(len(f.products))
		f.products = append(f.products, slices.Clone(out))
		f.productOf[string(key)] = id
	}
	return id
}

// variable is the polynomial that is a variable.
func (f *Facts) variable(v int) Poly { return Poly{{f.product(v), Small(1)}} }

// single returns the variable that p is.
func (f *Facts) single(p Poly) (v int, ok bool) {
	if len(p) == 1 && p[0].c.one() && len(f.products[p[0].product]) == 1 {
		return f.products[p[0].product][0], true
	}
	return 0, false
}

// HasFactor reports whether p is a product that has the variable v as a factor.
func (f *Facts) HasFactor(p, v Poly) bool {
	id, ok := f.single(v)
	return ok && len(p) == 1 && slices.Contains(f.products[p[0].product], id)
}

// Mul returns p·q.
func (f *Facts) Mul(p, q Poly) Poly {
	var out []summand
	for _, s := range p {
		for _, t := range q {
			out = append(out, summand{f.product(slices.Concat(f.products[s.product], f.products[t.product])...), s.c.mul(t.c)})
		}
	}
	return collect(out)
}

// substitute replaces variables by polynomials, where by says so.
func (f *Facts) substitute(p Poly, by func(v int) (Poly, bool)) Poly {
	var out []summand
	for _, t := range p {
		whole := Poly{{0, t.c}}
		var rest []int
		for _, v := range f.products[t.product] {
			if q, ok := by(v); ok {
				whole = f.Mul(whole, q)
			} else {
				rest = append(rest, v)
			}
		}
		if rest != nil {
			whole = f.Mul(whole, Poly{{f.product(rest...), Small(1)}})
		}
		out = append(out, whole...)
	}
	return collect(out)
}

// Bounds returns a lower and an upper bound of p, by those of its variables.
func (f *Facts) Bounds(p Poly) (lo, hi Coefficient) {
	lo, hi = Small(0), Small(0)
	for _, t := range p {
		most := t.c
		for _, v := range f.products[t.product] {
			most = most.mul(f.vars[v].max)
		}
		switch {
		case t.product == 0:
			lo, hi = lo.Plus(most), hi.Plus(most)
		case t.c.sign() > 0:
			hi = hi.Plus(most)
		default:
			lo = lo.Plus(most)
		}
	}
	return lo, hi
}

// Below reports whether p is sure to be a natural number of so many bits.
func (f *Facts) Below(p Poly, bits int) bool {
	lo, hi := f.Bounds(p)
	return lo.sign() >= 0 && hi.Less(Pow2(bits))
}

// String writes p for people.
func (f *Facts) String(p Poly) string {
	var out []string
	for _, t := range p {
		s := fmt.Sprintf("%v·2^%d", t.c.m, t.c.e)
		for _, v := range f.products[t.product] {
			s += fmt.Sprintf("·%s%d", f.vars[v].name, v)
		}
		out = append(out, s)
	}
	return strings.Join(out, " + ")
}

// Multiples reports whether all of p's terms have the variable v as a factor.
func (f *Facts) Multiples(p, v Poly) bool {
	return !slices.ContainsFunc(p, func(t summand) bool { return !f.HasFactor(Poly{t}, v) })
}
