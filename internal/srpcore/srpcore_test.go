package srpcore

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"testing"
)

// Packages srp and compat/adapter test the rest.

// TestPBKDF2 compares kdf with the standard library's PBKDF2.
func TestPBKDF2(t *testing.T) {
	password := []byte("correct horse")
	for _, n := range []int{1, 2, 511, 512, 513, 3000} {
		var got [sha512.Size]byte
		if err := kdf(t.Context(), &got, password, []byte("salt"), n); err != nil {
			t.Fatal(err)
		}
		want, err := pbkdf2.Key(sha512.New, string(password), []byte("salt"), n, sha512.Size)
		if err != nil || !bytes.Equal(got[:], want) {
			t.Errorf("%d iterations: %x, want %x, %v", n, got, want, err)
		}
	}
}

// BenchmarkPBKDF2 measures the standard library's PBKDF2.
func BenchmarkPBKDF2(b *testing.B) {
	salt := make([]byte, 40)
	for b.Loop() {
		if _, err := pbkdf2.Key(sha512.New, string(make([]byte, sha256.Size)), salt, iterations, sha512.Size); err != nil {
			b.Fatal(err)
		}
	}
}
