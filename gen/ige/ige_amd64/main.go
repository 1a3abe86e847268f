// Command ige_amd64 generates the AES-NI kernels of package ige/asm.
//
// IGE chains every block through two xors:
//
//	encrypt: c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
//	decrypt: p_i = D(c_i ⊕ p_{i-1}) ⊕ c_{i-1}
//
// With in and out for either direction, r the state after all rounds but the
// last, and k_0 … k_N the round keys, the last round can do all the xors, since
// it ends in one itself:
//
//	w     = k_0 ⊕ in_{i+1}
//	next  = AESENCLAST(r, k_N ⊕ in_{i-1} ⊕ w)     = out_i ⊕ w
//	out_i = next ⊕ w
//
// next is the whitened input of the following block. Its whole key operand is known long
// before r is, so the critical path is N AES rounds per block and nothing else: no xor, no
// load. That is the latency limit of the mode, since both directions are serial. (A second
// AESENCLAST for out_i would sometimes be issued before the one that counts: 1.5 % slower
// on Zen 5.)
//
// All instructions are VEX-encoded, so their memory operands need no alignment and mixing
// with other AVX code costs nothing. Only XMM registers are used, except for wiping.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/aes256"
	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./ige/ige_amd64

const (
	blockSize    = aes256.BlockSize
	scheduleSize = (aes256.Rounds + 1) * blockSize
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb             string // the kernels' prefix
	cipher           string // for their docs
	round, lastRound func(key, state, dst Op)
	prevOut, prevIn  int // offsets of the two halves of iv, as this direction sees them
	// expand computes the schedule of an AES-256 key, whose halves k0 and k1 have been
	// loaded, into xk. If the round keys appear in the order of their use, it also takes
	// the first block x through all rounds but the last, and returns true.
	expand func(xk Mem, k0, k1, x VecVirtual) (roundsDone bool)
}

var encrypt = direction{
	verb: "Encrypt", cipher: "AES",
	round: VAESENC, lastRound: VAESENCLAST,
	prevOut: 0, prevIn: blockSize,
	expand: expandAndRound,
}

var decrypt = direction{
	verb: "Decrypt", cipher: "the equivalent inverse cipher",
	round: VAESDEC, lastRound: VAESDECLAST,
	prevOut: blockSize, prevIn: 0,
	expand: expandInverse,
}

func main() { avomain.Generate(kernels) }

func kernels() {
	expandKernel()
	for _, d := range []direction{encrypt, decrypt} {
		cryptKernel(d)
		oneShotKernel(d)
	}
}

// cryptKernel emits Encrypt or Decrypt: one loop for each key size.
func cryptKernel(d direction) {
	TEXT(d.verb, attr.NOSPLIT, "func(nr int, xk *[240]byte, iv *[32]byte, dst, src []byte)")
	Pragma("noescape")
	Doc(d.verb+" is one IGE stream with AES-NI: "+d.cipher+" with nr rounds and the schedule xk.",
		"It takes nr AES rounds of latency a block.")

	m := loadMessage()
	m.xk = Mem{Base: Load(Param("xk"), GP64())}
	nr := Load(Param("nr"), GP64())
	x := m.start(d)
	VPXOR(m.key(0), x, x)

	CMPQ(nr, U8(12))
	JB(LabelRef("loop10"))
	JE(LabelRef("loop12"))
	for _, rounds := range []int{14, 12, 10} {
		m.loop(d, rounds, x)
	}
}

// oneShotKernel emits EncryptKey or DecryptKey. The schedule is in its frame, which is not
// cleared beforehand: for a short message, that would be half of the stores.
func oneShotKernel(d direction) {
	TEXT(d.verb+"Key", attr.NOSPLIT, "func(key, iv *[32]byte, dst, src []byte)")
	Pragma("noescape")
	Doc(d.verb+"Key expands an AES-256 key, for "+d.cipher+", and does what",
		d.verb+" does, except that it leaves iv as it is. It wipes the schedule.")

	m := loadMessage()
	m.xk = AllocLocal(scheduleSize)
	m.oneShot = true
	key := Mem{Base: Load(Param("key"), GP64())}
	k0, k1 := XMM(), XMM()
	VMOVDQU(key, k0)
	VMOVDQU(key.Offset(blockSize), k1)
	x := m.start(d)
	if d.expand(m.xk, k0, k1, x) {
		JMP(LabelRef(last(aes256.Rounds)))
	} else {
		VPXOR(m.key(0), x, x)
	}
	m.loop(d, aes256.Rounds, x)
}

// message is the state of a kernel while it works.
type message struct {
	xk       Mem // schedule
	iv       Mem
	dst, src Mem        // the current block
	n        Register   // bytes from the current block to the end
	in, prev VecVirtual // in_i and in_{i-1}
	oneShot  bool       // in the end, xk is to be wiped and iv is left
}

func loadMessage() *message {
	return &message{
		iv:  Mem{Base: Load(Param("iv"), GP64())},
		dst: Mem{Base: Load(Param("dst").Base(), GP64())},
		src: Mem{Base: Load(Param("src").Base(), GP64())},
		n:   Load(Param("src").Len(), GP64()),
		in:  XMM(), prev: XMM(),
	}
}

// key addresses round key i.
func (m *message) key(i int) Mem { return m.xk.Offset(i * blockSize) }

// start loads the first block and the iv and returns in_0 ⊕ out_{-1}, the input
// of the block cipher before k_0 is added.
func (m *message) start(d direction) VecVirtual {
	x := XMM()
	VMOVDQU(m.src, m.in)
	VMOVDQU(m.iv.Offset(d.prevIn), m.prev)
	VPXOR(m.iv.Offset(d.prevOut), m.in, x)
	return x
}

func loop(rounds int) string { return fmt.Sprintf("loop%d", rounds) }
func last(rounds int) string { return fmt.Sprintf("last%d", rounds) }
func done(rounds int) string { return fmt.Sprintf("done%d", rounds) }

// loop emits everything from the whitened first block x to RET.
func (m *message) loop(d direction, rounds int, x VecVirtual) {
	kc, w, out, next := XMM(), XMM(), XMM(), XMM()

	Label(loop(rounds))
	for i := 1; i < rounds; i++ {
		d.round(m.key(i), x, x)
	}

	Label(last(rounds))
	Comment("kc = k_N ⊕ in_{i-1}")
	VPXOR(m.key(rounds), m.prev, kc)
	SUBQ(U8(blockSize), m.n)
	JZ(LabelRef(done(rounds)))
	Comment("w = k_0 ⊕ in_{i+1}, which is loaded before out_i may overwrite memory")
	VMOVDQU(m.src.Offset(blockSize), next)
	VPXOR(m.key(0), next, w)
	VPXOR(w, kc, kc)
	d.lastRound(kc, x, x)
	VPXOR(w, x, out)
	VMOVDQU(out, m.dst)
	VMOVDQA(m.in, m.prev)
	VMOVDQA(next, m.in)
	ADDQ(U8(blockSize), m.src.Base)
	ADDQ(U8(blockSize), m.dst.Base)
	JMP(LabelRef(loop(rounds)))

	Label(done(rounds))
	d.lastRound(kc, x, out)
	VMOVDQU(out, m.dst)
	if m.oneShot {
		m.wipe()
	} else {
		VMOVDQU(out, m.iv.Offset(d.prevOut))
		VMOVDQU(m.in, m.iv.Offset(d.prevIn))
	}
	RET()
}

// wipe clears the schedule, 32 bytes at a time.
func (m *message) wipe() {
	zero := YMM()
	VPXOR(zero.AsX(), zero.AsX(), zero.AsX())
	const last = scheduleSize - 2*blockSize
	for i := 0; i < last; i += 2 * blockSize {
		VMOVDQU(zero, m.xk.Offset(i))
	}
	VMOVDQU(zero, m.xk.Offset(last)) // overlaps the one before
	VZEROUPPER()
}

// expandKernel emits Expand.
func expandKernel() {
	TEXT("Expand", attr.NOSPLIT, "func(enc, dec *[240]byte, key *[32]byte)")
	Pragma("noescape")
	Doc("Expand expands an AES-256 key into the schedules of AES and of the equivalent",
		"inverse cipher.")

	enc := Mem{Base: Load(Param("enc"), GP64())}
	dec := Mem{Base: Load(Param("dec"), GP64())}
	key := Mem{Base: Load(Param("key"), GP64())}
	k0, k1 := XMM(), XMM()
	VMOVDQU(key, k0)
	VMOVDQU(key.Offset(blockSize), k1)
	storeInverse := aes256.Inverse(aes256.AESNI, storeTo(dec))
	storeForward := storeTo(enc)
	aes256.Expand(aes256.AESNI, k0, k1, func(i int, k VecVirtual) {
		storeForward(i, k)
		storeInverse(i, k)
	})
	RET()
}

// expandAndRound expands the schedule of the cipher. The keys appear in the order of their
// use, about one per round, so the first block keeps pace with them and its rounds are
// nearly free.
func expandAndRound(xk Mem, k0, k1, x VecVirtual) (roundsDone bool) {
	store := storeTo(xk)
	aes256.Expand(aes256.AESNI, k0, k1, func(i int, k VecVirtual) {
		store(i, k)
		switch i {
		case 0:
			VPXOR(k, x, x)
		case aes256.Rounds: // the loop adds it together with the chaining xors
		default:
			VAESENC(k, x, x)
		}
	})
	return true
}

// expandInverse expands the schedule of the inverse cipher, which begins with the key that
// is computed last, so the first block has to wait.
func expandInverse(xk Mem, k0, k1, _ VecVirtual) (roundsDone bool) {
	aes256.Expand(aes256.AESNI, k0, k1, aes256.Inverse(aes256.AESNI, storeTo(xk)))
	return false
}

// storeTo returns the function that stores round key i of the schedule xk.
func storeTo(xk Mem) func(i int, k VecVirtual) {
	return func(i int, k VecVirtual) { VMOVDQU(k, xk.Offset(i*blockSize)) }
}
