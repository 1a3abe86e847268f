// Command batch_arm64 generates the kernels of package ige/asm that run several IGE
// streams side by side with the AES instructions of ARMv8, each with its own key.
//
// One stream leaves about half of the AES units idle, and nine tenths on the widest
// cores, since each of its rounds waits for the one before (see ../ige_arm64).
// Independent streams fill the gap: the kernels do each round for all streams before
// the next round. With r_i the state after the last AESE for block i,
//
//	c_i   = k_14 ⊕ in_{i-1}
//	w_i   = k_0 ⊕ c_{i-1} ⊕ in_i
//	r_i   = AESMC(AESE(r_{i-1}, w_i))
//	r_i   = AESMC(AESE(r_i, k_1)) … AESMC(AESE(r_i, k_12))
//	r_i   = AESE(r_i, k_13)
//	out_i = r_i ⊕ c_i
//
// since r_{i-1} ⊕ w_i = out_{i-1} ⊕ in_i ⊕ k_0. AESE adds its key first, so the whole
// chaining is a key operand, which is known early: no xor and no load is on the critical
// path. Compared with having out_{i-1} on the path, that costs one xor per block, and no
// register, since w_i takes that of k_0.
//
// A stream begins with r_{-1} = out_{-1} and c_{-1} = 0.
//
// The layout of keys, state, dst and src is that of the kernels for amd64 (see
// ../batch_amd64): four lanes are a group, and a round key of a group is a load of four
// registers.
//
// Many cores run AESE and AESMC as one operation, but only if the two are adjacent and work
// on one register. Nothing else is scheduled: the cores that gain much here reorder
// instructions, and start to load the next blocks well before they are done with these.
//
// All blocks of a step are loaded before any is stored. So lanes may repeat exactly what
// another lane does, in place too, which is what idle lanes do.
//
// Vector registers, as the allocator assigns them:
//
//	          2 lanes    4 lanes    8 lanes
//	r         V0  V1     V0  … V3   V0  … V7
//	c         V2  V3     V4  … V7   V8  … V15
//	in        V4  V5     V8  … V11  V16 … V23
//	k         V6  … V9   V12 … V19  V24 … V31
//
// k is the round keys of all lanes; in the first round, k_0 and k_14 of up to four lanes;
// at the end, out. The pointers of eight lanes, two each, also stay in general registers.
package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/armv8"
)

//go:generate go -C ../.. run ./ige/batch_arm64

const (
	blockSize = armv8.BlockSize
	rounds    = armv8.Rounds
	maxLanes  = 16                    // of the layout
	groupSize = 4                     // lanes, and registers of one load or store
	rowSize   = groupSize * blockSize // of a round key of a group
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
	for _, d := range []direction{encrypt, decrypt} {
		expandKernel(file, d)
		for _, lanes := range []int{2, 4, 8} {
			cryptKernel(file, d, lanes)
		}
	}
	file.Generate()
}

// expandKernel emits ExpandEncrypt1 or ExpandDecrypt1.
func expandKernel(file *a64.File, d direction) {
	name := "Expand" + d.verb + "1"
	f := file.Func(name, "func(keys *[960]byte, lane int, key *[32]byte)",
		name+" expands an AES-256 key into the schedule of a lane of a group,\nfor "+d.cipher+".")

	p, lane, key := f.LoadParam("keys"), f.LoadParam("lane"), f.LoadParam("key")
	f.ADDShifted(lane, 4, p, p)
	keys := f.VecN(rounds + 1)
	store := func(k a64.V) {
		f.VST1(p, k)
		f.ADD(rowSize, p, p)
	}
	if d.inverse {
		armv8.ExpandInverse(f, key, keys, func(a64.V) {})
		for _, k := range keys {
			store(k)
		}
	} else {
		armv8.LoadKey(f, key, keys)
		armv8.Expand(f, keys, func(i int) { store(keys[i]) })
	}
	f.RET()
	f.FreeVec(keys...)
	f.FreeGP(p, lane, key)
}

// cryptKernel emits the kernel for that many lanes.
func cryptKernel(file *a64.File, d direction, lanes int) {
	name := fmt.Sprintf("%sBatch%d", d.verb, lanes)
	f := file.Func(name, "func(keys *byte, state *[512]byte, dst, src *[16]*byte, blocks int)",
		fmt.Sprintf("%s %ss the given number of blocks, at least one, of each of the first %d lanes\n", name, strings.ToLower(d.verb), lanes)+
			"by AES-256-IGE, with "+d.cipher+".")

	b := &batch{
		Func: f, direction: d, lanes: lanes,
		keys: loadKeys(f, lanes), last: f.GP(), n: f.LoadParam("blocks"),
		dst: loadTable(f, "dst", lanes), src: loadTable(f, "src", lanes),
		r: f.VecN(lanes), c: f.VecN(lanes), in: f.VecN(lanes),
		k: f.VecN(2 * min(lanes, groupSize)),
	}
	b.loadState()
	b.Label("loop")
	b.firstRound()
	for i := 1; i < rounds; i++ {
		b.round(i)
	}
	b.output()
	b.BNE("loop")
	b.storeState()
	f.RET()
	b.free()
}

// loadKeys loads the address of k_0 for each group of lanes.
func loadKeys(f *a64.Func, lanes int) []a64.R {
	keys := []a64.R{f.LoadParam("keys")}
	for group := 1; group*groupSize < lanes; group++ {
		p := f.GP()
		f.ADD(group*(rounds+1)*rowSize, keys[0], p)
		keys = append(keys, p)
	}
	return keys
}

// loadTable loads the addresses of that many lanes.
func loadTable(f *a64.Func, param string, lanes int) []a64.R {
	table := f.LoadParam(param)
	pointers := make([]a64.R, lanes)
	for lane := range pointers {
		pointers[lane] = f.GP()
		f.MOVDLoad(8*lane, table, pointers[lane])
	}
	f.FreeGP(table)
	return pointers
}

// batch is the state of a kernel while it works. The names are those of the
// formulas above.
type batch struct {
	*a64.Func
	direction
	lanes int

	keys     []a64.R // address of the next round key of each group
	last     a64.R   // address of k_14, in the first round
	n        a64.R   // steps to go
	dst, src []a64.R // address of the next block of each lane

	r, c, in []a64.V // of each lane
	k        []a64.V
}

func (b *batch) free() {
	b.FreeGP(b.keys...)
	b.FreeGP(b.last, b.n)
	b.FreeGP(b.dst...)
	b.FreeGP(b.src...)
	for _, regs := range [][]a64.V{b.r, b.c, b.in, b.k} {
		b.FreeVec(regs...)
	}
}

// loadState begins a stream in each lane.
func (b *batch) loadState() {
	out, in := b.state()
	for list := range slices.Chunk(b.r, groupSize) {
		b.VLD1P(out, list...)
	}
	for list := range slices.Chunk(b.in, groupSize) {
		b.VLD1P(in, list...)
	}
	for _, c := range b.c {
		b.VEOR(c, c, c)
	}
	b.FreeGP(out, in)
}

// state loads the addresses of the two halves of state.
func (b *batch) state() (out, in a64.R) {
	out, in = b.LoadParam("state"), b.GP()
	b.ADD(maxLanes*blockSize, out, in)
	return out, in
}

// firstRound loads the blocks of a step and emits round 0. k is free for k_0 and k_14
// of one group after the other.
func (b *batch) firstRound() {
	b.Comment("Round 0, with k_0 ⊕ c_{i-1} ⊕ in_i")
	w, k14 := b.k[:len(b.k)/2], b.k[len(b.k)/2:]
	for group, keys := range b.keys {
		first := group * groupSize
		r, c, in, src := b.r[first:], b.c[first:], b.in[first:], b.src[first:]
		b.ADD(rounds*rowSize, keys, b.last)
		b.VLD1(keys, w...)
		b.VLD1(b.last, k14...)
		b.ADD(rowSize, keys, keys)
		for j := range w {
			b.VEOR(c[j], w[j], w[j])
			b.VEOR(k14[j], in[j], c[j])
			b.VLD1P(src[j], in[j])
			b.VEOR(in[j], w[j], w[j])
		}
		for j := range w {
			b.addAndSubstitute(w[j], r[j])
			b.mix(r[j])
		}
	}
}

// round emits round i of all lanes.
//
// The address is advanced by a separate addition. On some cores a post-indexed load takes
// longer to write its address back, and the loads of all rounds would wait for one another.
func (b *batch) round(i int) {
	b.Comment(fmt.Sprintf("Round %d", i))
	k := slices.Collect(slices.Chunk(b.k[:b.lanes], groupSize))
	for group, keys := range b.keys {
		b.VLD1(keys, k[group]...)
		b.ADD(rowSize, keys, keys)
	}
	for j, r := range b.r {
		b.addAndSubstitute(b.k[j], r)
		if i < rounds-1 {
			b.mix(r)
		}
	}
}

func (b *batch) addAndSubstitute(key, r a64.V) {
	if b.inverse {
		b.AESD(key, r)
	} else {
		b.AESE(key, r)
	}
}

func (b *batch) mix(r a64.V) {
	if b.inverse {
		b.AESIMC(r, r)
	} else {
		b.AESMC(r, r)
	}
}

// output stores the blocks of a step and leaves flags for the end of the loop.
func (b *batch) output() {
	b.Comment("Output")
	for _, keys := range b.keys {
		b.SUB(rounds*rowSize, keys, keys)
	}
	b.SUBS(1, b.n, b.n)
	for j, out := range b.k[:b.lanes] {
		b.VEOR(b.c[j], b.r[j], out)
		b.VST1P(b.dst[j], out)
	}
}

// storeState stores what loadState needs to go on. The last out is still in k.
func (b *batch) storeState() {
	out, in := b.state()
	for list := range slices.Chunk(b.k[:b.lanes], groupSize) {
		b.VST1P(out, list...)
	}
	for list := range slices.Chunk(b.in, groupSize) {
		b.VST1P(in, list...)
	}
	b.FreeGP(out, in)
}
