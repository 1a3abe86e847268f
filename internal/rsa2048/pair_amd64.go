//go:build gc && !purego

package rsa2048

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

// ADX stands for three extensions of about the same age: MULX is of BMI2, and lookups
// use AVX2.
var useRadix64 = cpuid.X86HasBMI2 && cpuid.X86HasADX && cpuid.X86HasAVX2

var backends = impl.New("rsa2048").Add("ADX", &useRadix64)
