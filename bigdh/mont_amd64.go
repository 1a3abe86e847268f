//go:build gc && !purego

package bigdh

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// ADX stands for three extensions of about the same age: MULX is of BMI2, and
	// lookups use AVX and AVX2.
	useRadix64 = cpuid.X86HasBMI2 && cpuid.X86HasADX && cpuid.X86HasAVX && cpuid.X86HasAVX2
	// IFMA is the instructions that multiply 52 bits, with 512-bit registers.
	useIFMA = useRadix64 && cpuid.X86HasAVX512IFMA && cpuid.X86HasAVX512F &&
		cpuid.X86HasAVX512BW && cpuid.X86HasAVX512DQ && cpuid.X86HasAVX512VL
)

var backends = impl.New("bigdh").Add("ADX", &useRadix64).Add("IFMA", &useIFMA)
