//go:build !amd64 || !gc || purego

package cpuid

const (
	X86HasADX        = false
	X86HasAES        = false
	X86HasAVX        = false
	X86HasAVX2       = false
	X86HasAVX512F    = false
	X86HasAVX512BW   = false
	X86HasAVX512DQ   = false
	X86HasAVX512IFMA = false
	X86HasAVX512VL   = false
	X86HasBMI2       = false
	X86HasSHA        = false
	X86HasVAES       = false
	X86HalfAVX512    = false
)
