//go:build gc && !purego

package rsa2048

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// ADX stands for three extensions of about the same age: MULX is part of BMI2, and
	// lookups use AVX and AVX2.
	useRadix64 = cpuid.X86HasBMI2 && cpuid.X86HasADX && cpuid.X86HasAVX && cpuid.X86HasAVX2
	// IFMA multiplies numbers of 52 bits, in 512-bit registers.
	useIFMA = useRadix64 && cpuid.X86HasAVX512IFMA && cpuid.X86HasAVX512F &&
		cpuid.X86HasAVX512BW && cpuid.X86HasAVX512DQ && cpuid.X86HasAVX512VL
)

var backends = impl.New("rsa2048").Add("ADX", &useRadix64).Add("IFMA", &useIFMA)
