//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var useAES = cpuid.ARMHasAES

var backends = impl.New("ige").Add("Armv8", &useAES)

// The kernels for AES, under the names that ige_asm.go dispatches to on every
// architecture.

func expandAES(enc, dec *schedule, key *[KeySize]byte) {
	asm.ExpandEncryptArmv8((*[240]byte)(enc), key)
	asm.ExpandDecryptArmv8((*[240]byte)(dec), key)
}

func encryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.EncryptArmv8(nr, (*[240]byte)(xk), iv, dst, src)
}

func decryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.DecryptArmv8(nr, (*[240]byte)(xk), iv, dst, src)
}

func encryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var xk schedule
	asm.ExpandEncryptArmv8((*[240]byte)(&xk), key)
	encryptAES(maxRounds, &xk, iv, dst, src)
	clear(xk[:])
}

func decryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var xk schedule
	asm.ExpandDecryptArmv8((*[240]byte)(&xk), key)
	decryptAES(maxRounds, &xk, iv, dst, src)
	clear(xk[:])
}
