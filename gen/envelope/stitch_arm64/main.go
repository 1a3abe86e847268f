// Command stitch_arm64 generates the kernels of package envelope/asm that run AES-256-IGE
// over one buffer and SHA-256 over another at the same time, with the AES and SHA-256
// instructions of ARMv8.
//
// IGE is bound by latency. In the folded form of ../../ige/ige_arm64, with in and out for
// either direction, N = 14, and r_i the state after the last AESE for block i,
//
//	c     = k_N ⊕ in_{i-1}
//	out_i = r_i ⊕ c
//	w     = c ⊕ k_0 ⊕ in_{i+1}
//
// and w is the key operand of the first AESE of block i+1. A block is 13 pairs of AESE and
// AESMC and an AESE, each of which waits for the one before, and nothing else. A block of
// SHA-256 is a chain too, of 16 pairs of SHA256H and SHA256H2. On cores with enough units
// to run a block of SHA-256 beside four AES blocks, the hash takes no time.
//
// What matters is that the chains are independent. The hash of a buffer that IGE is about
// to write is not; the hash of what it has written before is. Hence chunks of 64 bytes: an
// iteration of the loop does four blocks of IGE for this chunk and a block of the hash,
// which may lie one chunk behind. The instructions of both are interleaved, for in-order
// cores and those that reorder only a little.
//
// A message that is opened begins with a kernel that has nothing to hash yet, and ends
// with one for less than a chunk and one for the end of the hash.
//
// Keystream is for padding, and has nothing to do with the others: blocks that are
// independent, which fill the gaps of one another.
//
// Vector registers, as the allocator assigns them in a loop:
//
//	k_0 … k_14                       V0 … V14
//	r                                V15
//	c or out, in, w or next, next w  V16 … V19, rotating
//	hash                             V20 … V30
//
// A register of the four takes these parts one after the other: of block i,
//
//	ring[i]    has in_{i-1}, becomes c, then out_i
//	ring[i+1]  has in_i
//	ring[i+2]  has w, becomes in_{i+1} when round 0 has used it
//	ring[i+3]  becomes the next w
//
// with indexes modulo 4, so that a chunk ends where it began.
package main

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/armv8"
	"github.com/mtcore/mtcore/gen/internal/sha256v8"
	"github.com/mtcore/mtcore/gen/internal/weave"
)

//go:generate go -C ../.. run ./envelope/stitch_arm64

const (
	blockSize = armv8.BlockSize
	rounds    = armv8.Rounds
	chunkSize = sha256v8.BlockSize
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb    string // the kernels' prefix
	cipher  string // for their docs
	inverse bool
}

// Only decryption is stitched; see ../stitch_amd64.
var decrypt = direction{verb: "Decrypt", cipher: "the equivalent inverse cipher", inverse: true}

func main() {
	file := a64.NewFile()
	constants := sha256v8.Constants(file)
	oneMessage(file, constants, decrypt)
	startKernel(file, decrypt)
	tailKernel(file, constants, decrypt)
	hashKernel(file, constants)
	keystreamKernel(file)
	file.Generate()
}

// oneMessage emits DecryptHash.
func oneMessage(file *a64.File, constants *a64.Data, d direction) {
	name := d.verb + "Hash"
	f := file.Func(name, "func(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte)",
		name+" is one IGE stream and one hash with the instructions of ARMv8:\n"+
			d.cipher+" with the schedule xk.")

	m := newMessage(f, d)
	m.dst, m.src, m.n = f.LoadBase("dst"), f.LoadBase("src"), f.LoadLen("src")
	m.loadSchedule()
	m.start()
	hash, hashed := loadHash(f, constants)

	f.Label("loop")
	weave.Evenly(m.chunk(), hash.Block(hashed))
	f.BNE("loop")

	storeHash(f, hash, hashed)
	m.storeIV(chunkSize / blockSize)
	f.RET()
	m.free()
	f.FreeGP(m.n)
}

// startKernel emits DecryptStart.
func startKernel(file *a64.File, d direction) {
	const blocks = 2
	name := d.verb + "Start"
	f := file.Func(name, "func(xk *[240]byte, key, iv *[32]byte, dst, src *byte)",
		name+" expands an AES-256 key into the schedule xk of "+d.cipher+",\n"+
			"and does the first 32 bytes of IGE, without a hash.")

	m := newMessage(f, d)
	m.dst, m.src = f.LoadParam("dst"), f.LoadParam("src")
	key, xk := f.LoadParam("key"), f.LoadParam("xk")
	armv8.ExpandInverse(f, key, m.keys, func(a64.V) {})
	for list := range slices.Chunk(m.keys, 4) {
		f.VST1P(xk, list...)
	}
	m.start()
	weave.Evenly(m.blocks(blocks))
	m.storeIV(blocks)
	f.RET()
	m.free()
	f.FreeGP(key, xk)
}

// tailKernel emits DecryptTail.
func tailKernel(file *a64.File, constants *a64.Data, d direction) {
	name := d.verb + "Tail"
	f := file.Func(name, "func(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte)",
		name+" is "+d.verb+"Hash for the end of a message: src is 16, 32 or\n"+
			"48 bytes, beside which one block is hashed. iv stays as it is.")

	m := newMessage(f, d)
	m.dst, m.src = f.LoadBase("dst"), f.LoadBase("src")
	m.loadSchedule()
	m.start()
	hash, hashed := loadHash(f, constants)

	n := f.LoadLen("src")
	f.CMP(2*blockSize, n)
	f.FreeGP(n)
	f.BLT("blocks1")
	f.BEQ("blocks2")
	for blocks := 3; blocks >= 1; blocks-- {
		f.Label(fmt.Sprintf("blocks%d", blocks))
		weave.Evenly(m.blocks(blocks), hash.Block(hashed))
		if blocks > 1 {
			f.B("done")
		}
	}
	f.Label("done")
	storeHash(f, hash, hashed)
	f.RET()
	m.free()
}

// hashKernel emits Hash.
func hashKernel(file *a64.File, constants *a64.Data) {
	f := file.Func("Hash", "func(h *[8]uint32, p *byte, blocks int)",
		"Hash hashes the given number of blocks at p into the state h.")

	h, p, blocks := f.LoadParam("h"), f.LoadParam("p"), f.LoadParam("blocks")
	hash := sha256v8.New(f, constants, h)
	f.Label("loop")
	weave.Evenly(hash.Block(p))
	f.SUBS(1, blocks, blocks)
	f.BNE("loop")
	hash.Finish(h)
	f.RET()
	f.FreeGP(h, p, blocks)
}

// keystreamKernel emits Keystream.
func keystreamKernel(file *a64.File) {
	const blocks = 8 // of a turn, as on amd64
	f := file.Func("Keystream", "func(xk *[240]byte, key *[32]byte, dst *byte, turns int, counter uint64)",
		"Keystream writes 128 bytes a turn to dst: AES-256 of the counter and the numbers that follow it,\n"+
			"as little-endian blocks. It leaves the round keys in xk.")

	key, dst := f.LoadParam("key"), f.LoadParam("dst")
	keys, x := f.VecN(rounds+1), f.VecN(blocks)
	armv8.LoadKey(f, key, keys)
	armv8.Expand(f, keys, func(int) {})
	f.FreeGP(key)
	xk := f.LoadParam("xk")
	for list := range slices.Chunk(keys, 4) {
		f.VST1P(xk, list...)
	}
	f.FreeGP(xk)
	turns, counter := f.LoadParam("turns"), f.LoadParam("counter")

	f.Label("turn")
	for i := range x {
		f.VEOR(x[i], x[i], x[i])
		f.VMOVFrom(counter, x[i], 0)
		f.ADD(1, counter, counter)
	}
	for r := range rounds {
		for i := range x {
			f.AESE(keys[r], x[i])
			if r < rounds-1 {
				f.AESMC(x[i], x[i])
			}
		}
	}
	for i := range x {
		f.VEOR(keys[rounds], x[i], x[i])
	}
	for list := range slices.Chunk(x, 4) {
		f.VST1P(dst, list...)
	}
	f.SUBS(1, turns, turns)
	f.BNE("turn")
	f.RET()
	f.FreeGP(dst, turns, counter)
	f.FreeVec(keys...)
	f.FreeVec(x...)
}

// loadHash loads the state h and the address of what is to be hashed.
func loadHash(f *a64.Func, constants *a64.Data) (hash *sha256v8.Hash, hashed a64.R) {
	h := f.LoadParam("h")
	hash = sha256v8.New(f, constants, h)
	f.FreeGP(h)
	return hash, f.LoadParam("hashed")
}

// storeHash stores the state h and frees the registers.
func storeHash(f *a64.Func, hash *sha256v8.Hash, hashed a64.R) {
	h := f.LoadParam("h")
	hash.Finish(h)
	f.FreeGP(h, hashed)
}

// message is the state of an IGE stream. The names are those of the formulas above.
type message struct {
	*a64.Func
	direction
	dst   a64.R // next block to write
	src   a64.R // current block
	n     a64.R // bytes from the current chunk to the end, where there is a loop
	ahead a64.R // scratch
	keys  []a64.V
	r     a64.V
	ring  []a64.V
}

func newMessage(f *a64.Func, d direction) *message {
	return &message{
		Func: f, direction: d, ahead: f.GP(),
		keys: f.VecN(rounds + 1), r: f.Vec(), ring: f.VecN(4),
	}
}

// loadSchedule loads the round keys.
func (m *message) loadSchedule() {
	xk := m.LoadParam("xk")
	for list := range slices.Chunk(m.keys, 4) {
		m.VLD1P(xk, list...)
	}
	m.FreeGP(xk)
}

// start loads the iv and the first block and computes the first w.
func (m *message) start() {
	iv := m.LoadParam("iv")
	prevOut, prevIn := m.r, m.ring[0]
	for _, half := range m.ivOrder(prevOut, prevIn) {
		m.VLD1P(iv, half)
	}
	m.FreeGP(iv)

	in, w := m.ring[1], m.ring[2]
	m.VLD1(m.src, in)
	m.VEOR(m.keys[0], in, w)
}

// ivOrder returns the two halves of iv in their order in memory.
func (m *message) ivOrder(prevOut, prevIn a64.V) [2]a64.V {
	if m.inverse {
		return [2]a64.V{prevIn, prevOut}
	}
	return [2]a64.V{prevOut, prevIn}
}

// chunk returns the instructions for the four blocks of a chunk. They leave flags
// for the end of the loop.
func (m *message) chunk() []func() {
	return m.sequence(chunkSize/blockSize, []func(){
		func() { m.SUBS(chunkSize, m.n, m.n) },
		func() { m.ADD(blockSize, m.src, m.ahead) },
		func() { m.CSEL(a64.NE, m.ahead, m.src, m.src) },
	})
}

// blocks returns the instructions for the blocks at the end of a message.
func (m *message) blocks(n int) []func() { return m.sequence(n, nil) }

// sequence returns the instructions for n blocks. In the last of them, the instructions
// last move src to the following block, if there is one.
func (m *message) sequence(n int, last []func()) []func() {
	var list []func()
	for i := range n {
		advance := []func(){func() { m.ADD(blockSize, m.src, m.src) }}
		if i == n-1 {
			advance = last
		}
		c, w := m.ring[i], m.ring[(i+2)%4]
		out := c
		list = append(list, m.round(0, w))
		rest := append(advance, m.offPath(i)...)
		for r := 1; r < rounds; r++ {
			if len(rest) > 0 {
				list, rest = append(list, rest[0]), rest[1:]
			}
			list = append(list, m.round(r, m.keys[r]))
		}
		list = append(list,
			func() { m.VEOR(c, m.r, out) },
			func() { m.VST1P(m.dst, out) },
		)
	}
	return list
}

// round returns round i of r, up to where the next round key is due. Most cores fuse the
// two instructions if they are adjacent.
func (m *message) round(i int, key a64.V) func() {
	addAndSubstitute, mix := m.AESE, m.AESMC
	if m.inverse {
		addAndSubstitute, mix = m.AESD, m.AESIMC
	}
	return func() {
		addAndSubstitute(key, m.r)
		if i < rounds-1 {
			mix(m.r, m.r)
		}
	}
}

// offPath returns the instructions of block i that are off the critical path, when src
// has moved. They are to follow round 0, which uses w.
//
// in_{i+1} is loaded before out_i may overwrite memory. There is none after the
// last block, which is loaded again instead, since that cannot fault.
func (m *message) offPath(i int) []func() {
	next, c, nextW := m.ring[(i+2)%4], m.ring[i], m.ring[(i+3)%4]
	return []func(){
		func() { m.VEOR(m.keys[rounds], c, c) },
		func() { m.VLD1(m.src, next) },
		func() { m.VEOR(m.keys[0], c, nextW) },
		func() { m.VEOR(next, nextW, nextW) },
	}
}

// storeIV stores iv after that many blocks.
func (m *message) storeIV(blocks int) {
	iv := m.LoadParam("iv")
	out, in := m.ring[(blocks-1)%4], m.ring[blocks%4]
	for _, half := range m.ivOrder(out, in) {
		m.VST1P(iv, half)
	}
	m.FreeGP(iv)
}

// free frees all registers except n.
func (m *message) free() {
	m.FreeGP(m.dst, m.src, m.ahead)
	m.FreeVec(m.keys...)
	m.FreeVec(m.r)
	m.FreeVec(m.ring...)
}
