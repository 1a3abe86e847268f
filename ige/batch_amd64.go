//go:build gc && !purego

package ige

import (
	"math/bits"

	"github.com/mtcore/mtcore/ige/asm"
)

// kernelLanes is the width of the widest kernel.
func kernelLanes() int {
	if useVAES512 {
		return 16
	}
	return 8
}

// minBatchSoftware is minBatch for the software AES, which works on four messages.
func minBatchSoftware() int { return 1 }

// expandLanesAES expands the keys of the lanes whose bits are set.
func expandLanesAES(l *lanes, fresh uint) {
	for fresh != 0 {
		j := bits.TrailingZeros(fresh)
		group, pair := uint(0xf)<<(j&^3), uint(3)<<(j&^1)
		switch {
		case useVAES512 && bits.OnesCount(fresh&group) > 1:
			expandGroupVAES512(l, j&^3)
			fresh &^= group
		case useVAES256 && fresh&pair == pair:
			expandPairVAES256(l, j)
			fresh &^= pair
		default:
			expandLaneAESNI(l, j)
			fresh &= fresh - 1
		}
	}
}

func expandLaneAESNI(l *lanes, j int) {
	key := &l.ms[l.work[j].message].Key
	if l.decrypting {
		asm.ExpandDecrypt1AESNI(l.group(j), j%groupLanes, key)
	} else {
		asm.ExpandEncrypt1AESNI(l.group(j), j%groupLanes, key)
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

// encryptLanesAES encrypts n blocks of each lane with the narrowest kernel that has
// room for the live ones.
func encryptLanesAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.EncryptBatch2AESNI(l.keys(), &l.state, dst, src, n)
	case useVAES512:
		encryptLanesVAES512(l, dst, src, live, n)
	case live <= 4 && useVAES256:
		asm.EncryptBatch4VAES256(l.keys(), &l.state, dst, src, n)
	case useVAES256:
		asm.EncryptBatch8VAES256(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.EncryptBatch4AESNI(l.keys(), &l.state, dst, src, n)
	default:
		asm.EncryptBatch8AESNI(l.keys(), &l.state, dst, src, n)
	}
}

func encryptLanesVAES512(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
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

// decryptLanesAES is encryptLanesAES for the other direction.
func decryptLanesAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.DecryptBatch2AESNI(l.keys(), &l.state, dst, src, n)
	case useVAES512:
		decryptLanesVAES512(l, dst, src, live, n)
	case live <= 4 && useVAES256:
		asm.DecryptBatch4VAES256(l.keys(), &l.state, dst, src, n)
	case useVAES256:
		asm.DecryptBatch8VAES256(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.DecryptBatch4AESNI(l.keys(), &l.state, dst, src, n)
	default:
		asm.DecryptBatch8AESNI(l.keys(), &l.state, dst, src, n)
	}
}

func decryptLanesVAES512(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
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
