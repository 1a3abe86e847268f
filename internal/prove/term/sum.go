package term

import (
	"encoding/binary"
	"slices"
)

// sum is a constant and words with coefficients, modulo 2^32. The words are in order, no sums
// themselves, and no coefficient is zero.
type sum struct {
	constant uint32
	summands []summand
}

type summand struct {
	word        Word
	coefficient uint32
}

// Add is a + c·b modulo 2^32.
func (p *Pool) Add(a, b Word, c uint32) Word {
	x, y := p.asSum(a), p.asSum(b)
	out := sum{constant: x.constant + c*y.constant}
	add := func(w Word, c uint32) {
		if c != 0 {
			out.summands = append(out.summands, summand{w, c})
		}
	}
	s, t := x.summands, y.summands
	for len(s) > 0 || len(t) > 0 {
		switch {
		case len(t) == 0 || len(s) > 0 && slices.Compare(s[0].word[:], t[0].word[:]) < 0:
			add(s[0].word, s[0].coefficient)
			s = s[1:]
		case len(s) == 0 || slices.Compare(s[0].word[:], t[0].word[:]) > 0:
			add(t[0].word, c*t[0].coefficient)
			t = t[1:]
		default:
			add(s[0].word, s[0].coefficient+c*t[0].coefficient)
			s, t = s[1:], t[1:]
		}
	}
	return p.sum(out)
}

// sum is the word of a sum.
func (p *Pool) sum(s sum) (w Word) {
	if len(s.summands) == 0 {
		return Const(s.constant)
	}
	if s.constant == 0 && len(s.summands) == 1 && s.summands[0].coefficient == 1 {
		return s.summands[0].word
	}
	key := binary.LittleEndian.AppendUint32(nil, s.constant)
	for _, t := range s.summands {
		for _, b := range t.word {
			key = binary.LittleEndian.AppendUint32(key, uint32(b))
		}
		key = binary.LittleEndian.AppendUint32(key, t.coefficient)
	}
	n := number(p.sumOf, key, &p.sums, func() sum { return s })
	for i := range w {
		w[i] = p.atom(atom{summed, n, uint32(i)})
	}
	return w
}

// asSum returns the sum that w is, or the one that consists of w.
func (p *Pool) asSum(w Word) sum {
	if w[0].IsConst() && w[1].IsConst() && w[2].IsConst() && w[3].IsConst() {
		return sum{constant: uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24}
	}
	first, ok := p.asAtom(w[0])
	for i, b := range w {
		if a, isAtom := p.asAtom(b); !ok || !isAtom || a != (atom{summed, first.a, uint32(i)}) {
			return sum{summands: []summand{{w, 1}}}
		}
	}
	return p.sums[first.a]
}
