// Command ige_arm64 generates the kernels of package ige/asm for the AES instructions
// of ARMv8.
//
// IGE chains every block through two xors:
//
//	encrypt: c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
//	decrypt: p_i = D(c_i ⊕ p_{i-1}) ⊕ c_{i-1}
//
// AESE and AESD add their key first and have no MixColumns, so a cipher of N rounds is N-1
// pairs of AESE and AESMC, one AESE, and a xor of k_N. With in and out for either
// direction, and r_i the state after that last AESE for block i,
//
//	c     = k_N ⊕ in_{i-1}
//	out_i = r_i ⊕ c
//	w     = c ⊕ k_0 ⊕ in_{i+1}
//
// r_i ⊕ w = out_i ⊕ in_{i+1} ⊕ k_0 is the whitened input of the following block, and the
// key operand of its first AESE adds it. w is known long before r_i is, so the critical
// path is N-1 pairs and an AESE per block, and nothing else: no xor, no load. That is the
// latency limit of the mode, since both directions are serial.
//
// Most cores run a pair as one operation, but only if the two are adjacent and work on one
// register. The instructions off the critical path are distributed one by one over the gaps
// between pairs, where they suit in-order cores.
//
// Vector registers, as the allocator assigns them (N = 10, 12 or 14, N = 14 in the last
// three columns):
//
//	            Encrypt, Decrypt    EncryptKey    DecryptKey     Expand
//	k_0 … k_N   V0 … V(N)           V0 … V14      V0 … V14       V14 … V0
//	r, c        V(N+1) V(N+2)       V15 V16       V16 V15
//	out, in     V(N+3) V(N+4)       V17 V18       V18 V17
//	w, cNext    V(N+5) V(N+6)       V19 V20       V19 V20
//	expansion                       V21 … V25     V15 … V19,     V15 … V19
//	                                              before r … cNext
//
// iv is out_{-1} and in_{-1} for encryption, in_{-1} and out_{-1} for decryption, and one
// instruction loads or stores it from consecutive registers. So Decrypt has c before r and
// in before out, as shown for DecryptKey.
//
// Round keys are in registers only, which package goasm clears before a kernel returns.
package main

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/armv8"
)

//go:generate go -C ../.. run ./ige/ige_arm64

const (
	blockSize = armv8.BlockSize
	maxRounds = armv8.Rounds
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb    string // the kernels' prefix
	cipher  string // for their docs
	inverse bool
}

var (
	encrypt = direction{verb: "Encrypt", cipher: "AES"}
	decrypt = direction{verb: "Decrypt", cipher: "the equivalent inverse cipher", inverse: true}
)

func main() {
	file := a64.NewFile()
	expandKernel(file)
	for _, d := range []direction{encrypt, decrypt} {
		cryptKernel(file, d)
		oneShotKernel(file, d)
	}
	file.Generate()
}

// cryptKernel emits Encrypt or Decrypt: one loop for each key size.
func cryptKernel(file *a64.File, d direction) {
	f := file.Func(d.verb, "func(nr int, xk *[240]byte, iv *[32]byte, dst, src []byte)",
		d.verb+" is one IGE stream with the AES instructions of ARMv8:\n"+
			d.cipher+" with nr rounds and the schedule xk.\n"+
			"It takes nr AES rounds of latency a block.")

	nr, xk := f.LoadParam("nr"), f.LoadParam("xk")
	p := loadPointers(f)
	f.CMP(12, nr)
	f.BLT("rounds10")
	f.BEQ("rounds12")
	for _, rounds := range []int{14, 12, 10} {
		f.Label(fmt.Sprintf("rounds%d", rounds))
		keys := f.VecN(rounds + 1)
		for list := range slices.Chunk(keys, 4) {
			f.VLD1P(xk, list...)
		}
		m := start(f, d, p, keys)
		m.addLastKey()
		m.loop()
		m.finish()
	}
	f.FreeGP(nr, xk)
	p.free(f)
}

// oneShotKernel emits EncryptKey or DecryptKey. The schedule is in registers only.
func oneShotKernel(file *a64.File, d direction) {
	f := file.Func(d.verb+"Key", "func(key, iv *[32]byte, dst, src []byte)",
		d.verb+"Key expands an AES-256 key, for "+d.cipher+", and does what\n"+
			d.verb+" does, except that it leaves iv as it is.")

	key := f.LoadParam("key")
	p := loadPointers(f)
	keys := f.VecN(maxRounds + 1)
	if d.inverse {
		// The inverse cipher begins with the round key that is computed last, so the first
		// block has to wait.
		armv8.ExpandInverse(f, key, keys, func(a64.V) {})
		m := start(f, d, p, keys)
		m.addLastKey()
		m.loop()
		m.ret()
	} else {
		// Round keys appear in the order of their use, and less often than a round takes,
		// so the rounds of the first block are nearly free.
		armv8.LoadKey(f, key, keys)
		m := start(f, d, p, keys)
		armv8.Expand(f, keys, func(i int) {
			if i < maxRounds {
				m.round(i)
			}
		})
		f.Comment("End of the first block")
		m.addLastKey()
		for _, step := range m.offPath() {
			step()
		}
		m.output()
		f.BEQ("done")
		m.loop()
		f.Label("done")
		m.ret()
	}
	f.FreeGP(key)
	p.free(f)
}

// pointers are the general registers of a kernel.
type pointers struct {
	iv       a64.R
	dst, src a64.R // of the current block
	n        a64.R // bytes from the current block to the end
	ahead    a64.R // address of the block after src
}

func loadPointers(f *a64.Func) pointers {
	return pointers{
		iv:  f.LoadParam("iv"),
		dst: f.LoadBase("dst"), src: f.LoadBase("src"), n: f.LoadLen("src"),
		ahead: f.GP(),
	}
}

func (p pointers) free(f *a64.Func) { f.FreeGP(p.iv, p.dst, p.src, p.n, p.ahead) }

// message is the state of a kernel while it works. The names are those of the
// formulas above.
type message struct {
	*a64.Func
	direction
	pointers
	keys     []a64.V
	r        a64.V
	out, in  a64.V
	w        a64.V
	c, cNext a64.V // k_N ⊕ in_{i-1} and k_N ⊕ in_i

	ivBefore []a64.V // the registers of r and c, in the order of iv
	ivAfter  []a64.V // the same for out and in
}

// start loads iv and the first block and computes the first w. c lacks k_N, which
// the caller adds by addLastKey as soon as it is known.
func start(f *a64.Func, d direction, p pointers, keys []a64.V) *message {
	m := &message{Func: f, direction: d, pointers: p, keys: keys, ivBefore: f.VecN(2), ivAfter: f.VecN(2)}
	m.r, m.c = m.ivBefore[0], m.ivBefore[1]
	m.out, m.in = m.ivAfter[0], m.ivAfter[1]
	if d.inverse {
		m.r, m.c = m.c, m.r
		m.out, m.in = m.in, m.out
	}
	m.w, m.cNext = f.Vec(), f.Vec()

	m.VLD1(m.iv, m.ivBefore...)
	m.VLD1(m.src, m.in)
	m.VEOR(m.keys[0], m.in, m.w)
	return m
}

// addLastKey completes the first c.
func (m *message) addLastKey() { m.VEOR(m.keys[m.rounds()], m.c, m.c) }

func (m *message) rounds() int { return len(m.keys) - 1 }

// loop emits the loop over the blocks. At its end the last block is in out and in.
func (m *message) loop() {
	label := fmt.Sprintf("loop%d", m.rounds())
	m.Label(label)
	steps := m.offPath()
	for i := range m.rounds() {
		m.round(i)
		if i < len(steps) {
			steps[i]()
		}
	}
	m.output()
	m.BNE(label)
}

// round emits round i of r, up to where the next round key is due.
func (m *message) round(i int) {
	key := m.keys[i]
	if i == 0 {
		key = m.w
	}
	addAndSubstitute, mix := m.AESE, m.AESMC
	if m.inverse {
		addAndSubstitute, mix = m.AESD, m.AESIMC
	}
	addAndSubstitute(key, m.r)
	if i < m.rounds()-1 {
		mix(m.r, m.r)
	}
}

// offPath returns the instructions of a block that are off the critical path. They have to
// follow round 0, which uses w, and leave flags for the end of the loop.
//
// They load in_{i+1} into in before out_i may overwrite memory. After the last block there
// is none, so in_i is loaded again: that cannot fault, and is just what finish needs.
func (m *message) offPath() []func() {
	return []func(){
		func() { m.SUBS(blockSize, m.n, m.n) },
		func() { m.ADD(blockSize, m.src, m.ahead) },
		func() { m.CSEL(a64.NE, m.ahead, m.src, m.src) },
		func() { m.VEOR(m.keys[m.rounds()], m.in, m.cNext) },
		func() { m.VLD1(m.src, m.in) },
		func() { m.VEOR(m.keys[0], m.c, m.w) },
		func() { m.VEOR(m.in, m.w, m.w) },
	}
}

// output stores out_i and makes i+1 the current block.
func (m *message) output() {
	m.VEOR(m.c, m.r, m.out)
	m.VST1P(m.dst, m.out)
	m.VMOV(m.cNext, m.c)
}

// finish stores iv and returns.
func (m *message) finish() {
	m.VST1(m.iv, m.ivAfter...)
	m.ret()
}

// ret returns and frees all vector registers.
func (m *message) ret() {
	m.RET()
	m.FreeVec(m.ivBefore...)
	m.FreeVec(m.ivAfter...)
	m.FreeVec(m.w, m.cNext)
	m.FreeVec(m.keys...)
}

// expandKernel emits Expand.
func expandKernel(file *a64.File) {
	f := file.Func("Expand", "func(enc, dec *[240]byte, key *[32]byte)",
		"Expand expands an AES-256 key into the schedules of AES and of the equivalent\n"+
			"inverse cipher.")

	enc, dec, key := f.LoadParam("enc"), f.LoadParam("dec"), f.LoadParam("key")
	keys := f.VecN(maxRounds + 1)
	armv8.ExpandInverse(f, key, keys, func(k a64.V) { f.VST1P(enc, k) })
	storeSchedule(f, dec, keys)
	f.RET()
	f.FreeVec(keys...)
	f.FreeGP(enc, dec, key)
}

// storeSchedule stores keys at xk.
func storeSchedule(f *a64.Func, xk a64.R, keys []a64.V) {
	for list := range slices.Chunk(keys, 4) {
		f.VST1P(xk, list...)
	}
}
