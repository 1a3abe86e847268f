//go:build valgrind && linux && amd64 && gc && !purego

package authkey

import (
	"crypto/rand"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// TestMemcheck covers what is done with nonces, keys and exponents until a message is known
// to be valid or not. What the message says is public then, to this side.
func TestMemcheck(t *testing.T) {
	key := serverKey()
	var x exchange
	rand.Read(x.serverNonce[:])
	group := telegramGroup(t)
	peer, err := group.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := random(592)
	hashes := func(secret []byte) []byte {
		x.newNonce = tl.Int256(secret)
		k := kdf.AuthKey(secret[32:])
		hash, aux := x.newNonceHash(&k, tl.GenOK)
		return append(hash[:], byte(aux))
	}
	for name, c := range map[string]ct.Case{
		"hash of the new nonce": {Secrets: [][]byte{random(32 + 256)}, Run: hashes},
		"planted index": {
			Secrets: [][]byte{random(32 + 256)},
			Run: func(secret []byte) []byte {
				table := make([]byte, 256)
				return slices.Concat(hashes(secret), table[secret[40]:][:1])
			},
			Planted: true,
		},
		"inner message, opened": {
			Secrets: [][]byte{random(32)},
			Run: func(secret []byte) []byte {
				x.newNonce = tl.Int256(secret)
				plaintext, err := x.openInner(slices.Clone(encrypted))
				if err != nil {
					t.Fatal(err)
				}
				return plaintext
			},
		},
		"inner message, sealed": {
			Secrets: [][]byte{random(32)},
			Run: func(secret []byte) []byte {
				x.newNonce = tl.Int256(secret)
				return x.sealInner(make([]byte, 333, 352))
			},
		},
		"hash of an inner message": {
			Secrets: [][]byte{random(592)},
			Run: func(secret []byte) []byte {
				if checkInner(secret, 560) {
					return nil
				}
				return secret[:1]
			},
			Public: []string{"authkey.TestMemcheck.func5"}, // it looks at the verdict
		},
		"RSA_PAD, sealed": {
			Secrets: [][]byte{random(100)},
			Run: func(secret []byte) []byte {
				out := new([rsaSize]byte)
				key.PublicKey().rsaPad(out, secret)
				return out[:]
			},
			Public: []string{"internal/rsa2048.(*PublicKey).Encrypt"}, // whether X is below n
		},
		"the server's key": {
			Secrets: [][]byte{random(bigdh.Size)},
			Run: func(secret []byte) []byte {
				private, err := group.NewPrivateKey(secret)
				if err != nil {
					t.Fatal(err)
				}
				k := new(kdf.AuthKey)
				if err := private.DH((*[256]byte)(k), peer.PublicKey()); err != nil {
					t.Fatal(err)
				}
				hash, _ := x.newNonceHash(k, tl.GenOK)
				return append(k[:], hash[:]...)
			},
			Public: []string{"bigdh.(*Group).finish", "bigdh.(*Group).inRangeVarTime"},
		},
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
