//go:build linux && gc && !purego

package registers

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/machine/x86"
)

func isWide() bool { return cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW }

// lacks reports whether this CPU has not got an instruction set.
func lacks(set string) bool {
	has, known := map[string]bool{
		"ADX": cpuid.X86HasADX, "AES": cpuid.X86HasAES, "AVX": cpuid.X86HasAVX, "AVX2": cpuid.X86HasAVX2,
		"AVX512F": cpuid.X86HasAVX512F, "AVX512BW": cpuid.X86HasAVX512BW, "AVX512DQ": cpuid.X86HasAVX512DQ,
		"AVX512IFMA": cpuid.X86HasAVX512IFMA, "AVX512VL": cpuid.X86HasAVX512VL, "BMI2": cpuid.X86HasBMI2,
		"SHA": cpuid.X86HasSHA, "VAES": cpuid.X86HasVAES,
	}[set]
	// The dump is by AVX; nothing that has kernels has none.
	return known && !has || !cpuid.X86HasAVX
}

// clearings are runs of what sets registers to zero that end with a return.
func clearings(t *testing.T, entry uintptr) (all []clearing) {
	t.Helper()
	var run []clearing
	function := code(entry)
	for at := 0; at < len(function); {
		if function[at] == 0xcc { // between functions
			at++
			continue
		}
		in, err := x86.Decode(function[at:], int(entry)+at)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case (in.Op == "vpxor" || in.Op == "vpxord") && len(in.Args) == 3 && in.Args[0] == in.Args[1] && in.Args[1] == in.Args[2]:
			run = append(run, clearing{uintptr(in.Addr), bytes.Repeat([]byte{0x90}, in.Len), true})
		case in.Op == "xor" && in.Args[0] == in.Args[1], in.Op == "kmovq":
			run = append(run, clearing{uintptr(in.Addr), bytes.Repeat([]byte{0x90}, in.Len), false})
		case in.Op == "ret":
			all = append(all, run...)
			run = nil
		case in.Op == "add" || in.Op == "pop" || in.Op == "vzeroupper":
			// the rest of a return; VZEROUPPER clears what is above 128 bits
		default:
			run = nil
		}
		at += in.Len
	}
	return all
}
