//go:build gc && !purego

package ige

import (
	"math"

	"github.com/mtcore/mtcore/ige/asm"
)

// The software AES, under the names that ige_asm.go dispatches to without AES
// instructions: table lookups in NEON registers, or else the one in Go.
//
// The kernels take round keys of another form, which are computed for every call in
// about a third of the time of a block.

// maxCallNEON bounds one call of a kernel, since the scheduler cannot preempt assembly:
// 2 KiB take some 60 µs on a Raspberry Pi 3, by estimate.
const maxCallNEON = 2 << 10

// minBatchSoftware is minBatch: the kernels work on one message at a time.
func minBatchSoftware() int {
	if useNEON {
		return math.MaxInt
	}
	return 1
}

func expandSoftware(enc, dec *schedule, key *[KeySize]byte) {
	expandEncSoftware(enc, key)
	expandDecGeneric(maxRounds, dec, enc)
}

func expandEncSoftware(enc *schedule, key *[KeySize]byte) {
	if !useNEON {
		expandEncGeneric(enc, key[:])
		return
	}
	asm.ExpandNEON((*[240]byte)(enc), key)
}

func encryptSoftware(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	if !useNEON {
		encryptGeneric(nr, xk, iv, dst, src)
		return
	}
	var keys [240]byte
	asm.PrepareEncryptNEON(&keys, nr, (*[240]byte)(xk))
	for len(src) > 0 {
		n := min(len(src), maxCallNEON)
		asm.EncryptNEON(nr, &keys, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	clear(keys[:])
}

func decryptSoftware(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	if !useNEON {
		decryptGeneric(nr, xk, iv, dst, src)
		return
	}
	var keys [240]byte
	asm.PrepareDecryptNEON(&keys, nr, (*[240]byte)(xk))
	for len(src) > 0 {
		n := min(len(src), maxCallNEON)
		asm.DecryptNEON(nr, &keys, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	clear(keys[:])
}

func encryptMessageSoftware(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var enc schedule
	expandEncSoftware(&enc, key)
	encryptSoftware(maxRounds, &enc, iv, dst, src)
	clear(enc[:])
}

func decryptMessageSoftware(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var enc, dec schedule
	expandSoftware(&enc, &dec, key)
	decryptSoftware(maxRounds, &dec, iv, dst, src)
	clear(enc[:])
	clear(dec[:])
}
