//go:build gc && !purego

package cpuid

import "golang.org/x/sys/cpu"

// Flags that golang.org/x/sys/cpu knows: adx, aes, avx, avx2, avx512f, avx512bw,
// avx512dq, avx512ifma, avx512vl, bmi2.
var (
	X86HasADX        = cpu.X86.HasADX
	X86HasAES        = cpu.X86.HasAES
	X86HasAVX        = cpu.X86.HasAVX
	X86HasAVX2       = cpu.X86.HasAVX2
	X86HasAVX512F    = cpu.X86.HasAVX512F
	X86HasAVX512BW   = cpu.X86.HasAVX512BW
	X86HasAVX512DQ   = cpu.X86.HasAVX512DQ
	X86HasAVX512IFMA = cpu.X86.HasAVX512IFMA
	X86HasAVX512VL   = cpu.X86.HasAVX512VL
	X86HasBMI2       = cpu.X86.HasBMI2
)

// Flags that it lacks (SHA-NI) or reports only together with AVX-512 (VAES,
// which CPUs without AVX-512 have on YMM registers): sha, vaes.
var (
	X86HasSHA  = leaf7.ebx>>29&1 == 1 && !turnedOff("sha")
	X86HasVAES = leaf7.ecx>>9&1 == 1 && cpu.X86.HasAVX && !turnedOff("vaes")
)

// X86HalfAVX512 says that a CPU takes instructions of 512 bits apart, as Zen 4 does: sixteen lanes
// take twice as long as eight. It says nothing about which instructions there are.
var X86HalfAVX512 = X86HasAVX512F && amdFamily() == 0x19

// amdFamily is the family of a CPU by AMD, CPUID leaf 1 (AMD64 APM, volume 3), or 0.
func amdFamily() uint32 {
	if _, b, c, d := cpuid(0, 0); b != 0x68747541 || d != 0x69746e65 || c != 0x444d4163 { // "AuthenticAMD"
		return 0
	}
	eax, _, _, _ := cpuid(1, 0)
	return eax>>8&0xf + eax>>20&0xff
}

var leaf7 = readLeaf7()

type registers struct{ eax, ebx, ecx, edx uint32 }

// readLeaf7 returns the structured extended feature flags, CPUID leaf 7
// subleaf 0 (Intel SDM, volume 2A), or zeros where the CPU has no such leaf.
func readLeaf7() (r registers) {
	if max, _, _, _ := cpuid(0, 0); max < 7 {
		return registers{}
	}
	r.eax, r.ebx, r.ecx, r.edx = cpuid(7, 0)
	return r
}
