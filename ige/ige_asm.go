//go:build (amd64 || arm || arm64) && gc && !purego

package ige

// maxCall bounds one call of a kernel, since the scheduler cannot preempt assembly:
// 64 KiB take some 50 µs on servers and desktops, and by estimate up to four times
// that on the slowest ARM cores.
const maxCall = 64 << 10

// useStdAES: the kernels need the very instructions that crypto/aes would use.
const useStdAES = false

// expand computes the schedules of the cipher and of the equivalent inverse
// cipher for a key of 16, 24 or 32 bytes, and returns the number of rounds.
func expand(enc, dec *schedule, key []byte) (nr int) {
	switch {
	case len(key) != KeySize:
		return expandGeneric(enc, dec, key)
	case useAES:
		expandAES(enc, dec, (*[KeySize]byte)(key))
	default:
		expandSoftware(enc, dec, (*[KeySize]byte)(key))
	}
	return maxRounds
}

// encrypt encrypts the whole blocks of src with nr rounds and the schedule xk,
// and moves iv on.
func encrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	if !useAES {
		encryptSoftware(nr, xk, iv, dst, src)
		return
	}
	for len(src) > 0 {
		n := min(len(src), maxCall)
		encryptAES(nr, xk, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
}

// decrypt decrypts the whole blocks of src with nr rounds and the schedule xk of
// the equivalent inverse cipher, and moves iv on.
func decrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	if !useAES {
		decryptSoftware(nr, xk, iv, dst, src)
		return
	}
	for len(src) > 0 {
		n := min(len(src), maxCall)
		decryptAES(nr, xk, iv, dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
}

// encryptMessage expands key and encrypts the one or more blocks of src with it.
func encryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case !useAES:
		encryptMessageSoftware(key, iv, dst, src)
	case len(src) <= maxCall:
		encryptKeyAES(key, iv, dst[:len(src)], src)
	default:
		var enc, dec schedule
		expandAES(&enc, &dec, key)
		encrypt(maxRounds, &enc, iv, dst, src)
		clear(enc[:])
		clear(dec[:])
	}
}

// decryptMessage expands key and decrypts the one or more blocks of src with it.
func decryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	switch {
	case !useAES:
		decryptMessageSoftware(key, iv, dst, src)
	case len(src) <= maxCall:
		decryptKeyAES(key, iv, dst[:len(src)], src)
	default:
		var enc, dec schedule
		expandAES(&enc, &dec, key)
		decrypt(maxRounds, &dec, iv, dst, src)
		clear(enc[:])
		clear(dec[:])
	}
}
