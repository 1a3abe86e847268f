//go:build gc && !purego

package bigdh

import (
	"testing"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestBroken shows that the self-test misses no kernel.
func TestBroken(t *testing.T) {
	impltest.Broken(t, backends, selfTest, map[string][]any{
		"Armv8": {
			asm.Mul, asm.Square, asm.Reduce, asm.Select,
		},
	})
}
