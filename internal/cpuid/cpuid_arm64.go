//go:build gc && !purego

package cpuid

import "golang.org/x/sys/cpu"

// Flags, all known to golang.org/x/sys/cpu: aes, asimd, dit, sha2. Every CPU that Go supports
// has asimd; its flag exists so that it can be turned off.
var (
	ARM64HasAES   = cpu.ARM64.HasAES
	ARM64HasASIMD = cpu.ARM64.HasASIMD
	ARM64HasDIT   = cpu.ARM64.HasDIT
	ARM64HasSHA2  = cpu.ARM64.HasSHA2
)
