//go:build amd64 && gc && !race && !asan && !msan

package bigdh

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeMemory looks for secrets where the stack was before it grew: as bytes, as limbs, and in
// Montgomery form.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	g := telegram(t, 3)
	seed := uint64(1)
	refused := int64(100)
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, run func(dst, x, y *[Size]byte)) {
			t.Helper()
			wipetest.Memory(t, name, func() wipetest.Trial {
				var b [3]*[Size]byte
				for i := range b {
					b[i] = new([Size]byte)
					seed = impl.Fill(b[i][1:], seed)
				}
				return wipetest.Trial{
					Run:   func() { run(b[0], b[1], b[2]) },
					Owned: [][]byte{b[0][:], b[1][:], b[2][:]},
					Secrets: func() [][]byte {
						var list [][]uint64
						all := [][]byte{b[0][:], b[1][1:], b[2][1:]}
						for i := range b {
							x, z := new(nat), new(elem)
							setBytes(x, b[i])
							enter(&g.p.m, z, x)
							list = append(list, x[:], z[:])
						}
						return append(all, inBytes(list)...)
					},
				}
			})
		}
		check("Exp", func(dst, x, y *[Size]byte) { g.ExpBytes(dst, x, y[:32]) })
		check("expGenerator", func(dst, x, _ *[Size]byte) { g.expGenerator(dst, x) })
		m := g.Modulus()
		check("Add", func(dst, x, y *[Size]byte) { m.Add(dst, x, y) })
		check("Mul", func(dst, x, y *[Size]byte) { m.Mul(dst, x, y) })
		check("Reduce", func(dst, x, _ *[Size]byte) { m.Reduce(dst, x) })
		check("ExpVarTime", func(dst, x, _ *[Size]byte) { m.ExpVarTime(dst, x, 5) })

		peer := generateKey(t, g).PublicKey()
		if useIFMA { // otherwise it is DH
			wipetest.Memory(t, "DHBatch", func() wipetest.Trial {
				jobs, owned := new([lanes]DHJob), [][]byte(nil)
				for i := range jobs {
					jobs[i] = DHJob{Key: generateKey(t, g), Peer: peer}
					owned = append(owned, jobs[i].Key.x[:], jobs[i].Secret[:])
				}
				return wipetest.Trial{
					Run:   func() { DHBatch(jobs[:]) },
					Owned: owned,
					Secrets: func() [][]byte {
						var list [][]uint64
						for i := range jobs {
							x, y := new(nat), new(nat)
							setBytes(x, &jobs[i].Key.x)
							setBytes(y, &jobs[i].Secret)
							list = append(list, x[:], y[:], digits(y))
						}
						return append(inBytes(list), owned...)
					},
				}
			})
		}
		wipetest.Memory(t, "NewPrivateKey, refused", func() wipetest.Trial {
			x := new([Size]byte)
			refused++
			unacceptable(x, g, refused)
			return wipetest.Trial{
				Run: func() {
					if _, err := g.NewPrivateKey(x[:]); err != ErrPublicKey {
						t.Error(err)
					}
				},
				Owned: [][]byte{x[:]},
				Secrets: func() [][]byte { // only the end: the rest is that of p/2
					var words nat
					setBytes(&words, x)
					return append(inBytes([][]uint64{words[:1]}), x[Size-8:])
				},
			}
		})
		for name, newKey := range map[string]func(x *[Size]byte) (*PrivateKey, error){
			"NewPrivateKey, FillBytes and DH": func(x *[Size]byte) (*PrivateKey, error) { return g.NewPrivateKey(x[:]) },
			"GenerateKey and DH":              func(x *[Size]byte) (*PrivateKey, error) { return g.GenerateKey(nil) },
			"GenerateKey, of a server":        func(x *[Size]byte) (*PrivateKey, error) { return g.GenerateKey(x[:]) },
		} {
			wipetest.Memory(t, name, func() wipetest.Trial {
				x, filled, secret := new([Size]byte), new([Size]byte), new([Size]byte)
				seed = impl.Fill(x[:], seed)
				var k *PrivateKey
				return wipetest.Trial{
					Run: func() {
						var err error
						if k, err = newKey(x); err == nil {
							k.FillBytes(filled)
							err = k.DH(secret, peer)
						}
						if err != nil {
							t.Error(err)
						}
					},
					Owned:      [][]byte{x[:], filled[:], secret[:]},
					OwnedLater: func() [][]byte { return [][]byte{k.x[:]} },
					Secrets: func() [][]byte {
						var words nat
						setBytes(&words, &k.x)
						return append(inBytes([][]uint64{words[:]}), k.x[:], secret[:])
					},
				}
			})
		}
	})
}

// unacceptable sets x to (p-1)/2 + n, where (p-1)/2 is the order of g. So g^x is g^n, which for small
// n no peer accepts.
func unacceptable(x *[Size]byte, g *Group, n int64) {
	prime := g.Prime()
	e := new(big.Int).SetBytes(prime[:])
	e.Add(e.Rsh(e, 1), big.NewInt(n))
	e.FillBytes(x[:])
	clear(e.Bits())
}
