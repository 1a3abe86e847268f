package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/aes256"
	"github.com/mtcore/mtcore/gen/internal/lane"
	"github.com/mtcore/mtcore/gen/internal/sha256ni"
	"github.com/mtcore/mtcore/gen/internal/weave"
)

// Four messages. Their IGE streams are in the lanes of ZMM registers and take as many instructions
// as one. Two hashes are all that there are registers for, and nearly all that the SHA unit can
// do; so in a turn of the loop, two blocks of IGE are beside the hashes of messages 0 and 1, and
// then two beside those of messages 2 and 3.
//
//	out_i = AESDECLAST(r, k_14 ⊕ in_{i-1})        r after the rounds, of x = out_{i-1} ⊕ k_0 ⊕ in_i
//
// That has another ⊕ on its way than the folded form, and an instruction less. There is time: the
// hashes take longer than this.
//
// What belongs to the lanes is next to each other in memory: round key r of lane l at 64r + 16l, and
// the halves of its iv at 16l and 64 + 16l.
//
// Registers:
//
//	X0-15  hashes, as for two messages
//	X16-23 the states of all four, of SHA256RNDS2's order
//	Z24-30 IGE
//
// SHA instructions find the upper halves of X0 to X15 clean, as nothing uses them.
const four = 4

const zmmSize = four * blockSize

// fourStreams is the registers of IGE.
type fourStreams struct {
	x    VecPhysical // the last block of plaintext, and on the way to the next
	prev VecPhysical // the last block of ciphertext

	free     [5]VecPhysical
	xk       Mem
	dst, src Mem // tables of pointers
}

func newFourStreams() *fourStreams {
	return &fourStreams{
		x: Z24, prev: Z25, free: [5]VecPhysical{Z26, Z27, Z28, Z29, Z30},
		xk: table("xk"), dst: table("dst"), src: table("src"),
	}
}

// table loads a parameter that is a pointer.
func table(name string) Mem { return Mem{Base: Load(Param(name), GP64())} }

// entry loads entry l of a table of pointers and addresses what is at offset from it, if there is
// an offset.
func entry(table Mem, l int, offset Register) Mem {
	p := GP64()
	MOVQ(table.Offset(8*l), p)
	if offset == nil {
		return Mem{Base: p}
	}
	return Mem{Base: p, Index: offset, Scale: 1}
}

// startKernel4 emits DecryptStart4VAES512.
func startKernel4(d direction) {
	name := d.verb + "Start4VAES512"
	TEXT(name, attr.NOSPLIT, "func(xk *[960]byte, iv *[128]byte, key, ivs *[4]*[32]byte, dst, src *[4]*byte)")
	Pragma("noescape")
	Doc(name+" is "+d.verb+"Start for four messages. It puts the ivs in iv, after the",
		"32 bytes of each: the halves of all are next to each other, lane by lane. So are the round",
		"keys in xk.")

	s := newFourStreams()
	key, ivs := table("key"), table("ivs")
	k0, k1 := ZMM(), ZMM()
	gather(key, 0, k0)
	gather(key, blockSize, k1)
	gather(ivs, d.prevIn, s.prev)
	gather(ivs, d.prevOut, s.x)
	in, tmp := s.free[:startBlocks], s.free[startBlocks]
	for i := range in {
		gather(s.src, i*blockSize, in[i])
	}
	aes256.Expand(aes256.VAES512, k0, k1, aes256.Inverse(aes256.VAES512, func(i int, k VecVirtual) {
		VMOVDQU64(k, s.key(i))
	}))
	prev := s.prev
	for i := range in {
		each(s.block(d, prev, in[i], tmp))
		scatter(s.x, s.dst, i*blockSize)
		prev = in[i]
	}
	s.storeIV(d, prev)
	VZEROUPPER()
	RET()
}

// fourMessages emits DecryptHash4VAES512SHANI.
func fourMessages(d direction) {
	name := d.verb + "Hash4VAES512SHANI"
	TEXT(name, attr.NOSPLIT, "func(xk *[960]byte, iv *[128]byte, dst, src *[4]*byte, n int, h *[4]*[8]uint32, hashed *[4]*byte)")
	Pragma("noescape")
	Doc(name+" is four IGE streams with VAES and four hashes with SHA-NI: "+d.cipher,
		"with the schedules xk and the ivs as "+d.verb+"Start4VAES512 leaves them.")

	n, hashed := Load(Param("n"), GP64()), table("hashed")
	s := newFourStreams()
	var hashes []sha256ni.Hash
	for i := range four {
		hash := newHash([2]bank{bank2, bank9}[i%2], bank16)
		hash.Saved = [four][2]Op{{X16, X17}, {X18, X19}, {X20, X21}, {X22, X23}}[i]
		hash.Load(entry(table("h"), i, nil))
		hash.Move(hash.ABEF, hash.Saved[0])
		hash.Move(hash.CDGH, hash.Saved[1])
		hashes = append(hashes, hash)
	}
	iv := table("iv")
	VMOVDQU64(iv.Offset(four*d.prevIn), s.prev)
	VMOVDQU64(iv.Offset(four*d.prevOut), s.x)
	at := GP64()
	XORQ(at, at)

	Label("loop")
	cipher := s.chunk(d, at)
	for pair := range 2 {
		a, b := 2*pair, 2*pair+1
		weave.Evenly(
			cipher[pair*len(cipher)/2:(pair+1)*len(cipher)/2],
			hashes[a].BlockOfSaved(entry(hashed, a, at)),
			hashes[b].BlockOfSaved(entry(hashed, b, at)))
	}
	ADDQ(U8(chunkSize), at)
	CMPQ(at, n)
	JNE(LabelRef("loop"))

	for i, hash := range hashes {
		hash.Move(hash.Saved[0], hash.ABEF)
		hash.Move(hash.Saved[1], hash.CDGH)
		hash.Store(entry(table("h"), i, nil))
	}
	s.storeIV(d, s.prev)
	RET()
}

// storeIV emits the stores of both halves of iv.
func (s *fourStreams) storeIV(d direction, prev VecPhysical) {
	iv := table("iv")
	VMOVDQU64(s.x, iv.Offset(four*d.prevOut))
	VMOVDQU64(prev, iv.Offset(four*d.prevIn))
}

func each(list []func()) {
	for _, f := range list {
		f()
	}
}

// key addresses round key i.
func (s *fourStreams) key(i int) Mem { return s.xk.Offset(i * zmmSize) }

// block returns the instructions for a block, of which prev becomes the plaintext. x is that of the
// block before it.
func (s *fourStreams) block(d direction, prev, in, tmp VecPhysical) (list []func()) {
	list = append(list,
		func() { VPXORQ(s.key(0), in, tmp) },
		func() { VPXORQ(s.key(rounds), prev, prev) },
		func() { VPXORQ(tmp, s.x, s.x) },
	)
	for r := 1; r < rounds; r++ {
		list = append(list, func() { d.round(s.key(r), s.x, s.x) })
	}
	return append(list,
		func() { d.lastRound(prev, s.x, prev) },
		func() { VMOVDQA64(prev, s.x) })
}

// chunk returns the instructions for the chunk at offset at.
func (s *fourStreams) chunk(d direction, at Register) (list []func()) {
	lines, tmp := [four]VecPhysical(s.free[:]), s.free[four]
	for l, line := range lines {
		list = append(list, func() { VMOVDQU64(entry(s.src, l, at), line) })
	}
	in, tmp, shuffles := transpose(lines, tmp)
	list = append(list, shuffles...)
	out := [four]VecPhysical{s.prev, in[0], in[1], in[2]}
	for i := range four {
		list = append(list, s.block(d, out[i], in[i], tmp)...)
	}
	lines, _, shuffles = transpose(out, tmp)
	list = append(list, shuffles...)
	for l, line := range lines {
		list = append(list, func() { VMOVDQU64(line, entry(s.dst, l, at)) })
	}
	return append(list, func() { VMOVDQA64(in[3], s.prev) })
}

// keystreamKernel4 emits KeystreamVAES512, which has four blocks in a register, and the round keys in
// registers, too.
func keystreamKernel4() {
	const registers = 2 // of a turn
	TEXT("KeystreamVAES512", attr.NOSPLIT, "func(xk *[240]byte, key *[32]byte, dst *byte, turns int, counter uint64)")
	Pragma("noescape")
	Doc("KeystreamVAES512 is Keystream with VAES.")

	xk, key := table("xk"), table("key")
	dst := table("dst")
	k0, k1 := XMM(), XMM()
	VMOVDQU(key, k0)
	VMOVDQU(key.Offset(blockSize), k1)
	aes256.Expand(aes256.AESNI, k0, k1, func(i int, k VecVirtual) { VMOVDQU(k, xk.Offset(i*blockSize)) })
	var keys [rounds + 1]VecVirtual
	for r := range keys {
		keys[r] = ZMM()
		VBROADCASTI32X4(xk.Offset(r*blockSize), keys[r])
	}
	var counters [registers]VecVirtual
	first, step := ZMM(), ZMM()
	VMOVQ(Load(Param("counter"), GP64()), first.AsX())
	VSHUFI64X2(U8(0), first, first, first)
	for i := range counters {
		counters[i] = ZMM()
		VPADDQ(numbers(fmt.Sprint("blocks", four*i), four*i, 1), first, counters[i])
	}
	VMOVDQU64(numbers("turn", registers*four, 0), step)
	turns := Load(Param("turns"), GP64())

	Label("turn")
	var x [registers]VecVirtual
	for i := range x {
		x[i] = ZMM()
		VPXORQ(keys[0], counters[i], x[i])
		VPADDQ(step, counters[i], counters[i])
	}
	for r := 1; r <= rounds; r++ {
		round := VAESENC
		if r == rounds {
			round = VAESENCLAST
		}
		for i := range x {
			round(keys[r], x[i], x[i])
		}
	}
	for i := range x {
		VMOVDQU64(x[i], dst.Offset(i*zmmSize))
	}
	ADDQ(I32(registers*zmmSize), dst.Base)
	DECQ(turns)
	JNZ(LabelRef("turn"))
	VZEROUPPER()
	RET()
}

// numbers is a constant: four blocks of the number n, and those that follow it by steps.
func numbers(name string, n, step int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range four {
		DATA(i*blockSize, U64(n+i*step))
		DATA(i*blockSize+8, U64(0))
	}
	return m
}

// transpose returns the instructions that transpose a matrix of four by four blocks, a row in each
// register, where the result is, and which of all these registers is not part of it.
func transpose(m [four]VecPhysical, tmp VecPhysical) (result [four]VecPhysical, free VecPhysical, list []func()) {
	const lowHalves, highHalves, even, odd = 0x44, 0xee, 0x88, 0xdd
	shuffle := func(choice uint8, a, b, r VecPhysical) {
		list = append(list, func() { VSHUFI64X2(U8(choice), b, a, r) })
	}
	l01, h01, l23, h23 := tmp, m[0], m[1], m[2]
	shuffle(lowHalves, m[0], m[1], l01)
	shuffle(highHalves, m[0], m[1], h01)
	shuffle(lowHalves, m[2], m[3], l23)
	shuffle(highHalves, m[2], m[3], h23)
	result = [four]VecPhysical{m[3], l01, l23, h01}
	shuffle(even, l01, l23, result[0])
	shuffle(odd, l01, l23, result[1])
	shuffle(even, h01, h23, result[2])
	shuffle(odd, h01, h23, result[3])
	return result, h23, list
}

// gather emits the loads of four blocks, each at offset from an entry of a table.
func gather(table Mem, offset int, r lane.Vector) {
	for l := range four {
		lane.Load(entry(table, l, nil).Offset(offset), l, r)
	}
}

// scatter emits the stores of four blocks.
func scatter(r lane.Vector, table Mem, offset int) {
	for l := range four {
		lane.Store(r, l, entry(table, l, nil).Offset(offset))
	}
}
