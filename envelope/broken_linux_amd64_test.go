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
		"AES-NI+SHA-NI": {
			asm.DecryptStart, asm.DecryptHash, asm.DecryptTail, asm.Hash, asm.Keystream,
		},
		"VAES": {
			asm.DecryptStart2VAES, asm.DecryptHash2VAESSHANI, asm.DecryptTail2VAESSHANI, asm.Hash2SHANI, asm.DecryptStart4VAES512,
			asm.DecryptHash4VAES512SHANI, asm.ExpandDecrypt16VAES512, asm.Decrypt16VAES512,
			asm.DecryptHash16VAES512, asm.Hash16AVX512,
		},
		"": {
			asm.WipeAVX512,
		},
	})
}
