package number

import "slices"

// isZero reports whether an integer is sure to be more than -1 and less than 1. It tries that many
// cuts, each at a fact: what is older is written downwards or left alone, what is newer upwards.
func (f *Facts) isZero(p Poly, cuts int) bool {
	age := 0
	for _, t := range p {
		for _, v := range f.products[t.product] {
			age = max(age, f.vars[v].fact)
		}
	}
	if f.groups != nil && age >= f.hint && f.small(p, f.grouped(p), 3) {
		return true
	}
	for i := len(f.cuts) - 1; i >= 0 && cuts > 0; i-- {
		if cut := f.cuts[i]; cut <= age {
			cuts--
			if f.cut(p, cut, false) || f.cut(p, cut, true) {
				return true
			}
		}
	}
	return false
}

// maxTerms is when a polynomial is too large to go on.
const maxTerms = 20000

// cut tries one cut. What is older stays as it is or, with down, becomes polynomials in the inputs.
func (f *Facts) cut(p Poly, cut int, down bool) bool {
	memo := map[int]Poly{}
	expand := func(p Poly) Poly {
		if p = f.up(p, cut, memo); down {
			p = f.Down(p, cut)
		}
		return p
	}
	q := expand(p)
	for len(q) < maxTerms {
		if f.small(p, q, 3) {
			return true
		}
		// What nothing was carried out of is the sum of all below it.
		top := -1
		for _, t := range q {
			if v := f.products[t.product]; len(v) == 1 && t.c.sign() > 0 && v[0] > top && f.vars[v[0]].fact >= cut {
				if n := &f.facts[f.vars[v[0]].fact]; n.v == v[0] && n.t >= 0 && n.zero {
					top = v[0]
				}
			}
		}
		if top < 0 {
			break
		}
		q = f.substitute(q, func(v int) (Poly, bool) {
			if v != top {
				return nil, false
			}
			return expand(f.facts[f.vars[v].fact].d), true
		})
	}
	if !down {
		return false
	}
	for len(q) < maxTerms {
		var named bool
		if q, named = f.unname(q); !named {
			return false
		}
		if q = f.Down(q, cut); f.small(p, q, 3) {
			return true
		}
	}
	return false
}

// unname replaces names by what they are of, and reports whether there were any.
func (f *Facts) unname(p Poly) (q Poly, any bool) {
	q = f.substitute(p, func(v int) (Poly, bool) {
		if n := f.vars[v].fact; n >= 0 && f.facts[n].t < 0 {
			any = true
			return f.facts[n].d, true
		}
		return nil, false
	})
	return q, any
}

// grouped is p with carries written upwards and names replaced by what they stand for. The highest
// limb of each group is written as what is left of its number without the other limbs. All other
// results stay variables.
func (f *Facts) grouped(p Poly) Poly {
	q := f.up(p, f.hint, map[int]Poly{})
	for named := true; named; {
		q, named = f.unname(q)
	}
	for _, g := range f.groups {
		top := f.variable(g.top)
		number := f.Down(g.limbs, len(f.facts))
		by := number.Plus(g.limbs, Small(-1)).Times(Pow2(-g.place)).Plus(top, Small(1))
		q = f.substitute(q, func(v int) (Poly, bool) { return by, v == g.top })
	}
	return q
}

// small reports whether an integer is sure to be more than -1 and less than 1, where p and q are two
// forms of it. In up to that many products with a bit, it takes the bit to be 0 and then 1.
func (f *Facts) small(p, q Poly, cases int) bool {
	loP, hiP := f.Bounds(p)
	loQ, hiQ := f.Bounds(q)
	below := hiP.Less(Small(1)) || hiQ.Less(Small(1))
	if below && (Small(-1).Less(loP) || Small(-1).Less(loQ)) {
		return true
	}
	if cases == 0 {
		return false
	}
	for _, t := range q {
		vars := f.products[t.product]
		if len(vars) < 2 {
			continue
		}
		i := slices.IndexFunc(vars, func(v int) bool { return f.vars[v].bit() })
		if i < 0 {
			continue
		}
		for bit := range int64(2) {
			by := func(v int) (Poly, bool) { return Int(bit), v == vars[i] }
			if !f.small(f.substitute(p, by), f.substitute(q, by), cases-1) {
				return false
			}
		}
		return true
	}
	return false
}
