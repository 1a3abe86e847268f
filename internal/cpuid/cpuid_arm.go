//go:build gc && !purego

package cpuid

import "golang.org/x/sys/cpu"

// ARMHasAES is HWCAP2_AES, which Linux and Android report to 32-bit programs on ARMv8;
// known to golang.org/x/sys/cpu: aes.
var ARMHasAES = cpu.ARM.HasAES
