//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

// useAES asks for AVX too, since the kernels use its three-operand forms.
var useAES = cpuid.X86HasAES && cpuid.X86HasAVX

var backends = impl.New("ige").Add("AES-NI", &useAES)

// The kernels for AES, under the names that ige_asm.go dispatches to on every
// architecture.

func expandAES(enc, dec *schedule, key *[KeySize]byte) {
	asm.ExpandAESNI((*[240]byte)(enc), (*[240]byte)(dec), key)
}

func encryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.EncryptAESNI(nr, (*[240]byte)(xk), iv, dst, src)
}

func decryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.DecryptAESNI(nr, (*[240]byte)(xk), iv, dst, src)
}

func encryptKeyAES(xk *schedule, key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	asm.EncryptKeyAESNI((*[240]byte)(xk), key, iv, dst, src)
}

func decryptKeyAES(xk *schedule, key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	asm.DecryptKeyAESNI((*[240]byte)(xk), key, iv, dst, src)
}
