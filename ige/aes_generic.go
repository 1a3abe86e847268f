package ige

import (
	"encoding/binary"
	"math/bits"
)

// This file is AES as FIPS 197 has it, in constant time without hardware: no
// branch and no index depends on a key or on data. It is bitsliced: what FIPS 197
// says of a byte is computed by Boolean operations on eight words, one for each
// bit of the bytes, for the 64 bytes of four blocks at once.

// maxRounds is the number of rounds of AES-256.
const maxRounds = 14

// schedule is nr+1 round keys in the byte order of FIPS 197 and in the order in
// which the cipher, or the equivalent inverse cipher, uses them.
type schedule [BlockSize * (maxRounds + 1)]byte

// slicedLanes is the number of blocks that are processed side by side.
const slicedLanes = 4

// sliced holds four blocks, whose bytes FIPS 197 puts in 4 rows and 4 columns:
//
//	bit 16·row + 4·column + lane of word b
//
// is bit b of the byte at that row and column of the lane's block.
type sliced [8]uint64

// slicedKeys holds the round keys of four lanes, each of which may have another
// key. Whoever fills it clears it.
type slicedKeys struct {
	nr int
	rk [maxRounds + 1]sliced
}

// expandGeneric is the key expansion of FIPS 197, section 5.2, for a key of 16, 24
// or 32 bytes. It returns the number of rounds.
func expandGeneric(enc, dec *schedule, key []byte) (nr int) {
	nr = expandEncGeneric(enc, key)
	expandDecGeneric(nr, dec, enc)
	return nr
}

// expandEncGeneric computes the schedule of the cipher:
//
//	w_i = w_{i-nk} ⊕ SubWord(RotWord(w_{i-1})) ⊕ Rcon   if i ≡ 0 (mod nk)
//	w_i = w_{i-nk} ⊕ SubWord(w_{i-1})                   if i ≡ 4 (mod nk) and nk = 8
//	w_i = w_{i-nk} ⊕ w_{i-1}                            otherwise
//
// The words here are little-endian, the byte of row 0 being the lowest.
func expandEncGeneric(enc *schedule, key []byte) (nr int) {
	switch len(key) {
	case 16, 24, 32:
	default:
		panic("ige: internal error: AES key of wrong length")
	}
	nk := len(key) / 4
	nr = nk + 6

	copy(enc[:], key)
	w := binary.LittleEndian.Uint32(key[len(key)-4:])
	rcon := uint32(1)
	for i := nk; i < 4*(nr+1); i++ {
		switch {
		case i%nk == 0:
			w = subWord(bits.RotateLeft32(w, -8)) ^ rcon
			rcon = mul2(rcon)
		case i%nk == 4 && nk == 8:
			w = subWord(w)
		}
		w ^= binary.LittleEndian.Uint32(enc[4*(i-nk):])
		binary.LittleEndian.PutUint32(enc[4*i:], w)
	}
	return nr
}

// expandDecGeneric computes the schedule of the equivalent inverse cipher of
// FIPS 197, section 5.3.5: the round keys in reverse order, and InvMixColumns of
// all but the first and the last.
func expandDecGeneric(nr int, dec, enc *schedule) {
	last := BlockSize * nr
	copy(dec[:BlockSize], enc[last:])
	for i := BlockSize; i < last; i += BlockSize {
		for column := 0; column < BlockSize; column += 4 {
			w := binary.LittleEndian.Uint32(enc[last-i+column:])
			binary.LittleEndian.PutUint32(dec[i+column:], invMixColumn(w))
		}
	}
	copy(dec[last:], enc[:BlockSize])
}

// subWord applies the S-box to the four bytes of w.
func subWord(w uint32) uint32 {
	// Where a byte is in the words does not matter to subBytes, so that bit b of
	// word b may stay where it is, at the lowest bit of its byte.
	var s sliced
	for b := range s {
		s[b] = uint64(w >> b)
	}
	s.subBytes()
	w = 0
	for b := range s {
		w |= uint32(s[b]) & 0x01010101 << b
	}
	clear(s[:])
	return w
}

// invMixColumn is InvMixColumns for one column. See sliced.mixColumns and
// sliced.invMixColumns for the formulas.
func invMixColumn(a uint32) uint32 {
	a ^= mul2(mul2(a ^ bits.RotateLeft32(a, 16)))
	next := bits.RotateLeft32(a, -8)
	t := a ^ next
	return mul2(t) ^ next ^ bits.RotateLeft32(t, 16)
}

// mul2 multiplies each of the four bytes of w by x modulo x⁸ + x⁴ + x³ + x + 1.
func mul2(w uint32) uint32 {
	top := w & 0x80808080
	return (w^top)<<1 ^ (top-top>>7)&0x1b1b1b1b
}

// load sets the round keys of the first len(xk) lanes.
func (k *slicedKeys) load(nr int, xk []*schedule) {
	k.nr = nr
	var x [slicedLanes][BlockSize]byte
	for i := range nr + 1 {
		for lane := range xk {
			copy(x[lane][:], xk[lane][BlockSize*i:])
		}
		k.rk[i].pack(&x)
	}
	clear(x[:])
}

// encrypt is the cipher of FIPS 197, section 5.1, on four blocks. The keys are
// those of its schedule.
func (k *slicedKeys) encrypt(x *[slicedLanes][BlockSize]byte) {
	var s sliced
	s.pack(x)
	s.addRoundKey(&k.rk[0])
	for i := 1; i < k.nr; i++ {
		s.subBytes()
		s.shiftRows()
		s.mixColumns()
		s.addRoundKey(&k.rk[i])
	}
	s.subBytes()
	s.shiftRows()
	s.addRoundKey(&k.rk[k.nr])
	s.unpack(x)
	clear(s[:])
}

// decrypt is the equivalent inverse cipher of FIPS 197, section 5.3.5, on four
// blocks. The keys are those of its schedule.
func (k *slicedKeys) decrypt(x *[slicedLanes][BlockSize]byte) {
	var s sliced
	s.pack(x)
	s.addRoundKey(&k.rk[0])
	for i := 1; i < k.nr; i++ {
		s.invSubBytes()
		s.invShiftRows()
		s.invMixColumns()
		s.addRoundKey(&k.rk[i])
	}
	s.invSubBytes()
	s.invShiftRows()
	s.addRoundKey(&k.rk[k.nr])
	s.unpack(x)
	clear(s[:])
}

// What follows is written out where a loop over the eight words would do: the
// compiler does not unroll, and a message would take a quarter (encryption) to a
// third (decryption) longer.

func (s *sliced) addRoundKey(k *sliced) {
	s[0] ^= k[0]
	s[1] ^= k[1]
	s[2] ^= k[2]
	s[3] ^= k[3]
	s[4] ^= k[4]
	s[5] ^= k[5]
	s[6] ^= k[6]
	s[7] ^= k[7]
}

// shiftRows moves each row r to the left by r columns.
func (s *sliced) shiftRows() {
	s[0] = shiftRows(s[0])
	s[1] = shiftRows(s[1])
	s[2] = shiftRows(s[2])
	s[3] = shiftRows(s[3])
	s[4] = shiftRows(s[4])
	s[5] = shiftRows(s[5])
	s[6] = shiftRows(s[6])
	s[7] = shiftRows(s[7])
}

func (s *sliced) invShiftRows() {
	s[0] = invShiftRows(s[0])
	s[1] = invShiftRows(s[1])
	s[2] = invShiftRows(s[2])
	s[3] = invShiftRows(s[3])
	s[4] = invShiftRows(s[4])
	s[5] = invShiftRows(s[5])
	s[6] = invShiftRows(s[6])
	s[7] = invShiftRows(s[7])
}

func shiftRows(x uint64) uint64 {
	x = swapHalfRows(x)
	return x&0x0000ffff_0000ffff | x>>4&0x0fff0000_0fff0000 | x<<12&0xf0000000_f0000000
}

func invShiftRows(x uint64) uint64 {
	x = swapHalfRows(x)
	return x&0x0000ffff_0000ffff | x<<4&0xfff00000_fff00000 | x>>12&0x000f0000_000f0000
}

// swapHalfRows moves rows 2 and 3 by two columns. Then rows 1 and 3 lack one.
func swapHalfRows(x uint64) uint64 {
	t := (x ^ x>>8) & 0x00ff00ff_00000000
	return x ^ t ^ t<<8
}

// mixColumns multiplies each column by the matrix of FIPS 197, section 5.1.3. Its
// row r of the product is, with indices modulo 4,
//
//	2·a_r ⊕ 3·a_{r+1} ⊕ a_{r+2} ⊕ a_{r+3} = 2·t_r ⊕ a_{r+1} ⊕ t_{r+2}
//	where t_r = a_r ⊕ a_{r+1}
//
// A rotation by 16 bits is one by a row. To multiply by 2, every bit moves up by
// a word, and the topmost also goes where x⁸ = x⁴ + x³ + x + 1 has it.
func (s *sliced) mixColumns() {
	next0 := bits.RotateLeft64(s[0], -16)
	next1 := bits.RotateLeft64(s[1], -16)
	next2 := bits.RotateLeft64(s[2], -16)
	next3 := bits.RotateLeft64(s[3], -16)
	next4 := bits.RotateLeft64(s[4], -16)
	next5 := bits.RotateLeft64(s[5], -16)
	next6 := bits.RotateLeft64(s[6], -16)
	next7 := bits.RotateLeft64(s[7], -16)
	t0 := s[0] ^ next0
	t1 := s[1] ^ next1
	t2 := s[2] ^ next2
	t3 := s[3] ^ next3
	t4 := s[4] ^ next4
	t5 := s[5] ^ next5
	t6 := s[6] ^ next6
	t7 := s[7] ^ next7
	s[0] = t7 ^ next0 ^ bits.RotateLeft64(t0, 32)
	s[1] = t0 ^ t7 ^ next1 ^ bits.RotateLeft64(t1, 32)
	s[2] = t1 ^ next2 ^ bits.RotateLeft64(t2, 32)
	s[3] = t2 ^ t7 ^ next3 ^ bits.RotateLeft64(t3, 32)
	s[4] = t3 ^ t7 ^ next4 ^ bits.RotateLeft64(t4, 32)
	s[5] = t4 ^ next5 ^ bits.RotateLeft64(t5, 32)
	s[6] = t5 ^ next6 ^ bits.RotateLeft64(t6, 32)
	s[7] = t6 ^ next7 ^ bits.RotateLeft64(t7, 32)
}

// invMixColumns inverts mixColumns. The matrix of the inverse is that of
// mixColumns times the sparse one that makes row r
//
//	5·a_r ⊕ 4·a_{r+2} = a_r ⊕ 4·(a_r ⊕ a_{r+2})
func (s *sliced) invMixColumns() {
	t0 := s[0] ^ bits.RotateLeft64(s[0], 32)
	t1 := s[1] ^ bits.RotateLeft64(s[1], 32)
	t2 := s[2] ^ bits.RotateLeft64(s[2], 32)
	t3 := s[3] ^ bits.RotateLeft64(s[3], 32)
	t4 := s[4] ^ bits.RotateLeft64(s[4], 32)
	t5 := s[5] ^ bits.RotateLeft64(s[5], 32)
	t6 := s[6] ^ bits.RotateLeft64(s[6], 32)
	t7 := s[7] ^ bits.RotateLeft64(s[7], 32)
	s[0] ^= t6
	s[1] ^= t6 ^ t7
	s[2] ^= t0 ^ t7
	s[3] ^= t1 ^ t6
	s[4] ^= t2 ^ t6 ^ t7
	s[5] ^= t3 ^ t7
	s[6] ^= t4
	s[7] ^= t5
	s.mixColumns()
}

// invSubBytes needs no circuit of its own. The S-box is an inversion followed by
// an affine map A, so that
//
//	S = A ∘ inv, and S⁻¹ = inv ∘ A⁻¹ = A⁻¹ ∘ S ∘ A⁻¹
func (s *sliced) invSubBytes() {
	s.invAffine()
	s.subBytes()
	s.invAffine()
}

// invAffine is A⁻¹: y_b = x_{b+2} ⊕ x_{b+5} ⊕ x_{b+7} ⊕ (bit b of 0x05), with
// indices modulo 8.
func (s *sliced) invAffine() {
	x0, x1, x2, x3, x4, x5, x6, x7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	s[0] = ^(x2 ^ x5 ^ x7)
	s[1] = x3 ^ x6 ^ x0
	s[2] = ^(x4 ^ x7 ^ x1)
	s[3] = x5 ^ x0 ^ x2
	s[4] = x6 ^ x1 ^ x3
	s[5] = x7 ^ x2 ^ x4
	s[6] = x0 ^ x3 ^ x5
	s[7] = x1 ^ x4 ^ x6
}

// subBytes applies the S-box to every byte. This is the circuit of 115 gates in
// Joan Boyar and René Peralta, "A New Combinational Logic Minimization Technique
// with Applications to Cryptology" (SEA 2010, https://eprint.iacr.org/2009/191).
// There x0 and s0 are the most significant bits.
func (s *sliced) subBytes() {
	x0, x1, x2, x3, x4, x5, x6, x7 := s[7], s[6], s[5], s[4], s[3], s[2], s[1], s[0]

	// Into a basis in which GF(2⁸) is a tower of quadratic extensions: linear.
	y14 := x3 ^ x5
	y13 := x0 ^ x6
	y9 := x0 ^ x3
	y8 := x0 ^ x5
	t0 := x1 ^ x2
	y1 := t0 ^ x7
	y4 := y1 ^ x3
	y12 := y13 ^ y14
	y2 := y1 ^ x0
	y5 := y1 ^ x6
	y3 := y5 ^ y8
	t1 := x4 ^ y12
	y15 := t1 ^ x5
	y20 := t1 ^ x1
	y6 := y15 ^ x7
	y10 := y15 ^ t0
	y11 := y20 ^ y9
	y7 := x7 ^ y11
	y17 := y10 ^ y11
	y19 := y10 ^ y8
	y16 := t0 ^ y11
	y21 := y13 ^ y16
	y18 := x0 ^ y16

	// From GF(2⁸) down to GF(2⁴),
	t2 := y12 & y15
	t3 := y3 & y6
	t4 := t3 ^ t2
	t5 := y4 & x7
	t6 := t5 ^ t2
	t7 := y13 & y16
	t8 := y5 & y1
	t9 := t8 ^ t7
	t10 := y2 & y7
	t11 := t10 ^ t7
	t12 := y9 & y11
	t13 := y14 & y17
	t14 := t13 ^ t12
	t15 := y8 & y10
	t16 := t15 ^ t12
	t17 := t4 ^ t14
	t18 := t6 ^ t16
	t19 := t9 ^ t14
	t20 := t11 ^ t16
	t21 := t17 ^ y20
	t22 := t18 ^ y19
	t23 := t19 ^ y21
	t24 := t20 ^ y18

	// the inversion there, of t21 to t24 giving t29, t33, t37 and t40,
	t25 := t21 ^ t22
	t26 := t21 & t23
	t27 := t24 ^ t26
	t28 := t25 & t27
	t29 := t28 ^ t22
	t30 := t23 ^ t24
	t31 := t22 ^ t26
	t32 := t31 & t30
	t33 := t32 ^ t24
	t34 := t23 ^ t33
	t35 := t27 ^ t33
	t36 := t24 & t35
	t37 := t36 ^ t34
	t38 := t27 ^ t36
	t39 := t29 & t38
	t40 := t25 ^ t39

	// and back up.
	t41 := t40 ^ t37
	t42 := t29 ^ t33
	t43 := t29 ^ t40
	t44 := t33 ^ t37
	t45 := t42 ^ t41
	z0 := t44 & y15
	z1 := t37 & y6
	z2 := t33 & x7
	z3 := t43 & y16
	z4 := t40 & y1
	z5 := t29 & y7
	z6 := t42 & y11
	z7 := t45 & y17
	z8 := t41 & y10
	z9 := t44 & y12
	z10 := t37 & y3
	z11 := t33 & y4
	z12 := t43 & y13
	z13 := t40 & y5
	z14 := t29 & y2
	z15 := t42 & y9
	z16 := t45 & y14
	z17 := t41 & y8

	// Back to the basis of FIPS 197, together with its affine map: linear, but
	// for the four negations.
	t46 := z15 ^ z16
	t47 := z10 ^ z11
	t48 := z5 ^ z13
	t49 := z9 ^ z10
	t50 := z2 ^ z12
	t51 := z2 ^ z5
	t52 := z7 ^ z8
	t53 := z0 ^ z3
	t54 := z6 ^ z7
	t55 := z16 ^ z17
	t56 := z12 ^ t48
	t57 := t50 ^ t53
	t58 := z4 ^ t46
	t59 := z3 ^ t54
	t60 := t46 ^ t57
	t61 := z14 ^ t57
	t62 := t52 ^ t58
	t63 := t49 ^ t58
	t64 := z4 ^ t59
	t65 := t61 ^ t62
	t66 := z1 ^ t63
	s0 := t59 ^ t63
	s6 := ^(t56 ^ t62)
	s7 := ^(t48 ^ t60)
	t67 := t64 ^ t65
	s3 := t53 ^ t66
	s4 := t51 ^ t66
	s5 := t47 ^ t65
	s1 := ^(t64 ^ s3)
	s2 := ^(t55 ^ t67)

	s[7], s[6], s[5], s[4], s[3], s[2], s[1], s[0] = s0, s1, s2, s3, s4, s5, s6, s7
}

// pack slices four blocks.
//
// Before the transposition, word lane + 4·(column mod 2) has the whole bytes of
// two columns, a byte at bit 16·row + 8·(column div 2). The three bits which
// number a word then change places with the three which number a bit in its byte.
func (s *sliced) pack(x *[slicedLanes][BlockSize]byte) {
	for lane := range x {
		columns01 := binary.LittleEndian.Uint64(x[lane][:8])
		columns23 := binary.LittleEndian.Uint64(x[lane][8:])
		s[lane] = spread(uint32(columns01)) | spread(uint32(columns23))<<8
		s[lane+4] = spread(uint32(columns01>>32)) | spread(uint32(columns23>>32))<<8
	}
	s.transpose()
}

// unpack undoes pack. Afterwards s is of no use.
func (s *sliced) unpack(x *[slicedLanes][BlockSize]byte) {
	s.transpose()
	for lane := range x {
		columns01 := uint64(gather(s[lane])) | uint64(gather(s[lane+4]))<<32
		columns23 := uint64(gather(s[lane]>>8)) | uint64(gather(s[lane+4]>>8))<<32
		binary.LittleEndian.PutUint64(x[lane][:8], columns01)
		binary.LittleEndian.PutUint64(x[lane][8:], columns23)
	}
}

// spread puts the bytes of a column 16 bits apart.
func spread(column uint32) uint64 {
	w := uint64(column)
	w = (w | w<<16) & 0x0000ffff_0000ffff
	return (w | w<<8) & 0x00ff00ff_00ff00ff
}

// gather undoes spread, whatever is between the bytes.
func gather(w uint64) (column uint32) {
	w &= 0x00ff00ff_00ff00ff
	w = (w | w>>8) & 0x0000ffff_0000ffff
	return uint32(w | w>>16)
}

// transpose exchanges bit i of byte j in word k with bit k of byte j in word i.
func (s *sliced) transpose() {
	s[0], s[1] = exchange(s[0], s[1], 1, 0x55555555_55555555)
	s[2], s[3] = exchange(s[2], s[3], 1, 0x55555555_55555555)
	s[4], s[5] = exchange(s[4], s[5], 1, 0x55555555_55555555)
	s[6], s[7] = exchange(s[6], s[7], 1, 0x55555555_55555555)

	s[0], s[2] = exchange(s[0], s[2], 2, 0x33333333_33333333)
	s[1], s[3] = exchange(s[1], s[3], 2, 0x33333333_33333333)
	s[4], s[6] = exchange(s[4], s[6], 2, 0x33333333_33333333)
	s[5], s[7] = exchange(s[5], s[7], 2, 0x33333333_33333333)

	s[0], s[4] = exchange(s[0], s[4], 4, 0x0f0f0f0f_0f0f0f0f)
	s[1], s[5] = exchange(s[1], s[5], 4, 0x0f0f0f0f_0f0f0f0f)
	s[2], s[6] = exchange(s[2], s[6], 4, 0x0f0f0f0f_0f0f0f0f)
	s[3], s[7] = exchange(s[3], s[7], 4, 0x0f0f0f0f_0f0f0f0f)
}

// exchange exchanges the bits of b under low with those of a that are n higher.
func exchange(a, b uint64, n int, low uint64) (uint64, uint64) {
	t := (a>>n ^ b) & low
	return a ^ t<<n, b ^ t
}
