package rsa2048

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// BenchmarkDecrypt measures the private operation. For comparison it measures crypto/rsa's,
// as part of its shortest operation, which also removes a padding.
func BenchmarkDecrypt(b *testing.B) {
	k := testKey()
	key := privateKey(b, k)
	impltest.Benchmark(b, backends, func(b *testing.B) {
		x := [Size]byte{Size - 1: 7}
		for b.Loop() {
			if err := key.Decrypt(&x, &x); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("of=crypto-rsa", func(b *testing.B) {
		c, err := rsa.EncryptPKCS1v15(rand.Reader, &k.PublicKey, []byte("a message"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := rsa.DecryptPKCS1v15(nil, k, c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncrypt measures the public operation, with the exponent that all keys have.
func BenchmarkEncrypt(b *testing.B) {
	key := privateKey(b, testKey()).Public()
	b.ReportAllocs()
	x := [Size]byte{Size - 1: 7}
	for b.Loop() {
		if err := key.Encrypt(&x, &x); err != nil {
			b.Fatal(err)
		}
	}
}
