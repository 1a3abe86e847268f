//go:build gc && !purego

package ige

import (
	"math/bits"

	"github.com/mtcore/mtcore/ige/asm"
)

// Batches with VAES: of more than two lanes, two or four in a register.

// expandLanesVAES expands the keys of the lanes whose bits are set.
func expandLanesVAES(l *lanes, fresh uint) {
	for fresh != 0 {
		j := bits.TrailingZeros(fresh)
		group, pair := uint(0xf)<<(j&^3), uint(3)<<(j&^1)
		switch {
		case useVAES512 && bits.OnesCount(fresh&group) > 1:
			expandGroupVAES512(l, j&^3)
			fresh &^= group
		case fresh&pair == pair:
			expandPairVAES256(l, j)
			fresh &^= pair
		default:
			expandLane(l, j)
			fresh &= fresh - 1
		}
	}
}

// expandPairVAES256 expands the keys of two lanes from j on.
func expandPairVAES256(l *lanes, j int) {
	var keys [2]*[KeySize]byte
	for i := range keys {
		keys[i] = &l.ms[l.work[j+i].message].Key
	}
	if l.decrypting {
		asm.ExpandDecrypt2VAES256(l.group(j), j%groupLanes, &keys)
	} else {
		asm.ExpandEncrypt2VAES256(l.group(j), j%groupLanes, &keys)
	}
}

// expandGroupVAES512 expands the keys of four lanes from j on, in the time of two
// or three. Lanes that are in use already get the same schedule again, and those that
// are not get some.
func expandGroupVAES512(l *lanes, j int) {
	var keys [4]*[KeySize]byte
	for i := range keys {
		keys[i] = &l.ms[l.work[j+i].message].Key
	}
	if l.decrypting {
		asm.ExpandDecrypt4VAES512(l.group(j), &keys)
	} else {
		asm.ExpandEncrypt4VAES512(l.group(j), &keys)
	}
}

// encryptLanesVAES encrypts n blocks of each lane with the narrowest kernel that has
// room for the live ones.
func encryptLanesVAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case !useVAES512 && live <= 4:
		asm.EncryptBatch4VAES256(l.keys(), &l.state, dst, src, n)
	case !useVAES512:
		asm.EncryptBatch8VAES256(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.EncryptBatch4VAES512(l.keys(), &l.state, dst, src, n)
	case live <= 8:
		asm.EncryptBatch8VAES512(l.keys(), &l.state, dst, src, n)
	case live <= 12:
		asm.EncryptBatch12VAES512(l.keys(), &l.state, dst, src, n)
	default:
		asm.EncryptBatch16VAES512(l.keys(), &l.state, dst, src, n)
	}
}

// decryptLanesVAES is encryptLanesVAES for the other direction.
func decryptLanesVAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case !useVAES512 && live <= 4:
		asm.DecryptBatch4VAES256(l.keys(), &l.state, dst, src, n)
	case !useVAES512:
		asm.DecryptBatch8VAES256(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.DecryptBatch4VAES512(l.keys(), &l.state, dst, src, n)
	case live <= 8:
		asm.DecryptBatch8VAES512(l.keys(), &l.state, dst, src, n)
	case live <= 12:
		asm.DecryptBatch12VAES512(l.keys(), &l.state, dst, src, n)
	default:
		asm.DecryptBatch16VAES512(l.keys(), &l.state, dst, src, n)
	}
}
