package blockmodetest

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"
)

// TestStandardLibrary: it keeps the contract, so the checks must let it pass.
func TestStandardLibrary(t *testing.T) {
	block, err := aes.NewCipher(random(32))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("AES", func(t *testing.T) { TestBlock(t, block) })
	t.Run("CBC", func(t *testing.T) {
		TestMode(t, aes.BlockSize,
			func(iv []byte) cipher.BlockMode { return cipher.NewCBCEncrypter(block, iv) },
			func(iv []byte) cipher.BlockMode { return cipher.NewCBCDecrypter(block, iv) })
	})
}
