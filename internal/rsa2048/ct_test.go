//go:build valgrind && linux && amd64 && gc && !purego

package rsa2048

import (
	"bytes"
	"testing"
	"unsafe"

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

// TestTrace covers the paths in assembly, with three keys and short exponents: each
// instruction takes some microseconds.
func TestTrace(t *testing.T) {
	var key PrivateKey
	const short = 3 // bytes of an exponent: five windows
	var result full
	var ciphertext full
	newRand(61).Read(unsafe.Slice((*byte)(unsafe.Pointer(&ciphertext)), Size))
	c := ct.Case{
		Secrets: secretKeys(t, short),
		Run: func(b []byte) []byte {
			n := copy(memory(&key.primes), b)
			n += copy(memory(&key.qInv), b[n:])
			var x [2]half
			key.primes.exp(&x, &ciphertext, b[n:n+short], b[n+short:])
			key.combine(&result, &x)
			return memory(&result)
		},
	}
	for _, backend := range []string{"ADX", "IFMA"} {
		onBackend(t, backend, func(t *testing.T) {
			t.Run("Decrypt", func(t *testing.T) { ct.Trace(t, c) })
			for name, c := range plantedCases([]byte{0xff, 0x01}, []byte{0x10, 0x11}) {
				t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
			}
		})
	}
}

// memory returns the bytes of x.
func memory[T any](x *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(x)), unsafe.Sizeof(*x))
}

// secretKeys returns three keys, each as the memory of its primes and of q^-1, and two
// exponents of the given length: random, all ones, and one bit.
func secretKeys(t *testing.T, exponent int) (list [][]byte) {
	t.Helper()
	e := make([]byte, 2*exponent)
	newRand(62).Read(e)
	bit := make([]byte, 2*exponent)
	bit[exponent/2] = 1
	for i, e := range [][]byte{e, bytes.Repeat([]byte{0xff}, 2*exponent), bit} {
		p, q := testP, testQ
		if i%2 == 1 {
			p, q = q, p
		}
		key := privateKey(t, keyOf(p, q, 65537))
		list = append(list, bytes.Join([][]byte{memory(&key.primes), memory(&key.qInv), e}, nil))
	}
	return list
}

// plantedCases are two wrong ways to exponentiate, with windows of two bits.
func plantedCases(secrets ...[]byte) map[string]ct.Case {
	type elems = [4]elem
	var result [2]half
	planted := func(multiply func(p *primes, acc *elem, table *elems, window byte)) ct.Case {
		p := pairsOfModuli(63)[0]
		return ct.Case{
			Secrets: secrets,
			Run: func(e []byte) []byte {
				var table elems
				enter(p, &table[0], &full{1})
				enter(p, &table[1], &full{3})
				mul(p, &table[2], &table[1], &table[1])
				mul(p, &table[3], &table[2], &table[1])
				acc := table[0]
				for _, b := range e[:2] {
					for shift := 6; shift >= 0; shift -= 2 {
						square(p, &acc, &acc, 2)
						multiply(p, &acc, &table, b>>shift&3)
					}
				}
				leave(p, &result, &acc)
				return memory(&result)
			},
			Planted: true,
		}
	}
	return map[string]ct.Case{
		"planted branch": planted(func(p *primes, acc *elem, table *elems, window byte) {
			if window != 0 {
				var factor elem
				selectElem(&factor, table[:], int(window), int(window))
				mul(p, acc, acc, &factor)
			}
		}),
		"planted index": planted(func(p *primes, acc *elem, table *elems, window byte) {
			mul(p, acc, acc, &table[window])
		}),
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
