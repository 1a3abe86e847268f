//go:build gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/kdf/asm"
)

var useArmv8 = cpuid.ARM64HasSHA2

// Of another architecture.
const (
	useSHANI  = false
	useAVX512 = false
)

var backends = impl.New("kdf").Add("Armv8", &useArmv8)

func init() { asm.DIT = cpuid.ARM64HasDIT }
