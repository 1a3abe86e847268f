//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	useAES = cpuid.ARM64HasAES
	// The kernels with table lookups in registers are for CPUs without AES.
	useNEON = cpuid.ARM64HasASIMD
)

var backends = impl.New("ige").Add("NEON", &useNEON).Replace("Armv8", &useAES)

// The kernels for AES, under the names that ige_asm.go dispatches to on every
// architecture.

func expandAES(enc, dec *schedule, key *[KeySize]byte) {
	asm.ExpandArmv8((*[240]byte)(enc), (*[240]byte)(dec), key)
}

func encryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.EncryptArmv8(nr, (*[240]byte)(xk), iv, dst, src)
}

func decryptAES(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	asm.DecryptArmv8(nr, (*[240]byte)(xk), iv, dst, src)
}

func encryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var xk schedule
	asm.EncryptKeyArmv8((*[240]byte)(&xk), key, iv, dst, src)
	clear(xk[:])
}

func decryptKeyAES(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	var xk schedule
	asm.DecryptKeyArmv8((*[240]byte)(&xk), key, iv, dst, src)
	clear(xk[:])
}
