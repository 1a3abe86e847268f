//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/stack"
)

// Table lookups in NEON registers. The kernels take round keys of another form, which are
// computed for every call in about a third of the time of a block. They work on one message
// at a time.

// maxCallNEON bounds one call of a kernel, since the scheduler cannot preempt assembly:
// 2 KiB take some 60 µs on a Raspberry Pi 3, by estimate.
const maxCallNEON = 2 << 10

func expandNEON(enc, dec *schedule, key *[KeySize]byte) {
	asm.ExpandNEON((*[240]byte)(enc), key)
	expandDecGeneric(maxRounds, dec, enc)
}

func encryptNEON(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	var keys [240]byte
	asm.PrepareEncryptNEON(&keys, nr, (*[240]byte)(xk))
	for len(src) > 0 {
		n := min(len(src), maxCallNEON)
		asm.EncryptNEON(nr, &keys, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	clear(keys[:])
}

func decryptNEON(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	var keys [240]byte
	asm.PrepareDecryptNEON(&keys, nr, (*[240]byte)(xk))
	for len(src) > 0 {
		n := min(len(src), maxCallNEON)
		asm.DecryptNEON(nr, &keys, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	clear(keys[:])
}

func encryptMessageNEON(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc schedule
	asm.ExpandNEON((*[240]byte)(&enc), key)
	encryptNEON(maxRounds, &enc, &running, dst, src)
	clear(running[:])
	clear(enc[:])
}

func decryptMessageNEON(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc, dec schedule
	expandNEON(&enc, &dec, key)
	decryptNEON(maxRounds, &dec, &running, dst, src)
	clear(running[:])
	clear(enc[:])
	clear(dec[:])
}
