//go:build gc && !purego

package limit

import "github.com/mtcore/mtcore/internal/cpuid"

var availableVAES512 = cpuid.X86HasVAES && cpuid.X86HasAVX512F
