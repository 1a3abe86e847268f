package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// wrappedBlock hides the type of a block, as a program's own cipher.Block does,
// and counts how often it is asked.
type wrappedBlock struct {
	cipher.Block
	calls int
}

func (b *wrappedBlock) Encrypt(dst, src []byte) { b.calls++; b.Block.Encrypt(dst, src) }
func (b *wrappedBlock) Decrypt(dst, src []byte) { b.calls++; b.Block.Decrypt(dst, src) }

// TestStdBlock compares what EncryptBlocks and DecryptBlocks make of a block of
// crypto/aes with what they make of the same block in a wrapper, which they must
// call for every block of data, and both in place with both from buffer to buffer.
func TestStdBlock(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		random := rand.NewChaCha8([32]byte{1})
		var iv [IVSize]byte
		var plain [64<<10 + 48]byte // more than one call of a kernel
		for _, keySize := range []int{16, 24, 32} {
			key := make([]byte, keySize)
			random.Read(key)
			random.Read(iv[:])
			random.Read(plain[:])
			std := newStdBlock(t, key)
			for _, size := range []int{0, 16, 32, 48, 64, 80, 1024, len(plain)} {
				plain := plain[:size]
				wrapped := &wrappedBlock{Block: std}
				want := make([]byte, size)
				EncryptBlocks(wrapped, iv[:], want, plain)
				for _, b := range []cipher.Block{std, wrapped} {
					got := make([]byte, size)
					EncryptBlocks(b, iv[:], got, plain)
					if !bytes.Equal(got, want) {
						t.Fatalf("AES-%d, %d bytes, %T: encrypts to other bytes than a wrapped block", 8*keySize, size, b)
					}
					DecryptBlocks(b, iv[:], got, want)
					if !bytes.Equal(got, plain) {
						t.Fatalf("AES-%d, %d bytes, %T: does not decrypt", 8*keySize, size, b)
					}
					EncryptBlocks(b, iv[:], got, got)
					if !bytes.Equal(got, want) {
						t.Fatalf("AES-%d, %d bytes, %T: does not encrypt in place", 8*keySize, size, b)
					}
					DecryptBlocks(b, iv[:], got, got)
					if !bytes.Equal(got, plain) {
						t.Fatalf("AES-%d, %d bytes, %T: does not decrypt in place", 8*keySize, size, b)
					}
				}
				if got, want := wrapped.calls, 5*size/BlockSize; got != want {
					t.Fatalf("AES-%d, %d bytes: the wrapper was called %d times, want %d", 8*keySize, size, got, want)
				}
			}
		}
	})
}

// TestStdBlockAllocs: neither the way into a crypto/aes block nor the way around
// it makes garbage.
func TestStdBlockAllocs(t *testing.T) {
	std := newStdBlock(t, make([]byte, KeySize))
	iv, dst, src := make([]byte, IVSize), make([]byte, 256), make([]byte, 256)
	for _, b := range []cipher.Block{std, &wrappedBlock{Block: std}} {
		got := alloctest.PerRun(t, 100, func() {
			EncryptBlocks(b, iv, dst, src)
			DecryptBlocks(b, iv, dst, src)
			EncryptBlocks(b, iv, dst, dst)
			DecryptBlocks(b, iv, dst, dst)
		})
		if got != 0 {
			t.Errorf("%T: %v allocations, want 0", b, got)
		}
	}
}

func BenchmarkStdBlock(b *testing.B) {
	std := newStdBlock(b, make([]byte, KeySize))
	for _, block := range []struct {
		name string
		cipher.Block
	}{
		{"aes", std},
		{"wrapped", struct{ cipher.Block }{std}},
	} {
		for _, dir := range []struct {
			name  string
			crypt func(b cipher.Block, iv, dst, src []byte)
		}{
			{"encrypt", EncryptBlocks},
			{"decrypt", DecryptBlocks},
		} {
			for _, size := range []struct {
				name  string
				bytes int
			}{{"64B", 64}, {"1K", 1 << 10}, {"16K", 16 << 10}} {
				b.Run(fmt.Sprintf("block=%s/dir=%s/size=%s", block.name, dir.name, size.name), func(b *testing.B) {
					iv, dst, src := make([]byte, IVSize), make([]byte, size.bytes), make([]byte, size.bytes)
					b.SetBytes(int64(size.bytes))
					b.ReportAllocs()
					for b.Loop() {
						dir.crypt(block.Block, iv, dst, src)
					}
				})
			}
		}
	}
}

func newStdBlock(t testing.TB, key []byte) cipher.Block {
	t.Helper()
	b, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
