//go:build gc && !purego

package cpuid

import "golang.org/x/sys/cpu"

// Flags, all known to golang.org/x/sys/cpu: aes, sha2.
var (
	ARM64HasAES  = cpu.ARM64.HasAES
	ARM64HasSHA2 = cpu.ARM64.HasSHA2
)
