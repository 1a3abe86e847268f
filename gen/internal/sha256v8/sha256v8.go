// Package sha256v8 emits the compression function of SHA-256 (FIPS 180-4, 6.2.2) with
// the SHA-256 instructions of ARMv8, for generators that use package a64.
//
// Block returns its instructions as a list instead of emitting them, so that a generator
// can merge it with others: a block is bound by the latency of its 16 pairs of SHA256H and
// SHA256H2, which leaves room for more in between.
package sha256v8

import (
	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/sha256k"
)

// BlockSize is the size of a block of SHA-256.
const BlockSize = 64

// Constants adds the round constants to the file.
func Constants(file *a64.File) *a64.Data { return file.Words("sha256K", sha256k.K[:]...) }

// A Hash is the registers of one hash.
type Hash struct {
	f         *a64.Func
	constants *a64.Data
	k         a64.R    // address of the next round constants
	state     []a64.V  // a … d and e … h
	saved     []a64.V  // the state before the block
	m         []a64.V  // W_t for 16 successive t, four in each
	wk        [2]a64.V // W_t + K_t of four rounds, used alternately
	abcd      a64.V    // a … d before four rounds
}

// New allocates the registers of a hash and loads the state at h.
func New(f *a64.Func, constants *a64.Data, h a64.R) *Hash {
	s := &Hash{
		f: f, constants: constants, k: f.GP(),
		state: f.VecN(2), saved: f.VecN(2), m: f.VecN(4),
		wk: [2]a64.V{f.Vec(), f.Vec()}, abcd: f.Vec(),
	}
	f.VLD1(h, s.state...)
	return s
}

// Finish stores the state at h and frees the registers.
func (s *Hash) Finish(h a64.R) {
	s.f.VST1(h, s.state...)
	s.f.FreeGP(s.k)
	for _, regs := range [][]a64.V{s.state, s.saved, s.m, s.wk[:], {s.abcd}} {
		s.f.FreeVec(regs...)
	}
}

// Block returns the instructions that compress the block at p and move p past it.
func (s *Hash) Block(p a64.R) []func() {
	f := s.f
	list := []func(){
		func() { f.MOVDAddress(s.constants, s.k) },
		func() { f.VLD1P(p, s.m...) },
	}
	for i, r := range s.state {
		list = append(list, func() { f.VMOV(r, s.saved[i]) })
	}
	for _, m := range s.m {
		list = append(list, func() { f.VREV32(m, m) })
	}
	abcd, efgh := s.state[0], s.state[1]
	for i := range 16 {
		m0, m1, m2, m3 := s.m[i%4], s.m[(i+1)%4], s.m[(i+2)%4], s.m[(i+3)%4]
		wk := s.wk[i%2]
		list = append(list,
			func() { f.VLD1P(s.k, wk) },
			func() { f.VADDWords(m0, wk, wk) },
			func() { f.VMOV(abcd, s.abcd) },
			func() { f.SHA256H(wk, efgh, abcd) },
			func() { f.SHA256H2(wk, s.abcd, efgh) },
		)
		if i < 12 {
			// W_{t+16} = σ1(W_{t+14}) + W_{t+9} + σ0(W_{t+1}) + W_t, in place of W_t
			list = append(list,
				func() { f.SHA256SU0(m1, m0) },
				func() { f.SHA256SU1(m3, m2, m0) },
			)
		}
	}
	for i, r := range s.state {
		list = append(list, func() { f.VADDWords(s.saved[i], r, r) })
	}
	return list
}
