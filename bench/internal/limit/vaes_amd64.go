//go:build gc && !purego

package limit

import "github.com/mtcore/mtcore/internal/cpuid"

var (
	availableVAES256 = cpuid.X86HasVAES && cpuid.X86HasAVX2
	availableVAES512 = cpuid.X86HasVAES && cpuid.X86HasAVX512F
)
