package numexec

import (
	"slices"

	"github.com/mtcore/mtcore/internal/prove/number"
)

// Masks that comparisons make are eight bits, each a polynomial in
//
//	greater(t) = 1 if t >= 2^52, else 0
//	ones(t)    = 1 if t = 2^52 - 1, else 0
//
// for words t below 2·2^52 - 1. General registers may compute with masks: what they hold is then a
// function of the bits, which is known as its values for all that the bits can be.

// indicators are the bits that there are.
type indicators struct {
	onesOf map[string]number.Poly // ones(t), by t
	// incremented has the sums of a word t and a bit b.
	incremented map[string][2]number.Poly
	// never has pairs of factors that are not both one: greater(t) and ones(t).
	never [][2]number.Poly
}

// greater returns greater(t), for t as above.
func (m *Machine) greater(t number.Poly) number.Poly {
	_, carry := m.Facts.Split(t, digit)
	if !m.Facts.Below(carry, 1) {
		panic("comparison of what may be too large")
	}
	return carry
}

// ones returns ones(t), for t as above.
func (m *Machine) ones(t number.Poly) number.Poly {
	_, hi := m.Facts.Bounds(t)
	if !hi.Less(number.Pow2(digit + 1).Plus(minusOne)) {
		panic("comparison of what may be too large")
	}
	if n, ok := t.Constant(); ok {
		if n.Uint64() == 1<<digit-1 {
			return number.Int(1)
		}
		return nil
	}
	key := t.Key()
	if b, ok := m.onesOf[key]; ok {
		return b
	}
	b := m.Facts.Var("ones", one)
	m.onesOf[key] = b
	m.never = append(m.never, [2]number.Poly{m.greater(t), b})
	return b
}

// increment returns the lowest 52 bits of t + b, for a word t as above and a bit b. What is carried is greater(t),
// or b if t is all ones.
func (m *Machine) increment(t, b number.Poly) number.Poly {
	carry := m.greater(t).Plus(m.Facts.Mul(b, m.ones(t)), one)
	return m.Facts.Name(t.Plus(b, one).Plus(carry, number.Pow2(digit).Neg()), number.Max(digit))
}

// bits returns a mask as a word.
func (m *Machine) bits(k *[8]number.Poly) Value {
	sum, known := number.Sum(func(i int) number.Poly { return k[i] }, 8, 1), true
	for _, b := range k {
		_, ok := b.Constant()
		known = known && ok
	}
	if known {
		return Poly(sum)
	}
	first := len(m.atoms)
	m.atoms = append(m.atoms, k[:]...)
	if len(m.atoms) > 16 {
		panic("more than two masks")
	}
	return Value{Kind: Bits, Of: func(bits uint32) uint64 { return uint64(bits>>first) & 255 }}
}

// combine is a function of two words that are numbers or bits.
func (m *Machine) combine(x, y Value, f func(x, y uint64) uint64) Value {
	n, ok := x.constant()
	k, ok2 := y.constant()
	if ok && ok2 {
		return Int(f(n, k))
	}
	of := func(v Value) func(uint32) uint64 {
		if v.Kind == Bits {
			return v.Of
		}
		n, ok := v.constant()
		if !ok {
			panic("bits and what is not known")
		}
		return func(uint32) uint64 { return n }
	}
	fx, fy := of(x), of(y)
	return Value{Kind: Bits, Of: func(bits uint32) uint64 { return f(fx(bits), fy(bits)) }}
}

// asBits returns the lowest eight bits of a word. If they are a function of bits of masks, each has to be zero or a
// carry: a + b·c for two of those bits, of which not both are one, and an earlier carry c.
func (m *Machine) asBits(v Value) (out [8]number.Poly) {
	if n, ok := v.constant(); ok {
		for i := range out {
			out[i] = number.Uint(n >> i & 1)
		}
		return out
	}
	if v.Kind != Bits {
		panic("mask is not known")
	}
	possible := m.possible()
	column := func(of func(bits uint32) uint64, l int) []bool {
		c := make([]bool, len(possible))
		for i, bits := range possible {
			c[i] = of(bits)>>l&1 == 1
		}
		return c
	}
	var atoms, columns [][]bool
	for i := range m.atoms {
		atoms = append(atoms, column(func(bits uint32) uint64 { return uint64(bits) }, i))
	}
	for l := range out {
		columns = append(columns, column(v.Of, l))
		out[l] = m.carried(columns[l], atoms, columns[:l], out[:l])
	}
	return out
}

// carried returns a bit, by its value for everything that is possible.
func (m *Machine) carried(bit []bool, atoms, before [][]bool, polys []number.Poly) number.Poly {
	if !slices.Contains(bit, true) {
		return nil
	}
	for k, c := range before {
		for i, a := range atoms {
			for j, b := range atoms {
				if isCarry(bit, a, b, c) {
					return m.Facts.Name(m.atoms[i].Plus(m.Facts.Mul(m.atoms[j], polys[k]), one), one)
				}
			}
		}
	}
	panic("bits that are no carries")
}

// isCarry reports whether x is a + b·c throughout.
func isCarry(x, a, b, c []bool) bool {
	for i := range x {
		carry := b[i] && c[i]
		if a[i] && carry || x[i] != (a[i] || carry) {
			return false
		}
	}
	return true
}

// possible are all that the atoms can be.
func (m *Machine) possible() (all []uint32) {
	var never []uint32 // both
	for i, a := range m.atoms {
		for j := range i {
			if m.exclusive(a, m.atoms[j]) {
				never = append(never, 1<<i|1<<j)
			}
		}
	}
	for bits := range uint32(1) << len(m.atoms) {
		ok := true
		for _, n := range never {
			ok = ok && bits&n != n
		}
		if ok {
			all = append(all, bits)
		}
	}
	return all
}

// exclusive reports whether two bits are not both one: the one has greater(t) as a factor, the other ones(t).
func (m *Machine) exclusive(a, b number.Poly) bool {
	for _, n := range m.never {
		if m.Facts.HasFactor(a, n[0]) && m.Facts.HasFactor(b, n[1]) || m.Facts.HasFactor(a, n[1]) && m.Facts.HasFactor(b, n[0]) {
			return true
		}
	}
	return false
}
