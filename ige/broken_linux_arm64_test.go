//go:build gc && !purego

package ige

import (
	"testing"

	"github.com/mtcore/mtcore/ige/asm"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestBroken shows that the self-test misses no kernel.
func TestBroken(t *testing.T) {
	impltest.Broken(t, backends, selfTest, map[string][]any{
		"Armv8": {
			asm.Expand, asm.Encrypt, asm.Decrypt, asm.EncryptKey, asm.DecryptKey, asm.EncryptBatch2,
			asm.DecryptBatch2, asm.EncryptBatch4, asm.DecryptBatch4, asm.EncryptBatch8,
			asm.DecryptBatch8, asm.ExpandEncrypt1, asm.ExpandDecrypt1,
		},
		"NEON": {
			asm.ExpandNEON, asm.PrepareEncryptNEON, asm.PrepareDecryptNEON, asm.EncryptNEON,
			asm.DecryptNEON,
		},
	})
}
