package term

// A lookup in a table of 16 or 256 entries is an atom: a function, by its 256 values, of a term. A
// lookup by the result of another one is a lookup by the term that the other one began with, and so
// is a sum of several lookups by one term. So whatever is computed from a byte, in any number of
// steps, is a single function of it. If that is a linear map of the byte plus one of an S-box of
// it, it is written as these two, which have a normal form.
//
// The two halves of a byte are looked up separately. A name (Name), which is an atom too, tells of
// which byte they are the halves.

// representation is another way to write bytes: what is written x is the byte linear·x ⊕ constant.
type representation struct {
	constant byte
	linear   matrix
	box      *[256]byte
	inverse  bool
	echelon  []row
}

// row is a function from bytes to bits, by its 256 values, with its parts: of which of the functions
// x₀ … x₇, s₀ … s₇ (the bits of the byte and of its S-box) and 1 it is the sum. pivot is a byte for
// which it is one, and no later row is.
type row struct {
	values [4]uint64
	parts  uint32
	pivot  int
}

// resolution is how a function is written, if it can be.
type resolution struct {
	ok       bool
	constant byte
	linear   matrix // of the byte
	boxed    matrix // of its S-box
	in       *representation
}

// Represent is a hint where to look for normal forms: in what other way a kernel writes bytes whose
// S-boxes, or inverse ones, it looks up in steps. of(x) is the byte that is written x, and has to be
// affine. A wrong hint proves nothing that is wrong. Represent has to be called before Lookup.
func (p *Pool) Represent(of func(byte) byte, inverse bool) {
	c := of(0)
	m := linear(func(x byte) byte { return of(x) ^ c })
	r := &representation{constant: c, linear: m, box: &sbox, inverse: inverse}
	if inverse {
		r.box = &inverseSbox
	}
	add := func(part int, f func(x byte) bool) {
		next := row{parts: 1 << part}
		for x := range 256 {
			if f(byte(x)) {
				next.values[x/64] |= 1 << (x % 64)
			}
		}
		r.echelon = append(r.echelon, r.reduce(next))
		last := &r.echelon[len(r.echelon)-1]
		for last.pivot = 0; last.pivot < 255 && last.values[last.pivot/64]>>(last.pivot%64)&1 == 0; last.pivot++ {
		}
	}
	add(16, func(byte) bool { return true })
	for i := range 8 {
		add(i, func(x byte) bool { return x>>i&1 == 1 })
		add(8+i, func(x byte) bool { return r.boxOf(x)>>i&1 == 1 })
	}
	p.representations = append(p.representations, r)
	clear(p.resolutions)
}

// boxOf is the S-box of the byte that is written x.
func (r *representation) boxOf(x byte) byte { return r.box[r.linear.apply(x)^r.constant] }

// reduce subtracts rows of the echelon from a function.
func (r *representation) reduce(f row) row {
	for _, e := range r.echelon {
		if f.values[e.pivot/64]>>(e.pivot%64)&1 == 1 {
			for i := range f.values {
				f.values[i] ^= e.values[i]
			}
			f.parts ^= e.parts
		}
	}
	return f
}

// resolve looks for a way to write a function by linear maps of its argument and of an S-box of it.
func (p *Pool) resolve(f *[256]byte) resolution {
	if s, ok := p.resolutions[*f]; ok {
		return s
	}
	s := resolution{ok: true, constant: f[0]}
	s.linear = linear(func(x byte) byte { return f[x] ^ f[0] })
	for x := range f {
		s.ok = s.ok && f[x] == s.linear.apply(byte(x))^f[0]
	}
	for _, r := range p.representations {
		if !s.ok {
			s = r.resolve(f)
		}
	}
	p.resolutions[*f] = s
	return s
}

func (r *representation) resolve(f *[256]byte) resolution {
	s := resolution{ok: true, in: r}
	for bit := range 8 {
		var v row
		for x := range f {
			v.values[x/64] |= uint64(f[x]>>bit&1) << (x % 64)
		}
		v = r.reduce(v)
		if v.values != [4]uint64{} {
			return resolution{}
		}
		for i := range 8 {
			s.linear |= matrix(v.parts>>i&1) << (8*i + bit)
			s.boxed |= matrix(v.parts>>(8+i)&1) << (8*i + bit)
		}
		s.constant |= byte(v.parts>>16&1) << bit
	}
	for x := range f {
		s.ok = s.ok && f[x] == s.constant^s.linear.apply(byte(x))^s.boxed.apply(r.boxOf(byte(x)))
	}
	return s
}

// Name returns b as an atom, unless it is one or a constant.
func (p *Pool) Name(b Byte) Byte {
	if b.IsConst() {
		return b
	}
	if a, ok := p.asAtom(b); ok && a.kind == opaque {
		return b
	}
	return p.atom(atom{kind: opaque, a: uint32(b)})
}

// Lookup is f of b.
func (p *Pool) Lookup(f func(byte) byte, b Byte) Byte {
	if b.IsConst() {
		return Byte(f(byte(b)))
	}
	of, g, ok := p.function(p.polynomials[b])
	if !ok {
		of = b
		for x := range g {
			g[x] = byte(x)
		}
	}
	for x := range g {
		g[x] = f(g[x])
	}
	return p.looked(&g, of)
}

// function returns the term, and the function of it, that a polynomial is, if all of its products are
// names or lookups of one term.
func (p *Pool) function(q polynomial) (of Byte, g [256]byte, ok bool) {
	for x := range g {
		g[x] = q.constant
	}
	for i, t := range q.products {
		a, single := p.unary(t)
		if !single || i > 0 && Byte(a.a) != of {
			return 0, g, false
		}
		of = Byte(a.a)
		for x := range g {
			v := byte(x)
			if a.kind == looked {
				v = p.functions[a.b][x]
			}
			g[x] ^= t.matrix.apply(v)
		}
	}
	return of, g, len(q.products) > 0
}

// unary returns the atom of a product, if that is a single name or lookup.
func (p *Pool) unary(t product) (a atom, ok bool) {
	m := p.monomials[t.monomial]
	a = p.atoms[m[0]]
	return a, len(m) == 1 && (a.kind == looked || a.kind == opaque)
}

// looked is a function of a term, in normal form.
func (p *Pool) looked(f *[256]byte, of Byte) Byte {
	if s := p.resolve(f); s.ok {
		out := p.Xor(Byte(s.constant), p.apply(s.linear, of))
		if s.in != nil {
			out = p.Xor(out, p.apply(s.boxed, p.Sbox(p.Xor(p.apply(s.in.linear, of), Byte(s.in.constant)), s.in.inverse)))
		}
		return out
	}
	c := f[0] // becomes a constant, so that functions that differ by one are the same atom
	g := *f
	for x := range g {
		g[x] ^= c
	}
	n, ok := p.functionOf[g]
	if !ok {
		n = uint32(len(p.functions))
		p.functions = append(p.functions, g)
		p.functionOf[g] = n
	}
	return p.Xor(Byte(c), p.atom(atom{looked, uint32(of), n}))
}

// normal is the term of a polynomial in which several products may be lookups by one term.
func (p *Pool) normal(q polynomial) Byte {
	if len(p.functions) == 0 {
		return p.intern(q)
	}
	for _, t := range q.products {
		a, ok := p.unary(t)
		if !ok || a.kind != looked {
			continue
		}
		rest, group := polynomial{constant: q.constant}, polynomial{}
		for _, u := range q.products {
			if b, ok := p.unary(u); ok && b.a == a.a {
				group.products = append(group.products, u)
			} else {
				rest.products = append(rest.products, u)
			}
		}
		if len(group.products) == 1 && t.matrix == identity {
			continue
		}
		of, g, _ := p.function(group)
		return p.Xor(p.normal(rest), p.looked(&g, of))
	}
	return p.intern(q)
}

// Represented reports whether there was a Represent.
func (p *Pool) Represented() bool { return len(p.representations) > 0 }
