//go:build gc && !purego

package envelope

import (
	"testing"

	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestBroken shows that the self-test misses no kernel.
func TestBroken(t *testing.T) {
	impltest.Broken(t, backends, selfTest, map[string][]any{
		"Armv8": {
			asm.DecryptStart, asm.DecryptHash, asm.DecryptTail, asm.Hash, asm.Keystream,
		},
	})
}
