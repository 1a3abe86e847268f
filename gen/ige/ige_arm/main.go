// Command ige_arm generates the kernels of package ige/asm for the AES instructions of
// ARMv8 in 32-bit programs. The formulas are those of ../ige_arm64, where both xors of IGE
// are in the key of the first AESE:
//
//	c     = k_N ⊕ in_{i-1}
//	out_i = r_i ⊕ c
//	w     = c ⊕ k_0 ⊕ in_{i+1}
//
// There are half as many vector registers here, and the round keys of AES-256 alone would
// need 15. So k_0, k_N and the next eight stay in registers, and the rest is loaded again
// for each block, in the shadow of the rounds before. Input is loaded twice, which saves
// another register.
//
// Vector registers, as the allocator assigns them:
//
//	            Encrypt, Decrypt            Expand
//	k_0, k_N    Q0 Q1       InvMixColumns   Q0
//	k_1 … k_8   Q2 … Q9     zero, rcon      Q1 Q2
//	k_9 …       Q10 Q11     sub, shifted    Q3 Q4
//	r, w, c, t  Q12 … Q15   round keys      Q5 Q6 Q7
//
// t is c for the next block. At the end of a block, out takes the register of k_9.
package main

import (
	"fmt"

	"github.com/mtcore/mtcore/gen/internal/arm32"
)

//go:generate go -C ../.. run ./ige/ige_arm

const (
	blockSize = 16
	maxRounds = 14
	resident  = 8 // inner round keys in registers

	scheduleSize = (maxRounds + 1) * blockSize
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
	file := arm32.NewFile()
	expandKernel(file)
	for _, d := range []direction{encrypt, decrypt} {
		cryptKernel(file, d)
		oneShotKernel(file, d)
	}
	file.Generate()
}

// expandKernel emits Expand.
func expandKernel(file *arm32.File) {
	f := file.Func("Expand", "func(enc, dec *[240]byte, key *[32]byte)",
		"Expand expands an AES-256 key into the schedules of AES and of the equivalent\n"+
			"inverse cipher.")

	enc, dec, key := f.LoadParam("enc"), f.LoadParam("dec"), f.LoadParam("key")
	mixed := f.Vec()
	storeForward, storeInverse := storeTo(f, encrypt, enc, mixed), storeTo(f, decrypt, dec, mixed)
	expand(f, key, func(i int, k arm32.Q) {
		storeForward(i, k)
		storeInverse(i, k)
	})
	f.RET()
	f.FreeVec(mixed)
	f.FreeGP(enc, dec, key)
}

// storeTo returns the function that stores round key i at xk, and advances xk. For the
// equivalent inverse cipher (FIPS 197, 5.3.5) the round keys are stored backwards, and all
// except the first and last go through InvMixColumns, in the register mixed.
func storeTo(f *arm32.Func, d direction, xk arm32.R, mixed arm32.Q) func(i int, k arm32.Q) {
	if !d.inverse {
		return func(_ int, k arm32.Q) { f.VST1P(xk, k) }
	}
	f.ADD(maxRounds*blockSize, xk, xk)
	return func(i int, k arm32.Q) {
		if 0 < i && i < maxRounds {
			f.AESIMC(k, mixed)
			k = mixed
		}
		f.VST1(xk, k)
		f.SUB(blockSize, xk, xk)
	}
}

// expand computes the key schedule of FIPS 197, 5.2, and calls store with each round key as
// it appears. With pre(k) = k ⊕ k≪32 ⊕ k≪64 ⊕ k≪96, whose column j is the xor of the
// columns 0 … j of k,
//
//	k_i = pre(k_{i-2}) ⊕ rcon_i ⊕ RotWord(SubWord(last column of k_{i-1}))    i even
//	k_i = pre(k_{i-2})          ⊕         SubWord(last column of k_{i-1})     i odd
//
// with the last term in all four columns. AESE with a key of zero substitutes bytes;
// its ShiftRows does nothing when all columns are equal, and then turning the whole
// register by a byte turns each word.
func expand(f *arm32.Func, key arm32.R, store func(i int, k arm32.Q)) {
	zero, rcon, sub, shifted := f.Vec(), f.Vec(), f.Vec(), f.Vec()
	keys := f.VecN(3) // round key i at i%3
	f.VMOVImm(0, zero)
	f.VMOVImm(1, rcon) // its doublings follow, up to 1<<6
	f.VLD1(key, keys[0], keys[1])
	store(0, keys[0])
	store(1, keys[1])
	for i := 2; i <= maxRounds; i++ {
		older, newer, k := keys[(i-2)%3], keys[(i-1)%3], keys[i%3]
		f.Comment(fmt.Sprintf("Round key %d", i))
		f.VDUPWord(newer, 3, sub)
		f.AESE(zero, sub)
		f.VEXT(12, older, zero, shifted)
		f.VEOR(shifted, older, k)
		f.VEXT(8, k, zero, shifted)
		f.VEOR(shifted, k, k)
		if i%2 == 0 {
			f.VEXT(1, sub, sub, sub)
			f.VEOR(rcon, k, k)
			f.VSHLWords(1, rcon, rcon)
		}
		f.VEOR(sub, k, k)
		store(i, k)
	}
	f.FreeVec(zero, rcon, sub, shifted)
	f.FreeVec(keys...)
}

// cryptKernel emits Encrypt or Decrypt: one loop for each key size.
func cryptKernel(file *arm32.File, d direction) {
	f := file.Func(d.verb, "func(nr int, xk *[240]byte, iv *[32]byte, dst, src []byte)",
		d.verb+" is one IGE stream with the AES instructions of ARMv8:\n"+
			d.cipher+" with nr rounds and the schedule xk.\n"+
			"It takes nr AES rounds of latency a block.")

	nr, xk := f.LoadParam("nr"), f.LoadParam("xk")
	m := newMessage(f, d)
	m.loadKeys(xk)
	f.CMP(12, nr)
	f.BLT("rounds10")
	f.BEQ("rounds12")
	for _, rounds := range []int{14, 12, 10} {
		f.Label(fmt.Sprintf("rounds%d", rounds))
		m.rounds = rounds
		m.start()
		m.loop()
		m.finish()
		f.RET()
	}
	f.FreeGP(nr, xk)
	m.free()
}

// oneShotKernel emits EncryptKey or DecryptKey. The schedule is in its frame, which is not
// cleared beforehand.
func oneShotKernel(file *arm32.File, d direction) {
	f := file.Func(d.verb+"Key", "func(key, iv *[32]byte, dst, src []byte)",
		d.verb+"Key expands an AES-256 key, for "+d.cipher+", and does what\n"+
			d.verb+" does, except that it leaves iv as it is. It wipes the schedule.")

	key, xk, mixed := f.LoadParam("key"), f.LoadFrame(scheduleSize), f.Vec()
	expand(f, key, storeTo(f, d, xk, mixed))
	f.FreeVec(mixed)
	f.FreeGP(key)

	f.ReloadFrame(scheduleSize, xk)
	m := newMessage(f, d)
	m.rounds = maxRounds
	m.loadKeys(xk)
	m.start()
	m.loop()

	f.Comment("Wipe the schedule")
	zero := m.buffer
	f.ReloadFrame(scheduleSize, xk)
	f.VMOVImm(0, zero[0])
	f.VMOVImm(0, zero[1])
	for range maxRounds / 2 {
		f.VST1P(xk, zero...)
	}
	f.VST1(xk, zero[0])
	f.RET()
	f.FreeGP(xk)
	m.free()
}

// message is the state of a kernel while it works. The names are those of the
// formulas above.
type message struct {
	*arm32.Func
	direction
	rounds int

	iv       arm32.R
	dst, src arm32.R // of the current block
	n        arm32.R // bytes from the current block to the end
	streamed arm32.R // address of the first round key that is not in a register
	next     arm32.R // address of the next of them

	first, last   arm32.Q // k_0 and k_N
	inner, buffer []arm32.Q
	r, w, c, t    arm32.Q
}

func newMessage(f *arm32.Func, d direction) *message {
	return &message{
		Func: f, direction: d,
		iv: f.LoadParam("iv"), dst: f.LoadBase("dst"), src: f.LoadBase("src"), n: f.LoadLen("src"),
		streamed: f.GP(), next: f.GP(),
		first: f.Vec(), last: f.Vec(), inner: f.VecN(resident), buffer: f.VecN(2),
		r: f.Vec(), w: f.Vec(), c: f.Vec(), t: f.Vec(),
	}
}

func (m *message) free() {
	m.FreeGP(m.iv, m.dst, m.src, m.n, m.streamed, m.next)
	m.FreeVec(m.first, m.last, m.r, m.w, m.c, m.t)
	m.FreeVec(m.inner...)
	m.FreeVec(m.buffer...)
}

// loadKeys loads the round keys that stay, except the last.
func (m *message) loadKeys(xk arm32.R) {
	m.VLD1P(xk, m.first)
	for i := 0; i < resident; i += 2 {
		m.VLD1P(xk, m.inner[i], m.inner[i+1])
	}
	m.MOVW(xk, m.streamed)
}

// start loads the last round key, iv and the first block, and computes the first w and c.
func (m *message) start() {
	first, second := m.r, m.c
	if m.inverse {
		first, second = second, first
	}
	m.ADD((m.rounds-resident-1)*blockSize, m.streamed, m.next)
	m.VLD1(m.next, m.last)
	m.VLD1P(m.iv, first)
	m.VLD1(m.iv, second)
	m.VEOR(m.last, m.c, m.c)
	m.VLD1(m.src, m.w)
	m.VEOR(m.first, m.w, m.w)
}

// loop emits the loop over the blocks. At its end the last block is in the first register
// of buffer, and k_N ⊕ its input in c.
func (m *message) loop() {
	label := fmt.Sprintf("loop%d", m.rounds)
	m.Label(label)
	steps := m.offPath()
	for i := range m.rounds {
		m.round(i)
		if i < len(steps) {
			steps[i]()
		}
	}
	out := m.buffer[0]
	m.VEOR(m.c, m.r, out)
	m.VST1P(m.dst, out)
	m.VMOV(m.t, m.c)
	m.BNE(label)
}

// round emits round i of r, up to where the next round key is due.
func (m *message) round(i int) {
	var key arm32.Q
	streamed := i - resident - 1
	switch {
	case i == 0:
		key = m.w
	case streamed < 0:
		key = m.inner[i-1]
	default:
		key = m.buffer[streamed%2]
	}
	addAndSubstitute, mix := m.AESE, m.AESMC
	if m.inverse {
		addAndSubstitute, mix = m.AESD, m.AESIMC
	}
	addAndSubstitute(key, m.r)
	if i < m.rounds-1 {
		mix(m.r, m.r)
	}
	if later := i + 2; streamed >= 0 && later < m.rounds {
		m.VLD1P(m.next, key)
	}
}

// offPath returns the instructions of a block that are off the critical path. They have to
// follow round 0, which uses w, and be done before round 9, which uses buffer. They leave
// flags for the end of the loop.
//
// They load in_{i+1} into w before out_i may overwrite memory. After the last block there
// is none, so in_i is loaded again, which cannot fault.
func (m *message) offPath() []func() {
	return []func(){
		func() { m.VLD1(m.src, m.t); m.SUBS(blockSize, m.n, m.n) },
		func() { m.ADDNE(blockSize, m.src) },
		func() { m.VLD1(m.src, m.w) },
		func() { m.MOVW(m.streamed, m.next) },
		func() { m.VLD1P(m.next, m.buffer[0]) },
		func() { m.VEOR(m.last, m.t, m.t) },
		func() { m.VEOR(m.first, m.w, m.w) },
		func() { m.VEOR(m.c, m.w, m.w) },
		func() {
			if m.rounds > resident+2 {
				m.VLD1P(m.next, m.buffer[1])
			}
		},
	}
}

// finish stores iv, from whose second half start has loaded.
func (m *message) finish() {
	first, second := m.buffer[0], m.c
	m.VEOR(m.last, m.c, m.c)
	if m.inverse {
		first, second = second, first
	}
	m.SUB(blockSize, m.iv, m.iv)
	m.VST1P(m.iv, first)
	m.VST1(m.iv, second)
}
