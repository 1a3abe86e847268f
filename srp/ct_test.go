//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package srp

import (
	"crypto/rand"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
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

// TestTrace runs a client with the kernels that valgrind does not support: four million
// instructions, twice.
func TestTrace(t *testing.T) {
	ones := make([]byte, 32+Size)
	for i := range ones {
		ones[i] = 0xff
	}
	ct.Trace(t, clientCase(t, random(32+Size), ones))
}
