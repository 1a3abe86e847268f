package ige

import (
	"crypto/aes"
	"crypto/cipher"

	"github.com/mtcore/mtcore/internal/stack"
)

// Cipher is an expanded AES key. It implements [cipher.Block] and is safe for
// concurrent use.
type Cipher struct {
	nr       int      // rounds
	enc, dec schedule // of the cipher and of the equivalent inverse cipher

	// std has the key instead, and does the work, where crypto/aes has hardware support
	// and this package has not.
	std cipher.Block
}

// NewCipher expands a key of 16, 24 or 32 bytes, for AES-128, AES-192 or the
// AES-256 of MTProto. Other sizes get an [aes.KeySizeError].
func NewCipher(key []byte) (*Cipher, error) {
	// Small enough to be inlined, so that a Cipher which does not outlive the
	// caller is on its stack.
	c := new(Cipher)
	if err := c.expand(key); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Cipher) expand(key []byte) error {
	switch len(key) {
	case 16, 24, KeySize:
	default:
		return aes.KeySizeError(len(key))
	}
	backends.Ready()
	stack.Reserve4K()
	if useStdAES {
		std, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		c.std = std
		return nil
	}
	c.nr = expand(&c.enc, &c.dec, key)
	return nil
}

// BlockSize returns 16.
func (c *Cipher) BlockSize() int { return BlockSize }

// Encrypt encrypts the first block of src to dst, as [cipher.Block] has it.
func (c *Cipher) Encrypt(dst, src []byte) {
	if len(src) < BlockSize {
		panic("ige: input not full block")
	}
	if len(dst) < BlockSize {
		panic("ige: output not full block")
	}
	checkBuffers(dst[:BlockSize], src[:BlockSize])
	// A single block of IGE with a zero iv is the bare block cipher.
	var iv [IVSize]byte
	c.encryptIGE(&iv, dst[:BlockSize], src[:BlockSize])
	clear(iv[:])
}

// Decrypt decrypts the first block of src to dst, as [cipher.Block] has it.
func (c *Cipher) Decrypt(dst, src []byte) {
	if len(src) < BlockSize {
		panic("ige: input not full block")
	}
	if len(dst) < BlockSize {
		panic("ige: output not full block")
	}
	checkBuffers(dst[:BlockSize], src[:BlockSize])
	var iv [IVSize]byte
	c.decryptIGE(&iv, dst[:BlockSize], src[:BlockSize])
	clear(iv[:])
}

// Wipe erases the expanded key. The Cipher, and the Encrypters and Decrypters
// made from it, panic when used afterwards. On the platforms where [Backend] is
// "crypto/aes", the standard library keeps a copy that cannot be erased.
func (c *Cipher) Wipe() { *c = Cipher{} }

// encryptIGE encrypts the whole blocks of src and moves iv on.
func (c *Cipher) encryptIGE(iv *[IVSize]byte, dst, src []byte) {
	c.checkUsable()
	if c.std != nil {
		cryptForeign(c.std.Encrypt, iv[:BlockSize], iv[BlockSize:], dst, src)
		return
	}
	encrypt(c.nr, &c.enc, iv, dst, src)
}

// decryptIGE decrypts the whole blocks of src and moves iv on.
func (c *Cipher) decryptIGE(iv *[IVSize]byte, dst, src []byte) {
	c.checkUsable()
	if c.std != nil {
		cryptForeign(c.std.Decrypt, iv[BlockSize:], iv[:BlockSize], dst, src)
		return
	}
	decrypt(c.nr, &c.dec, iv, dst, src)
}

func (c *Cipher) checkUsable() {
	if c == nil || c.nr == 0 && c.std == nil {
		panic("ige: Cipher was wiped, or not made by NewCipher")
	}
}
