//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package ige

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impl"
)

// checkWorth panics if the batch is too short for the batch kernels to see any of it.
func checkWorth(ms []Message) {
	if !worthBatching(sizesOf(ms)) {
		panic("the batch kernels are not used")
	}
}

var sbox [256]byte

// TestTrace has all backends, and calls every kernel. What they work on has its place in
// advance, since every allocation would have another address.
func TestTrace(t *testing.T) {
	const text = 9 * BlockSize
	var m Message
	dst := make([]byte, text)
	one := func(secret []byte) []byte {
		m = Message{Src: secret[KeySize+IVSize:], Dst: dst}
		copy(m.Key[:], secret)
		copy(m.IV[:], secret[KeySize:])
		m.Encrypt()
		m.Decrypt()
		return dst
	}
	var enc, dec schedule
	var iv [IVSize]byte
	cipher := func(secret []byte) []byte {
		for _, size := range []int{16, 24, KeySize} {
			nr := expand(&enc, &dec, secret[:size])
			copy(iv[:], secret[KeySize:])
			encrypt(nr, &enc, &iv, dst, secret[KeySize+IVSize:])
			decrypt(nr, &dec, &iv, dst, dst)
		}
		return dst
	}
	// Of all lengths, so that lanes end one after the other; and of one, as wide as it gets and of
	// fewer messages.
	ms := make([]Message, 21+16)
	dsts := make([]byte, len(ms)*text)
	batches := func(secret []byte) []byte {
		for i := range ms {
			n := text
			if i < 21 {
				n = BlockSize * (9 - i%6)
			}
			ms[i] = Message{Src: secret[KeySize+IVSize:][:n], Dst: dsts[i*text:][:n]}
			copy(ms[i].Key[:], secret[i:])
			copy(ms[i].IV[:], secret[KeySize+i:])
		}
		for _, batch := range [][]Message{ms[:21], ms[5:21], ms[21:], ms[21:23], ms[21:25], ms[21:29], ms[21:33]} {
			if n := sizesOf(batch); !useNEON && !oneShotPays(n, worthBatching(n), false) && runtime.GOARCH != "arm" { // NEON's kernels and those of arm work on one message at a time
				checkWorth(batch)
			}
			EncryptBatch(batch)
			DecryptBatch(batch)
			if useTeams() { // kernels that messages this short have no need of
				cryptRefilled(batch, false)
				cryptRefilled(batch, true)
			}
		}
		return dsts
	}
	sBox := func(secret []byte) []byte {
		for i, b := range one(secret) {
			dst[i] = sbox[b]
		}
		return dst
	}
	// Only the kernel uses this address, and this length.
	src := make([]byte, text+BlockSize)
	address := func(secret []byte) []byte {
		m = Message{Src: src[secret[0]&BlockSize:][:text], Dst: dst}
		m.Encrypt()
		return dst
	}
	loop := func(secret []byte) []byte {
		m = Message{Src: src[:text-int(secret[0]&BlockSize)], Dst: dst}
		m.Encrypt()
		return dst
	}
	const size = KeySize + IVSize + text
	secrets := [][]byte{random(size), make([]byte, size), bytes.Repeat([]byte{0xff}, size)}
	ct.TraceAll(t, backends, func(t *testing.T, s impl.State) {
		kernel := "Encrypt"
		if s.Name == "generic" {
			kernel = ""
		}
		for name, c := range map[string]ct.Case{
			"one message":     {Secrets: secrets, Run: one},
			"cipher":          {Secrets: secrets, Run: cipher},
			"batches":         {Secrets: secrets, Run: batches},
			"planted index":   {Secrets: secrets, Run: sBox, Planted: true},
			"planted address": {Secrets: secrets, Run: address, Planted: true, In: kernel},
			"planted loop":    {Secrets: secrets, Run: loop, Planted: true, In: kernel},
		} {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
}
