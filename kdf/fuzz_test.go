package kdf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// The targets in this file compare every backend with the reference, on input of
// which nothing is known.

// maxFuzz keeps the slowest backend from ruling the rate, and lets sha256-simd come in.
const maxFuzz = 6 << 10

// eachBackend runs f with the backends of each state.
func eachBackend(f func(backend string)) {
	for _, s := range backends.States() {
		func() {
			defer s.Enter()()
			f(s.Name)
		}()
	}
}

// stretch returns n bytes: those of b, and as many zeros as it takes.
func stretch(b []byte, n int) []byte {
	return append(bytes.Clone(b), make([]byte, n)...)[:n]
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte{}, uint8(0), []byte{}, []byte{})
	f.Add(random(256), uint8(1), random(16), random(23)) // one block, just so
	f.Add(random(256), uint8(0), random(16), random(24))
	f.Add(random(256), uint8(1), random(16), random(32))
	f.Add(random(256), uint8(0), random(16), random(88))
	f.Add(random(256), uint8(1), random(16), random(5000))
	f.Fuzz(func(t *testing.T, key []byte, who uint8, msgKey, padded []byte) {
		k, m := AuthKey(stretch(key, AuthKeySize)), MsgKey(stretch(msgKey, MsgKeySize))
		side, padded := Side(who%2), padded[:min(len(padded), maxFuzz)]
		eachBackend(func(backend string) {
			want := referenceMsgKey(&k, side, padded)
			if got := k.MsgKey(side, padded); got != want {
				t.Errorf("%s: MsgKey = %x, want %x", backend, got, want)
			}
			if got, want := k.Verify(side, &m, padded), m == want; got != want {
				t.Errorf("%s: Verify = %v, want %v", backend, got, want)
			}
			if !k.Verify(side, &want, padded) {
				t.Errorf("%s: Verify refuses the right message key", backend)
			}
			var key, iv [32]byte
			k.Derive(&key, &iv, side, &m)
			if wantKey, wantIV := referenceDerive(&k, side, m); key != wantKey || iv != wantIV {
				t.Errorf("%s: Derive:\n%x %x, want\n%x %x", backend, key, iv, wantKey, wantIV)
			}
			k.DeriveV1(&key, &iv, side, &m)
			if wantKey, wantIV := referenceDeriveV1(&k, side, m); key != wantKey || iv != wantIV {
				t.Errorf("%s: DeriveV1:\n%x %x, want\n%x %x", backend, key, iv, wantKey, wantIV)
			}
			hash := sha1.Sum(padded)
			if got, want := k.MsgKeyV1(padded), MsgKey(hash[4:20]); got != want {
				t.Errorf("%s: MsgKeyV1 = %x, want %x", backend, got, want)
			}
		})
	})
}

// FuzzBatch makes a job for each byte of lengths, with about as many bytes squared.
func FuzzBatch(f *testing.F) {
	f.Add(uint64(0), []byte{})
	f.Add(uint64(1), []byte{1})
	f.Add(uint64(2), []byte{4, 4, 4, 4, 4, 4, 4, 4, 4})
	f.Add(uint64(3), []byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0})
	f.Add(uint64(4), []byte{60, 5, 5, 5, 5, 40, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 55, 5, 0, 0, 1})
	f.Fuzz(func(t *testing.T, seed uint64, lengths []byte) {
		ns := make([]int, min(len(lengths), 64))
		for i := range ns {
			n := int(lengths[i] % 64)
			ns[i] = n*n + int(seed>>(i%50))%24
		}
		jobs := newJobs(seed, ns...)
		eachBackend(func(backend string) { checkBatch(t, backend, clone(jobs)) })
	})
}

func FuzzFingerprints(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(random(256), random(256))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		k, other := AuthKey(stretch(a, AuthKeySize)), AuthKey(stretch(b, AuthKeySize))
		sum1, sum256 := sha1.Sum(k[:]), sha256.Sum256(other[:])

		id := k.ID()
		if want := [8]byte(sum1[12:]); id != want {
			t.Errorf("ID = %x, want %x", id, want)
		}
		if got, want := k.Fingerprint(), int64(binary.LittleEndian.Uint64(id[:])); got != want {
			t.Errorf("Fingerprint = %d, want %d", got, want)
		}

		v := Visualization(&k, &other)
		if want := [36]byte(slices.Concat(sum1[:16], sum256[:20])); v != want {
			t.Errorf("Visualization = %x, want %x", v, want)
		}
		text := strings.Join(strings.Fields(VisualizationHex(v)), "")
		if got, want := strings.ToLower(text), hex.EncodeToString(v[:32]); got != want {
			t.Errorf("VisualizationHex = %s, want %s", got, want)
		}
		for i, got := range VisualizationImage(v).Pix {
			if want := v[2*i/8] >> (2 * i % 8) & 3; got != want {
				t.Errorf("VisualizationImage: pixel %d = %d, want %d", i, got, want)
			}
		}

		key, iv := [32]byte(k[:32]), [32]byte(other[:32])
		sum5 := md5.Sum(slices.Concat(key[:], iv[:]))
		want := int32(binary.LittleEndian.Uint32(sum5[:4]) ^ binary.LittleEndian.Uint32(sum5[4:8]))
		if got := FileFingerprint(&key, &iv); got != want {
			t.Errorf("FileFingerprint = %d, want %d", got, want)
		}
	})
}

func FuzzTempKeys(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(random(32), random(16))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		n, s := [32]byte(stretch(a, 32)), [16]byte(stretch(b, 16))
		ns, sn, nn := sha1.Sum(slices.Concat(n[:], s[:])), sha1.Sum(slices.Concat(s[:], n[:])), sha1.Sum(slices.Concat(n[:], n[:]))
		wantKey := [32]byte(slices.Concat(ns[:], sn[:12]))
		wantIV := [32]byte(slices.Concat(sn[12:], nn[:], n[:4]))
		var key, iv [32]byte
		TempKeys(&key, &iv, &n, &s)
		if key != wantKey || iv != wantIV {
			t.Errorf("TempKeys:\n%x %x, want\n%x %x", key, iv, wantKey, wantIV)
		}
	})
}
