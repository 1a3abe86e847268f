//go:build (amd64 || arm64) && gc && !purego

package limit

import "github.com/mtcore/mtcore/internal/cpuid"

var available = cpuid.X86HasAES && cpuid.X86HasAVX || cpuid.ARM64HasAES
