//go:build linux && gc && !purego

package cpuid

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFamily compares the family with what Linux read.
func TestFamily(t *testing.T) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	value := func(key string) string {
		for line := range strings.Lines(string(text)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
				return strings.TrimSpace(v)
			}
		}
		return ""
	}
	want := "0"
	if value("vendor_id") == "AuthenticAMD" {
		want = value("cpu family")
	}
	if got := fmt.Sprint(amdFamily()); got != want {
		t.Errorf("family %s, want %s", got, want)
	}
}

// TestAgainstKernel compares the flags with what Linux detected.
func TestAgainstKernel(t *testing.T) {
	kernel := kernelFlags(t)
	for _, f := range []struct {
		kernel, godebug string
		got             bool
	}{
		{"adx", "adx", X86HasADX},
		{"aes", "aes", X86HasAES},
		{"avx", "avx", X86HasAVX},
		{"avx2", "avx2", X86HasAVX2},
		{"avx512f", "avx512f", X86HasAVX512F},
		{"avx512bw", "avx512bw", X86HasAVX512BW},
		{"avx512dq", "avx512dq", X86HasAVX512DQ},
		{"avx512ifma", "avx512ifma", X86HasAVX512IFMA},
		{"avx512vl", "avx512vl", X86HasAVX512VL},
		{"bmi2", "bmi2", X86HasBMI2},
		{"sha_ni", "sha", X86HasSHA},
		{"vaes", "vaes", X86HasVAES},
	} {
		want := slices.Contains(kernel, f.kernel) && !turnedOff(f.godebug)
		if f.kernel == "vaes" {
			want = want && X86HasAVX // VAES uses its encodings
		}
		if f.got != want {
			t.Errorf("%s = %v, want %v from /proc/cpuinfo and GODEBUG", f.kernel, f.got, want)
		}
	}
}

func kernelFlags(t *testing.T) []string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, flags, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "flags" {
			return strings.Fields(flags)
		}
	}
	t.Fatal("/proc/cpuinfo lists no flags")
	return nil
}
