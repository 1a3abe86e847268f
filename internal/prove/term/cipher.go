package term

// The operations of AES and SHA-256 that specifications and instructions have in common, as
// FIPS 197 and FIPS 180-4 define them.

// Sbox is the S-box of AES, or its inverse.
func (p *Pool) Sbox(b Byte, inverse bool) Byte {
	table, kind, other := &sbox, boxed, unboxed
	if inverse {
		table, kind, other = &inverseSbox, unboxed, boxed
	}
	if b.IsConst() {
		return Byte(table[b])
	}
	if a, ok := p.asAtom(b); ok && a.kind == other {
		return Byte(a.a)
	}
	return p.atom(atom{kind: kind, a: uint32(b)})
}

// round is a round of AES, or a part of one, to remember its result by.
type round struct {
	state        [16]Byte
	inverse, mix bool
}

// MixColumns is that of AES, or its inverse, on a state.
func (p *Pool) MixColumns(s [16]Byte, inverse bool) (out [16]Byte) {
	key := round{state: s, inverse: inverse}
	if out, ok := p.mixed[key]; ok {
		return out
	}
	row := [4]byte{2, 3, 1, 1}
	if inverse {
		row = [4]byte{14, 11, 13, 9}
	}
	for i := range out {
		column := i &^ 3
		for j := range 4 {
			out[i] = p.Xor(out[i], p.apply(times[row[(j-i+16)%4]], s[column+j]))
		}
	}
	p.mixed[key] = out
	return out
}

// Round is a round of AES without its key: SubBytes and ShiftRows or their inverses, and, if mix,
// MixColumns or its inverse.
func (p *Pool) Round(s [16]Byte, inverse, mix bool) (out [16]Byte) {
	key := round{s, inverse, mix}
	if out, ok := p.rounds[key]; ok {
		return out
	}
	shift := 4 // row r moves by r columns
	if inverse {
		shift = 12
	}
	for i := range out {
		out[i] = p.Sbox(s[(i+shift*(i%4))%16], inverse)
	}
	if mix {
		out = p.MixColumns(out, inverse)
	}
	p.rounds[key] = out
	return out
}

// XorBlock is a ⊕ b.
func (p *Pool) XorBlock(a, b [16]Byte) (out [16]Byte) {
	for i := range out {
		out[i] = p.Xor(a[i], b[i])
	}
	return out
}

// LowerSigma is a function σ of SHA-256: two rotations and a shift.
func (p *Pool) LowerSigma(w Word, a, b, shift int) Word {
	return p.XorWord(p.XorWord(p.Rotate(w, a), p.Rotate(w, b)), Word(p.Shift(w[:], -shift)))
}

// UpperSigma is a function Σ of SHA-256: three rotations.
func (p *Pool) UpperSigma(w Word, a, b, c int) Word {
	return p.XorWord(p.XorWord(p.Rotate(w, a), p.Rotate(w, b)), p.Rotate(w, c))
}

// Round256 is a round of SHA-256, for the sum of a word of the schedule and its constant.
func (p *Pool) Round256(s [8]Word, kw Word) [8]Word {
	a, b, c, d, e, f, g, h := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	ch := p.XorWord(g, p.AndWord(e, p.XorWord(f, g)))
	maj := p.XorWord(p.XorWord(p.AndWord(a, b), p.AndWord(a, c)), p.AndWord(b, c))
	t1 := p.Add(p.Add(h, p.UpperSigma(e, 6, 11, 25), 1), p.Add(ch, kw, 1), 1)
	t2 := p.Add(p.UpperSigma(a, 2, 13, 22), maj, 1)
	return [8]Word{p.Add(t1, t2, 1), a, b, c, p.Add(d, t1, 1), e, f, g}
}
