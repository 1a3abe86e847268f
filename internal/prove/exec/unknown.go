package exec

import "github.com/mtcore/mtcore/internal/prove/term"

// A number of 64 bits that is not known can be added to, and compared if the proof says with what
// result. Otherwise it is eight bytes like any others: what depends on it must not be left anywhere,
// except that a sum of a public number may be left in a general register.

// Sum is N plus the unknown number whose bytes are the inputs of region Of, modulo 2^64, or N alone
// if Of is zero.
type Sum struct {
	Of int
	N  int64
}

// Unknown returns a sum of a number that is not known. Byte j of it is input 8·N + j of the region.
func (m *Machine) Unknown(s Sum) Value {
	v := Value{Secret: true}
	for j := range v.Bytes {
		v.Bytes[j] = m.Pool.Input(s.Of, int(8*s.N)+j)
	}
	if m.sums == nil {
		m.sums = map[[8]term.Byte]Sum{}
	}
	m.sums[v.Bytes] = s
	return v
}

// SetPublic says that the number that is of a region is public.
func (m *Machine) SetPublic(region int) {
	if m.publics == nil {
		m.publics = map[int]bool{}
	}
	m.publics[region] = true
}

// public reports whether a value is a sum of a number that is public.
func (m *Machine) public(v Value) bool {
	s, ok := m.sums[v.Bytes]
	return ok && m.publics[s.Of]
}

// Sum returns the sum that eight bytes are, if they are one.
func (m *Machine) Sum(b [8]term.Byte) (s Sum, ok bool) {
	if v := fromBytes(b); v.number() {
		return Sum{N: v.N}, true
	}
	s, ok = m.sums[b]
	return s, ok
}

// plus returns x + scale·y, if x or y is a number and the other one a sum.
func (m *Machine) plus(x, y [8]term.Byte, scale int64) (v Value, ok bool) {
	a, ok := m.Sum(x)
	b, ok2 := m.Sum(y)
	switch {
	case !ok || !ok2:
		return v, false
	case b.Of == 0:
		a.N += scale * b.N
	case a.Of == 0 && scale == 1:
		a = Sum{b.Of, a.N + b.N}
	default:
		return v, false
	}
	if a.Of == 0 {
		return Number(a.N), true
	}
	return m.Unknown(a), true
}

// same reports whether two sums are equal.
func (m *Machine) same(x, y [8]term.Byte) bool {
	a, ok := m.Sum(x)
	b, ok2 := m.Sum(y)
	switch {
	case x == y:
		return true
	case ok && ok2 && a.Of == b.Of:
		return a.N == b.N
	case ok && ok2 && m.Equal != nil:
		return m.Equal(a, b)
	}
	panic("comparison of secrets")
}

// Eight returns the bytes of a number, known or not.
func (v Value) Eight() [8]term.Byte { return v.bytes() }
