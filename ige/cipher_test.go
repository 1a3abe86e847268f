package ige

import (
	"bytes"
	"crypto/aes"
	"errors"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/blockmodetest"
	"github.com/mtcore/mtcore/internal/impltest"
)

func TestCipherKeySizes(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for n := range 70 {
			c, err := NewCipher(make([]byte, n))
			if n == 16 || n == 24 || n == 32 {
				if err != nil || c == nil {
					t.Errorf("key of %d bytes: %v, %v", n, c, err)
				}
				continue
			}
			var sizeErr aes.KeySizeError
			if !errors.As(err, &sizeErr) || int(sizeErr) != n {
				t.Errorf("key of %d bytes: err = %v, want %v", n, err, aes.KeySizeError(n))
			}
			if c != nil {
				t.Errorf("key of %d bytes: a Cipher beside the error", n)
			}
		}
	})
}

func TestCipherContract(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, n := range allKeySizes {
			blockmodetest.TestBlock(t, newCipher(random(n)))
		}
	})
}

func TestCipherAgainstStandard(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, n := range allKeySizes {
			r := newRand(uint64(n))
			for range 100 {
				key, src := randomFrom(r, n), randomFrom(r, BlockSize)
				c, std := newCipher(key), newAES(key)
				got, want := make([]byte, BlockSize), make([]byte, BlockSize)
				c.Encrypt(got, src)
				std.Encrypt(want, src)
				if !bytes.Equal(got, want) {
					t.Errorf("key %x: Encrypt(%x) = %x, want %x", key, src, got, want)
				}
				c.Decrypt(got, src)
				std.Decrypt(want, src)
				if !bytes.Equal(got, want) {
					t.Errorf("key %x: Decrypt(%x) = %x, want %x", key, src, got, want)
				}
			}
		}
	})
}

// TestCipherCopiesKey: the caller may erase its own.
func TestCipherCopiesKey(t *testing.T) {
	key, src := random(KeySize), random(BlockSize)
	c := newCipher(key)
	want := make([]byte, BlockSize)
	newAES(key).Encrypt(want, src)
	clear(key)
	got := make([]byte, BlockSize)
	c.Encrypt(got, src)
	if !bytes.Equal(got, want) {
		t.Errorf("after the caller's key changed: %x, want %x", got, want)
	}
}

// TestCipherWipe: nothing of the key is left, and nothing works silently with a
// key of zeros.
func TestCipherWipe(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		c := newCipher(random(KeySize))
		iv := [IVSize]byte(random(IVSize))
		enc, dec := NewEncrypter(c, &iv), NewDecrypter(c, &iv)
		mode := NewIGEEncrypter(c, iv[:])
		c.Wipe()
		if *c != (Cipher{}) {
			t.Error("the Cipher is not zero after Wipe")
		}

		buf := random(2 * BlockSize)
		for name, f := range map[string]func(){
			"Cipher.Encrypt":        func() { c.Encrypt(buf, buf) },
			"Cipher.Decrypt":        func() { c.Decrypt(buf, buf) },
			"Encrypter":             func() { enc.CryptBlocks(buf, buf) },
			"Decrypter":             func() { dec.CryptBlocks(buf, buf) },
			"NewIGEEncrypter":       func() { mode.CryptBlocks(buf, buf) },
			"EncryptBlocks":         func() { EncryptBlocks(c, iv[:], buf, buf) },
			"DecryptBlocks":         func() { DecryptBlocks(c, iv[:], buf, buf) },
			"a Cipher not by us":    func() { new(Cipher).Encrypt(buf, buf) },
			"Encrypter of that one": func() { NewEncrypter(new(Cipher), &iv).CryptBlocks(buf, buf) },
		} {
			if got := panicText(f); !strings.HasPrefix(got, "ige: Cipher was wiped") {
				t.Errorf("%s with a wiped Cipher: panic %q", name, got)
			}
		}
		if !bytes.Equal(buf, random(2*BlockSize)) {
			t.Error("a wiped Cipher wrote something")
		}
	})
}
