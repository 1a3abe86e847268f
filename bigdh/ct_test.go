//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package bigdh

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impl"
)

// TestTrace has all backends, and calls every kernel, with exponents that are short where they
// may be: on amd64, each instruction takes some microseconds.
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
	batch := ct.Case{
		Secrets: traceSecrets(lanes)[1:], // two windows
		Run: func(e []byte) []byte {
			var powers [lanes]power
			for i := range powers {
				powers[i] = power{&telegramPrime().m, &secret, &base, e[i:][:1]}
			}
			exp8IFMA(&powers)
			return secret[:]
		},
	}
	ct.TraceAll(t, backends, func(t *testing.T, s impl.State) {
		exp := exp
		if s.Name == "ADX" || s.Name == "generic" { // TestMemcheck is for these, and on 32 bits they are long
			exp.Secrets = traceSecrets(2)[1:]
		}
		t.Run("Exp", func(t *testing.T) { ct.Trace(t, exp) })
		if s.Name == "IFMA" || s.Name == "Armv8" {
			t.Run("fixed base", func(t *testing.T) { ct.Trace(t, fixedBase) })
		}
		if s.Name == "IFMA" {
			t.Run("eight powers", func(t *testing.T) { ct.Trace(t, batch) })
		}
		for name, c := range plantedCases([]byte{0xff}, []byte{0x10}) {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
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
