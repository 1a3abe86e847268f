//go:build gc && !purego

package ige

import (
	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	useArmv8 = cpuid.ARM64HasAES
	// The kernels with table lookups in registers are for CPUs without AES.
	useNEON = cpuid.ARM64HasASIMD
)

// Of other architectures.
const (
	useAESNI   = false
	useVAES256 = false
	useVAES512 = false
)

var backends = impl.New("ige").Add("NEON", &useNEON).Replace("Armv8", &useArmv8)

func init() { asm.DIT = cpuid.ARM64HasDIT }
