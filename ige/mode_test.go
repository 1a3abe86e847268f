package ige

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"testing"

	"github.com/mtcore/mtcore/internal/blockmodetest"
	"github.com/mtcore/mtcore/internal/impltest"
)

func TestModeContract(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, keySize := range allKeySizes {
			c := newCipher(random(keySize))
			blockmodetest.TestMode(t, IVSize,
				func(iv []byte) cipher.BlockMode { return NewEncrypter(c, (*[IVSize]byte)(iv)) },
				func(iv []byte) cipher.BlockMode { return NewDecrypter(c, (*[IVSize]byte)(iv)) })
		}
	})
}

func TestBlocksModeContract(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, b := range blocks {
			t.Run(b.name, func(t *testing.T) { testBlocksModeContract(t, b.new(random(KeySize))) })
		}
		t.Run("a block of 8 bytes", func(t *testing.T) { testBlocksModeContract(t, newDES(t)) })
	})
}

func testBlocksModeContract(t *testing.T, b cipher.Block) {
	blockmodetest.TestMode(t, 2*b.BlockSize(),
		func(iv []byte) cipher.BlockMode { return NewIGEEncrypter(b, iv) },
		func(iv []byte) cipher.BlockMode { return NewIGEDecrypter(b, iv) })
}

// newDES returns a block of another size than ours. It is here because the
// standard library has no better one.
func newDES(t testing.TB) cipher.Block {
	b, err := des.NewTripleDESCipher(random(24))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wide is a block of 48 bytes, larger than anything of this package's is laid
// out for: three blocks of AES next to each other.
type wide struct{ cipher.Block }

func (wide) BlockSize() int { return 48 }

func (w wide) Encrypt(dst, src []byte) {
	for i := 0; i < 48; i += 16 {
		w.Block.Encrypt(dst[i:], src[i:])
	}
}

func (w wide) Decrypt(dst, src []byte) {
	for i := 0; i < 48; i += 16 {
		w.Block.Decrypt(dst[i:], src[i:])
	}
}

func TestOtherBlockSizes(t *testing.T) {
	for _, b := range []cipher.Block{newDES(t), wide{newAES(random(KeySize))}} {
		size := b.BlockSize()
		for n := range 20 {
			iv, src := random(2*size), random(n*size)
			dst := make([]byte, len(src))
			EncryptBlocks(b, iv, dst, src)
			if want := referenceEncrypt(b, iv, src); !bytes.Equal(dst, want) {
				t.Errorf("EncryptBlocks of %d blocks of %d bytes:\n%x, want\n%x", n, size, dst, want)
			}
			DecryptBlocks(b, iv, dst, dst)
			if !bytes.Equal(dst, src) {
				t.Errorf("DecryptBlocks of %d blocks of %d bytes:\n%x, want\n%x", n, size, dst, src)
			}
			NewIGEDecrypter(b, iv).CryptBlocks(dst, src)
			if want := referenceDecrypt(b, iv, src); !bytes.Equal(dst, want) {
				t.Errorf("NewIGEDecrypter, %d blocks of %d bytes:\n%x, want\n%x", n, size, dst, want)
			}
			if !bytes.Equal(iv, random(2*size)) {
				t.Errorf("%d blocks of %d bytes: the iv changed", n, size)
			}
		}
	}
}

func TestInvalidIV(t *testing.T) {
	for _, b := range []cipher.Block{newCipher(random(16)), newAES(random(16)), newDES(t)} {
		size, buf := b.BlockSize(), random(48)
		for n := range 70 {
			if n == 2*size {
				continue
			}
			iv := random(n)
			for name, f := range map[string]func(){
				"NewIGEEncrypter": func() { NewIGEEncrypter(b, iv) },
				"NewIGEDecrypter": func() { NewIGEDecrypter(b, iv) },
				"EncryptBlocks":   func() { EncryptBlocks(b, iv, buf, buf) },
				"DecryptBlocks":   func() { DecryptBlocks(b, iv, buf, buf) },
			} {
				if got, want := panicText(f), ErrInvalidIV.Error(); got != want {
					t.Errorf("%s: block of %d, iv of %d bytes: panic %q, want %q", name, size, n, got, want)
				}
			}
		}
		if !bytes.Equal(buf, random(48)) {
			t.Error("written before a panic")
		}
	}
}

func TestReset(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		iv1, iv2 := [IVSize]byte(random(32)), [IVSize]byte(random(64)[32:])
		c1, c2 := newCipher(random(16)), newCipher(random(32))
		src := random(5 * BlockSize)
		got, want := make([]byte, len(src)), make([]byte, len(src))

		enc := NewEncrypter(c1, &iv1)
		enc.CryptBlocks(got, src)
		enc.Reset(c2, &iv2)
		enc.CryptBlocks(got, src)
		NewEncrypter(c2, &iv2).CryptBlocks(want, src)
		if !bytes.Equal(got, want) {
			t.Errorf("Encrypter after Reset:\n%x, want\n%x", got, want)
		}

		dec := NewDecrypter(c1, &iv1)
		dec.CryptBlocks(got, src)
		dec.Reset(c2, &iv2)
		dec.CryptBlocks(got, src)
		NewDecrypter(c2, &iv2).CryptBlocks(want, src)
		if !bytes.Equal(got, want) {
			t.Errorf("Decrypter after Reset:\n%x, want\n%x", got, want)
		}

		var zero Encrypter
		zero.Reset(c1, &iv1)
		zero.CryptBlocks(got, src)
		NewEncrypter(c1, &iv1).CryptBlocks(want, src)
		if !bytes.Equal(got, want) {
			t.Errorf("zero Encrypter after Reset:\n%x, want\n%x", got, want)
		}

		if iv1 != [IVSize]byte(random(32)) || iv2 != [IVSize]byte(random(64)[32:]) {
			t.Error("an iv changed")
		}
	})
}
