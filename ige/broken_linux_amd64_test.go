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
		"AES-NI": {
			asm.Expand, asm.Encrypt, asm.Decrypt, asm.EncryptKey, asm.DecryptKey, asm.EncryptBatch2,
			asm.DecryptBatch2, asm.EncryptBatch4, asm.DecryptBatch4, asm.EncryptBatch8,
			asm.DecryptBatch8, asm.ExpandEncrypt1, asm.ExpandDecrypt1, asm.EncryptKeys2, asm.DecryptKeys2,
		},
		"VAES-256": {
			asm.ExpandEncrypt2VAES256, asm.ExpandDecrypt2VAES256, asm.EncryptBatch4VAES256,
			asm.DecryptBatch4VAES256, asm.EncryptBatch8VAES256, asm.DecryptBatch8VAES256,
			asm.EncryptKeys2VAES256, asm.DecryptKeys2VAES256,
		},
		"VAES-512": {
			asm.ExpandEncrypt4VAES512, asm.ExpandDecrypt4VAES512, asm.EncryptKeys4VAES512,
			asm.DecryptKeys4VAES512, asm.EncryptBatch12VAES512, asm.DecryptBatch12VAES512,
			asm.EncryptBatch16VAES512, asm.DecryptBatch16VAES512,
		},
	})
}
