// Command batch_amd64 generates the kernels of package ige/asm that run several IGE
// streams side by side, each with its own key.
//
// One stream leaves nine tenths of the AES units idle, since each of its rounds
// waits for the one before (see ../ige_amd64). Independent streams fill the gap:
// the kernels do each round for all streams before the next round.
//
//	x     = out_{i-1} ⊕ (in_i ⊕ k_0)
//	x     = AESENC(x, k_1) … AESENC(x, k_13)
//	out_i = AESENCLAST(x, k_14 ⊕ in_{i-1})
//
// Only the first xor is on the critical path. If the next block is available, the last round
// takes that xor over, as in the single stream:
//
//	w     = k_0 ⊕ in_{i+1}
//	x     = AESENCLAST(x, k_14 ⊕ in_{i-1} ⊕ w)
//	out_i = x ⊕ w
//
// Lanes. A stream lives in a lane of 16 bytes, and four lanes are a group. All
// kernels share one layout, so that streams can go on in a narrower kernel:
//
//	keys     round key r of lane j at 960*(j/4) + 64*r + 16*(j%4)
//	state    out_{i-1} of lane j at 16*j, in_{i-1} at 256 + 16*j
//	dst, src the address of lane j's next block
//
// For messages of the same length there are kernels that expand the keys themselves, so that all of
// a message happens in one call, and nothing has to be kept between calls. They have the round keys in
// registers or in their frame, which nobody has to clear beforehand.
//
// With AES-NI a register is one lane. With VAES a YMM register is two lanes, and a ZMM register a
// group: its blocks are gathered from and scattered to as many addresses, while a round key is
// one load, aligned if keys is.
//
// Wherever it matters, no block is loaded after a lane that works on the same message may have
// stored it. So lanes may repeat exactly what another lane does, in place too, which is what idle
// lanes do.
package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/aes256"
	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../.. run ./ige/batch_amd64

const (
	blockSize = aes256.BlockSize
	rounds    = aes256.Rounds
	groupSize = 4  // lanes
	maxLanes  = 16 // of the layout

	scheduleSize = (rounds + 1) * blockSize // of one lane
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb, cipher     string
	round, lastRound func(key, state, dst Op)
}

var (
	encrypt = direction{"Encrypt", "AES", VAESENC, VAESENCLAST}
	decrypt = direction{"Decrypt", "the equivalent inverse cipher", VAESDEC, VAESDECLAST}
)

// An isa holds what differs between the instruction sets.
type isa struct {
	aes256.ISA
	name    string                                  // in those of kernels
	lanes   int                                     // of a register
	xor3    func(m Mem, a, b VecVirtual) VecVirtual // with a off the critical path
	gather  func(table Mem, lane int, offset Register, dst VecVirtual)
	scatter func(table Mem, lane int, offset Register, src VecVirtual)
	done    func()
}

var aesni = isa{
	ISA: aes256.AESNI, lanes: 1,
	xor3: func(m Mem, a, b VecVirtual) VecVirtual {
		x := XMM()
		VPXOR(m, a, x)
		VPXOR(b, x, x)
		return x
	},
	gather: func(table Mem, lane int, offset Register, dst VecVirtual) {
		VMOVDQU(blockAt(table, lane, offset), dst)
	},
	scatter: func(table Mem, lane int, offset Register, src VecVirtual) {
		VMOVDQU(src, blockAt(table, lane, offset))
	},
	done: func() {},
}

var vaes256 = isa{
	ISA: aes256.VAES256, name: "VAES256", lanes: 2,
	xor3: func(m Mem, a, b VecVirtual) VecVirtual {
		x := YMM()
		VPXOR(m, a, x)
		VPXOR(b, x, x)
		return x
	},
	gather: func(table Mem, lane int, offset Register, dst VecVirtual) {
		VBROADCASTI128(blockAt(table, lane, offset), dst) // the whole chunk, so that avo knows where it begins
		VINSERTI128(U8(1), blockAt(table, lane+1, offset), dst, dst)
	},
	scatter: func(table Mem, lane int, offset Register, src VecVirtual) {
		VMOVDQU(src.AsX(), blockAt(table, lane, offset))
		VEXTRACTI128(U8(1), src, blockAt(table, lane+1, offset))
	},
	done: VZEROUPPER,
}

var vaes512 = isa{
	ISA: aes256.VAES512, name: "VAES512", lanes: 4,
	xor3: func(m Mem, a, b VecVirtual) VecVirtual {
		// On CPUs with only one AES port, a load does not compete for it.
		x := ZMM()
		VMOVDQU64(m, x)
		VPTERNLOGQ(U8(0x96), a, b, x)
		return x
	},
	gather: func(table Mem, lane int, offset Register, dst VecVirtual) {
		VBROADCASTI32X4(blockAt(table, lane, offset), dst)
		for i := 1; i < 4; i++ {
			VINSERTI32X4(U8(i), blockAt(table, lane+i, offset), dst, dst)
		}
	},
	scatter: func(table Mem, lane int, offset Register, src VecVirtual) {
		VMOVDQU64(src.AsX(), blockAt(table, lane, offset))
		for i := 1; i < 4; i++ {
			VEXTRACTI32X4(U8(i), src, blockAt(table, lane+i, offset))
		}
	},
	done: VZEROUPPER,
}

// blockAt loads entry lane of a table of pointers and addresses the block at offset
// from it. There are more pointers than general registers; the loads are off the
// critical path.
func blockAt(table Mem, lane int, offset Register) Mem {
	p := GP64()
	MOVQ(table.Offset(8*lane), p)
	return Mem{Base: p, Index: offset, Scale: 1}
}

func main() { avomain.Generate(kernels) }

func kernels() {
	for _, d := range []direction{encrypt, decrypt} {
		expandKernel(d, aesni)
		expandKernel(d, vaes256)
		expandKernel(d, vaes512)
		for _, lanes := range []int{2, 4, 8} {
			cryptKernel(d, aesni, lanes)
		}
		for _, lanes := range []int{4, 8} {
			cryptKernel(d, vaes256, lanes)
		}
		for _, lanes := range []int{8, 12, 16} {
			cryptKernel(d, vaes512, lanes)
		}
		oneShotKernel(d, aesni, 2)
		oneShotKernel(d, vaes256, 2)
		oneShotKernel(d, vaes512, 4)
		for _, lanes := range []int{8, 12, 16} {
			raggedKernel(d, vaes512, lanes)
		}
	}
}

// expandKernel emits the kernel that expands the keys of one register of lanes.
func expandKernel(d direction, s isa) {
	name := fmt.Sprintf("Expand%s%d%s", d.verb, s.lanes, s.name)
	var signature, doc string
	switch s.lanes {
	case 1:
		signature = "func(keys *[960]byte, lane int, key *[32]byte)"
		doc = "expands an AES-256 key into the schedule of a lane of a group"
	case 2:
		signature = "func(keys *[960]byte, lane int, key *[2]*[32]byte)"
		doc = "expands two AES-256 keys into the schedules of a lane of a group and the next"
	case 4:
		signature = "func(keys *[960]byte, key *[4]*[32]byte)"
		doc = "expands four AES-256 keys into the schedules of a group"
	}
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(name+" "+doc+",", "for "+d.cipher+".")

	keys := Mem{Base: Load(Param("keys"), GP64())}
	if s.lanes < groupSize {
		lane := Load(Param("lane"), GP64())
		SHLQ(U8(4), lane)
		ADDQ(lane, keys.Base)
	}
	key := Mem{Base: Load(Param("key"), GP64())}

	k0, k1 := s.Vec(), s.Vec()
	if s.lanes == 1 {
		VMOVDQU(key, k0)
		VMOVDQU(key.Offset(blockSize), k1)
	} else {
		offset := GP64()
		XORQ(offset, offset)
		s.gather(key, 0, offset, k0)
		ADDQ(U8(blockSize), offset)
		s.gather(key, 0, offset, k1)
	}
	store := func(i int, k VecVirtual) { s.store(k, keys.Offset(roundKey(i, 0))) }
	if d.verb == decrypt.verb {
		store = aes256.Inverse(s.ISA, store)
	}
	aes256.Expand(s.ISA, k0, k1, store)
	s.done()
	RET()
}

func oneShotDoc(name string, d direction, lanes int) {
	Doc(fmt.Sprintf("%s expands %d AES-256 keys, for %s, and %ss the", name, lanes, d.cipher, strings.ToLower(d.verb)),
		"given number of blocks, at least one, of a message under each by AES-256-IGE. It leaves iv as it is.")
}

// oneShotKernel emits the kernel that expands the keys of so many lanes and does all of their
// blocks. Round keys stay in registers, if there are 32 of these, and otherwise in the frame.
func oneShotKernel(d direction, s isa, lanes int) {
	name := fmt.Sprintf("%sKeys%d%s", d.verb, lanes, s.name)
	TEXT(name, attr.NOSPLIT, fmt.Sprintf("func(key, iv *[%d]*[32]byte, dst, src *[%[1]d]*byte, blocks int)", lanes))
	Pragma("noescape")
	oneShotDoc(name, d, lanes)

	o := oneShot{isa: s, direction: d, regs: lanes / s.lanes, offset: GP64()}
	key, iv := Mem{Base: Load(Param("key"), GP64())}, Mem{Base: Load(Param("iv"), GP64())}
	o.dst, o.src = Mem{Base: Load(Param("dst"), GP64())}, Mem{Base: Load(Param("src"), GP64())}
	o.blocks = Load(Param("blocks"), GP64())
	var frame Mem
	if s.lanes < groupSize {
		frame = AllocLocal(lanes * scheduleSize)
		o.key = func(i, r int) Op { return frame.Offset((r*scheduleSize + i*blockSize) * s.lanes) }
	} else {
		round := make([]Op, rounds+1)
		for i := range round {
			round[i] = s.Vec()
		}
		o.key = func(i, _ int) Op { return round[i] }
	}

	second := GP64()
	XORQ(o.offset, o.offset)
	MOVQ(U32(blockSize), second)
	out, prev := o.offset, Register(second) // offsets of the halves of iv, as this direction sees them
	if d.verb == decrypt.verb {
		out, prev = prev, out
	}
	for r := range o.regs {
		o.x, o.in, o.prev = append(o.x, s.Vec()), append(o.in, s.Vec()), append(o.prev, s.Vec())
		s.gather(iv, r*s.lanes, out, o.x[r])
		s.gather(iv, r*s.lanes, prev, o.prev[r])
		s.gather(o.src, r*s.lanes, o.offset, o.in[r])
		s.Xor(o.in[r], o.x[r], o.x[r])
	}
	var k0, k1 []VecVirtual
	for r := range o.regs {
		k0, k1 = append(k0, s.Vec()), append(k1, s.Vec())
		s.gather(key, r*s.lanes, o.offset, k0[r])
		s.gather(key, r*s.lanes, second, k1[r])
	}
	o.expand(k0, k1)
	o.loop()
	if s.lanes < groupSize {
		Comment("Wipe the schedules")
		zero := YMM()
		VPXOR(zero.AsX(), zero.AsX(), zero.AsX())
		for i := 0; i < lanes*scheduleSize; i += 2 * blockSize {
			VMOVDQU(zero, frame.Offset(i))
		}
	}
	VZEROUPPER()
	RET()
}

// raggedKernel emits the kernel that expands the keys of so many lanes and does all of their blocks, of
// which each lane has its own number. The first lane has the most, and no lane more than one before it.
func raggedKernel(d direction, s isa, lanes int) {
	name := fmt.Sprintf("%sKeys%d%s", d.verb, lanes, s.name)
	const splits = 0 // since the frame is more than NOSPLIT allows
	TEXT(name, splits, fmt.Sprintf("func(key, iv *[%d]*[32]byte, dst, src *[%[1]d]*byte, blocks *[%[1]d]int)", lanes))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s expands %d AES-256 keys, for %s, and %ss a message", name, lanes, d.cipher, strings.ToLower(d.verb)),
		"under each by AES-256-IGE, of the given number of blocks, none of which is more than the one before.",
		"It leaves iv as it is, and zeros in blocks.")

	b := &batch{
		isa: s, direction: d, regs: lanes / s.lanes,
		dst:    Mem{Base: Load(Param("dst"), GP64())},
		src:    Mem{Base: Load(Param("src"), GP64())},
		offset: GP64(),
	}
	const line = chunk * blockSize
	b.keys = Mem{Base: GP64()}
	LEAQ(AllocLocal(lanes*scheduleSize+line).Offset(line-1), b.keys.Base)
	ANDQ(I8(-line), b.keys.Base)
	key, iv := Mem{Base: Load(Param("key"), GP64())}, Mem{Base: Load(Param("iv"), GP64())}

	second := GP64()
	XORQ(b.offset, b.offset)
	MOVQ(U32(blockSize), second)
	out, prev := b.offset, Register(second) // offsets of the halves of iv, as this direction sees them
	if d.verb == decrypt.verb {
		out, prev = prev, out
	}
	b.out, b.prev = b.vecs(), b.vecs()
	k0, k1 := b.vecs(), b.vecs()
	for r := range b.regs {
		s.gather(key, r*s.lanes, b.offset, k0[r])
		s.gather(key, r*s.lanes, second, k1[r])
		s.gather(iv, r*s.lanes, out, b.out[r])
		s.gather(iv, r*s.lanes, prev, b.prev[r])
	}
	r := 0
	store := func(i int, k VecVirtual) { s.store(k, b.key(i, r)) }
	if d.verb == decrypt.verb {
		store = aes256.Inverse(s.ISA, store)
	}
	aes256.ExpandEach(s.ISA, k0, k1, func(of, i int, k VecVirtual) {
		r = of
		store(i, k)
	})
	b.raggedLoops(Mem{Base: Load(Param("blocks"), GP64())})
	Comment("Wipe the schedules, and what is aside")
	zero := s.Vec()
	VPBROADCASTQ(b.toGo.zero, zero)
	for i := range lanes * scheduleSize / line {
		VMOVDQU64(zero, b.keys.Offset(i*line))
	}
	for j := range lanes {
		VMOVDQU64(zero, b.aside(j))
	}
	s.done()
	RET()
}

// oneShot is the state of a kernel by oneShotKernel while it works.
type oneShot struct {
	isa
	direction
	regs        int
	key         func(i, r int) Op // round key i of register r
	dst, src    Mem
	offset      Register
	blocks      Register
	x, in, prev []VecVirtual
}

// expand expands the keys. For encryption, they appear in the order of their use, about one per round,
// so the first blocks keep pace with them and their rounds are nearly free.
func (o *oneShot) expand(k0, k1 []VecVirtual) {
	keep := func(r, i int, k VecVirtual) {
		if m, ok := o.key(i, r).(Mem); ok {
			o.store(k, m)
		} else {
			o.move(k, o.key(i, r).(VecVirtual))
		}
	}
	if o.verb == decrypt.verb {
		r := 0
		inverse := aes256.Inverse(o.ISA, func(i int, k VecVirtual) { keep(r, i, k) })
		aes256.ExpandEach(o.ISA, k0, k1, func(of, i int, k VecVirtual) {
			r = of
			inverse(i, k)
		})
		for r, x := range o.x {
			o.Xor(o.key(0, r), x, x)
		}
		return
	}
	aes256.ExpandEach(o.ISA, k0, k1, func(r, i int, k VecVirtual) {
		keep(r, i, k)
		switch x := o.x[r]; i {
		case 0:
			o.Xor(k, x, x)
		case rounds: // the loop adds it together with the chaining xors
		default:
			o.round(k, x, x)
		}
	})
}

// loop emits the loop over blocks, like foldedLoop.
func (o *oneShot) loop() {
	ahead := GP64()
	MOVQ(o.offset, ahead)
	if o.verb == encrypt.verb {
		JMP(LabelRef("last")) // expand has done the other rounds
	}
	Label("block")
	for i := 1; i < rounds; i++ {
		for r, x := range o.x {
			o.round(o.key(i, r), x, x)
		}
	}
	Label("last")
	Comment("The next block, or this one again if it is the last")
	ADDQ(U8(blockSize), ahead)
	DECQ(o.blocks)
	CMOVQEQ(o.offset, ahead)
	for r, x := range o.x {
		kn, w, out := o.Vec(), o.Vec(), o.Vec()
		o.Xor(o.key(rounds, r), o.prev[r], kn)
		o.move(o.in[r], o.prev[r])
		o.gather(o.src, r*o.lanes, ahead, o.in[r])
		o.Xor(o.key(0, r), o.in[r], w)
		o.Xor(w, kn, kn)
		o.lastRound(kn, x, x)
		o.Xor(w, x, out)
		o.scatter(o.dst, r*o.lanes, o.offset, out)
	}
	MOVQ(ahead, o.offset)
	JNZ(LabelRef("block")) // nothing since DECQ has changed the flags
}

func (s isa) load(m Mem, r VecVirtual) {
	if s.lanes < groupSize {
		VMOVDQU(m, r)
	} else {
		VMOVDQU64(m, r)
	}
}

func (s isa) store(r VecVirtual, m Mem) {
	if s.lanes < groupSize {
		VMOVDQU(r, m)
	} else {
		VMOVDQU64(r, m)
	}
}

func (s isa) move(from, to VecVirtual) {
	if s.lanes < groupSize {
		VMOVDQA(from, to)
	} else {
		VMOVDQA64(from, to)
	}
}

// roundKey is the offset of round key i of a lane.
func roundKey(i, lane int) int {
	return lane/groupSize*groupSize*scheduleSize + i*groupSize*blockSize + lane%groupSize*blockSize
}

// cryptKernel emits the kernel for that many lanes.
func cryptKernel(d direction, s isa, lanes int) {
	name := fmt.Sprintf("%sBatch%d%s", d.verb, lanes, s.name)
	TEXT(name, splitting(s, lanes), "func(keys *byte, state *[512]byte, dst, src *[16]*byte, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s %ss the given number of blocks, at least one, of each of the first %d", name, strings.ToLower(d.verb), lanes),
		"lanes by AES-256-IGE, with "+d.cipher+".")

	b := &batch{
		isa: s, direction: d, regs: lanes / s.lanes,
		keys:   Mem{Base: Load(Param("keys"), GP64())},
		state:  Mem{Base: Load(Param("state"), GP64())},
		dst:    Mem{Base: Load(Param("dst"), GP64())},
		src:    Mem{Base: Load(Param("src"), GP64())},
		blocks: Load(Param("blocks"), GP64()),
		offset: GP64(),
	}
	XORQ(b.offset, b.offset)
	b.out, b.prev = b.vecs(), b.vecs()
	for r := range b.regs {
		s.load(b.stateOut(r), b.out[r])
		s.load(b.stateIn(r), b.prev[r])
	}
	switch {
	case s.lanes == groupSize:
		b.chunkLoop()
		b.blockLoop(b.block)
	case b.regs <= 4:
		b.foldedLoop()
	default:
		b.asideLoop()
		b.blockLoop(b.blockInPlace)
	}
	s.done()
	RET()
}

// splitting is NOSPLIT, except for kernels that take more stack than that allows.
func splitting(s isa, lanes int) attr.Attribute {
	if s.lanes == groupSize && lanes > 8 {
		return 0
	}
	return attr.NOSPLIT
}

// batch is the state of a kernel while it works.
type batch struct {
	isa
	direction
	regs int // of lanes

	keys, state Mem
	dst, src    Mem      // tables of pointers
	offset      Register // of the current block
	blocks      Register // to go

	out, prev []VecVirtual // out_{i-1} and in_{i-1}

	aside func(lane int) Mem // see allocAside
	toGo  toGo               // of raggedLoops
}

func (b *batch) vecs() []VecVirtual {
	v := make([]VecVirtual, b.regs)
	for r := range v {
		v[r] = b.Vec()
	}
	return v
}

// key addresses round key i of the lanes of register r.
func (b *batch) key(i, r int) Mem { return b.keys.Offset(roundKey(i, r*b.lanes)) }

func (b *batch) stateOut(r int) Mem { return b.state.Offset(r * b.lanes * blockSize) }
func (b *batch) stateIn(r int) Mem  { return b.state.Offset((maxLanes + r*b.lanes) * blockSize) }

// blockLoop emits the loop over single blocks of each lane.
func (b *batch) blockLoop(block func()) {
	Label("block")
	block()
	for r := range b.regs {
		b.scatter(b.dst, r*b.lanes, b.offset, b.out[r])
	}
	ADDQ(U8(blockSize), b.offset)
	DECQ(b.blocks)
	JNZ(LabelRef("block"))

	Label("done")
	for r := range b.regs {
		b.store(b.out[r], b.stateOut(r))
		b.store(b.prev[r], b.stateIn(r))
	}
}

// foldedLoop is blockLoop with all xors off the critical path. It needs registers for the next
// block, so there can be at most four registers of lanes.
func (b *batch) foldedLoop() {
	in, x := b.vecs(), b.vecs()
	for r := range b.regs {
		b.gather(b.src, r*b.lanes, b.offset, in[r])
		x[r] = b.xor3(b.key(0, r), in[r], b.out[r])
	}
	ahead := GP64()
	MOVQ(b.offset, ahead)

	Label("block")
	b.middleRounds(x)
	Comment("The next block, or this one again if it is the last")
	ADDQ(U8(blockSize), ahead)
	DECQ(b.blocks)
	CMOVQEQ(b.offset, ahead)
	for r := range b.regs {
		kn, w, out := b.Vec(), b.Vec(), b.Vec()
		VPXOR(b.key(rounds, r), b.prev[r], kn)
		VMOVDQA(in[r], b.prev[r])
		b.gather(b.src, r*b.lanes, ahead, in[r])
		VPXOR(b.key(0, r), in[r], w)
		VPXOR(w, kn, kn)
		b.lastRound(kn, x[r], x[r])
		VPXOR(w, x[r], out)
		b.scatter(b.dst, r*b.lanes, b.offset, out)
		b.store(out, b.stateOut(r))
	}
	MOVQ(ahead, b.offset)
	JNZ(LabelRef("block")) // nothing since DECQ has changed the flags
	for r := range b.regs {
		b.store(b.prev[r], b.stateIn(r))
	}
}

// block loads a block of each lane and computes out and prev.
func (b *batch) block() {
	in, x := b.vecs(), b.vecs()
	for r := range b.regs {
		b.gather(b.src, r*b.lanes, b.offset, in[r])
		x[r] = b.xor3(b.key(0, r), in[r], b.out[r])
	}
	b.middleRounds(x)
	b.lastRounds(x, b.prev, b.out)
	for r := range b.regs {
		b.move(in[r], b.prev[r])
	}
}

// blockInPlace is block without a spare register: with eight XMM lanes, out and prev take all of
// them. So blocks are loaded twice. It handles what asideLoop leaves.
func (b *batch) blockInPlace() {
	for r := range b.regs {
		VPXOR(blockAt(b.src, r, b.offset), b.out[r], b.out[r])
		VPXOR(b.key(0, r), b.out[r], b.out[r])
	}
	b.middleRounds(b.out)
	for r := range b.regs {
		VPXOR(b.key(rounds, r), b.prev[r], b.prev[r])
		b.lastRound(b.prev[r], b.out[r], b.out[r])
		b.gather(b.src, r, b.offset, b.prev[r])
	}
}

// middleRounds emits all rounds but the last.
func (b *batch) middleRounds(x []VecVirtual) {
	for i := 1; i < rounds; i++ {
		Comment(fmt.Sprintf("Round %d", i))
		for r := range b.regs {
			b.round(b.key(i, r), x[r], x[r])
		}
	}
}

// lastRounds emits out = lastRound(x, k_14 ⊕ prev).
func (b *batch) lastRounds(x, prev, out []VecVirtual) {
	Comment("Last round, with k_14 ⊕ in_{i-1}")
	for r := range b.regs {
		kc := b.Vec()
		b.Xor(b.key(rounds, r), prev[r], kc)
		b.lastRound(kc, x[r], out[r])
	}
}

// foldedRounds is lastRounds, after which x is whitened with the next block.
func (b *batch) foldedRounds(x, prev, next, out []VecVirtual) {
	Comment("Last round, with k_14 ⊕ in_{i-1} ⊕ w, where w = k_0 ⊕ in_{i+1}; after it, out is x ⊕ w")
	for r := range b.regs {
		w := b.Vec()
		b.Xor(b.key(0, r), next[r], w)
		b.lastRound(b.xor3(b.key(rounds, r), w, prev[r]), x[r], x[r])
		b.Xor(w, x[r], out[r])
	}
}

// chunk is how many blocks of a lane fill a register, and a cache line.
const chunk = 4

// chunkLoop emits the loop over chunks of four blocks of each lane, which leaves fewer than four
// to blockLoop.
//
// A chunk takes one load and one store per lane, and two transpositions per group, instead of
// four times as many loads and stores. That is not the main reason: buffers often begin at page
// boundaries, and 32 such lines share a set of 8 or 12 cache lines. So each line should be used
// up while it is in the cache.
//
// The chunk is not loaded at the head of the iteration either, where everything would wait for
// the second-level cache. Instead, in each block a quarter of the lanes copies its next chunk
// aside. (For 16 messages of 4 KiB, Zen 5 takes 0.85 to 0.92 times as long as without.)
func (b *batch) chunkLoop() {
	copyChunks := func(quarter int, offset Register) {
		for j := quarter; j < b.regs*groupSize; j += chunk {
			line := ZMM()
			VMOVDQU64(blockAt(b.src, j, offset), line)
			VMOVDQU64(line, b.aside(j))
		}
	}
	next := b.firstChunk()
	b.allocAside(groupSize * b.regs)
	for quarter := range chunk {
		copyChunks(quarter, b.offset)
	}

	Label("chunk")
	b.lookAhead(next)
	out := b.chunkBlocks(func(i int, _ [][]VecVirtual) { copyChunks(i, next) })
	for r := range b.regs {
		for j, line := range b.lines(out, r) {
			VMOVDQU64(line, blockAt(b.dst, r*groupSize+j, b.offset))
		}
	}
	b.endChunk()
	Comment("Wipe what is aside")
	zero := b.Vec()
	XORQ(next, next)
	VPBROADCASTQ(next, zero) // since avo takes the xor of a register with itself for a use of it
	for j := range b.regs * groupSize {
		VMOVDQU64(zero, b.aside(j))
	}
	b.rest()
}

// chunkBlocks does the four blocks of each lane that are aside, and returns the results by block and
// register. After each block it calls then, with the results so far.
func (b *batch) chunkBlocks(then func(i int, out [][]VecVirtual)) [][]VecVirtual {
	var in [chunk][]VecVirtual // by register
	for r := range b.regs {
		for i, v := range b.chunkAside(r) {
			in[i] = append(in[i], v)
		}
	}
	x := make([]VecVirtual, b.regs)
	for r := range b.regs {
		x[r] = b.xor3(b.key(0, r), in[0][r], b.out[r])
	}
	var out [][]VecVirtual
	prevIn := b.prev
	for i := range chunk {
		Comment(fmt.Sprintf("Block %d of the chunk", i))
		b.middleRounds(x)
		if i+1 < chunk {
			out = append(out, b.vecs())
			b.foldedRounds(x, prevIn, in[i+1], out[i])
		} else {
			out = append(out, b.out)
			b.lastRounds(x, prevIn, out[i])
		}
		prevIn = in[i]
		then(i, out)
	}
	for r := range b.regs {
		b.move(prevIn[r], b.prev[r])
	}
	return out
}

// toGo is how far raggedLoops have come.
type toGo struct {
	table      Mem // how many blocks each lane has to go, in the caller's memory
	zero, four Register
	ones       Register // the mask of a whole line, which has two quadwords a block
}

// raggedLoops emits loops over chunks of the lanes of all registers, of all but the last, and so on to
// those of the first register alone. The last register has the lanes with the fewest blocks: when the first of these
// is done, so are the others.
//
// A lane that has less than a chunk to go, or nothing, takes part in the whole chunk. Only what it has is
// loaded and stored, by masks: nothing else is accessed.
func (b *batch) raggedLoops(blocks Mem) {
	lanes := b.regs * groupSize
	b.toGo = toGo{table: blocks, zero: GP64(), four: GP64(), ones: GP64()}
	XORQ(b.toGo.zero, b.toGo.zero)
	MOVQ(U32(chunk), b.toGo.four)
	MOVQ(U32(1<<(2*chunk)-1), b.toGo.ones)
	b.allocAside(lanes)
	CMPQ(b.left(lanes-1), U8(chunk))
	JB(LabelRef("parts"))
	for j := range lanes {
		b.copyWhole(j, 0)
	}
	JMP(LabelRef("copied"))
	Label("parts")
	for j := range lanes {
		b.copyPart(j, 0)
	}
	Label("copied")
	for ; b.regs > 0; b.regs-- {
		b.raggedLoop()
	}
}

// raggedLoop emits the loop that ends when the lanes of the last register do. Most chunks are such that
// all lanes have this chunk and the next one: these take the straight way, without masks.
func (b *batch) raggedLoop() {
	lanes := b.regs * groupSize
	label := func(what string) string { return fmt.Sprintf("%s%d", what, lanes) }
	quarter := func(what string, i int) string { return label(fmt.Sprintf("%s%dof", what, i)) }
	unlessWhole := func(otherwise string) {
		CMPQ(b.left(lanes-1), U8(2*chunk))
		JB(LabelRef(otherwise))
	}

	Label(label("loop"))
	CMPQ(b.left(lanes-groupSize), U8(0))
	JEQ(LabelRef(label("done")))
	out := b.chunkBlocks(func(i int, _ [][]VecVirtual) {
		unlessWhole(quarter("part", i))
		for j := i; j < lanes; j += chunk {
			b.copyWhole(j, chunk)
		}
		Label(quarter("block", i+1))
	})
	Label(label("store"))
	var lines []VecVirtual
	for r := range b.regs {
		lines = append(lines, b.lines(out, r)...)
	}
	unlessWhole(label("parts"))
	for j, line := range lines {
		VMOVDQU64(line, blockAt(b.dst, j, b.offset))
		SUBQ(U8(chunk), b.left(j))
	}
	Label(label("next"))
	ADDQ(U8(chunk*blockSize), b.offset)
	JMP(LabelRef(label("loop")))

	for i := range chunk {
		Label(quarter("part", i))
		CMPQ(b.left(0), U8(chunk))
		JA(LabelRef(quarter("more", i)))
		if i+1 < chunk {
			CMPQ(b.left(0), U8(i+1))
			JEQ(LabelRef(quarter("last", i)))
		}
		JMP(LabelRef(quarter("block", i+1)))
		Label(quarter("more", i))
		for j := i; j < lanes; j += chunk {
			b.copyPart(j, chunk)
		}
		JMP(LabelRef(quarter("block", i+1)))
	}
	for i := range chunk - 1 {
		Label(quarter("last", i))
		Comment("There are no more blocks: what comes out instead is not stored")
		for _, rest := range out[i+1:] {
			for r := range b.regs {
				b.move(out[0][r], rest[r])
			}
		}
		JMP(LabelRef(label("store")))
	}
	Label(label("parts"))
	for j, line := range lines {
		VMOVDQU64(line, b.mask(b.leftAfter(j, 0)), blockAt(b.dst, j, b.offset))
		MOVQ(b.leftAfter(j, chunk), b.left(j))
	}
	JMP(LabelRef(label("next")))
	Label(label("done"))
}

// left is how many blocks a lane has to go.
func (b *batch) left(lane int) Mem { return b.toGo.table.Offset(8 * lane) }

// leftAfter returns how many blocks a lane has to go after so many.
func (b *batch) leftAfter(lane, blocks int) Register {
	n := GP64()
	MOVQ(b.left(lane), n)
	if blocks > 0 {
		SUBQ(U8(blocks), n)
		CMOVQCS(b.toGo.zero, n)
	}
	return n
}

// copyWhole copies aside the chunk of a lane after so many blocks.
func (b *batch) copyWhole(lane, blocks int) {
	line := ZMM()
	VMOVDQU64(blockAt(b.src, lane, b.offset).Offset(blocks*blockSize), line)
	VMOVDQU64(line, b.aside(lane))
}

// copyPart copies aside what there is of the chunk of a lane after so many blocks.
func (b *batch) copyPart(lane, blocks int) {
	line, k := ZMM(), b.mask(b.leftAfter(lane, blocks))
	VMOVDQU64_Z(blockAt(b.src, lane, b.offset).Offset(blocks*blockSize), k, line)
	VMOVDQU64(line, b.aside(lane))
}

// mask is that of a line of a lane that has n blocks to go, which it overwrites.
func (b *batch) mask(n Register) Op {
	CMPQ(n, U8(chunk))
	CMOVQHI(b.toGo.four, n)
	ADDQ(n, n)
	BZHIQ(n, b.toGo.ones, n)
	k := K()
	KMOVB(n.(GPVirtual).As32(), k)
	return k
}

// firstChunk emits the jump to blockLoop if less than a chunk is left. It returns a register with
// the offset of the first chunk.
func (b *batch) firstChunk() (next Register) {
	CMPQ(b.blocks, U8(chunk))
	JB(LabelRef("rest"))
	next = GP64()
	MOVQ(b.offset, next)
	return next
}

// allocAside makes aside return the kernel's own memory: for each lane a chunk, which is a cache
// line.
func (b *batch) allocAside(lanes int) {
	const line = chunk * blockSize
	aside := Mem{Base: GP64()}
	LEAQ(AllocLocal((lanes+1)*line).Offset(line-1), aside.Base)
	ANDQ(I8(-line), aside.Base)
	b.aside = func(lane int) Mem { return aside.Offset(lane * line) }
}

// lookAhead subtracts the chunk from the number of blocks, and sets next to the offset of the
// next chunk; after the last one to that of this chunk, which is then loaded again for nothing.
func (b *batch) lookAhead(next Register) {
	ADDQ(U8(chunk*blockSize), next)
	SUBQ(U8(chunk), b.blocks)
	CMPQ(b.blocks, U8(chunk))
	CMOVQCS(b.offset, next)
}

// endChunk emits the jump to the next chunk.
func (b *batch) endChunk() {
	ADDQ(U8(chunk*blockSize), b.offset)
	CMPQ(b.blocks, U8(chunk))
	JAE(LabelRef("chunk"))
}

// rest emits what comes after the chunks, before blockLoop.
func (b *batch) rest() {
	Label("rest")
	TESTQ(b.blocks, b.blocks)
	JZ(LabelRef("done"))
}

// chunkAside loads four blocks of each of four lanes and returns them by block.
func (b *batch) chunkAside(r int) []VecVirtual {
	lines := make([]VecVirtual, groupSize)
	for j := range lines {
		lines[j] = b.Vec()
		VMOVDQU64(b.aside(r*groupSize+j), lines[j])
	}
	return aes256.Transpose(lines)
}

// lines returns the results of the lanes of a register, by lane.
func (b *batch) lines(out [][]VecVirtual, r int) []VecVirtual {
	return aes256.Transpose([]VecVirtual{out[0][r], out[1][r], out[2][r], out[3][r]})
}

// asideLoop is chunkLoop for eight XMM lanes. Registers only hold their chaining values. Each
// block is needed as in_i, and later as in_{i-1}, when the message may already be overwritten: so
// it stays aside for that long, block i in slot i modulo four.
//
// A copy takes two blocks of half of the lanes. If buffers begin at page boundaries, eight lines
// that miss the cache at the same time belong to one set, and evict one another before they are
// used up. (With copies of all lanes, Zen 5 would take 1.18 times as long.)
func (b *batch) asideLoop() {
	slot := func(r, i int) Mem { return b.aside(r).Offset(i % chunk * blockSize) }
	copyTwo := func(i int, offset Register, lanes ...int) {
		for _, r := range lanes {
			two := YMM()
			VMOVDQU(blockAt(b.src, r, offset).Offset(i*blockSize), two)
			VMOVDQU(two, slot(r, i))
		}
	}
	next := b.firstChunk()
	b.allocAside(b.regs)
	for r := range b.regs {
		b.store(b.prev[r], slot(r, chunk-1))
	}
	copyTwo(0, b.offset, 0, 1, 2, 3, 4, 5, 6, 7)

	Label("chunk")
	b.lookAhead(next)
	x := b.out
	for i := range chunk {
		Comment(fmt.Sprintf("Block %d of the chunk", i))
		for r := range b.regs {
			w := b.Vec()
			b.load(slot(r, i), w)
			VPXOR(b.key(0, r), w, w)
			VPXOR(w, x[r], x[r])
		}
		b.balancedRounds(x)
		for r := range b.regs {
			kc := b.Vec()
			b.load(slot(r, i+chunk-1), kc)
			VPXOR(b.key(rounds, r), kc, kc)
			b.lastRound(kc, x[r], x[r])
		}
		for r := range b.regs {
			b.store(x[r], blockAt(b.dst, r, b.offset).Offset(i*blockSize))
		}
		switch i {
		case 0:
			copyTwo(2, b.offset, 0, 1, 2, 3)
		case 1:
			copyTwo(2, b.offset, 4, 5, 6, 7)
		case 2:
			copyTwo(0, next, 0, 1, 2, 3)
		case 3:
			copyTwo(0, next, 4, 5, 6, 7)
		}
	}
	b.endChunk()
	for r := range b.regs {
		b.load(slot(r, chunk-1), b.prev[r])
	}
	Comment("Wipe what is aside, with the register of a chaining value")
	b.store(x[0], b.stateOut(0))
	zero := YMM()
	VPXOR(zero.AsX(), zero.AsX(), zero.AsX())
	for r := range b.regs {
		for i := 0; i < chunk; i += 2 {
			VMOVDQU(zero, slot(r, i))
		}
	}
	VZEROUPPER()
	b.load(b.stateOut(0), x[0])
	b.rest()
}

// balancedRounds is middleRounds for XMM lanes. Each round needs a load, and a CPU that starts
// two rounds a cycle has just two loads for them. So every other pair of lanes gets its keys by
// one load: that costs an extra instruction, which such a CPU can start beside a round, but not
// for all pairs. (For 16 messages of 4 KiB, Zen 5 takes 0.85 times as long as with one load per
// round, and 0.98 times as long as with all lanes in pairs.)
func (b *batch) balancedRounds(x []VecVirtual) {
	for i := 1; i < rounds; i++ {
		Comment(fmt.Sprintf("Round %d", i))
		for r := 0; r < b.regs; r += 4 {
			low, high := YMM(), XMM()
			VMOVDQU(b.key(i, r), low)
			b.round(low.AsX(), x[r], x[r])
			VEXTRACTF128(U8(1), low, high)
			b.round(high, x[r+1], x[r+1])
			b.round(b.key(i, r+2), x[r+2], x[r+2])
			b.round(b.key(i, r+3), x[r+3], x[r+3])
		}
	}
}
