//go:build valgrind && linux && (amd64 || arm64) && gc && !purego

package authkey

import (
	"crypto/rand"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// TestTrace covers what both sides do with nonces and inner messages, with the kernels that
// valgrind does not support. The keys and the powers are those of packages rsa2048, rsapad and
// bigdh, which have tests of their own.
func TestTrace(t *testing.T) {
	for name, c := range innerCases(t) {
		t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
	}
}

// innerCases are computations with the new nonce, the authorization key and inner messages.
func innerCases(t *testing.T) map[string]ct.Case {
	var x exchange
	rand.Read(x.serverNonce[:])
	encrypted, buffer, key := random(592), make([]byte, 592), new(kdf.AuthKey)
	result := make([]byte, 592) // its address is always the same
	hashes := func(secret []byte) []byte {
		x.newNonce = tl.Int256(secret)
		copy(key[:], secret[32:])
		hash, aux := x.newNonceHash(key, tl.GenOK)
		return append(append(result[:0], hash[:]...), byte(aux))
	}
	table := make([]byte, 256)
	two := func(n int) [][]byte { return [][]byte{random(n), random(n)} }
	planted := two(32 + 256)
	planted[1][40] = ^planted[0][40]
	return map[string]ct.Case{
		"hash of the new nonce": {Secrets: two(32 + 256), Run: hashes},
		"planted index": {
			Secrets: planted,
			Run: func(secret []byte) []byte {
				return append(hashes(secret), table[secret[40]])
			},
			Planted: true,
		},
		"opening an inner message": {
			Secrets: two(32),
			Run: func(secret []byte) []byte {
				x.newNonce = tl.Int256(secret)
				copy(buffer, encrypted)
				plaintext, err := x.openInner(buffer)
				if err != nil {
					t.Fatal(err)
				}
				return append(result[:0], plaintext...)
			},
		},
		"hash of an inner message": {
			Secrets: two(592),
			Run:     func(secret []byte) []byte { return append(result[:0], verdict(secret)) },
			// It looks at the verdict, which is public.
			Public: []string{"authkey.verdict"},
		},
	}
}

//go:noinline
func verdict(inner []byte) byte {
	if checkInner(inner, 560) {
		return 0
	}
	return inner[0]
}
