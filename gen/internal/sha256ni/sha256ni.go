// Package sha256ni emits the compression function of SHA-256 (FIPS 180-4, 6.2.2)
// with the SHA instructions of x86, for avo generators.
//
// Block and Rounds return their instructions as a list instead of emitting them, so that a generator
// can merge it with others: a block is bound by the latency of its 32 SHA256RNDS2, each of
// which needs the result of the one before, which leaves room for more in between.
package sha256ni

import (
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
	"github.com/mtcore/mtcore/gen/internal/sha256k"
)

// BlockSize is the size of a block of SHA-256.
const BlockSize = 64

// A Hash is the registers of one hash. All except Saved, which may be memory, are among X0 … X15,
// since SHA instructions have no other encoding.
//
// The state a … h is in two registers in SHA256RNDS2's order, from the lowest word on: f e
// b a and h g d c.
type Hash struct {
	ABEF, CDGH VecPhysical
	M          [4]VecPhysical // W_t for 16 successive t, four in each
	WK         VecPhysical    // W_t + K_t for the two rounds after the next two
	Saved      [2]Op          // the state before the block

	Move func(src, dst Op) // copies a register to or from Saved
}

// Tmp is the scratch register of all hashes of a kernel, as is X0, which SHA256RNDS2 reads.
// No element of a list of instructions leaves anything there for the next, so lists of
// several hashes can be merged.
var Tmp = X1

// Load emits instructions that load the state at h.
func (s *Hash) Load(h Mem) {
	VMOVDQU(h, s.ABEF)
	VMOVDQU(h.Offset(16), s.CDGH)
	VPUNPCKHQDQ(s.CDGH, s.ABEF, Tmp)
	VPUNPCKLQDQ(s.CDGH, s.ABEF, s.ABEF)
	VPSHUFD(reverse, Tmp, s.CDGH)
	VPSHUFD(reverse, s.ABEF, s.ABEF)
}

// Store emits instructions that store the state at h. It destroys the registers.
func (s *Hash) Store(h Mem) {
	VPSHUFD(reverse, s.ABEF, s.ABEF)
	VPSHUFD(reverse, s.CDGH, s.CDGH)
	VPUNPCKLQDQ(s.CDGH, s.ABEF, Tmp)
	VMOVDQU(Tmp, h)
	VPUNPCKHQDQ(s.CDGH, s.ABEF, Tmp)
	VMOVDQU(Tmp, h.Offset(16))
}

// Orders of words, for VPSHUFD.
const (
	reverse  = U8(0b00_01_10_11)
	highHalf = U8(0b11_10_11_10)
)

// Block returns the instructions that compress the block at p.
func (s *Hash) Block(p Mem) []func() {
	return slices.Concat(
		[]func(){
			func() { s.Move(s.ABEF, s.Saved[0]) },
			func() { s.Move(s.CDGH, s.Saved[1]) },
		},
		s.compress(p),
		[]func(){
			func() { VPADDD(s.Saved[0], s.ABEF, s.ABEF) },
			func() { VPADDD(s.Saved[1], s.CDGH, s.CDGH) },
		})
}

// BlockOfSaved is Block for a state that is in registers of Saved, before and after. In between,
// other hashes have the other registers.
func (s *Hash) BlockOfSaved(p Mem) []func() {
	return slices.Concat(
		[]func(){
			func() { s.Move(s.Saved[0], s.ABEF) },
			func() { s.Move(s.Saved[1], s.CDGH) },
		},
		s.compress(p),
		[]func(){
			func() { VPADDD(s.Saved[0], s.ABEF, s.Saved[0]) },
			func() { VPADDD(s.Saved[1], s.CDGH, s.Saved[1]) },
		})
}

// compress is Rounds for the block at p.
func (s *Hash) compress(p Mem) (list []func()) {
	rounds, swap := s.Rounds(), byteSwap()
	for i, m := range s.M {
		list = append(list,
			func() { VMOVDQU(p.Offset(16*i), m) },
			func() { VPSHUFB(swap, m, m) },
		)
	}
	return append(list, rounds...)
}

// Rounds returns the instructions of all rounds, with the words of the block in M. They leave the
// old state to be added.
func (s *Hash) Rounds() (list []func()) {
	k := roundConstants()
	for t := 0; t < 64; t += 4 {
		m0, m1, m2, m3 := s.M[t/4%4], s.M[(t/4+1)%4], s.M[(t/4+2)%4], s.M[(t/4+3)%4]
		// SHA256RNDS2 is two rounds. It makes a new ABEF in place of the old CDGH,
		// and the old ABEF is the new CDGH.
		list = append(list, func() {
			VPADDD(k.Offset(4*t), m0, X0)
			VPSHUFD(highHalf, X0, s.WK)
			SHA256RNDS2(X0, s.ABEF, s.CDGH)
		})
		if t < 64-16 {
			// W_{t+16} = σ1(W_{t+14}) + W_{t+9} + σ0(W_{t+1}) + W_t, in place of W_t
			list = append(list,
				func() { SHA256MSG1(m1, m0) },
				func() {
					VPALIGNR(U8(4), m2, m3, Tmp)
					VPADDD(Tmp, m0, m0)
				},
				func() { SHA256MSG2(m3, m0) },
			)
		}
		list = append(list, func() {
			VMOVDQA(s.WK, X0)
			SHA256RNDS2(X0, s.CDGH, s.ABEF)
		})
	}
	return list
}

// roundConstants is K_0 … K_63.
func roundConstants() Mem { return avomain.Words("sha256K", sha256k.K[:]...) }

// byteSwap is the VPSHUFB index that swaps the bytes of each word.
func byteSwap() Mem {
	return avomain.Words("sha256Swap", 0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)
}
