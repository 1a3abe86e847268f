//go:build !(amd64 || arm || arm64) || !gc || purego

package ige

import (
	"crypto/aes"
	"crypto/cipher"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

const useArmv8 = false

var useStdAES = cpuid.StdlibHasAES

// useAES reports whether there are kernels with AES instructions.
func useAES() bool { return false }

var backends = impl.New("ige").Add("crypto/aes", &useStdAES)

func expand(enc, dec *schedule, key []byte) (nr int) { return expandGeneric(enc, dec, key) }

func encrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	encryptGeneric(nr, xk, iv, dst, src)
}

func decrypt(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	decryptGeneric(nr, xk, iv, dst, src)
}

// encryptAtOnce would do a message in one call of a kernel.
func encryptAtOnce(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) bool { return false }

// decryptAtOnce is encryptAtOnce for the other direction.
func decryptAtOnce(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) bool { return false }

// The constant in the conditions, false on most platforms, keeps the compiler from
// putting the caller's buffers on the heap there for the sake of crypto/aes.

func encryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	if cpuid.StdlibHasAES && useStdAES {
		running := *iv
		cryptForeign(newStdAES(key).Encrypt, running[:BlockSize], running[BlockSize:], dst, src)
		clear(running[:])
		return
	}
	encryptMessageGeneric(key, iv, dst, src)
}

func decryptMessage(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	if cpuid.StdlibHasAES && useStdAES {
		running := *iv
		cryptForeign(newStdAES(key).Decrypt, running[BlockSize:], running[:BlockSize], dst, src)
		clear(running[:])
		return
	}
	decryptMessageGeneric(key, iv, dst, src)
}

// newStdAES costs the one allocation that crypto/aes makes for every key.
func newStdAES(key *[KeySize]byte) cipher.Block {
	b, err := aes.NewCipher(key[:])
	if err != nil {
		panic("ige: internal error: " + err.Error())
	}
	return b
}
