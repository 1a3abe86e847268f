// Package term has bytes as terms in a normal form: equal terms are the same number, for all
// values of their inputs.
//
// A byte is a constant plus a sum, over GF(2), of products M·m: m is a product, bit by bit, of
// different atoms, and M an 8×8 matrix. An atom is a byte of an input, the S-box or inverse
// S-box of AES of a term, another function of a term by its values, or a byte of a sum modulo
// 2^32. So exclusive or, masks, shifts and rotations of words, multiplication by constants in
// GF(2^8), and every Boolean function of bits have a normal form, without rewriting rules. Sums
// modulo 2^32 are flat: a constant and coefficients of words that are no sums themselves.
//
// Equal numbers mean equal bytes. Different numbers mean nothing by themselves: Eval finds
// inputs for which terms differ.
package term

import (
	"encoding/binary"
	"slices"
)

// Byte is a byte. The constants are 0 to 255.
type Byte uint32

// Word is a word of 32 bits, its least significant byte first.
type Word [4]Byte

// IsConst reports whether b is a constant.
func (b Byte) IsConst() bool { return b < 256 }

// Const is a constant word.
func Const(v uint32) Word {
	return Word{Byte(v & 255), Byte(v >> 8 & 255), Byte(v >> 16 & 255), Byte(v >> 24)}
}

type kind uint8

const (
	input   kind = iota // a: region, b: offset
	boxed               // S-box of term a
	unboxed             // inverse S-box of term a
	summed              // byte b of sum a
	opaque              // term a, whose bits have been moved, or which has a name; see masks and Name
	looked              // function b of term a; see Lookup
)

type atom struct {
	kind kind
	a, b uint32
}

// product is matrix times monomial, which is the number of a set of atoms.
type product struct {
	monomial uint32
	matrix   matrix
}

// polynomial is a term: products are in the order of monomials, and no matrix is zero.
type polynomial struct {
	constant byte
	products []product
}

// Pool has the terms of a proof.
type Pool struct {
	polynomials []polynomial
	monomials   [][]uint32 // atoms
	atoms       []atom
	sums        []sum

	// Numbers of what is above.
	polynomialOf, monomialOf, sumOf map[string]uint32
	atomOf                          map[atom]uint32

	regions map[string]int
	xors    map[[2]Byte]Byte
	rounds  map[round][16]Byte
	mixed   map[round][16]Byte
	key     []byte // scratch

	functions       [][256]byte // of lookups
	functionOf      map[[256]byte]uint32
	representations []*representation
	resolutions     map[[256]byte]resolution
}

// limit is how many terms there may be: those of a wrong kernel can grow without bound.
const limit = 4e6

// New returns a pool with the constants.
func New() *Pool {
	p := &Pool{
		polynomialOf: map[string]uint32{}, monomialOf: map[string]uint32{}, sumOf: map[string]uint32{},
		atomOf: map[atom]uint32{}, regions: map[string]int{}, xors: map[[2]Byte]Byte{}, rounds: map[round][16]Byte{}, mixed: map[round][16]Byte{},
		functionOf: map[[256]byte]uint32{}, resolutions: map[[256]byte]resolution{},
	}
	for c := range 256 {
		p.intern(polynomial{constant: byte(c)})
	}
	return p
}

// number returns the number of the element with that key, which it makes and appends to all if it
// is new.
func number[T any](numbers map[string]uint32, key []byte, all *[]T, make func() T) uint32 {
	n, ok := numbers[string(key)]
	if !ok {
		n = uint32(len(*all))
		*all = append(*all, make())
		numbers[string(key)] = n
	}
	return n
}

func (p *Pool) intern(q polynomial) Byte {
	key := append(p.key[:0], q.constant)
	for _, t := range q.products {
		key = binary.LittleEndian.AppendUint32(key, t.monomial)
		key = binary.LittleEndian.AppendUint64(key, uint64(t.matrix))
	}
	p.key = key
	if len(p.polynomials) > limit {
		panic("too many terms")
	}
	return Byte(number(p.polynomialOf, key, &p.polynomials, func() polynomial {
		return polynomial{q.constant, slices.Clone(q.products)}
	}))
}

func (p *Pool) monomial(atoms []uint32) uint32 {
	var key []byte
	for _, a := range atoms {
		key = binary.LittleEndian.AppendUint32(key, a)
	}
	return number(p.monomialOf, key, &p.monomials, func() []uint32 { return atoms })
}

// atom is the term that consists of an atom.
func (p *Pool) atom(a atom) Byte {
	n, ok := p.atomOf[a]
	if !ok {
		n = uint32(len(p.atoms))
		p.atoms = append(p.atoms, a)
		p.atomOf[a] = n
	}
	return p.intern(polynomial{products: []product{{p.monomial([]uint32{n}), identity}}})
}

// asAtom returns the atom that b consists of.
func (p *Pool) asAtom(b Byte) (a atom, ok bool) {
	q := &p.polynomials[b]
	if q.constant != 0 || len(q.products) != 1 || q.products[0].matrix != identity {
		return a, false
	}
	m := p.monomials[q.products[0].monomial]
	return p.atoms[m[0]], len(m) == 1
}

// Region numbers regions by name. Regions of one name have the same inputs.
func (p *Pool) Region(name string) int {
	if _, ok := p.regions[name]; !ok {
		p.regions[name] = len(p.regions)
	}
	return p.regions[name]
}

// Input is the byte of a region at an offset, which may be any.
func (p *Pool) Input(region, offset int) Byte {
	return p.atom(atom{input, uint32(region), uint32(int32(offset))})
}

// Xor is a ⊕ b.
func (p *Pool) Xor(a, b Byte) Byte {
	switch {
	case a.IsConst() && b.IsConst():
		return a ^ b
	case a == b:
		return 0
	case a == 0:
		return b
	case b == 0:
		return a
	case a > b:
		a, b = b, a
	}
	r, ok := p.xors[[2]Byte{a, b}]
	if !ok {
		r = p.add(p.polynomials[a], p.polynomials[b])
		p.xors[[2]Byte{a, b}] = r
	}
	return r
}

func (p *Pool) add(x, y polynomial) Byte {
	out := polynomial{x.constant ^ y.constant, make([]product, 0, len(x.products)+len(y.products))}
	s, t := x.products, y.products
	for len(s) > 0 && len(t) > 0 {
		switch {
		case s[0].monomial < t[0].monomial:
			out.products, s = append(out.products, s[0]), s[1:]
		case t[0].monomial < s[0].monomial:
			out.products, t = append(out.products, t[0]), t[1:]
		default:
			if m := s[0].matrix ^ t[0].matrix; m != 0 {
				out.products = append(out.products, product{s[0].monomial, m})
			}
			s, t = s[1:], t[1:]
		}
	}
	out.products = append(append(out.products, s...), t...)
	return p.normal(out)
}

// apply is M·b.
func (p *Pool) apply(m matrix, b Byte) Byte {
	if b.IsConst() {
		return Byte(m.apply(byte(b)))
	}
	q := p.polynomials[b]
	out := polynomial{constant: m.apply(q.constant)}
	for _, t := range q.products {
		if c := m.mul(t.matrix); c != 0 {
			out.products = append(out.products, product{t.monomial, c})
		}
	}
	return p.normal(out)
}

// masks returns b as a polynomial whose matrices are masks, the ones that a product of bits
// can be formed with. Atoms take the place of what has other ones.
func (p *Pool) masks(b Byte) polynomial {
	q := p.polynomials[b]
	out := Byte(q.constant)
	for _, t := range q.products {
		part := p.intern(polynomial{products: []product{t}})
		if t.matrix&^identity != 0 {
			part = p.Name(part)
		}
		out = p.Xor(out, part)
	}
	return p.polynomials[out]
}

// And is a ∧ b, bit by bit.
func (p *Pool) And(a, b Byte) Byte {
	switch {
	case a == b:
		return a
	case a.IsConst():
		return p.apply(diagonal[a], b)
	case b.IsConst():
		return p.apply(diagonal[b], a)
	}
	x, y := p.masks(a), p.masks(b)
	out := p.Xor(p.And(Byte(x.constant), p.intern(y)), p.And(Byte(y.constant), p.intern(polynomial{products: x.products})))
	for _, s := range x.products {
		for _, t := range y.products {
			if m := s.matrix & t.matrix; m != 0 {
				atoms := slices.Concat(p.monomials[s.monomial], p.monomials[t.monomial])
				slices.Sort(atoms)
				out = p.Xor(out, p.intern(polynomial{products: []product{{p.monomial(slices.Compact(atoms)), m}}}))
			}
		}
	}
	return out
}

// Shift shifts a little-endian number left by n bits, or right by -n.
func (p *Pool) Shift(b []Byte, n int) []Byte {
	out := make([]Byte, len(b))
	for i := range out {
		bit := 8*i - n // of b, that becomes bit 0 of out[i]
		low, s := bit>>3, uint(bit&7)
		if low >= 0 && low < len(b) {
			out[i] = p.apply(right[s], b[low])
		}
		if s != 0 && low+1 >= 0 && low+1 < len(b) {
			out[i] = p.Xor(out[i], p.apply(left[8-s], b[low+1]))
		}
	}
	return out
}

// Rotate rotates a word right.
func (p *Pool) Rotate(w Word, n int) Word {
	return p.XorWord(Word(p.Shift(w[:], -n)), Word(p.Shift(w[:], 32-n)))
}

// XorWord is a ⊕ b.
func (p *Pool) XorWord(a, b Word) (out Word) {
	for i := range out {
		out[i] = p.Xor(a[i], b[i])
	}
	return out
}

// AndWord is a ∧ b.
func (p *Pool) AndWord(a, b Word) (out Word) {
	for i := range out {
		out[i] = p.And(a[i], b[i])
	}
	return out
}
