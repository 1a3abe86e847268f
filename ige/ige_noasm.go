//go:build !(amd64 || arm64) || !gc || purego

package ige

import (
	"crypto/cipher"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var useStdAES = cpuid.StdlibHasAES

var backends = impl.New("ige").Add("crypto/aes", &useStdAES)

func expand(enc, dec *schedule, key []byte) (nr int) { return expandGeneric(enc, dec, key) }

func encrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	encryptGeneric(nr, xk, iv, dst, src)
}

func decrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	decryptGeneric(nr, xk, iv, dst, src)
}

func encryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	if useStdAES {
		newStdCipher(key).encryptIGE(iv, dst, src)
		return
	}
	encryptMessageGeneric(key, iv, dst, src)
}

func decryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	if useStdAES {
		newStdCipher(key).decryptIGE(iv, dst, src)
		return
	}
	decryptMessageGeneric(key, iv, dst, src)
}

// newStdCipher costs the allocation that crypto/aes makes for every key.
func newStdCipher(key *[KeySize]byte) *Cipher {
	c, err := NewCipher(key[:])
	if err != nil {
		panic("ige: internal error: " + err.Error())
	}
	return c
}

// stdSchedules finds nothing: what crypto/aes keeps is of use to kernels only.
func stdSchedules(cipher.Block) (nr int, enc, dec *schedule) { return 0, nil, nil }
