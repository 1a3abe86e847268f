// Package armv8 emits the AES-256 key schedule with the AES instructions of ARMv8,
// for generators that use package a64.
package armv8

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/gen/internal/a64"
)

// Sizes of AES-256.
const (
	BlockSize = 16
	Rounds    = 14
)

// LoadKey loads the two halves of the key at p, which are the first round keys.
func LoadKey(f *a64.Func, p a64.R, keys []a64.V) {
	f.VLD1P(p, keys[0])
	f.VLD1(p, keys[1])
}

// Expand computes the AES-256 key schedule (FIPS 197, 5.2), where keys[0] and keys[1] are
// the key, and calls emit with the index of each round key as it appears. With pre(k) = k ⊕
// k≪32 ⊕ k≪64 ⊕ k≪96, whose column j is the xor of the columns 0 … j of k,
//
//	k_i = pre(k_{i-2}) ⊕ rcon_i ⊕ SubWord(RotWord(last column of k_{i-1}))    i even
//	k_i = pre(k_{i-2})          ⊕ SubWord(        last column of k_{i-1} )    i odd
//
// with the last term in all four columns. AESE with a key of zero substitutes bytes in
// constant time; its ShiftRows does nothing when all columns are equal. pre and rcon are
// known one step ahead, so a round key costs a shuffle, an AESE and a xor on the critical
// path.
func Expand(f *a64.Func, keys []a64.V, emit func(i int)) {
	zero, rcon, rotWord, sub, shifted := f.Vec(), f.Vec(), f.Vec(), f.Vec(), f.Vec()
	f.VEOR(zero, zero, zero)
	word := f.GP()
	f.MOVD(1, word) // the round constants are its doublings, up to 1<<6
	f.VDUP(word, rcon)
	f.MOVD(0x0c0f0e0d, word) // bytes 13 14 15 12: the last column, rotated
	f.VDUP(word, rotWord)
	f.FreeGP(word)

	emit(0)
	emit(1)
	for i := 2; i <= Rounds; i++ {
		older, newer, k := keys[i-2], keys[i-1], keys[i]
		f.Comment(fmt.Sprintf("Round key %d", i))
		if i%2 == 0 {
			f.VTBL(rotWord, newer, sub)
		} else {
			f.VDUPWord(newer, 3, sub)
		}
		f.VEXT(12, older, zero, shifted)
		f.VEOR(shifted, older, k)
		f.AESE(zero, sub)
		f.VEXT(8, k, zero, shifted)
		f.VEOR(shifted, k, k)
		if i%2 == 0 {
			f.VEOR(rcon, k, k)
			f.VSHLWords(1, rcon, rcon)
		}
		f.VEOR(sub, k, k)
		emit(i)
	}
	f.FreeVec(zero, rcon, rotWord, sub, shifted)
}

// ExpandInverse computes the key schedule of the equivalent inverse cipher (FIPS 197,
// 5.3.5) from the key at p. It calls emit with each round key of the cipher itself as
// it appears.
//
// The inverse schedule is the schedule of the cipher backwards, with InvMixColumns of all
// except the first and last keys. So round key i is computed in the register of keys[14-i],
// and replaced as soon as round key i+2, the last to depend on it, has been computed.
func ExpandInverse(f *a64.Func, p a64.R, keys []a64.V, emit func(k a64.V)) {
	forward := slices.Clone(keys)
	slices.Reverse(forward)
	LoadKey(f, p, forward)
	Expand(f, forward, func(i int) {
		emit(forward[i])
		if i-2 >= 1 {
			f.AESIMC(forward[i-2], forward[i-2])
		}
	})
	f.AESIMC(forward[Rounds-1], forward[Rounds-1])
}
