//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// The kernels use the three-operand forms of AVX.
	useAES = cpuid.X86HasAES && cpuid.X86HasAVX
	// VAES is for batches: a register is two messages or four.
	useVAES256 = useAES && cpuid.X86HasVAES && cpuid.X86HasAVX2
	useVAES512 = useVAES256 && cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512VL
)

var backends = impl.New("ige").
	Add("AES-NI", &useAES).Add("VAES-256", &useVAES256).Replace("VAES-512", &useVAES512)

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

func encryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	asm.EncryptKeyAESNI(key, iv, dst, src)
}

func decryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	asm.DecryptKeyAESNI(key, iv, dst, src)
}
