// Command batch_amd64 generates the kernels of package envelope/asm that open sixteen
// messages side by side: AES-256-IGE in the lanes of VAES, and SHA-256 in those of
// AVX-512.
//
// The formulas are those of ../../ige/batch_amd64 and of package sha256x16. As in
// ../stitch_amd64, an iteration of the loop decrypts a chunk of 64 bytes of each message
// and hashes the previous one. The rounds of SHA-256 are many instructions, in a chain that
// leaves half of the units idle; those of AES are few, in a longer chain. Interleaved they
// take little longer than SHA-256 alone.
//
// Layout. Message l, of 0 to 15, is in lane l%4 of group l/4:
//
//	keys     round key r at 960*(l/4) + 64*r + 16*(l%4)
//	state    its last block of plaintext at 16*l, of ciphertext at 256 + 16*l
//	h        word i of its hash is h[i][4*(l%4) + l/4]
//	scratch  in the frame, which nobody clears beforehand: two message schedules, the 16
//	         words of each being as those of h; then for each group, the last block of
//	         ciphertext of the chunk before and those of this chunk, the four lanes next
//	         to each other
//
// The order in h is the one in which four groups of a block become four words of the
// schedule without a permutation across lanes: what is decrypted is hashed without being
// loaded again. Sixteen words, eight of the state, four registers of AES and their
// temporaries are more than 32 registers, so the schedule is in memory.
//
// Registers, of each turn:
//
//	8    state of SHA-256
//	4    W_t, W_{t+1}, W_{t+14}, W_{t+15}
//	4    AES, a group each
//	all others are scratch
//
// The last two blocks of each hash, when there is nothing to decrypt any more, are for
// Hash16AVX512.
//
// A lane without a message works on any memory that nobody reads afterwards, which may be
// the same for all such lanes. It needs no key.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/aes256"
	"github.com/mtcore/mtcore/gen/internal/avomain"
	"github.com/mtcore/mtcore/gen/internal/lane"
	"github.com/mtcore/mtcore/gen/internal/sha256x16"
	"github.com/mtcore/mtcore/gen/internal/weave"
)

//go:generate go -C ../.. run ./envelope/batch_amd64

const (
	blockSize = aes256.BlockSize
	rounds    = aes256.Rounds
	chunk     = 4 // blocks
	chunkSize = chunk * blockSize

	groups    = 4
	groupSize = 4  // lanes
	zmmSize   = 64 // bytes

	keysSize = (rounds + 1) * zmmSize // of a group

	// Parts of scratch.
	scheduleSize = 16 * zmmSize
	inStart      = 2 * scheduleSize
	inSize       = (1 + chunk) * zmmSize // of a group
	scratchSize  = inStart + groups*inSize
)

func main() { avomain.Generate(kernels) }

func kernels() {
	expandKernel()
	decryptKernel()
	decryptHashKernel()
	hashKernel()
	wipeKernel()
}

// expandKernel emits ExpandDecrypt16VAES512.
func expandKernel() {
	TEXT("ExpandDecrypt16VAES512", attr.NOSPLIT, "func(keys *[3840]byte, state *[512]byte, key, iv *[16]*[32]byte)")
	Pragma("noescape")
	Doc("ExpandDecrypt16VAES512 expands sixteen AES-256 keys into keys, for the equivalent",
		"inverse cipher, and puts the ivs into state.")

	keys, state := pointer("keys"), pointer("state")
	key, iv := pointer("key"), pointer("iv")
	first := GP64() // lane of the group
	XORQ(first, first)
	Label("group")
	key, iv = key.Idx(first, 8), iv.Idx(first, 8)
	k0, k1, in, out := ZMM(), ZMM(), ZMM(), ZMM()
	gather(key, 0, 0, k0)
	gather(key, 0, blockSize, k1)
	gather(iv, 0, 0, in)
	gather(iv, 0, blockSize, out)
	VMOVDQU64(out, state)
	VMOVDQU64(in, state.Offset(groups*zmmSize))
	aes256.Expand(aes256.VAES512, k0, k1, aes256.Inverse(aes256.VAES512, func(i int, k VecVirtual) {
		VMOVDQU64(k, keys.Offset(i*zmmSize))
	}))
	ADDQ(U32(keysSize), keys.Base)
	ADDQ(U8(zmmSize), state.Base)
	ADDQ(U8(groupSize), first)
	CMPQ(first, U8(groups*groupSize))
	JNE(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// decryptKernel emits Decrypt16VAES512.
func decryptKernel() {
	TEXT("Decrypt16VAES512", attr.NOSPLIT, "func(keys *[3840]byte, state *[512]byte, dst, src *[16]*byte, blocks int)")
	Pragma("noescape")
	Doc("Decrypt16VAES512 decrypts the given number of blocks of each of sixteen IGE streams.")

	keys, state := pointer("keys"), pointer("state")
	dst, src := pointer("dst"), pointer("src")
	blocks := Load(Param("blocks"), GP64())
	offset := GP64()
	XORQ(offset, offset)
	var x, prev, in [groups]VecVirtual
	for g := range groups {
		x[g], prev[g], in[g] = ZMM(), ZMM(), ZMM()
		VMOVDQU64(stateOut(state, g), x[g])
		VMOVDQU64(stateIn(state, g), prev[g])
	}

	Label("block")
	for g := range groups {
		for l := range groupSize {
			lane.Load(blockAt(src, g*groupSize+l, offset), l, in[g])
		}
		VPXORQ(in[g], x[g], x[g])
		VPXORQ(roundKey(keys, g, 0), x[g], x[g])
	}
	for r := 1; r < rounds; r++ {
		for g := range groups {
			VAESDEC(roundKey(keys, g, r), x[g], x[g])
		}
	}
	for g := range groups {
		VPXORQ(roundKey(keys, g, rounds), prev[g], prev[g])
		VAESDECLAST(prev[g], x[g], x[g])
		VMOVDQA64(in[g], prev[g])
	}
	for g := range groups {
		for l := range groupSize {
			lane.Store(x[g], l, blockAt(dst, g*groupSize+l, offset))
		}
	}
	ADDQ(U8(blockSize), offset)
	DECQ(blocks)
	JNZ(LabelRef("block"))

	for g := range groups {
		VMOVDQU64(x[g], stateOut(state, g))
		VMOVDQU64(prev[g], stateIn(state, g))
	}
	VZEROUPPER()
	RET()
}

// decryptHashKernel emits DecryptHash16VAES512.
func decryptHashKernel() {
	const splits = 0 // The frame is more than NOSPLIT allows.
	TEXT("DecryptHash16VAES512", splits, "func(keys *[3840]byte, state *[512]byte, h *[8][16]uint32, "+
		"dst, src, hashed0, hashed1 *[16]*byte, chunks int)")
	Pragma("noescape")
	Doc("DecryptHash16VAES512 decrypts the given number of chunks of each of sixteen IGE streams, and",
		"hashes for each the block whose halves are at hashed0 and hashed1, and then all of the chunks",
		"but the last.")

	t := &turn{
		keys:    pointer("keys"),
		scratch: Mem{Base: GP64()},
		h:       pointer("h"),
		dst:     pointer("dst"), src: pointer("src"),
		offset: GP64(), w: Mem{Base: GP64()}, nextW: Mem{Base: GP64()}, k: Mem{Base: GP64()},
	}
	chunks := Load(Param("chunks"), GP64())
	XORQ(t.offset, t.offset)
	LEAQ(AllocLocal(scratchSize+zmmSize).Offset(zmmSize-1), t.scratch.Base)
	ANDQ(I8(-zmmSize), t.scratch.Base)
	LEAQ(sha256x16.RoundConstants(), t.k.Base)
	MOVQ(t.scratch.Base, t.w.Base)
	LEAQ(t.scratch.Offset(scheduleSize), t.nextW.Base)

	Comment("The first schedule")
	half0, half1 := pointer("hashed0"), pointer("hashed1")
	for i := range chunk {
		q := loadPiece(half0, half1, i)
		q.TransposeBytes()
		t.storeWords(q, t.w, i)
	}
	Comment("The states")
	state := pointer("state")
	for g := range groups {
		t.x[g] = ZMM()
		in := ZMM()
		VMOVDQU64(stateIn(state, g), in)
		VMOVDQU64(in, t.in(g, chunk-1))
		VMOVDQU64(stateOut(state, g), t.x[g])
	}
	for i := range 8 {
		t.hash = append(t.hash, ZMM())
		VMOVDQU32(t.h.Offset(zmmSize*i), t.hash[i])
	}

	Label("loop")
	weave.Evenly(t.sha256(), t.ige())
	for i, r := range t.hash {
		VPADDD(t.h.Offset(zmmSize*i), r, r)
		VMOVDQU32(r, t.h.Offset(zmmSize*i))
	}
	swap := GP64()
	MOVQ(t.w.Base, swap)
	MOVQ(t.nextW.Base, t.w.Base)
	MOVQ(swap, t.nextW.Base)
	ADDQ(U8(chunkSize), t.offset)
	DECQ(chunks)
	JNZ(LabelRef("loop"))

	state = pointer("state")
	for g := range groups {
		in := ZMM()
		VMOVDQU64(t.in(g, chunk-1), in)
		VMOVDQU64(in, stateIn(state, g))
		VMOVDQU64(t.x[g], stateOut(state, g))
	}
	Comment("Wipe the frame")
	zero := ZMM()
	VPBROADCASTQ(chunks, zero) // 0
	for i := 0; i < scratchSize; i += zmmSize {
		VMOVDQU64(zero, t.scratch.Offset(i))
	}
	VZEROUPPER()
	RET()
}

// wipeKernel emits WipeAVX512.
func wipeKernel() {
	TEXT("WipeAVX512", attr.NOSPLIT, "func(p *byte, n int)")
	Pragma("noescape")
	Doc("WipeAVX512 clears n bytes, at least 64 and a multiple of them. Go's own loop stores 32",
		"bytes a cycle.")

	p, n := pointer("p"), Load(Param("n"), GP64())
	zero := ZMM()
	VPXORQ(zero, zero, zero)
	Label("line")
	VMOVDQU64(zero, p)
	ADDQ(U8(zmmSize), p.Base)
	SUBQ(U8(zmmSize), n)
	JNZ(LabelRef("line"))
	VZEROUPPER()
	RET()
}

// hashKernel emits Hash16AVX512, which has registers for a whole schedule.
func hashKernel() {
	TEXT("Hash16AVX512", attr.NOSPLIT, "func(h *[8][16]uint32, hashed0, hashed1 *[16]*byte)")
	Pragma("noescape")
	Doc("Hash16AVX512 hashes a block of each of sixteen messages, of which the halves are at hashed0",
		"and hashed1.")

	h, half0, half1 := pointer("h"), pointer("hashed0"), pointer("hashed1")
	hash := make([]VecVirtual, 8)
	for i := range hash {
		hash[i] = ZMM()
		VMOVDQU32(h.Offset(zmmSize*i), hash[i])
	}
	var quads []sha256x16.Quad
	for i := range chunk {
		q := loadPiece(half0, half1, i)
		q.TransposeBytes()
		quads = append(quads, q)
	}
	sha256x16.Rounds("rounds", hash, sha256x16.Words(quads...))
	for i, r := range hash {
		VPADDD(h.Offset(zmmSize*i), r, r)
		VMOVDQU32(r, h.Offset(zmmSize*i))
	}
	VZEROUPPER()
	RET()
}

// turn is what DecryptHash16VAES512 works on.
type turn struct {
	keys, h, scratch Mem
	dst, src         Mem // tables of pointers
	offset           Register
	w, nextW         Mem // schedules of this turn and the next
	k                Mem // round constants

	x    [groups]VecVirtual // the last block of plaintext, and on the way to the next
	hash []VecVirtual
}

// in is block i of ciphertext of group g, of which block -1 is from the chunk before.
func (t *turn) in(g, i int) Mem { return t.scratch.Offset(inStart + g*inSize + (1+i)*zmmSize) }

// out is block i of plaintext of group g. It takes the place of the last ciphertext that it
// needed.
func (t *turn) out(g, i int) Mem { return t.in(g, i-1) }

// storeWords stores the words of piece i of a schedule.
func (t *turn) storeWords(q sha256x16.Quad, w Mem, i int) {
	for j, r := range q {
		VMOVDQU32(r, w.Offset((4*i+j)*zmmSize))
	}
}

// sha256 returns the instructions that hash the block in w.
//
// The words of the schedule that two rounds or more have not needed are in memory only;
// W_{t+16} takes the place of W_t. It needs W_{t+14} sooner than memory would have it.
func (t *turn) sha256() []func() {
	slot := func(i int) Mem { return t.w.Offset(i % 16 * zmmSize) }
	var w [64]VecVirtual         // for the rounds
	var scheduled [64]VecVirtual // for the schedule
	load := func(v *[64]VecVirtual, i int) func() {
		v[i] = ZMM()
		return func() { VMOVDQU32(slot(i), v[i]) }
	}
	list := []func(){load(&w, 0), load(&scheduled, 14), load(&scheduled, 15)}
	for i := range 64 {
		if i+1 < 64 {
			list = append(list, load(&w, i+1))
		}
		list = append(list, sha256x16.RoundE(t.hash, i, w[i], t.k.Offset(4*i))...)
		list = append(list, sha256x16.RoundA(t.hash, i)...)
		if i+16 >= 64 {
			continue
		}
		sigma0, sum0 := sha256x16.SmallSigma0(w[i+1])
		sigma1, sum1 := sha256x16.SmallSigma1(scheduled[i+14])
		next := w[i]
		scheduled[i+16] = next
		list = append(list, func() { VPADDD(slot(i+9), next, next) })
		list = append(list, sigma0...)
		list = append(list, func() { VPADDD(sum0, next, next) })
		list = append(list, sigma1...)
		list = append(list,
			func() { VPADDD(sum1, next, next) },
			func() { VMOVDQU32(next, slot(i)) },
		)
	}
	return list
}

// ige returns the instructions that decrypt the chunk at offset, and make nextW of it.
func (t *turn) ige() (list []func()) {
	add := func(f func()) { list = append(list, f) }
	for g := range groups {
		add(func() { // the lines of four messages become four blocks
			last := ZMM()
			VMOVDQU64(t.in(g, chunk-1), last)
			VMOVDQU64(last, t.in(g, -1))
		})
		fresh := lines()
		for l, line := range fresh {
			add(func() { VMOVDQU64(blockAt(t.src, g*groupSize+l, t.offset), line) })
		}
		add(func() {
			for i, block := range aes256.Transpose(fresh) {
				VMOVDQU64(block, t.in(g, i))
			}
		})
	}
	for i := range chunk {
		for g, x := range t.x {
			add(func() {
				key := ZMM()
				VMOVDQU64(roundKey(t.keys, g, 0), key)
				VPTERNLOGQ(U8(0x96), t.in(g, i), key, x)
			})
		}
		for r := 1; r < rounds; r++ {
			for g, x := range t.x {
				add(func() { VAESDEC(roundKey(t.keys, g, r), x, x) })
			}
		}
		for g, x := range t.x {
			add(func() {
				key := ZMM()
				VMOVDQU64(roundKey(t.keys, g, rounds), key)
				VPXORQ(t.in(g, i-1), key, key)
				VAESDECLAST(key, x, x)
				VMOVDQU64(x, t.out(g, i))
			})
		}
		// One block of all messages is four words of the schedule.
		add(func() {
			q := sha256x16.NewQuad()
			for g := range groups {
				VMOVDQU32(t.out(g, i), q[g])
			}
			q.TransposeBytes()
			t.storeWords(q, t.nextW, i)
		})
	}
	for g := range groups {
		blocks := lines()
		for i, block := range blocks {
			add(func() { VMOVDQU64(t.out(g, i), block) })
		}
		add(func() {
			for l, line := range aes256.Transpose(blocks) {
				VMOVDQU64(line, blockAt(t.dst, g*groupSize+l, t.offset))
			}
		})
	}
	return list
}

// lines allocates four registers.
func lines() []VecVirtual { return []VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()} }

// loadPiece loads words 4i to 4i+3 of all messages from blocks of which two tables have the
// halves.
func loadPiece(half0, half1 Mem, i int) sha256x16.Quad {
	half := half0
	if i >= 2 {
		half = half1
	}
	q := sha256x16.NewQuad()
	for l := range sha256x16.Lanes {
		m := blockAt(half, l, nil)
		q.Load(l/groupSize, l%groupSize, m.Offset(i%2*blockSize))
	}
	return q
}

// pointer loads a parameter that is one.
func pointer(name string) Mem { return Mem{Base: Load(Param(name), GP64())} }

// roundKey is round key r of group g.
func roundKey(keys Mem, g, r int) Mem { return keys.Offset(g*keysSize + r*zmmSize) }

func stateOut(state Mem, g int) Mem { return state.Offset(g * zmmSize) }
func stateIn(state Mem, g int) Mem  { return state.Offset((groups + g) * zmmSize) }

// blockAt loads entry l of a table of pointers and addresses what is at offset from it,
// if there is an offset.
func blockAt(table Mem, l int, offset Register) Mem {
	p := GP64()
	MOVQ(table.Offset(8*l), p)
	if offset == nil {
		return Mem{Base: p}
	}
	return Mem{Base: p, Index: offset, Scale: 1}
}

// gather loads four blocks, each at offset from an entry of a table, from entry l on.
func gather(table Mem, l, offset int, dst VecVirtual) {
	for i := range groupSize {
		m := blockAt(table, l+i, nil)
		lane.Load(m.Offset(offset), i, dst)
	}
}
