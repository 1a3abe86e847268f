//go:build valgrind && linux && gc && !purego

package srp

import (
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/srpcore"
)

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
				var shared [Size]byte
				s.secret(&shared, &publicA, &u)
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
