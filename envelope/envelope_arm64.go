//go:build gc && !purego

package envelope

import (
	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var useArmv8 = cpuid.ARM64HasAES && cpuid.ARM64HasSHA2

// Of another architecture.
const (
	useAESNISHANI = false
	useVAES       = false
)

var backends = impl.New("envelope").Add("Armv8", &useArmv8)

func init() { asm.DIT = cpuid.ARM64HasDIT }
