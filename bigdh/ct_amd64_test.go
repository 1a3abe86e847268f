//go:build valgrind && linux && gc && !purego

package bigdh

import (
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestMemcheck has everything that the API does with a secret, on the paths that
// valgrind can run.
func TestMemcheck(t *testing.T) {
	random := newRand(60)
	exponent := randomSize(random)
	base := randomBelow(random, &telegramPrime().bytes)
	group := telegram(t, 3)
	key := generateKey(t, group)
	peer := generateKey(t, group).PublicKey()
	var secret [Size]byte

	cases := map[string]ct.Case{
		"Exp, secret exponent": {
			Secrets: [][]byte{exponent[:]},
			Run: func(e []byte) []byte {
				group.Exp(&secret, &base, (*[Size]byte)(e))
				return secret[:]
			},
		},
		"Exp, secret base": {
			Secrets: [][]byte{base[:]},
			Run: func(b []byte) []byte {
				group.Exp(&secret, (*[Size]byte)(b), &exponent)
				return secret[:]
			},
			Public: []string{"bigdh.(*Group).ExpBytes"}, // the error says whether the base is below p
		},
		"DH": {
			Secrets: [][]byte{exponent[:]},
			Run: func(x []byte) []byte {
				copy(key.x[:], x)
				key.DH(&secret, peer)
				return secret[:]
			},
		},
		"fixed base": {
			Secrets: [][]byte{exponent[:]},
			Run: func(e []byte) []byte {
				group.expGenerator(&secret, (*[Size]byte)(e))
				return secret[:]
			},
		},
		"Modulus": {
			Secrets: [][]byte{base[:]},
			Run: func(b []byte) []byte {
				x := (*[Size]byte)(b)
				m, y := group.Modulus(), secret
				m.Mul(&y, x, x)
				m.Sub(&y, &y, x)
				m.Add(&y, &y, x)
				m.Reduce(&y, &y)
				m.ExpVarTime(&secret, &y, 65537)
				return secret[:]
			},
		},
		"MulAdd": {
			Secrets: [][]byte{exponent[:]},
			Run: func(e []byte) []byte {
				var sum [Size + 1]byte
				MulAdd(&sum, (*[Size]byte)(e), (*[32]byte)(e), (*[32]byte)(e[32:]))
				return sum[:]
			},
		},
		"NewPrivateKey": {
			Secrets: [][]byte{exponent[:]},
			Run: func(x []byte) []byte {
				k, _ := group.NewPrivateKey(x)
				return slices.Concat(k.x[:], k.public.y[:])
			},
			Public: keyChecks,
		},
		"GenerateKey": {
			// A way into the exponent from outside.
			Secrets: [][]byte{exponent[:]},
			Run: func(serverRandom []byte) []byte {
				k, _ := group.GenerateKey(serverRandom)
				return slices.Concat(k.x[:], k.public.y[:])
			},
			Public: keyChecks,
		},
	}
	for name, c := range plantedCases(exponent[:]) {
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

// keyChecks are the functions that say whether an exponent is refused, for being 0 or 1,
// and look at the public key.
var keyChecks = []string{"bigdh.(*Group).finish", "bigdh.(*Group).inRangeVarTime"}

// onBackend runs f with one of the backends, by name.
func onBackend(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		// Under valgrind, the CPU claims to lack what it has: there the question
		// was answered before.
		if !ct.Subject() {
			if name != "generic" {
				impltest.Need(t, backends, name)
			}
		}
		defer func(radix64, ifma bool) { useRadix64, useIFMA = radix64, ifma }(useRadix64, useIFMA)
		useRadix64, useIFMA = name != "generic", name == "IFMA"
		f(t)
	})
}
