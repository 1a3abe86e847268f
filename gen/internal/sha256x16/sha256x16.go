// Package sha256x16 emits the compression function of SHA-256 (FIPS 180-4, 6.2.2) for
// sixteen hashes side by side, with AVX-512, for avo generators.
//
// A ZMM register holds one word of every hash. In the notation of FIPS 180-4, with W_t the
// message schedule and a … h the state:
//
//	W_t = σ1(W_{t-2}) + W_{t-7} + σ0(W_{t-15}) + W_{t-16}        t ≥ 16
//	T1  = h + Σ1(e) + Ch(e,f,g) + K_t + W_t
//	T2  = Σ0(a) + Maj(a,b,c)
//	(a, b, c, d, e, f, g, h) = (T1+T2, a, b, c, d+T1, e, f, g)
//
// Sixty-four rounds are a chain of latencies, from e to the next e and from a to the next
// a. To make both links as short as Σ and an addition, the two sums that contain T1, e and
// a, start with what is known before, and the one for a takes T1 from the one for e:
//
//	e' = ((h + K_t + W_t + d) + Ch(e,f,g)) + Σ1(e)
//	a' = ((e' - d) + Maj(a,b,c)) + Σ0(a)
//
// The CPU has few units for rotations, and prefers the older of two instructions. Since e'
// does not need the last a', the instructions for a' may come a round late, after the
// rotations for the next e'.
package sha256x16

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
	"github.com/mtcore/mtcore/gen/internal/lane"
	"github.com/mtcore/mtcore/gen/internal/sha256k"
)

// Sizes.
const (
	Lanes     = 16
	BlockSize = 64
)

// A Quad is four registers to be transposed. In memory, blocks and states are stored hash
// by hash; they are loaded into registers in pieces of four words:
//
//	register j has in its 128-bit lane c    four words of a hash
//	and turns, with three others, into      word j of the four hashes in lanes c
//
// which is four transpositions of 4×4 words in each of the lanes, and its own inverse.
// So the hash in lane c of register j has its words at index 4c+j.
type Quad [4]VecVirtual

// NewQuad allocates a Quad.
func NewQuad() Quad { return Quad{ZMM(), ZMM(), ZMM(), ZMM()} }

// Load emits a load of lane c of register j.
func (q Quad) Load(j, c int, m Mem) { lane.Load(m, c, q[j]) }

// Store emits a store of lane c of register j.
func (q Quad) Store(j, c int, m Mem) { lane.Store(q[j], c, m) }

// Transpose emits the transposition.
func (q Quad) Transpose() {
	t := NewQuad()
	VPUNPCKLDQ(q[1], q[0], t[0])
	VPUNPCKHDQ(q[1], q[0], t[1])
	VPUNPCKLDQ(q[3], q[2], t[2])
	VPUNPCKHDQ(q[3], q[2], t[3])
	VPUNPCKLQDQ(t[2], t[0], q[0])
	VPUNPCKHQDQ(t[2], t[0], q[1])
	VPUNPCKLQDQ(t[3], t[1], q[2])
	VPUNPCKHQDQ(t[3], t[1], q[3])
}

// TransposeBytes is Transpose, between words and the byte order of FIPS 180-4.
func (q Quad) TransposeBytes() {
	q.Transpose()
	swap := ZMM()
	VBROADCASTI32X4(ByteSwap(), swap)
	for _, r := range q {
		VPSHUFB(swap, r, r)
	}
}

// Words lists the registers of the quads in order.
func Words(quads ...Quad) (list []VecVirtual) {
	for _, q := range quads {
		list = append(list, q[:]...)
	}
	return list
}

// Rounds emits the 64 rounds; w contains the first 16 words of the schedule. The first 48
// rounds compute the others, in the same registers; they are a loop, whose label is given,
// to keep the code small.
func Rounds(label string, state, w []VecVirtual) {
	k := Mem{Base: GP64()}
	end := GP64()
	LEAQ(RoundConstants(), k.Base)
	LEAQ(k.Offset(4*48), end)
	Label(label)
	sixteen(state, w, k, func(t int) { schedule(w, t) })
	ADDQ(U8(4*16), k.Base)
	CMPQ(k.Base, end)
	JNE(LabelRef(label))
	sixteen(state, w, k, func(t int) {})
}

// sixteen emits sixteen rounds, and calls then after each. The instructions for a' come a
// round late.
func sixteen(state, w []VecVirtual, k Mem, then func(t int)) {
	for t := range 16 {
		Comment(fmt.Sprintf("Round %d of 16", t))
		emit(RoundE(state, t, w[t], k.Offset(4*t)))
		if t > 0 {
			emit(RoundA(state, t-1))
		}
		then(t)
	}
	emit(RoundA(state, 15))
}

func emit(list []func()) {
	for _, f := range list {
		f()
	}
}

// Truth tables for VPTERNLOGD, of its operands from the last to the first.
const (
	xor3   = U8(0x96)
	choose = U8(0xca) // Ch, the first operand chooses
	major  = U8(0xe8) // Maj
)

// RoundE returns the instructions of round t for e', and RoundA those for a', which follow
// them, perhaps with the next round's instructions for e' in between. W_t is in w, and k is
// the address of K_t.
//
// Instead of the words, their names move on by one, a to d and e to h separately: e' takes
// the place of h, and a' that of d.
func RoundE(state []VecVirtual, t int, w VecVirtual, k Mem) []func() {
	d := name(state, t, 3)
	e, f, g, h := name(state, t, 4), name(state, t, 5), name(state, t, 6), name(state, t, 7)
	wk, ch := ZMM(), ZMM()
	sigma1, sum := rotations(e, VPRORD, 6, 11, 25)
	return append(sigma1,
		func() { VPADDD_BCST(k, w, wk) },
		func() { VPADDD(wk, h, h) },
		func() { VPADDD(d, h, h) },
		func() { VMOVDQA32(e, ch) },
		func() { VPTERNLOGD(choose, g, f, ch) },
		func() { VPADDD(ch, h, h) },
		func() { VPADDD(sum, h, h) },
	)
}

// RoundA is described with RoundE.
func RoundA(state []VecVirtual, t int) []func() {
	a, b, c, d := name(state, t, 0), name(state, t, 1), name(state, t, 2), name(state, t, 3)
	nextE := name(state, t, 7)
	maj := ZMM()
	sigma0, sum := rotations(a, VPRORD, 2, 13, 22)
	return append(sigma0,
		func() { VMOVDQA32(a, maj) },
		func() { VPTERNLOGD(major, c, b, maj) },
		func() { VPSUBD(d, nextE, d) },
		func() { VPADDD(maj, d, d) },
		func() { VPADDD(sum, d, d) },
	)
}

// name returns the register of word i of the state before round t; i is 0 for a to 7 for h.
func name(state []VecVirtual, t, i int) VecVirtual { return state[i/4*4+(i-t+64)%4] }

// SmallSigma0 and SmallSigma1 return the instructions of σ0 and σ1, and the result.
func SmallSigma0(x VecVirtual) ([]func(), VecVirtual) { return rotations(x, VPSRLD, 7, 18, 3) }
func SmallSigma1(x VecVirtual) ([]func(), VecVirtual) { return rotations(x, VPSRLD, 17, 19, 10) }

// rotations returns the instructions of Σ or σ: the xor of two right rotations and a third
// rotation or a shift.
func rotations(x VecVirtual, last func(...Op), r0, r1, r2 uint8) (list []func(), y VecVirtual) {
	y = ZMM()
	t0, t1 := ZMM(), ZMM()
	return []func(){
		func() { VPRORD(U8(r0), x, y) },
		func() { VPRORD(U8(r1), x, t0) },
		func() { last(U8(r2), x, t1) },
		func() { VPTERNLOGD(xor3, t0, t1, y) },
	}, y
}

// schedule emits the instructions that turn W_t, in w[t mod 16], into W_{t+16}.
func schedule(w []VecVirtual, t int) {
	at := func(i int) VecVirtual { return w[(t+i)%16] }
	sigma0, sum0 := SmallSigma0(at(1))
	sigma1, sum1 := SmallSigma1(at(14))
	VPADDD(at(9), at(0), at(0))
	emit(sigma0)
	VPADDD(sum0, at(0), at(0))
	emit(sigma1)
	VPADDD(sum1, at(0), at(0))
}

// RoundConstants is K_0 … K_63.
func RoundConstants() Mem { return avomain.Words("K256", sha256k.K[:]...) }

// ByteSwap is the VPSHUFB index that swaps the bytes of each word.
func ByteSwap() Mem {
	return avomain.Words("byteSwap", 0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)
}
