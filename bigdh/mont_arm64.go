//go:build gc && !purego

package bigdh

import (
	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

// useRadix64 needs no feature: each of these CPUs has the instructions.
var useRadix64 = true

var backends = impl.New("bigdh").Add("Armv8", &useRadix64)

func init() { asm.DIT = cpuid.ARM64HasDIT }
