package kdf

import (
	"crypto/sha1"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
)

// This file has what the other tests share: the formulas of MTProto, as they are
// written, over the standard library.

func referenceMsgKey(k *AuthKey, side Side, padded []byte) MsgKey {
	x := 8 * int(side)
	hash := sha256.Sum256(slices.Concat(k[88+x:120+x], padded))
	return MsgKey(hash[8:24])
}

func referenceDerive(k *AuthKey, side Side, m MsgKey) (key, iv [32]byte) {
	x := 8 * int(side)
	a := sha256.Sum256(slices.Concat(m[:], k[x:x+36]))
	b := sha256.Sum256(slices.Concat(k[40+x:76+x], m[:]))
	return [32]byte(slices.Concat(a[0:8], b[8:24], a[24:32])),
		[32]byte(slices.Concat(b[0:8], a[8:24], b[24:32]))
}

func referenceDeriveV1(k *AuthKey, side Side, m MsgKey) (key, iv [32]byte) {
	x := 8 * int(side)
	a := sha1.Sum(slices.Concat(m[:], k[x:x+32]))
	b := sha1.Sum(slices.Concat(k[32+x:48+x], m[:], k[48+x:64+x]))
	c := sha1.Sum(slices.Concat(k[64+x:96+x], m[:]))
	d := sha1.Sum(slices.Concat(m[:], k[96+x:128+x]))
	return [32]byte(slices.Concat(a[0:8], b[8:20], c[4:16])),
		[32]byte(slices.Concat(a[8:20], b[0:8], c[16:20], d[0:8]))
}

func newRand(seed uint64) *rand.ChaCha8 {
	var s [32]byte
	for i := range 8 {
		s[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(s)
}

// random returns n bytes, the same ones each time.
func random(n int) []byte { return randomFrom(newRand(0), n) }

func randomFrom(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

func randomKey(r *rand.ChaCha8) *AuthKey {
	k := new(AuthKey)
	r.Read(k[:])
	return k
}

// newJobs returns a job for each length of Padded, with keys and sides that differ.
// What is to be computed has other values in it.
func newJobs(seed uint64, lengths ...int) []Job {
	r := newRand(seed)
	jobs := make([]Job, len(lengths))
	for i, n := range lengths {
		j := &jobs[i]
		j.AuthKey, j.Side, j.Padded = randomKey(r), Side(i%3%2), randomFrom(r, n)
		r.Read(j.MsgKey[:])
		r.Read(j.Key[:])
		r.Read(j.IV[:])
	}
	return jobs
}

var sides = []Side{Client, Server}

// panicText returns what f panics with, or nothing.
func panicText(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = r.(string)
		}
	}()
	f()
	return ""
}
