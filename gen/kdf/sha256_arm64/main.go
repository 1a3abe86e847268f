// Command sha256_arm64 generates the SHA-256 kernels of package kdf/asm for the SHA-256
// instructions of ARMv8.
//
// SHA256H and SHA256H2 do four rounds (FIPS 180-4, 6.2.2), one computing the new a … d and
// the other the new e … h. A block is bound by the latency of its 16 pairs, each of which
// waits for the one before. Everything else fits beside them, and so does most of a second
// hash.
//
// Two kernels continue hashes of any length, and one derives the keys of MTProto 2.0
// from beginning to end:
//
//	A   = SHA256( msg_key || K[x : x+36] )
//	B   = SHA256( K[40+x : 76+x] || msg_key )
//	key = A[0:8] || B[8:24] || A[24:32]
//	iv  = B[0:8] || A[8:24] || B[24:32]
//
// where x is 0 or 8. Both inputs are 52 bytes: one block each with the padding, and
// no part of them is written to memory.
//
// Vector registers, as the allocator assigns them, for the first hash and the second:
//
//	state: a … d, e … h          V0 V1       V10 V11
//	state before the block       V2 V3       V12 V13
//	W_t of 16 successive t       V4 … V7     V14 … V17
//	W_t + K_t of four rounds     V8          V18
//	a … d before four rounds     V9          V19
//	K_t of 16 rounds             V10 … V13 with one hash, V20 … V23 with two
package main

import (
	"fmt"

	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/sha256k"
	"github.com/mtcore/mtcore/internal/kdfspec"
)

//go:generate go -C ../.. run ./kdf/sha256_arm64

// The two inputs of the KDF are 13 words followed by the padding of FIPS 180-4, 5.1.1. The
// constants are words as they are after byte swapping.
const (
	kdfPad    = 0x80000000                                  // word 13
	kdfLength = 8 * (kdfspec.MsgKeySize + kdfspec.PartSize) // word 15, in bits
)

func main() {
	file := a64.NewFile()
	k := file.Words("K256", sha256k.K[:]...)

	f := file.Func("Blocks", "func(h *[8]uint32, p *byte, blocks int)",
		"Blocks hashes the given number of blocks at p into the state h.")
	blocksKernel(f, k, []string{"h"}, []string{"p"})

	f = file.Func("Blocks2", "func(h0, h1 *[8]uint32, p0, p1 *byte, blocks int)",
		"Blocks2 hashes the given number of blocks at p0 into the state h0, and at p1 into h1.")
	blocksKernel(f, k, []string{"h0", "h1"}, []string{"p0", "p1"})

	deriveKernel(file, k)
	file.Generate()
}

// hash is the registers of one hash.
type hash struct {
	state  []a64.V // a … d and e … h
	before []a64.V // the state before the block
	m      []a64.V // W_t of 16 successive t, four in each
	wk     a64.V   // W_t + K_t of the next four rounds
	abcd   a64.V   // a … d before four rounds
}

func newHash(f *a64.Func) *hash {
	return &hash{state: f.VecN(2), before: f.VecN(2), m: f.VecN(4), wk: f.Vec(), abcd: f.Vec()}
}

func (s *hash) free(f *a64.Func) {
	f.FreeVec(s.state...)
	f.FreeVec(s.before...)
	f.FreeVec(s.m...)
	f.FreeVec(s.wk, s.abcd)
}

// swapBytes turns m from bytes to words, or back.
func swapBytes(f *a64.Func, m ...a64.V) {
	for _, r := range m {
		f.VREV32(r, r)
	}
}

// block emits the compression function of all hashes, side by side, for the blocks
// that are in m.
func block(f *a64.Func, constants *a64.Data, hashes ...*hash) {
	p, k := f.GP(), f.VecN(4)
	f.MOVDAddress(constants, p)
	for _, s := range hashes {
		f.VMOV(s.state[0], s.before[0])
		f.VMOV(s.state[1], s.before[1])
	}
	for g := range 16 {
		f.Comment(fmt.Sprintf("Rounds %d to %d", 4*g, 4*g+3))
		if g%4 == 0 {
			f.VLD1P(p, k...)
		}
		for _, s := range hashes {
			f.VADDWords(k[g%4], s.m[g%4], s.wk)
		}
		// W_{t+16} = σ1(W_{t+14}) + W_{t+9} + σ0(W_{t+1}) + W_t, in place of W_t
		if g < 12 {
			for _, s := range hashes {
				f.SHA256SU0(s.m[(g+1)%4], s.m[g%4])
			}
		}
		for _, s := range hashes {
			f.VMOV(s.state[0], s.abcd)
			f.SHA256H(s.wk, s.state[1], s.state[0])
		}
		for _, s := range hashes {
			f.SHA256H2(s.wk, s.abcd, s.state[1])
		}
		if g < 12 {
			for _, s := range hashes {
				f.SHA256SU1(s.m[(g+3)%4], s.m[(g+2)%4], s.m[g%4])
			}
		}
	}
	for _, s := range hashes {
		f.VADDWords(s.before[0], s.state[0], s.state[0])
		f.VADDWords(s.before[1], s.state[1], s.state[1])
	}
	f.FreeGP(p)
	f.FreeVec(k...)
}

// blocksKernel emits a kernel for hashes of any length. h and p are the names of the
// parameters for states and blocks.
func blocksKernel(f *a64.Func, constants *a64.Data, h, p []string) {
	var hashes []*hash
	var states, blocks []a64.R
	for i := range h {
		s := newHash(f)
		hashes = append(hashes, s)
		states = append(states, f.LoadParam(h[i]))
		blocks = append(blocks, f.LoadParam(p[i]))
		f.VLD1(states[i], s.state...)
	}
	n := f.LoadParam("blocks")

	f.Label("loop")
	for i, s := range hashes {
		f.VLD1P(blocks[i], s.m...)
		swapBytes(f, s.m...)
	}
	block(f, constants, hashes...)
	f.SUBS(1, n, n)
	f.BNE("loop")

	for i, s := range hashes {
		f.VST1(states[i], s.state...)
		s.free(f)
	}
	f.RET()
	f.FreeGP(n)
	f.FreeGP(states...)
	f.FreeGP(blocks...)
}

// deriveKernel emits Derive.
func deriveKernel(file *a64.File, constants *a64.Data) {
	start := file.Words("initial", kdfspec.Initial[:]...)
	padding := file.Words("kdfPadding", kdfPad, 0, kdfLength, 0)
	f := file.Func("Derive", "func(key, iv *[32]byte, authKey *byte, msgKey *[16]byte)",
		"Derive derives an AES key and iv as MTProto 2.0 does, from the authorization key\n"+
			"from byte x on and a message key.")

	key, iv := f.LoadParam("key"), f.LoadParam("iv")
	authKey, msgKey := f.LoadParam("authKey"), f.LoadParam("msgKey")
	a, b := newHash(f), newHash(f)

	f.Comment("Both blocks; the pieces of 16 bytes that end a part overlap the ones before")
	p, pad, last, mk := f.GP(), f.Vec(), f.Vec(), f.Vec()
	f.MOVDAddress(padding, p)
	f.VLD1(p, pad)
	f.VLD1(msgKey, mk)
	load := func(offset int, dst ...a64.V) {
		f.ADD(offset, authKey, p)
		f.VLD1(p, dst...)
		swapBytes(f, dst...)
	}
	swapBytes(f, mk)
	// A: msg_key, then nine words of the key.
	f.VMOV(mk, a.m[0])
	load(kdfspec.OffsetA, a.m[1:3]...)
	load(kdfspec.OffsetA+20, last)
	f.VEXT(12, pad, last, a.m[3]) // the last word of last, then three of pad
	// B: nine words of the key, then msg_key.
	load(kdfspec.OffsetB, b.m[0:2]...)
	load(kdfspec.OffsetB+20, last)
	f.VEXT(12, mk, last, b.m[2])
	f.VEXT(12, pad, mk, b.m[3])
	f.MOVDAddress(start, p)
	f.VLD1(p, a.state...)
	f.VMOV(a.state[0], b.state[0])
	f.VMOV(a.state[1], b.state[1])
	f.FreeGP(p)
	f.FreeVec(pad, last, mk)

	block(f, constants, a, b)

	f.Comment("c, d, e and f, the middle of each digest, belong to the other one's beginning and end")
	t := f.Vec()
	f.VMOV(a.state[0], t)
	f.VMOVDouble(b.state[0], 1, a.state[0], 1)
	f.VMOVDouble(t, 1, b.state[0], 1)
	f.VMOV(a.state[1], t)
	f.VMOVDouble(b.state[1], 0, a.state[1], 0)
	f.VMOVDouble(t, 0, b.state[1], 0)
	swapBytes(f, a.state...)
	swapBytes(f, b.state...)
	f.VST1(key, a.state...)
	f.VST1(iv, b.state...)
	f.RET()
	f.FreeVec(t)
	a.free(f)
	b.free(f)
	f.FreeGP(key, iv, authKey, msgKey)
}
