//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package rsa2048

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impl"
)

// TestTrace has all backends, and calls every kernel, with three keys and short exponents: on
// amd64, each instruction takes some microseconds.
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
	ct.TraceAll(t, backends, func(t *testing.T, s impl.State) {
		t.Run("Decrypt", func(t *testing.T) { ct.Trace(t, c) })
		for name, c := range plantedCases([]byte{0xff, 0x01}, []byte{0x10, 0x11}) {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
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
