package kdf

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

func TestMsgKeyEveryLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		k := randomKey(newRand(1))
		for n := range 600 {
			padded := random(n)
			for _, side := range sides {
				want := referenceMsgKey(k, side, padded)
				if got := k.MsgKey(side, padded); got != want {
					t.Errorf("side %d, %d bytes: MsgKey = %x, want %x", side, n, got, want)
				}
			}
		}
	})
}

// TestMsgKeyLong has the lengths at which work is cut into calls of kernels, every
// 64 KiB, those at which sha256-simd takes over and copies, and their neighbors.
func TestMsgKeyLong(t *testing.T) {
	k, all := randomKey(newRand(1)), random(1<<20)
	impltest.All(t, backends, func(t *testing.T) {
		for _, around := range []int{1 << 10, 4 << 10, 5 << 10, 64 << 10, 128 << 10, 1<<20 - 97} {
			for n := around - 97; n <= around+97; n += 1 + n%13 {
				want := referenceMsgKey(k, Server, all[:n])
				if got := k.MsgKey(Server, all[:n]); got != want {
					t.Errorf("%d bytes: MsgKey = %x, want %x", n, got, want)
				}
			}
		}
	})
}

func TestVerify(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		k := randomKey(newRand(2))
		for _, n := range []int{0, 32, 100, 5000} {
			padded := random(n)
			for _, side := range sides {
				m := k.MsgKey(side, padded)
				if !k.Verify(side, &m, padded) {
					t.Errorf("side %d, %d bytes: the right message key is refused", side, n)
				}
				if k.Verify(side.Opposite(), &m, padded) {
					t.Errorf("side %d, %d bytes: accepted for the other side", side, n)
				}
				for bit := range 8 * MsgKeySize {
					m[bit/8] ^= 1 << (bit % 8)
					if k.Verify(side, &m, padded) {
						t.Errorf("side %d, %d bytes: accepted with bit %d of the message key wrong", side, n, bit)
					}
					m[bit/8] ^= 1 << (bit % 8)
				}
				for i := 0; i < n; i += 1 + n/50 {
					padded[i] ^= 1
					if k.Verify(side, &m, padded) {
						t.Errorf("side %d, %d bytes: accepted with byte %d changed", side, n, i)
					}
					padded[i] ^= 1
				}
			}
		}
	})
}

func TestDerive(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(3)
		for range 200 {
			k, m := randomKey(r), MsgKey(randomFrom(r, MsgKeySize))
			before := *k
			for _, side := range sides {
				var key, iv [32]byte
				k.Derive(&key, &iv, side, &m)
				if wantKey, wantIV := referenceDerive(k, side, m); key != wantKey || iv != wantIV {
					t.Errorf("side %d: Derive:\n%x %x, want\n%x %x", side, key, iv, wantKey, wantIV)
				}
				k.DeriveV1(&key, &iv, side, &m)
				if wantKey, wantIV := referenceDeriveV1(k, side, m); key != wantKey || iv != wantIV {
					t.Errorf("side %d: DeriveV1:\n%x %x, want\n%x %x", side, key, iv, wantKey, wantIV)
				}
			}
			if *k != before {
				t.Fatal("the authorization key changed")
			}
		}
	})
}

// TestDeriveReads has keys that differ in one byte, to see which of them matter.
func TestDeriveReads(t *testing.T) {
	type result struct{ key, iv [32]byte }
	impltest.All(t, backends, func(t *testing.T) {
		for _, side := range sides {
			x := 8 * int(side)
			run := func(k *AuthKey) (v2, v1 result, msgKey MsgKey) {
				var m MsgKey
				k.Derive(&v2.key, &v2.iv, side, &m)
				k.DeriveV1(&v1.key, &v1.iv, side, &m)
				return v2, v1, k.MsgKey(side, nil)
			}
			var k AuthKey
			v2, v1, m := run(&k)
			for i := range k {
				k[i] = 1
				gotV2, gotV1, gotM := run(&k)
				k[i] = 0
				if got, want := gotV2 != v2, i >= x && i < 36+x || i >= 40+x && i < 76+x; got != want {
					t.Errorf("side %d: Derive depends on byte %d: %v, want %v", side, i, got, want)
				}
				if got, want := gotV1 != v1, i >= x && i < 128+x; got != want {
					t.Errorf("side %d: DeriveV1 depends on byte %d: %v, want %v", side, i, got, want)
				}
				if got, want := gotM != m, i >= 88+x && i < 120+x; got != want {
					t.Errorf("side %d: MsgKey depends on byte %d: %v, want %v", side, i, got, want)
				}
			}
		}
	})
}

// TestMsgKeyV1: MTProto 1.0 has the same message key whatever the key is.
func TestMsgKeyV1(t *testing.T) {
	a, b := randomKey(newRand(4)), new(AuthKey)
	if got, want := a.MsgKeyV1([]byte("text")), b.MsgKeyV1([]byte("text")); got != want {
		t.Errorf("MsgKeyV1 = %x with one key, %x with another", got, want)
	}
}

func TestFingerprint(t *testing.T) {
	r := newRand(5)
	for range 100 {
		k := randomKey(r)
		id := k.ID()
		if got, want := k.Fingerprint(), int64(binary.LittleEndian.Uint64(id[:])); got != want {
			t.Errorf("Fingerprint() = %d, want %d", got, want)
		}
	}
}

func TestWipe(t *testing.T) {
	k := randomKey(newRand(6))
	k.Wipe()
	if *k != (AuthKey{}) {
		t.Errorf("%x after Wipe", *k)
	}
}

func TestSide(t *testing.T) {
	if got := Client.Opposite(); got != Server {
		t.Errorf("Client.Opposite() = %d, want %d", got, Server)
	}
	if got := Server.Opposite(); got != Client {
		t.Errorf("Server.Opposite() = %d, want %d", got, Client)
	}
	const want = "kdf: invalid side"
	var k AuthKey
	var m MsgKey
	var key, iv [32]byte
	for _, side := range []Side{2, 3, 16, 32, 255} {
		for name, f := range map[string]func(){
			"MsgKey":   func() { k.MsgKey(side, nil) },
			"Verify":   func() { k.Verify(side, &m, nil) },
			"Derive":   func() { k.Derive(&key, &iv, side, &m) },
			"DeriveV1": func() { k.DeriveV1(&key, &iv, side, &m) },
		} {
			if got := panicText(f); got != want {
				t.Errorf("%s with side %d: panic %q, want %q", name, side, got, want)
			}
		}
	}
}

// TestAliases: a result may replace what it was derived from.
func TestAliases(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(7)
		k, m := randomKey(r), MsgKey(randomFrom(r, MsgKeySize))

		wantKey, wantIV := referenceDerive(k, Server, m)
		own := *k
		var iv [32]byte
		own.Derive((*[32]byte)(own[8:]), &iv, Server, &m)
		if key := [32]byte(own[8:40]); key != wantKey || iv != wantIV {
			t.Errorf("Derive into the authorization key:\n%x %x, want\n%x %x", key, iv, wantKey, wantIV)
		}
		both := new([32]byte)
		copy(both[:], m[:])
		k.Derive(both, &iv, Server, (*MsgKey)(both[:]))
		if *both != wantKey || iv != wantIV {
			t.Errorf("Derive onto the message key:\n%x %x, want\n%x %x", *both, iv, wantKey, wantIV)
		}

		nonce, server := [32]byte(random(32)), [16]byte(random(16))
		var key [32]byte
		TempKeys(&key, &iv, &nonce, &server)
		inKey, inIV := nonce, nonce
		var otherKey, otherIV [32]byte
		TempKeys(&inKey, &otherIV, &inKey, &server)
		TempKeys(&otherKey, &inIV, &inIV, &server)
		if inKey != key || otherIV != iv || otherKey != key || inIV != iv {
			t.Error("TempKeys onto the nonce: wrong result")
		}
	})
}

// accumulatedDigest is the SHA-256 of the results of TestAccumulated, as
// testdata/kdf.py prints it.
const accumulatedDigest = "c27f3c893c8858c1897b4bd6db028bc9db517d0318efc366ab2c9f0a1a5b3730"

// TestAccumulated condenses many more cases than a file of vectors could hold into
// one digest, the same one by one and in batches.
func TestAccumulated(t *testing.T) {
	stream := sha3.NewSHAKE128()
	stream.Write([]byte("mtcore kdf accumulated"))
	jobs := make([]Job, 5_000)
	for i := range jobs {
		j := &jobs[i]
		j.AuthKey, j.Side = new(AuthKey), Side(i%2)
		stream.Read(j.AuthKey[:])
		var length [2]byte
		stream.Read(length[:])
		j.Padded = make([]byte, binary.LittleEndian.Uint16(length[:])%400)
		stream.Read(j.Padded)
	}
	digest := func() string {
		h := sha256.New()
		for i := range jobs {
			j := &jobs[i]
			h.Write(j.MsgKey[:])
			h.Write(j.Key[:])
			h.Write(j.IV[:])
			m := j.AuthKey.MsgKeyV1(j.Padded)
			h.Write(m[:])
			j.AuthKey.DeriveV1(&j.Key, &j.IV, j.Side, &m)
			h.Write(j.Key[:])
			h.Write(j.IV[:])
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	impltest.All(t, backends, func(t *testing.T) {
		for i := range jobs {
			j := &jobs[i]
			j.MsgKey = j.AuthKey.MsgKey(j.Side, j.Padded)
			j.AuthKey.Derive(&j.Key, &j.IV, j.Side, &j.MsgKey)
		}
		if got := digest(); got != accumulatedDigest {
			t.Errorf("one by one: %s, want %s", got, accumulatedDigest)
		}

		for i := range jobs {
			jobs[i].MsgKey = MsgKey{}
		}
		// Batches of 1, 2, 3, … 40, 1, 2, …
		rest := jobs
		for n := 1; len(rest) > 0; n = n%40 + 1 {
			n := min(n, len(rest))
			MsgKeyBatch(rest[:n])
			DeriveBatch(rest[:n])
			rest = rest[n:]
		}
		if got := digest(); got != accumulatedDigest {
			t.Errorf("batches: %s, want %s", got, accumulatedDigest)
		}
	})
}

func TestBackend(t *testing.T) {
	if got, want := Backend(), backends.String(); got != want {
		t.Errorf("Backend() = %q, want %q", got, want)
	}
	for _, s := range backends.States() {
		leave := s.Enter()
		// Later backends are added to earlier ones: "best+good".
		if got := Backend(); got != s.Name && !strings.HasPrefix(got, s.Name+"+") {
			t.Errorf("Backend() = %q in state %q", got, s.Name)
		}
		leave()
	}
}

// TestConcurrent is for the race detector: one key, used by many goroutines.
func TestConcurrent(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		k, padded := randomKey(newRand(8)), random(1000)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				jobs := make([]Job, 12)
				for n := range 50 {
					for j := range jobs {
						jobs[j] = Job{AuthKey: k, Side: Side(i % 2), Padded: padded[:10*n+j]}
					}
					MsgKeyBatch(jobs)
					DeriveBatch(jobs)
					for j := range jobs {
						checkJob(t, "in a batch", &jobs[j])
						m := k.MsgKey(jobs[j].Side, jobs[j].Padded)
						if !k.Verify(jobs[j].Side, &jobs[j].MsgKey, jobs[j].Padded) || m != jobs[j].MsgKey {
							t.Error("alone and in a batch: different message keys")
						}
					}
				}
			})
		}
		wg.Wait()
		if !bytes.Equal(padded, random(1000)) {
			t.Error("the plaintext changed")
		}
	})
}
