//go:build valgrind && linux && amd64 && gc && !purego

package srp

import (
	"crypto/rand"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/srpcore"
)

// clientCase is what a client does with the hash of a password and its exponent.
func clientCase(t *testing.T, secrets ...[]byte) ct.Case {
	p, v := account(t)
	b := newServer(t, p, &v).B()
	publicA := [Size]byte{Size - 1: 9}
	result := make([]byte, ProofSize) // its address is always the same
	return ct.Case{
		Secrets: secrets,
		Run: func(secret []byte) []byte {
			m1, err := p.core().Prove((*[32]byte)(secret), (*[Size]byte)(secret[32:]), &publicA, &b)
			if err != nil {
				t.Fatal(err)
			}
			copy(result, m1[:])
			return result
		},
		// Whether B is refused is public, as is whether a base is below p.
		Public: []string{"internal/srpcore.(*Params).Prove", "bigdh.(*Group).ExpBytes"},
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// TestMemcheck covers everything that is done with passwords, verifiers and exponents,
// except by package bigdh.
func TestMemcheck(t *testing.T) {
	p, v := account(t)
	publicA := [Size]byte{Size - 1: 9}
	key := func() *bigdh.PrivateKey {
		k, err := p.Group.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}()
	var b [Size]byte
	b[0] = 1
	planted := clientCase(t, random(32+Size))
	plain := planted.Run
	planted.Run = func(secret []byte) []byte {
		m1 := plain(secret)
		table := make([]byte, 256)
		return slices.Concat(m1, table[secret[0]:][:1])
	}
	planted.Planted = true
	for name, c := range map[string]ct.Case{
		"client": clientCase(t, random(32+Size)),
		"password": {
			Secrets: [][]byte{[]byte("a password of some length")},
			Run: func(secret []byte) []byte {
				var x [32]byte
				if err := p.core().HashPassword(t.Context(), &x, p.Salt1, secret); err != nil {
					t.Fatal(err)
				}
				return x[:]
			},
		},
		"verifier": {
			Secrets: [][]byte{random(32)},
			Run: func(secret []byte) []byte {
				p.core().Verifier(&v, (*[32]byte)(secret))
				return v[:]
			},
		},
		"server": {
			Secrets: [][]byte{slices.Clone(v[:])},
			Run: func(secret []byte) []byte {
				s := Server{params: *p, private: key, v: [Size]byte(secret), b: b}
				u := srpcore.HashU(&publicA, &b)
				shared := s.secret(&publicA, &u)
				return shared[:]
			},
			Public: []string{"bigdh.(*Group).ExpBytes"},
		},
		"range of a verifier": {
			Secrets: [][]byte{slices.Clone(v[:])},
			Run: func(secret []byte) []byte {
				if srpcore.Below((*[Size]byte)(secret), p.Group) {
					return secret
				}
				return secret[:1]
			},
			Public: []string{"srp.TestMemcheck.func6"},
		},
		"planted index": planted,
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}

// TestTrace runs a client with the kernels that valgrind does not support: four million
// instructions, twice.
func TestTrace(t *testing.T) {
	ones := make([]byte, 32+Size)
	for i := range ones {
		ones[i] = 0xff
	}
	ct.Trace(t, clientCase(t, random(32+Size), ones))
}
