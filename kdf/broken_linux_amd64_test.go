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
		"SHA-NI": {
			asm.Blocks, asm.Blocks2, asm.Derive,
		},
		"AVX-512": {
			asm.Blocks16AVX512, asm.Derive8AVX512,
		},
	})
}
