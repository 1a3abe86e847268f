//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// The kernels use the three-operand forms of AVX.
	useAESNI = cpuid.X86HasAES && cpuid.X86HasAVX
	// VAES is for batches: a register is two messages or four.
	useVAES256 = useAESNI && cpuid.X86HasVAES && cpuid.X86HasAVX2
	useVAES512 = useVAES256 && cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512DQ && cpuid.X86HasAVX512VL &&
		cpuid.X86HasBMI2
)

// Of other architectures.
const (
	useArmv8 = false
	useNEON  = false
)

var backends = impl.New("ige").
	Add("AES-NI", &useAESNI).Add("VAES-256", &useVAES256).Replace("VAES-512", &useVAES512)
