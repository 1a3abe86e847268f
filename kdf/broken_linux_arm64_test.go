//go:build gc && !purego

package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf/asm"
)

// TestBroken shows that the self-test misses no kernel.
func TestBroken(t *testing.T) {
	impltest.Broken(t, backends, selfTest, map[string][]any{
		"Armv8": {
			asm.Blocks, asm.Blocks2, asm.Derive,
		},
	})
}
