//go:build gc && !purego

package limit

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/kdf/asm"
)

var availableSHA256 = cpuid.ARM64HasSHA2

func hashBlocks(h *[8]uint32, p *byte, blocks int) { asm.Blocks(h, p, blocks) }
