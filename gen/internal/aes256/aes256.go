// Package aes256 emits, for avo generators, what kernels of AES-256 share: the transposition
// of blocks, and the key schedule, for one key in XMM registers, or for two or four keys
// side by side in YMM or ZMM registers.
package aes256

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

// Sizes of AES-256.
const (
	BlockSize = 16
	Rounds    = 14
)

// ISA holds what differs between the instruction sets.
type ISA struct {
	Vec       func() VecVirtual // a new register
	Xor       func(a, b, dst Op)
	Broadcast func(block Mem, r Op)                 // loads one block into each 128-bit lane
	imc       func(isa ISA) func(k, dst VecVirtual) // InvMixColumns of each lane
}

var (
	// AESNI has one key, in XMM registers.
	AESNI = ISA{
		Vec:       XMM,
		Xor:       VPXOR,
		Broadcast: func(block Mem, r Op) { VMOVDQU(block, r) },
		imc:       func(ISA) func(k, dst VecVirtual) { return func(k, dst VecVirtual) { VAESIMC(k, dst) } },
	}
	// VAES256 has two keys, one in each lane of the YMM registers.
	VAES256 = ISA{
		Vec:       YMM,
		Xor:       VPXOR,
		Broadcast: func(block Mem, r Op) { VBROADCASTI128(block, r) },
		imc:       imcVAES,
	}
	// VAES512 has four keys, one in each lane of the ZMM registers.
	VAES512 = ISA{
		Vec:       ZMM,
		Xor:       func(a, b, dst Op) { VPXORQ(a, b, dst) },
		Broadcast: func(block Mem, r Op) { VBROADCASTI32X4(block, r) },
		imc:       imcVAES,
	}
)

// imcVAES emulates AESIMC, which VAES lacks: with a key of zero, AESENCLAST is ShiftRows and
// SubBytes, and AESDEC undoes both and then does InvMixColumns.
func imcVAES(isa ISA) func(k, dst VecVirtual) {
	zero := isa.Vec()
	isa.Xor(zero, zero, zero)
	return func(k, dst VecVirtual) {
		VAESENCLAST(zero, k, dst)
		VAESDEC(zero, dst, dst)
	}
}

// Expand computes the key schedule of FIPS 197, 5.2, from the halves k0 and k1 of a
// key and calls emit with each round key as it appears. With
// pre(k) = k ⊕ k≪32 ⊕ k≪64 ⊕ k≪96, whose column j is the xor of the columns 0 … j
// of k,
//
//	k_i = pre(k_{i-2}) ⊕ rcon_i ⊕ SubWord(RotWord(last column of k_{i-1}))    i even
//	k_i = pre(k_{i-2})          ⊕ SubWord(        last column of k_{i-1} )    i odd
//
// with the last term in all four columns. AESENCLAST substitutes bytes and adds its key; its
// ShiftRows does nothing when all columns are equal. So a round key costs one shuffle and
// one AESENCLAST on the critical path: pre and rcon are known one step ahead and go into the
// key operand.
func Expand(isa ISA, k0, k1 VecVirtual, emit func(i int, k VecVirtual)) {
	ExpandEach(isa, []VecVirtual{k0}, []VecVirtual{k1}, func(_, i int, k VecVirtual) { emit(i, k) })
}

// ExpandEach is Expand for several registers, step by step: a CPU that had to get through the
// first expansion to see the second would do one after the other.
func ExpandEach(isa ISA, k0, k1 []VecVirtual, emit func(r, i int, k VecVirtual)) {
	rotWord, rcon, pre, shifted := isa.Vec(), isa.Vec(), isa.Vec(), isa.Vec()
	isa.Broadcast(constant("rotWord", 0x0c0f0e0d), rotWord) // bytes 13 14 15 12: the last column, rotated
	isa.Broadcast(constant("rconStart", 1), rcon)           // its doublings follow, up to 1<<6

	older, newer := slices.Clone(k0), slices.Clone(k1)
	for r := range older {
		emit(r, 0, older[r])
		emit(r, 1, newer[r])
	}
	for i := 2; i <= Rounds; i++ {
		Comment(fmt.Sprintf("Round key %d", i))
		for r := range older {
			VPSLLDQ(U8(4), older[r], shifted)
			isa.Xor(shifted, older[r], pre)
			VPSLLDQ(U8(8), pre, shifted)
			isa.Xor(shifted, pre, pre)
			k := isa.Vec()
			if i%2 == 0 {
				isa.Xor(rcon, pre, pre)
				if i < Rounds && r+1 == len(older) {
					VPSLLD(U8(1), rcon, rcon)
				}
				VPSHUFB(rotWord, newer[r], k)
			} else {
				VPSHUFD(U8(0xff), newer[r], k)
			}
			VAESENCLAST(pre, k, k)
			emit(r, i, k)
			older[r], newer[r] = newer[r], k
		}
	}
}

// Inverse turns a function that stores round key i of the equivalent inverse cipher (FIPS
// 197, 5.3.5) into one to pass to Expand.
func Inverse(isa ISA, store func(i int, k VecVirtual)) (emit func(i int, k VecVirtual)) {
	inv, imc := isa.Vec(), isa.imc(isa)
	return func(i int, k VecVirtual) {
		if i != 0 && i != Rounds {
			imc(k, inv)
			k = inv
		}
		store(Rounds-i, k)
	}
}

// constant returns the 16-byte constant that repeats word.
func constant(name string, word uint32) Mem { return avomain.Words(name, word, word, word, word) }
