// Command stitch_amd64 generates the kernels of package envelope/asm that run AES-256-IGE
// over one buffer and SHA-256 over another at the same time.
//
// IGE is bound by latency. In the folded form of ../../ige/ige_amd64, with in and out for
// either direction and r the state after all rounds but the last,
//
//	kc    = k_14 ⊕ in_{i-1}
//	out_i = AESENCLAST(r, kc)
//	next  = AESENCLAST(r, kc ⊕ k_0 ⊕ in_{i+1})     = out_i ⊕ in_{i+1} ⊕ k_0
//
// a block is 14 AES rounds, each of which waits for the one before, and nothing else. A
// block of SHA-256 is a chain too, of 32 SHA256RNDS2. Four AES blocks take longer than a
// block of SHA-256, and neither chain keeps its units busy: side by side, the hash takes no
// time. Nor does a second message with its hash, as far as the throughput of the SHA unit
// allows.
//
// What matters is that the chains are independent. The hash of a buffer that IGE is
// about to write is not; the hash of what it has written before is. Hence chunks
// of 64 bytes: a turn of the loop does four blocks of IGE for this chunk and a block
// of the hash, which may lie one chunk behind.
//
// A message that is opened begins with a kernel that has nothing to hash yet, and ends
// with one for less than a chunk and one for the end of the hash.
//
// Keystream is for padding, and has nothing to do with the others: blocks that are
// independent, which fill the gaps of one another.
//
// The instructions of both are interleaved. For one message that hardly matters on CPUs
// that see a whole iteration at a time, but others need it, and for two messages all CPUs
// do.
//
// Registers. SHA instructions have no encoding for X16 and up.
//
//	      one message             two messages
//	X0    SHA256RNDS2's W_t + K_t
//	X1    scratch of the hash
//	X2-8  hash                    hash of message 0
//	X9-15 IGE, saved hash         hash of message 1
//	X16-22                        IGE and saved hash of message 0
//	X23-29                        IGE and saved hash of message 1
//
// So one message takes the VEX encodings of AES, which CPUs without AVX-512 have, and two
// messages take the EVEX ones. Neither needs aligned operands. Only XMM registers are used:
// no VZEROUPPER is needed, and SHA instructions, which leave the upper halves alone, find
// them clean. Four messages are in four.go.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/aes256"
	"github.com/mtcore/mtcore/gen/internal/avomain"
	"github.com/mtcore/mtcore/gen/internal/sha256ni"
	"github.com/mtcore/mtcore/gen/internal/weave"
)

//go:generate go -C ../.. run ./envelope/stitch_amd64

const (
	blockSize = aes256.BlockSize
	rounds    = aes256.Rounds
	chunkSize = sha256ni.BlockSize
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb             string // the kernels' prefix
	cipher           string // for their docs
	round, lastRound func(key, state, dst Op)
	prevOut, prevIn  int // offsets of the two halves of iv, as this direction sees them
}

// Only decryption is stitched: to seal, the hash must be complete before the key is known,
// and passes over several messages at a time, in the lanes of packages ige and kdf, take
// less time than encrypting one message while the next is hashed.
var decrypt = direction{"Decrypt", "the equivalent inverse cipher", VAESDEC, VAESDECLAST, blockSize, 0}

// A bank is seven registers and, where they differ, the instructions for them.
type bank struct {
	r         [7]VecPhysical
	move      func(src, dst Op)
	unaligned func(src, dst Op) // load or store
	xor       func(a, b, dst Op)
}

var (
	bank2 = bank{r: [7]VecPhysical{X2, X3, X4, X5, X6, X7, X8}, move: VMOVDQA, unaligned: VMOVDQU, xor: VPXOR}
	bank9 = bank{r: [7]VecPhysical{X9, X10, X11, X12, X13, X14, X15}, move: VMOVDQA, unaligned: VMOVDQU, xor: VPXOR}

	bank16 = evexBank(X16, X17, X18, X19, X20, X21, X22)
	bank23 = evexBank(X23, X24, X25, X26, X27, X28, X29)
)

func evexBank(r ...VecPhysical) bank {
	return bank{
		r:         [7]VecPhysical(r),
		move:      func(src, dst Op) { VMOVDQA64(src, dst) },
		unaligned: func(src, dst Op) { VMOVDQU64(src, dst) },
		xor:       func(a, b, dst Op) { VPXORQ(a, b, dst) },
	}
}

func main() { avomain.Generate(kernels) }

func kernels() {
	oneMessage(decrypt)
	twoMessages(decrypt)
	fourMessages(decrypt)
	startKernel(decrypt)
	startKernel2(decrypt)
	startKernel4(decrypt)
	tailKernel(decrypt)
	tailKernel2(decrypt)
	hashKernel()
	hashKernel2()
	keystreamKernel()
	keystreamKernel4()
}

// oneMessage emits DecryptHash.
func oneMessage(d direction) {
	name := d.verb + "Hash"
	TEXT(name, attr.NOSPLIT, "func(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte)")
	Pragma("noescape")
	Doc(name+" is one IGE stream and one hash with AES-NI and SHA-NI:",
		d.cipher+" with the schedule xk. The hash takes no time of its own.")

	stitch(d, Load(Param("src").Len(), GP64()), newMessage(bank2, bank9, paramNamed))
}

// twoMessages emits DecryptHash2VAESSHANI.
func twoMessages(d direction) {
	name := d.verb + "Hash2VAESSHANI"
	TEXT(name, attr.NOSPLIT, "func(xk *[2]*[240]byte, iv *[2]*[32]byte, dst, src *[2]*byte, n int, h *[2]*[8]uint32, hashed *[2]*byte)")
	Pragma("noescape")
	Doc(name+" is two IGE streams and two hashes with VAES, in its AVX-512 form for",
		"XMM registers, and SHA-NI: "+d.cipher+" with the schedules xk.")

	m0, m1 := newMessages()
	stitch(d, Load(Param("n"), GP64()), m0, m1)
}

// newMessages are those of two messages, whose parameters are tables.
func newMessages() (m0, m1 *message) {
	return newMessage(bank2, bank16, paramOf(0)), newMessage(bank9, bank23, paramOf(1))
}

// paramOf returns the parameter of message i, of which there is a table.
func paramOf(i int) func(name string) gotypes.Component {
	return func(name string) gotypes.Component { return Dereference(Param(name)).Index(i) }
}

// startBlocks is what DecryptStart decrypts.
const startBlocks = 2

// startKernel emits DecryptStart.
func startKernel(d direction) {
	name := d.verb + "Start"
	TEXT(name, attr.NOSPLIT, "func(xk *[240]byte, key, iv *[32]byte, dst, src *byte)")
	Pragma("noescape")
	Doc(name+" expands an AES-256 key into the schedule xk of "+d.cipher+",",
		"and does the first 32 bytes of IGE with AES-NI, without a hash.")

	begin(d, newCipher(bank9, paramNamed))
}

// startKernel2 emits DecryptStart2VAES.
func startKernel2(d direction) {
	name := d.verb + "Start2VAES"
	TEXT(name, attr.NOSPLIT, "func(xk *[2]*[240]byte, key, iv *[2]*[32]byte, dst, src *[2]*byte)")
	Pragma("noescape")
	Doc(name + " is " + d.verb + "Start for two messages.")

	begin(d, newCipher(bank16, paramOf(0)), newCipher(bank23, paramOf(1)))
}

// begin emits everything from the expansion of the keys to RET, for the start of messages.
func begin(d direction, messages ...*message) {
	var k0, k1 []VecVirtual
	var emit []func(i int, k VecVirtual)
	for _, m := range messages {
		key := m.pointer("key")
		low, high := XMM(), XMM()
		VMOVDQU(key, low)
		VMOVDQU(key.Offset(blockSize), high)
		k0, k1 = append(k0, low), append(k1, high)
		emit = append(emit, aes256.Inverse(aes256.AESNI, func(i int, k VecVirtual) { VMOVDQU(k, m.key(i)) }))
	}
	aes256.ExpandEach(aes256.AESNI, k0, k1, func(m, i int, k VecVirtual) { emit[m](i, k) })
	at, ahead := GP64(), GP64()
	XORQ(at, at)
	Comment("There is no next block; this one can be read")
	MOVQ(U32((startBlocks-1)*blockSize), ahead)
	var streams [][]func()
	for _, m := range messages {
		m.startCipher(d)
		streams = append(streams, m.cipher(d, startBlocks, at, ahead))
	}
	weave.Evenly(streams...)
	for _, m := range messages {
		m.finishCipher(d, startBlocks)
	}
	RET()
}

// tailKernel emits DecryptTail.
func tailKernel(d direction) {
	name := d.verb + "Tail"
	TEXT(name, attr.NOSPLIT, "func(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte)")
	Pragma("noescape")
	Doc(name+" is "+d.verb+"Hash for the end of a message: src is 16, 32",
		"or 48 bytes, beside which one block is hashed. iv stays as it is.")

	end(d, Load(Param("src").Len(), GP64()), newMessage(bank2, bank9, paramNamed))
}

// tailKernel2 emits DecryptTail2VAESSHANI.
func tailKernel2(d direction) {
	name := d.verb + "Tail2VAESSHANI"
	TEXT(name, attr.NOSPLIT, "func(xk *[2]*[240]byte, iv *[2]*[32]byte, dst, src *[2]*byte, n int, h *[2]*[8]uint32, hashed *[2]*byte)")
	Pragma("noescape")
	Doc(name + " is " + d.verb + "Tail for two messages of the same length.")

	m0, m1 := newMessages()
	end(d, Load(Param("n"), GP64()), m0, m1)
}

// end emits everything from the loading of the messages, with n bytes left of each, to RET.
func end(d direction, n Register, messages ...*message) {
	for _, m := range messages {
		m.start(d)
	}
	at, ahead := GP64(), GP64()
	XORQ(at, at)
	Comment("There is no next block; the last one can be read")
	LEAQ(Mem{Base: n, Disp: -blockSize}, ahead)
	CMPQ(n, U8(2*blockSize))
	JEQ(LabelRef("blocks2"))
	JA(LabelRef("blocks3"))
	for blocks := 1; blocks <= 3; blocks++ {
		Label(fmt.Sprintf("blocks%d", blocks))
		var streams [][]func()
		for _, m := range messages {
			streams = append(streams, m.cipher(d, blocks, at, ahead))
		}
		for _, m := range messages {
			streams = append(streams, m.hash.Block(Mem{Base: m.hashed}))
		}
		weave.Evenly(streams...)
		for _, m := range messages {
			m.hash.Store(m.pointer("h"))
		}
		RET()
	}
}

// hashKernel emits Hash.
func hashKernel() {
	TEXT("Hash", attr.NOSPLIT, "func(h *[8]uint32, p *byte, blocks int)")
	Pragma("noescape")
	Doc("Hash hashes the given number of blocks at p into the state h, with SHA-NI.")

	hash := newHash(bank2, bank9)
	h, p := Mem{Base: Load(Param("h"), GP64())}, Mem{Base: Load(Param("p"), GP64())}
	blocks := Load(Param("blocks"), GP64())
	hash.Load(h)
	Label("loop")
	weave.Evenly(hash.Block(p))
	ADDQ(U8(chunkSize), p.Base)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	hash.Store(h)
	RET()
}

// hashKernel2 emits Hash2SHANI.
func hashKernel2() {
	TEXT("Hash2SHANI", attr.NOSPLIT, "func(h *[2]*[8]uint32, p *[2]*byte, blocks int)")
	Pragma("noescape")
	Doc("Hash2SHANI hashes the given number of blocks at each address of p into the state of the same",
		"index, with SHA-NI and registers that only AVX-512 has.")

	blocks := Load(Param("blocks"), GP64())
	at := GP64()
	XORQ(at, at)
	var hashes []sha256ni.Hash
	var h, p []Mem
	for i, hash := range []sha256ni.Hash{newHash(bank2, bank16), newHash(bank9, bank23)} {
		h = append(h, Mem{Base: Load(paramOf(i)("h"), GP64())})
		p = append(p, Mem{Base: Load(paramOf(i)("p"), GP64()), Index: at, Scale: 1})
		hash.Load(h[i])
		hashes = append(hashes, hash)
	}
	Label("loop")
	weave.Evenly(hashes[0].Block(p[0]), hashes[1].Block(p[1]))
	ADDQ(U8(chunkSize), at)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	for i, hash := range hashes {
		hash.Store(h[i])
	}
	RET()
}

// keystreamKernel emits Keystream.
func keystreamKernel() {
	const blocks = 8 // of a turn: AES units take two a cycle, and a round takes four cycles
	TEXT("Keystream", attr.NOSPLIT, "func(xk *[240]byte, key *[32]byte, dst *byte, turns int, counter uint64)")
	Pragma("noescape")
	Doc("Keystream writes 128 bytes a turn to dst: AES-256, with AES-NI, of the counter and the numbers",
		"that follow it, as little-endian blocks. It leaves the round keys in xk.")

	xk, key := Mem{Base: Load(Param("xk"), GP64())}, Mem{Base: Load(Param("key"), GP64())}
	dst, turns := Mem{Base: Load(Param("dst"), GP64())}, Load(Param("turns"), GP64())
	counter := Load(Param("counter"), GP64())
	k0, k1 := XMM(), XMM()
	VMOVDQU(key, k0)
	VMOVDQU(key.Offset(blockSize), k1)
	aes256.Expand(aes256.AESNI, k0, k1, func(i int, k VecVirtual) { VMOVDQU(k, xk.Offset(i*blockSize)) })

	Label("turn")
	var x [blocks]VecVirtual
	for i := range x {
		x[i] = XMM()
		VMOVQ(counter, x[i])
		ADDQ(U8(1), counter)
		VPXOR(xk, x[i], x[i])
	}
	for r := 1; r <= rounds; r++ {
		round := VAESENC
		if r == rounds {
			round = VAESENCLAST
		}
		for i := range x {
			round(xk.Offset(r*blockSize), x[i], x[i])
		}
	}
	for i := range x {
		VMOVDQU(x[i], dst.Offset(i*blockSize))
	}
	ADDQ(I32(blocks*blockSize), dst.Base)
	DECQ(turns)
	JNZ(LabelRef("turn"))
	RET()
}

// A message is the registers of one IGE stream and one hash.
type message struct {
	bank                    // of IGE
	x        VecPhysical    // input of the block cipher, whitened
	ring     [4]VecPhysical // prev, in, next and kn of block i, from ring[i%4] on
	hash     sha256ni.Hash
	param    func(name string) gotypes.Component
	xk       Mem
	dst, src Register // of the whole call
	hashed   Register
}

func newMessage(hash, ige bank, param func(name string) gotypes.Component) *message {
	m := newCipher(ige, param)
	m.hash = newHash(hash, ige)
	m.hashed = Load(param("hashed"), GP64())
	return m
}

// newCipher is newMessage without the hash.
func newCipher(ige bank, param func(name string) gotypes.Component) *message {
	return &message{
		bank:  ige,
		ring:  [4]VecPhysical(ige.r[0:4]),
		x:     ige.r[4],
		param: param,
		xk:    Mem{Base: Load(param("xk"), GP64())},
		dst:   Load(param("dst"), GP64()),
		src:   Load(param("src"), GP64()),
	}
}

// newHash is a hash beside an IGE stream in the bank ige, which lends it registers.
func newHash(hash, ige bank) sha256ni.Hash {
	return sha256ni.Hash{
		ABEF: hash.r[0], CDGH: hash.r[1],
		M:     [4]VecPhysical(hash.r[2:6]),
		WK:    hash.r[6],
		Saved: [2]Op{ige.r[5], ige.r[6]},
		Move:  ige.move,
	}
}

// paramNamed returns the parameter of a kernel for one message. For a slice, that is its
// base.
func paramNamed(name string) gotypes.Component {
	base := Param(name).Base()
	if _, err := base.Resolve(); err != nil {
		return Param(name) // not a slice
	}
	return base
}

// key addresses round key i.
func (m *message) key(i int) Mem { return m.xk.Offset(i * blockSize) }

// pointer loads the parameter called name, for use before or after the loop.
func (m *message) pointer(name string) Mem { return Mem{Base: Load(m.param(name), GP64())} }

// stitch emits everything from the loading of the messages, of n bytes each, to RET.
func stitch(d direction, n Register, messages ...*message) {
	for _, m := range messages {
		m.start(d)
	}
	at, ahead := GP64(), GP64()
	XORQ(at, at)

	Label("loop")
	Comment("The block after this chunk; after the last chunk, any block that can be read")
	LEAQ(Mem{Base: at, Disp: chunkSize}, ahead)
	CMPQ(ahead, n)
	CMOVQEQ(at, ahead)
	var streams [][]func()
	for _, m := range messages {
		streams = append(streams, m.cipher(d, chunkSize/blockSize, at, ahead))
	}
	for _, m := range messages {
		streams = append(streams, m.hash.Block(Mem{Base: m.hashed, Index: at, Scale: 1}))
	}
	weave.Evenly(streams...)
	ADDQ(U8(chunkSize), at)
	CMPQ(at, n)
	JNE(LabelRef("loop"))

	for _, m := range messages {
		m.finish(d)
	}
	RET()
}

// start loads the hash, the iv and the first block.
func (m *message) start(d direction) {
	m.hash.Load(m.pointer("h"))
	m.startCipher(d)
}

func (m *message) startCipher(d direction) {
	iv := m.pointer("iv")
	prev, in := m.ring[0], m.ring[1]
	m.unaligned(iv.Offset(d.prevIn), prev)
	m.unaligned(Mem{Base: m.src}, in)
	m.xor(iv.Offset(d.prevOut), in, m.x)
	m.xor(m.key(0), m.x, m.x)
}

// cipher returns the instructions for that many blocks at offset at. The block after them
// is at offset ahead.
//
// A register of the ring takes all its parts one after the other: of block i,
//
//	ring[i]    has in_{i-1}, becomes kc, then out_i
//	ring[i+1]  has in_i
//	ring[i+2]  becomes in_{i+1}
//	ring[i+3]  becomes kc ⊕ k_0 ⊕ in_{i+1}
//
// with indexes modulo 4, so that a chunk ends where it began. in_{i+1} is loaded
// before out_i may overwrite memory.
func (m *message) cipher(d direction, blocks int, at, ahead Register) []func() {
	var list []func()
	for i := range blocks {
		prev, next, kn := m.ring[i], m.ring[(i+2)%4], m.ring[(i+3)%4]
		out, kc := prev, prev
		nextBlock := Mem{Base: m.src, Index: at, Scale: 1, Disp: (i + 1) * blockSize}
		if i == blocks-1 {
			nextBlock = Mem{Base: m.src, Index: ahead, Scale: 1}
		}
		list = append(list,
			func() { m.unaligned(nextBlock, next) },
			func() { m.xor(m.key(rounds), prev, kc) },
			func() { m.xor(m.key(0), next, kn) },
			func() { m.xor(kc, kn, kn) },
		)
		for r := 1; r < rounds; r++ {
			list = append(list, func() { d.round(m.key(r), m.x, m.x) })
		}
		list = append(list,
			func() { d.lastRound(kc, m.x, out) },
			func() { d.lastRound(kn, m.x, m.x) },
			func() { m.unaligned(out, Mem{Base: m.dst, Index: at, Scale: 1, Disp: i * blockSize}) },
		)
	}
	return list
}

// finish stores the hash and the iv.
func (m *message) finish(d direction) {
	m.hash.Store(m.pointer("h"))
	m.finishCipher(d, chunkSize/blockSize)
}

// finishCipher stores the iv after that many blocks.
func (m *message) finishCipher(d direction, blocks int) {
	iv := m.pointer("iv")
	out, in := m.ring[(blocks-1)%4], m.ring[blocks%4]
	m.unaligned(out, iv.Offset(d.prevOut))
	m.unaligned(in, iv.Offset(d.prevIn))
}
