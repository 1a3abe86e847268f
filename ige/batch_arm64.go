//go:build gc && !purego

package ige

import (
	"math/bits"

	"github.com/mtcore/mtcore/ige/asm"
)

// kernelLanes is the width of the widest kernel.
func kernelLanes() int { return 8 }

// expandLanesAES expands the keys of the lanes whose bits are set.
func expandLanesAES(l *lanes, fresh uint) {
	for ; fresh != 0; fresh &= fresh - 1 {
		j := bits.TrailingZeros(fresh)
		key := &l.ms[l.work[j].message].Key
		if l.decrypting {
			asm.ExpandDecrypt1Armv8(l.group(j), j%groupLanes, key)
		} else {
			asm.ExpandEncrypt1Armv8(l.group(j), j%groupLanes, key)
		}
	}
}

// encryptLanesAES encrypts n blocks of each lane with the narrowest kernel that has
// room for the live ones.
func encryptLanesAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.EncryptBatch2Armv8(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.EncryptBatch4Armv8(l.keys(), &l.state, dst, src, n)
	default:
		asm.EncryptBatch8Armv8(l.keys(), &l.state, dst, src, n)
	}
}

// decryptLanesAES is encryptLanesAES for the other direction.
func decryptLanesAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.DecryptBatch2Armv8(l.keys(), &l.state, dst, src, n)
	case live <= 4:
		asm.DecryptBatch4Armv8(l.keys(), &l.state, dst, src, n)
	default:
		asm.DecryptBatch8Armv8(l.keys(), &l.state, dst, src, n)
	}
}
