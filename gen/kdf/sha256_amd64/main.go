// Command sha256_amd64 generates the SHA-256 kernels of package kdf/asm.
//
// In the terms of FIPS 180-4, 6.2.2, with W_t the message schedule and a … h the
// state:
//
//	W_t = σ1(W_{t-2}) + W_{t-7} + σ0(W_{t-15}) + W_{t-16}        t ≥ 16
//	T1  = h + Σ1(e) + Ch(e,f,g) + K_t + W_t
//	T2  = Σ0(a) + Maj(a,b,c)
//	(a, b, c, d, e, f, g, h) = (T1+T2, a, b, c, d+T1, e, f, g)
//
// There are kernels for one and two hashes with the SHA instructions, and for sixteen
// hashes in the lanes of ZMM registers. Some continue hashes of any length, and one of each
// kind derives the keys of MTProto 2.0 from beginning to end:
//
//	A   = SHA256( msg_key || K[x : x+36] )
//	B   = SHA256( K[40+x : 76+x] || msg_key )
//	key = A[0:8] || B[8:24] || A[24:32]
//	iv  = B[0:8] || A[8:24] || B[24:32]
//
// where x is 0 or 8. Both inputs are 52 bytes: one block each with the padding, and
// no part of them is written to memory.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
	"github.com/mtcore/mtcore/gen/internal/sha256ni"
	"github.com/mtcore/mtcore/gen/internal/sha256x16"
	"github.com/mtcore/mtcore/gen/internal/weave"
	"github.com/mtcore/mtcore/internal/kdfspec"
)

//go:generate go -C ../.. run ./kdf/sha256_amd64

const blockSize = 64

// The two inputs of the KDF are 13 words followed by the padding of FIPS 180-4, 5.1.1. The
// constants are words as they are after byte swapping.
const (
	kdfPad    = 0x80000000                                  // word 13
	kdfLength = 8 * (kdfspec.MsgKeySize + kdfspec.PartSize) // word 15, in bits
)

func main() { avomain.Generate(kernels) }

func kernels() {
	blocksKernel()
	blocks2Kernel()
	deriveKernel()
	blocks16AVX512()
	derive8AVX512()
}

// SHA-NI
//
// Package sha256ni has the rounds. The latency of a block is that of thirty-two SHA256RNDS2, each
// of which waits for the one before. Everything else fits beside them, and the unit is idle in
// between: it can start another one after 2 cycles of the 4 on Zen 5, after 3 on recent Xeons. Two
// hashes, with their SHA256RNDS2 alternating, take little longer than one, or half as long again.
//
// Instructions other than SHA are VEX-encoded. Only XMM registers are used: no VZEROUPPER
// is needed.
//
// Registers:
//
//	X0-1   scratch
//	X2-8   a hash
//	X9-15  another

// newHash is hash i of a kernel. The state from before a block is to be saved in memory: there are
// not enough registers.
func newHash(i int) sha256ni.Hash {
	r := [2][7]VecPhysical{{X2, X3, X4, X5, X6, X7, X8}, {X9, X10, X11, X12, X13, X14, X15}}[i]
	return sha256ni.Hash{
		ABEF: r[0], CDGH: r[1],
		M:    [4]VecPhysical(r[2:6]),
		WK:   r[6],
		Move: func(src, dst Op) { VMOVDQU(src, dst) },
	}
}

// blocksKernel emits Blocks.
func blocksKernel() {
	TEXT("Blocks", attr.NOSPLIT, "func(h *[8]uint32, p *byte, blocks int)")
	Pragma("noescape")
	Doc("Blocks hashes the given number of blocks at p into the state h.")
	shaniKernel([]Mem{{Base: Load(Param("h"), GP64())}}, []Mem{{Base: Load(Param("p"), GP64())}})
}

// blocks2Kernel emits Blocks2.
func blocks2Kernel() {
	TEXT("Blocks2", attr.NOSPLIT, "func(h0, h1 *[8]uint32, p0, p1 *byte, blocks int)")
	Pragma("noescape")
	Doc("Blocks2 hashes the given number of blocks at p0 into the state h0, and at p1 into h1.")
	shaniKernel(
		[]Mem{{Base: Load(Param("h0"), GP64())}, {Base: Load(Param("h1"), GP64())}},
		[]Mem{{Base: Load(Param("p0"), GP64())}, {Base: Load(Param("p1"), GP64())}})
}

// shaniKernel emits the body of a kernel with one hash or two. While it works, h has the states from
// before the block, in the order of the SHA instructions.
func shaniKernel(h, p []Mem) {
	blocks := Load(Param("blocks"), GP64())
	hashes := make([]sha256ni.Hash, len(h))
	for i := range hashes {
		hashes[i] = newHash(i)
		hashes[i].Saved = [2]Op{h[i], h[i].Offset(16)}
		hashes[i].Load(h[i])
	}

	Label("loop")
	var lists [][]func()
	for i := range hashes {
		lists = append(lists, hashes[i].Block(p[i]))
	}
	weave.Evenly(lists...)
	for i := range p {
		ADDQ(U8(blockSize), p[i].Base)
	}
	DECQ(blocks)
	JNZ(LabelRef("loop"))

	for i := range hashes {
		hashes[i].Store(h[i])
	}
	RET()
}

// deriveKernel emits Derive.
func deriveKernel() {
	TEXT("Derive", attr.NOSPLIT, "func(key, iv *[32]byte, authKey *byte, msgKey *[16]byte)")
	Pragma("noescape")
	Doc("Derive derives an AES key and iv as MTProto 2.0 does, from the authorization key",
		"from byte x on and a message key.")

	key := Mem{Base: Load(Param("key"), GP64())}
	iv := Mem{Base: Load(Param("iv"), GP64())}
	authKey := Mem{Base: Load(Param("authKey"), GP64())}
	msgKey := Mem{Base: Load(Param("msgKey"), GP64())}

	Comment("Both blocks; the pieces of 16 bytes that end a part overlap the ones before")
	swap, pad, mk := XMM(), XMM(), XMM()
	VMOVDQU(sha256x16.ByteSwap(), swap)
	VMOVDQU(avomain.Words("kdfPadding", kdfPad, 0, kdfLength, 0), pad)
	load := func(m Mem, dst Op) {
		VMOVDQU(m, dst)
		VPSHUFB(swap, dst, dst)
	}
	a, b := newHash(0), newHash(1)
	last := XMM()
	load(msgKey, mk)
	// A: msg_key, then nine words of the key.
	VMOVDQA(mk, a.M[0])
	load(authKey.Offset(kdfspec.OffsetA), a.M[1])
	load(authKey.Offset(kdfspec.OffsetA+16), a.M[2])
	load(authKey.Offset(kdfspec.OffsetA+20), last)
	VPALIGNR(U8(12), last, pad, a.M[3]) // the last word of last, then three of pad
	// B: nine words of the key, then msg_key.
	load(authKey.Offset(kdfspec.OffsetB), b.M[0])
	load(authKey.Offset(kdfspec.OffsetB+16), b.M[1])
	load(authKey.Offset(kdfspec.OffsetB+20), last)
	VPALIGNR(U8(12), last, mk, b.M[2])
	VPALIGNR(U8(12), mk, pad, b.M[3])

	abef := avomain.Words("initialABEF", kdfspec.Initial[5], kdfspec.Initial[4], kdfspec.Initial[1], kdfspec.Initial[0])
	cdgh := avomain.Words("initialCDGH", kdfspec.Initial[7], kdfspec.Initial[6], kdfspec.Initial[3], kdfspec.Initial[2])
	for _, s := range []sha256ni.Hash{a, b} {
		VMOVDQU(abef, s.ABEF)
		VMOVDQU(cdgh, s.CDGH)
	}
	weave.Evenly(a.Rounds(), b.Rounds())

	Comment("The words of the digests in their places, as big-endian bytes")
	reverse := XMM()
	VMOVDQU(avomain.Words("reverse", 0x04050607, 0x00010203, 0x0c0d0e0f, 0x08090a0b), reverse) // of halves
	for _, s := range []sha256ni.Hash{a, b} {
		VPADDD(abef, s.ABEF, s.ABEF)
		VPADDD(cdgh, s.CDGH, s.CDGH)
		VPSHUFB(reverse, s.ABEF, s.ABEF) // e f a b
		VPSHUFB(reverse, s.CDGH, s.CDGH) // g h c d
	}
	t := XMM()
	store := func(high, low sha256ni.Hash, dst Mem) {
		VPUNPCKHQDQ(low.CDGH, high.ABEF, t) // a b of high, c d of low
		VMOVDQU(t, dst)
		VPUNPCKLQDQ(high.CDGH, low.ABEF, t) // e f of low, g h of high
		VMOVDQU(t, dst.Offset(16))
	}
	store(a, b, key)
	store(b, a, iv)
	RET()
}

// AVX-512
//
// Sixteen hashes are side by side, in the layout of package sha256x16. Of the 32 registers,
// 16 hold the schedule and 8 the state, and the others are scratch. The state from before a
// block is kept in memory.

const lanes = sha256x16.Lanes

// gather loads a piece of hash l into its place.
func gather(q sha256x16.Quad, l int, m Mem) { q.Load(l%4, l/4, m) }

// scatter stores a piece of hash l.
func scatter(q sha256x16.Quad, l int, m Mem) { q.Store(l%4, l/4, m) }

// blocks16AVX512 emits Blocks16AVX512.
func blocks16AVX512() {
	TEXT("Blocks16AVX512", attr.NOSPLIT, "func(h *[8][16]uint32, p *[16]*byte, blocks int)")
	Pragma("noescape")
	Doc("Blocks16AVX512 hashes the given number of blocks at each address of p into the state whose",
		"words are at the same index of each row of h.")

	h := Mem{Base: Load(Param("h"), GP64())}
	p := Mem{Base: Load(Param("p"), GP64())}
	blocks := Load(Param("blocks"), GP64())
	offset := GP64()
	XORQ(offset, offset)

	state := make([]VecVirtual, 8)
	for i := range state {
		state[i] = ZMM()
		VMOVDQU32(h.Offset(64*i), state[i])
	}

	Label("loop")
	quads := []sha256x16.Quad{sha256x16.NewQuad(), sha256x16.NewQuad(), sha256x16.NewQuad(), sha256x16.NewQuad()}
	for l := range lanes {
		block := Mem{Base: pointer(p, l), Index: offset, Scale: 1}
		for i, q := range quads {
			gather(q, l, block.Offset(16*i))
		}
	}
	for _, q := range quads {
		q.TransposeBytes()
	}
	sha256x16.Rounds("rounds", state, sha256x16.Words(quads...))
	for i, r := range state {
		VPADDD(h.Offset(64*i), r, r)
		VMOVDQU32(r, h.Offset(64*i))
	}
	ADDQ(U8(blockSize), offset)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// pointer loads entry l of a table of pointers.
func pointer(table Mem, l int) Register {
	p := GP64()
	MOVQ(table.Offset(8*l), p)
	return p
}

// derive8AVX512 emits Derive8AVX512. Lane l, below 8, computes hash A of derivation l, and
// lane l+8 its hash B.
func derive8AVX512() {
	TEXT("Derive8AVX512", attr.NOSPLIT, "func(key, iv *[8]*[32]byte, authKey *[8]*byte, msgKey *[8]*[16]byte)")
	Pragma("noescape")
	Doc("Derive8AVX512 derives eight AES keys and ivs, each as Derive does. Of each authKey it",
		"reads 88 bytes: bytes 76 to 87, that is auth_key[x+76 : x+88], come with the last vector",
		"and are not used.")

	key := Mem{Base: Load(Param("key"), GP64())}
	iv := Mem{Base: Load(Param("iv"), GP64())}
	authKey := Mem{Base: Load(Param("authKey"), GP64())}
	msgKey := Mem{Base: Load(Param("msgKey"), GP64())}

	Comment("Words 0 to 11 of A, and words 0 to 8 of B, are in their places after this")
	const half = lanes / 2
	quads := []sha256x16.Quad{sha256x16.NewQuad(), sha256x16.NewQuad(), sha256x16.NewQuad(), sha256x16.NewQuad()}
	for l := range half {
		k, mk := Mem{Base: pointer(authKey, l)}, Mem{Base: pointer(msgKey, l)}
		gather(quads[0], l, mk)
		gather(quads[1], l, k.Offset(kdfspec.OffsetA))
		gather(quads[2], l, k.Offset(kdfspec.OffsetA+16))
		gather(quads[3], l, k.Offset(kdfspec.OffsetA+32))
	}
	for l := range half {
		k, mk := Mem{Base: pointer(authKey, l)}, Mem{Base: pointer(msgKey, l)}
		gather(quads[0], half+l, k.Offset(kdfspec.OffsetB))
		gather(quads[1], half+l, k.Offset(kdfspec.OffsetB+16))
		gather(quads[2], half+l, k.Offset(kdfspec.OffsetB+32))
		gather(quads[3], half+l, mk)
	}
	for _, q := range quads {
		q.TransposeBytes()
	}
	w := sha256x16.Words(quads...)

	Comment("Word 12 of A is where the message key of B begins, which is to follow word 8")
	bits, isB := GP32(), K()
	MOVL(U32(0xff00), bits)
	KMOVW(bits, isB)
	VMOVDQA32(w[12], isB, w[9])
	VMOVDQA32(w[13], isB, w[10])
	VMOVDQA32(w[14], isB, w[11])
	VMOVDQA32(w[15], isB, w[12])
	padding := avomain.Words("kdfPadding", kdfPad, 0, kdfLength, 0)
	VPBROADCASTD(padding, w[13])
	VPXORD(w[14], w[14], w[14])
	VPBROADCASTD(padding.Offset(8), w[15])

	low, high := sha256x16.NewQuad(), sha256x16.NewQuad()
	state := sha256x16.Words(low, high)
	start := avomain.Words("initial", kdfspec.Initial[:]...)
	for i, r := range state {
		VPBROADCASTD(start.Offset(4*i), r)
	}
	sha256x16.Rounds("rounds", state, w)
	for i, r := range state {
		VPADDD_BCST(start.Offset(4*i), r, r)
	}

	Comment("The middle of the key is B's, the one of the iv is A's")
	for _, r := range state[2:6] {
		VSHUFI64X2(U8(0b01_00_11_10), r, r, r)
	}
	low.TransposeBytes()
	high.TransposeBytes()
	for l := range half {
		k, v := Mem{Base: pointer(key, l)}, Mem{Base: pointer(iv, l)}
		scatter(low, l, k)
		scatter(high, l, k.Offset(16))
		scatter(low, half+l, v)
		scatter(high, half+l, v.Offset(16))
	}
	VZEROUPPER()
	RET()
}
