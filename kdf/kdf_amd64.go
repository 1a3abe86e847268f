//go:build gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// The kernels for SHA-NI use the three-operand forms of AVX, too.
	useSHANI = cpuid.X86HasSHA && cpuid.X86HasAVX
	// AVX-512 is for batches only.
	useAVX512 = useSHANI && cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512VL
)

const useArmv8 = false // of another architecture

var backends = impl.New("kdf").Add("SHA-NI", &useSHANI).Add("AVX-512", &useAVX512)
