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
		"ADX": {
			asm.Mul, asm.Square, asm.Reduce, asm.Select,
		},
		"IFMA": {
			asm.MulIFMA, asm.SquareIFMA, asm.SelectIFMA,
		},
	})
}
