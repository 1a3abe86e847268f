//go:build amd64 && gc && !race && !asan && !msan

package srp

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/big"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/secret"
	"github.com/mtcore/mtcore/internal/srpcore"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// drawn is a source of random bytes that knows where they are: package crypto/rand leaves the
// buffer that it reads into, if its source is replaced, and only then.
type drawn struct {
	from    io.Reader
	buffers [][]byte
}

func (d *drawn) Read(b []byte) (int, error) {
	d.buffers = append(d.buffers, b)
	return d.from.Read(b)
}

func (d *drawn) during(f func()) {
	rand.Reader = d
	f()
	rand.Reader = d.from
}

// exponent returns the last one that was drawn.
func (d *drawn) exponent() []byte {
	for i := len(d.buffers) - 1; i >= 0; i-- {
		if len(d.buffers[i]) == bigdh.Size {
			return d.buffers[i]
		}
	}
	return nil
}

// TestWipeMemory looks for secrets in the heap and where the stack was before it grew: exponents,
// verifiers, S, and the hash of a password.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	p := testParams(t)
	prime := p.Group.Prime()
	modulus := new(big.Int).SetBytes(prime[:])
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	power := func(x, y *big.Int) *big.Int { return new(big.Int).Exp(x, y, modulus) }
	times := func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }
	inBytes := func(x *big.Int) []byte { return new(big.Int).Mod(x, modulus).FillBytes(make([]byte, Size)) }
	k := p.core().HashK()
	g := big.NewInt(int64(p.Group.Generator()))
	seed := uint64(1)

	wipetest.Memory(t, "a client's answer", func() wipetest.Trial {
		x, b, random := new([sha256.Size]byte), new([Size]byte), &drawn{from: rand.Reader}
		seed = impl.Fill(x[:], seed)
		seed = impl.Fill(b[1:], seed)
		var a [Size]byte
		return wipetest.Trial{
			Run: func() {
				random.during(func() {
					var err error
					if a, _, err = p.answer(x, b); err != nil {
						t.Error(err)
					}
				})
			},
			Owned:      [][]byte{x[:]},
			OwnedLater: func() [][]byte { return random.buffers },
			Secrets: func() [][]byte {
				u := srpcore.HashU(&a, b)
				v := power(g, number(x[:]))
				kv := times(number(k[:]), v)
				e := new(big.Int).Add(number(random.exponent()), times(number(u[:]), number(x[:])))
				exponent := e.FillBytes(make([]byte, Size+1))
				s := new(big.Int).Sub(number(b[:]), kv)
				return [][]byte{x[:], random.exponent(), inBytes(v), inBytes(kv), inBytes(s), inBytes(power(s, e)),
					exponent[1:], exponent}
			},
		}
	})

	for _, verify := range []bool{false, true} {
		wipetest.Memory(t, map[bool]string{false: "NewServer", true: "Verify"}[verify], func() wipetest.Trial {
			v, random := new([Size]byte), &drawn{from: rand.Reader}
			seed = impl.Fill(v[1:], seed)
			other, err := p.Group.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			a, m1 := other.PublicKey().Bytes(), make([]byte, ProofSize)
			var s *Server
			newServer := func() {
				random.during(func() { s, err = NewServer(p, v) })
				if err != nil {
					t.Error(err)
				}
			}
			tr := wipetest.Trial{
				Run:   newServer,
				Owned: [][]byte{v[:]},
				OwnedLater: func() [][]byte {
					list := random.buffers
					if !verify { // which wipes the server
						list = append(list, memory(s), memory(s.private))
					}
					return list
				},
				Secrets: func() [][]byte {
					u := srpcore.HashU(&a, &s.b)
					b := number(random.exponent())
					base := times(number(a[:]), power(number(v[:]), number(u[:])))
					return [][]byte{v[:], random.exponent(), inBytes(times(number(k[:]), number(v[:]))), inBytes(base),
						inBytes(power(base, b))}
				},
			}
			if verify {
				newServer()
				tr.Run = func() { s.Verify(a[:], m1) }
			}
			return tr
		})
	}

	// The password is hashed by crypto/sha256, crypto/sha512 and crypto/hmac.
	wipetest.Memory(t, "Check", func() wipetest.Trial {
		password, b, random := new([40]byte), new([Size]byte), &drawn{from: rand.Reader}
		seed = impl.Fill(password[:], seed)
		seed = impl.Fill(b[1:], seed)
		return wipetest.Trial{
			Run: func() {
				if secret.Enabled {
					defer runtime.GC() // which erases what is not in use any more
				}
				random.during(func() {
					if _, _, err := Check(t.Context(), p, password[:], b[:]); err != nil {
						t.Error(err)
					}
				})
			},
			Owned:      [][]byte{password[:]},
			OwnedLater: func() [][]byte { return random.buffers },
			Secrets: func() [][]byte {
				var x [sha256.Size]byte
				if err := p.core().HashPassword(t.Context(), &x, p.Salt1, password[:]); err != nil {
					t.Error(err)
				}
				list := [][]byte{x[:], inBytes(power(g, number(x[:]))), random.exponent(), password[:]}
				first, second, derived, hmacKeys := hashedSecrets(p, password[:])
				list = append(list, first, second, derived)
				if secret.Enabled { // crypto/hmac leaves its own
					list = append(list, hmacKeys...)
				}
				return list
			},
		}
	})
}

// hashedSecrets returns what is between a password and its hash, and the keys of HMAC.
func hashedSecrets(p *Params, password []byte) (first, second, derived []byte, hmacKeys [][]byte) {
	saltHash := func(data, salt []byte) []byte {
		hash := sha256.Sum256(slices.Concat(salt, data, salt))
		return hash[:]
	}
	first = saltHash(password, p.Salt1)
	second = saltHash(first, p.Salt2)
	derived, err := pbkdf2.Key(sha512.New, string(second), p.Salt1, 100_000, sha512.Size)
	if err != nil {
		panic(err)
	}
	inner, outer := make([]byte, sha512.BlockSize), make([]byte, sha512.BlockSize)
	copy(inner, second)
	copy(outer, second)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	return first, second, derived, [][]byte{inner[:len(second)], outer[:len(second)]}
}

// memory returns the bytes of a value.
func memory[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}
