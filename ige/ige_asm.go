//go:build (amd64 || arm || arm64) && gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/stack"
)

// maxCall bounds one call of a kernel, since the scheduler cannot preempt assembly:
// 64 KiB take some 50 µs on servers and desktops, and by estimate up to four times
// that on the slowest ARM cores.
const maxCall = 64 << 10

// useStdAES: the kernels need the very instructions that crypto/aes would use.
const useStdAES = false

// useAES reports whether there are AES instructions, which the kernels that are named by
// their role need.
func useAES() bool { return useAESNI || useArmv8 }

// expand computes the schedules of the cipher and of the equivalent inverse
// cipher for a key of 16, 24 or 32 bytes, and returns the number of rounds.
func expand(enc, dec *schedule, key []byte) (nr int) {
	switch {
	case len(key) != KeySize:
		return expandGeneric(enc, dec, key)
	case useAES():
		asm.Expand((*[240]byte)(enc), (*[240]byte)(dec), (*[KeySize]byte)(key))
		return maxRounds
	case useNEON:
		expandNEON(enc, dec, (*[KeySize]byte)(key))
		return maxRounds
	default:
		return expandGeneric(enc, dec, key)
	}
}

// encrypt encrypts the whole blocks of src with nr rounds and the schedule xk,
// and moves iv on.
func encrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case useAES():
		for len(src) > 0 {
			n := min(len(src), maxCall)
			asm.Encrypt(nr, (*[240]byte)(xk), iv, dst[:n], src[:n])
			dst, src = dst[n:], src[n:]
		}
	case useNEON:
		encryptNEON(nr, xk, iv, dst, src)
	default:
		encryptGeneric(nr, xk, iv, dst, src)
	}
}

// decrypt decrypts the whole blocks of src with nr rounds and the schedule xk of
// the equivalent inverse cipher, and moves iv on.
func decrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case useAES():
		for len(src) > 0 {
			n := min(len(src), maxCall)
			asm.Decrypt(nr, (*[240]byte)(xk), iv, dst[:n], src[:n])
			dst, src = dst[n:], src[n:]
		}
	case useNEON:
		decryptNEON(nr, xk, iv, dst, src)
	default:
		decryptGeneric(nr, xk, iv, dst, src)
	}
}

// encryptAtOnce encrypts the whole blocks of src with nr rounds and the schedule xk, and leaves
// iv as it is. It does nothing and returns false unless one call of a kernel does that.
func encryptAtOnce(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) bool {
	if nr == 0 || !useAES() || len(src) == 0 || len(src) > maxCall {
		return false
	}
	running := *iv // The kernel is called alone from here on, so this stack does not move.
	asm.Encrypt(nr, (*[240]byte)(xk), &running, dst[:len(src)], src)
	clear(running[:])
	return true
}

// decryptAtOnce is encryptAtOnce for the other direction.
func decryptAtOnce(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) bool {
	if nr == 0 || !useAES() || len(src) == 0 || len(src) > maxCall {
		return false
	}
	running := *iv // The kernel is called alone from here on, so this stack does not move.
	asm.Decrypt(nr, (*[240]byte)(xk), &running, dst[:len(src)], src)
	clear(running[:])
	return true
}

// encryptMessage expands key and encrypts the one or more blocks of src with it. On the way
// to a kernel there is no secret in a frame of Go code, so that the stack may grow.
func encryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case useAES() && len(src) <= maxCall:
		asm.EncryptKey(key, iv, dst[:len(src)], src)
	case useAES():
		encryptLong(key, iv, dst, src)
	case useNEON:
		encryptMessageNEON(key, iv, dst, src)
	default:
		encryptMessageGeneric(key, iv, dst, src)
	}
}

// decryptMessage is encryptMessage for the other direction.
func decryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case useAES() && len(src) <= maxCall:
		asm.DecryptKey(key, iv, dst[:len(src)], src)
	case useAES():
		decryptLong(key, iv, dst, src)
	case useNEON:
		decryptMessageNEON(key, iv, dst, src)
	default:
		decryptMessageGeneric(key, iv, dst, src)
	}
}

// encryptLong is encryptMessage in several calls of a kernel.
func encryptLong(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc, dec schedule
	expand(&enc, &dec, key[:])
	encrypt(maxRounds, &enc, &running, dst, src)
	clear(enc[:])
	clear(dec[:])
	clear(running[:])
}

// decryptLong is decryptMessage in several calls of a kernel.
func decryptLong(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc, dec schedule
	expand(&enc, &dec, key[:])
	decrypt(maxRounds, &dec, &running, dst, src)
	clear(enc[:])
	clear(dec[:])
	clear(running[:])
}
