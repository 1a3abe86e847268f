//go:build amd64 && gc && !race && !asan && !msan

package rsapad

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeMemory looks for the data and for t in the heap and where the stack was before it grew.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	generated, err := rsa.GenerateKey(rand.Reader, 8*Size)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa2048.NewPrivateKey(generated)
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(1)
	for _, open := range []bool{false, true} {
		wipetest.Memory(t, map[bool]string{false: "Seal", true: "Open"}[open], func() wipetest.Trial {
			data, random, padded := new([MaxData]byte), new([4096]byte), new([PaddedSize]byte)
			seed = impl.Fill(data[:], seed)
			seed = impl.Fill(random[:], seed)
			drawn := bytes.NewReader(random[:])
			out := new([Size]byte)
			seal := func() {
				if err := Seal(out, key.Public(), data[:], drawn); err != nil {
					t.Error(err)
				}
			}
			tr := wipetest.Trial{
				Run:   seal,
				Owned: [][]byte{data[:], random[:], padded[:]},
				// The last key drawn is t. The padding, of which crypto/sha256 leaves the end, is no
				// secret.
				Secrets: func() [][]byte {
					used := len(random) - drawn.Len()
					return [][]byte{data[:], random[used-KeySize : used]}
				},
			}
			if open {
				seal()
				tr.Run = func() {
					if err := Open(padded, key, out[:]); err != nil {
						t.Error(err)
					}
				}
			}
			return tr
		})
	}
}
