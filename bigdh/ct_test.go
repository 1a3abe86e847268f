//go:build valgrind && linux && amd64 && gc && !purego

package bigdh

import (
	"bytes"
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

// TestTrace has the paths that are assembly, with exponents that are short where they
// may be: each instruction takes some microseconds.
func TestTrace(t *testing.T) {
	group := telegram(t, 3)
	base := randomBelow(newRand(61), &telegramPrime().bytes)
	var secret [Size]byte

	exp := ct.Case{
		Secrets: traceSecrets(3), // five windows
		Run: func(e []byte) []byte {
			group.ExpBytes(&secret, &base, e)
			return secret[:]
		},
	}
	fixedBase := ct.Case{
		Secrets: traceSecrets(Size)[:2],
		Run: func(e []byte) []byte {
			group.expGenerator(&secret, (*[Size]byte)(e))
			return secret[:]
		},
	}
	for _, backend := range []string{"ADX", "IFMA"} {
		exp := exp
		if backend == "ADX" { // for which there is TestMemcheck, too
			exp.Secrets = traceSecrets(2)[1:]
		}
		onBackend(t, backend, func(t *testing.T) {
			t.Run("Exp", func(t *testing.T) { ct.Trace(t, exp) })
			if backend == "IFMA" { // the one that TestMemcheck lacks
				t.Run("fixed base", func(t *testing.T) { ct.Trace(t, fixedBase) })
			}
			for name, c := range plantedCases([]byte{0xff}, []byte{0x10}) {
				t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
			}
		})
	}
}

// traceSecrets returns a random exponent, all ones, and one bit.
func traceSecrets(size int) [][]byte {
	random := make([]byte, size)
	newRand(62).Read(random)
	one := make([]byte, size)
	one[size/2] = 1
	return [][]byte{random, bytes.Repeat([]byte{0xff}, size), one}
}

// plantedCases are two ways to get exponentiation wrong, with windows of two bits.
func plantedCases(secrets ...[]byte) map[string]ct.Case {
	type elems = [4]elem
	var result [Size]byte
	planted := func(multiply func(m *modulus, acc *elem, table *elems, window byte)) ct.Case {
		return ct.Case{
			Secrets: secrets,
			Run: func(e []byte) []byte {
				m := &telegramPrime().m
				var table elems
				enter(m, &table[0], &nat{1})
				enter(m, &table[1], &nat{3})
				mul(m, &table[2], &table[1], &table[1])
				mul(m, &table[3], &table[2], &table[1])
				acc := table[0]
				for _, b := range e {
					for shift := 6; shift >= 0; shift -= 2 {
						square(m, &acc, &acc, 2)
						multiply(m, &acc, &table, b>>shift&3)
					}
				}
				var x nat
				leave(m, &x, &acc)
				putBytes(&result, &x)
				return result[:]
			},
			Planted: true,
		}
	}
	return map[string]ct.Case{
		"planted branch": planted(func(m *modulus, acc *elem, table *elems, window byte) {
			if window != 0 {
				var factor elem
				selectElem(&factor, table[:], int(window))
				mul(m, acc, acc, &factor)
			}
		}),
		"planted index": planted(func(m *modulus, acc *elem, table *elems, window byte) {
			mul(m, acc, acc, &table[window])
		}),
	}
}

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
