//go:build valgrind && linux && gc && !purego

package authkey

import (
	"crypto/rand"
	"maps"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

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
	cases := innerCases(t)
	maps.Copy(cases, map[string]ct.Case{
		"sealing an inner message": {
			Secrets: [][]byte{random(32)},
			Run: func(secret []byte) []byte {
				x.newNonce = tl.Int256(secret)
				return x.sealInner(make([]byte, 333, 352))
			},
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
	})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
