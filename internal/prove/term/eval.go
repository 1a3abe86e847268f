package term

import (
	"fmt"
	"strings"
)

// walk computes terms from what the inputs are in some domain, remembering what it has computed.
type walk[B any, W any] struct {
	p        *Pool
	input    func(region, offset int) B
	constant func(byte) B
	and, xor func(B, B) B
	apply    func(matrix, B) B
	box      func(B, bool) B
	opaque   func(B) B
	look     func(*[256]byte, B) B
	sum      func(sum, func(Word) [4]B) W
	byteOf   func(W, int) B

	bytes map[Byte]B
	sums  map[uint32]W
}

func (w *walk[B, W]) byte(b Byte) B {
	if v, ok := w.bytes[b]; ok {
		return v
	}
	q := w.p.polynomials[b]
	v := w.constant(q.constant)
	for _, t := range q.products {
		m := w.constant(255)
		for _, a := range w.p.monomials[t.monomial] {
			m = w.and(m, w.atom(w.p.atoms[a]))
		}
		v = w.xor(v, w.apply(t.matrix, m))
	}
	w.bytes[b] = v
	return v
}

func (w *walk[B, W]) word(x Word) [4]B {
	return [4]B{w.byte(x[0]), w.byte(x[1]), w.byte(x[2]), w.byte(x[3])}
}

func (w *walk[B, W]) atom(a atom) B {
	switch a.kind {
	case input:
		return w.input(int(a.a), int(int32(a.b)))
	case boxed, unboxed:
		return w.box(w.byte(Byte(a.a)), a.kind == unboxed)
	case opaque:
		return w.opaque(w.byte(Byte(a.a)))
	case looked:
		return w.look(&w.p.functions[a.b], w.byte(Byte(a.a)))
	}
	s, ok := w.sums[a.a]
	if !ok {
		s = w.sum(w.p.sums[a.a], w.word)
		w.sums[a.a] = s
	}
	return w.byteOf(s, int(a.b))
}

// Eval returns a function that computes terms from values of the inputs.
func (p *Pool) Eval(input func(region, offset int) byte) func(Byte) byte {
	w := walk[byte, uint32]{
		p: p, input: input, bytes: map[Byte]byte{}, sums: map[uint32]uint32{},
		constant: func(c byte) byte { return c },
		and:      func(x, y byte) byte { return x & y },
		xor:      func(x, y byte) byte { return x ^ y },
		apply:    matrix.apply,
		opaque:   func(x byte) byte { return x },
		look:     func(f *[256]byte, x byte) byte { return f[x] },
		box: func(x byte, inverse bool) byte {
			if inverse {
				return inverseSbox[x]
			}
			return sbox[x]
		},
		sum: func(s sum, word func(Word) [4]byte) uint32 {
			v := s.constant
			for _, t := range s.summands {
				b := word(t.word)
				v += t.coefficient * (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
			}
			return v
		},
		byteOf: func(v uint32, i int) byte { return byte(v >> (8 * i)) },
	}
	return w.byte
}

// Substitute returns a function that puts terms in the place of inputs.
func (p *Pool) Substitute(input func(region, offset int) Byte) func(Byte) Byte {
	w := walk[Byte, Word]{
		p: p, input: input, bytes: map[Byte]Byte{}, sums: map[uint32]Word{},
		constant: func(c byte) Byte { return Byte(c) },
		and:      p.And,
		xor:      p.Xor,
		apply:    p.apply,
		opaque:   p.Name,
		look: func(f *[256]byte, x Byte) Byte {
			g := *f
			return p.Lookup(func(i byte) byte { return g[i] }, x)
		},
		box: p.Sbox,
		sum: func(s sum, word func(Word) [4]Byte) Word {
			v := Const(s.constant)
			for _, t := range s.summands {
				v = p.Add(v, Word(word(t.word)), t.coefficient)
			}
			return v
		},
		byteOf: func(v Word, i int) Byte { return v[i] },
	}
	return w.byte
}

// String shows a term down to a depth.
func (p *Pool) String(b Byte, depth int) string {
	q := p.polynomials[b]
	parts := []string{fmt.Sprintf("%02x", q.constant)}
	for _, t := range q.products {
		var s []string
		for _, n := range p.monomials[t.monomial] {
			s = append(s, p.atomString(p.atoms[n], depth))
		}
		part := strings.Join(s, "∧")
		if t.matrix != identity {
			part = fmt.Sprintf("%x·%s", uint64(t.matrix), part)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ⊕ ")
}

func (p *Pool) atomString(a atom, depth int) string {
	switch {
	case a.kind == input:
		for name, n := range p.regions {
			if n == int(a.a) {
				return fmt.Sprintf("%s[%d]", name, int32(a.b))
			}
		}
	case a.kind == summed:
		return fmt.Sprintf("sum%d[%d]", a.a, a.b)
	case depth == 0:
		return "…"
	}
	return fmt.Sprintf("%s(%s)", map[kind]string{boxed: "S", unboxed: "S⁻¹", opaque: "", looked: fmt.Sprint("lookup", a.b)}[a.kind], p.String(Byte(a.a), depth-1))
}
