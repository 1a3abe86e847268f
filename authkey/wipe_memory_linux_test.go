//go:build amd64 && gc && !race && !asan && !msan

package authkey

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/secret"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
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

// secrets returns what was drawn, but for nonces that are sent in the clear: the new nonce, the
// keys of RSA_PAD and exponents.
func (d *drawn) secrets() (list [][]byte) {
	for _, b := range d.buffers {
		if len(b) == 32 || len(b) == bigdh.Size {
			list = append(list, b)
		}
	}
	return list
}

// TestWipeMemory looks for secrets in the heap and where the stack was before it grew, after each
// step of an exchange, and after its end.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	const end, wiped = 7, 8 // steps after the last message
	names := []string{2: "client's hello", "server's params", "client's params", "server's agree", "client's confirm", "Result", "Wipe"}
	for last := 2; last <= wiped; last++ {
		wipetest.Memory(t, names[last], func() wipetest.Trial {
			c, s, key, random := testClient(temporary), testServer(), new(kdf.AuthKey), &drawn{from: rand.Reader}
			var results [2]*Result
			message := c.Start()
			step := func(i int) {
				var err error
				switch {
				case i == end:
					results[0], _ = c.Result()
					results[1], err = s.Result()
				case i == wiped:
					c.Wipe()
					s.Wipe()
					results[0].Wipe()
					results[1].Wipe()
				case i%2 == 1:
					message, err = s.Step(t.Context(), message)
				default:
					message, err = c.Step(t.Context(), message)
				}
				if err != nil {
					t.Error(err)
				}
				if i == 4 {
					copy(key[:], c.key[:]) // which leaves nothing else here
				}
			}
			withReader(random, func() {
				for i := 1; i < last; i++ {
					step(i)
				}
			})
			return wipetest.Trial{
				// The last step is the first of a new goroutine.
				Run: func() { withReader(random, func() { step(last) }) },
				Secrets: func() [][]byte {
					list := append(random.secrets(), key[:])
					var tempKey, tempIV [32]byte
					kdf.TempKeys(&tempKey, &tempIV, (*[32]byte)(list[0]), &c.x.serverNonce)
					return append(list, tempKey[:], tempIV[:28])
				},
				Owned: [][]byte{key[:]},
				OwnedLater: func() [][]byte {
					list := random.buffers
					if last < wiped { // What a side still needs is its own business until then.
						list = append(list, memory(c), memory(s))
						if s.private != nil {
							list = append(list, memory(s.private))
						}
					}
					if last == end {
						list = append(list, results[0].AuthKey[:], results[1].AuthKey[:])
					}
					return list
				},
			}
		})
	}

	wipetest.Memory(t, "StepBatch", func() wipetest.Trial {
		const count = 9 // eight at once, and one
		random := &drawn{from: rand.Reader}
		var cs []*Client
		var ss []*Server
		var jobs []StepJob
		withReader(random, func() {
			cs, ss = pairs(count)
			jobs = untilKey(t, cs, ss)
		})
		keys := new([count]kdf.AuthKey)
		for i, c := range cs {
			copy(keys[i][:], c.key[:])
		}
		return wipetest.Trial{
			Run: func() { StepBatch(t.Context(), jobs) },
			Secrets: func() (list [][]byte) {
				for i := range keys {
					list = append(list, keys[i][:])
				}
				return append(list, random.secrets()...)
			},
			Owned: [][]byte{memory(keys)},
			OwnedLater: func() [][]byte {
				list := random.buffers
				for i := range jobs {
					if jobs[i].Err != nil {
						t.Error(jobs[i].Err)
					}
					list = append(list, memory(cs[i]), memory(ss[i]), memory(ss[i].private))
				}
				return list
			},
		}
	})

	seed := uint64(1)
	check := func(name string, run func(perm, temp *kdf.AuthKey)) {
		wipetest.Memory(t, name, func() wipetest.Trial {
			perm, temp := new(kdf.AuthKey), new(kdf.AuthKey)
			seed = impl.Fill(perm[:], seed)
			seed = impl.Fill(temp[:], seed)
			return wipetest.Trial{
				Run:     func() { run(perm, temp) },
				Owned:   [][]byte{perm[:], temp[:]},
				Secrets: func() [][]byte { return [][]byte{perm[:], temp[:]} },
			}
		})
	}
	check("Bind and OpenBind", func(perm, temp *kdf.AuthKey) {
		b := &Binding{SessionID: 1, MsgID: 2, ExpiresAt: time.Now().Add(time.Hour)}
		message, err := Bind(perm, temp, b)
		if err == nil {
			err = OpenBind(perm, temp, b, message)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// TestWipeParsedKey looks for what packages crypto/x509 and crypto/rsa leave of a key, which they
// do but for runtime/secret.
func TestWipeParsedKey(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if !secret.Enabled {
		return
	}
	text, secrets := new([4096]byte), new([5][2][rsaSize]byte)
	secret.Do(func() { // a key like no other in memory
		key, err := rsa.GenerateKey(rand.Reader, 8*rsaSize)
		if err != nil {
			panic(err)
		}
		copy(text[:], pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
		v := &key.Precomputed
		for i, x := range []*big.Int{key.D, key.Primes[0], key.Primes[1], v.Dp, v.Qinv} {
			b := x.FillBytes(secrets[i][0][:])
			copy(secrets[i][1][:], b)
			slices.Reverse(secrets[i][1][:]) // as limbs
		}
	})
	wipetest.Memory(t, "ParsePrivateKey and Wipe", func() wipetest.Trial {
		tr := wipetest.Trial{
			Run: func() {
				k, err := ParsePrivateKey(text[:])
				if err != nil {
					t.Error(err)
					return
				}
				k.Wipe()
				runtime.GC() // which erases what is not in use any more
			},
			Owned: [][]byte{text[:], memory(secrets)},
			Secrets: func() (list [][]byte) {
				for i := range secrets {
					list = append(list, secrets[i][0][:], secrets[i][1][:])
				}
				return list
			},
		}
		return tr
	})
}
