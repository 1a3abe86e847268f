//go:build valgrind && linux && gc && !purego

package rsa2048

import (
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/limbs"
)

// TestMemcheck covers everything that is done with a key and with a plaintext, on the paths
// that valgrind can run.
func TestMemcheck(t *testing.T) {
	random := newRand(60)
	k := testKey()
	key := privateKey(t, k)
	ciphertext := toBytes(k.D)
	var result [Size]byte

	var primes, parts []byte
	for _, prime := range k.Primes {
		primes = append(primes, prime.Bytes()...)
	}
	parts = append(parts, key.d[0][:]...)
	parts = append(parts, key.d[1][:]...)
	plaintext := make([]byte, Size)
	random.Read(plaintext[1:])

	cases := map[string]ct.Case{
		"Decrypt, secret primes": {
			Secrets: [][]byte{primes},
			Run: func(b []byte) []byte {
				var n [2]half
				limbs.SetBytes(n[0][:], b[:Size/2])
				limbs.SetBytes(n[1][:], b[Size/2:])
				key.primes.set(&n)
				key.Decrypt(&result, &ciphertext)
				return result[:]
			},
			Public: []string{"internal/rsa2048.(*PrivateKey).Decrypt"}, // whether the result is right
		},
		"Decrypt, secret exponents": {
			Secrets: [][]byte{parts},
			Run: func(b []byte) []byte {
				copy(key.d[0][:], b)
				copy(key.d[1][:], b[Size/2:])
				key.Decrypt(&result, &ciphertext)
				return result[:]
			},
			Public: []string{"internal/rsa2048.(*PrivateKey).Decrypt"},
		},
		"Encrypt": {
			Secrets: [][]byte{plaintext},
			Run: func(b []byte) []byte {
				key.Public().Encrypt(&result, (*[Size]byte)(b))
				return result[:]
			},
			Public: []string{"internal/rsa2048.(*PublicKey).Encrypt"}, // whether the ciphertext is below n
		},
	}
	for name, c := range plantedCases(parts) {
		cases[name] = c
	}
	for _, backend := range []string{"generic", "ADX"} {
		onBackend(t, backend, func(t *testing.T) {
			for name, c := range cases {
				t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
			}
		})
	}
}

// onBackend runs f with one of the backends, by name.
func onBackend(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		// Valgrind's CPU lacks features of the real one. The parent process has already
		// checked that the backend is there.
		if !ct.Subject() && name != "generic" {
			impltest.Need(t, backends, name)
		}
		defer func(radix64, ifma bool) { useRadix64, useIFMA = radix64, ifma }(useRadix64, useIFMA)
		useRadix64, useIFMA = name != "generic", name == "IFMA"
		f(t)
	})
}
