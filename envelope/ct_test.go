//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package envelope

import (
	"bytes"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/kdf"
)

// planted is run with a leak: it looks the results up in a table.
func planted(run func(secret []byte) []byte) func(secret []byte) []byte {
	return func(secret []byte) []byte {
		results := run(secret)
		for i, b := range results {
			results[i] = table[b]
		}
		return results
	}
}

var table [256]byte

// wrongV1 is a packet of MTProto 1.0 with a msg_key that is not the hash of the plaintext.
func wrongV1(auth *kdf.AuthKey, plaintext []byte, padding int) []byte {
	id, m := auth.ID(), kdf.MsgKey(random(kdf.MsgKeySize))
	packet := slices.Concat(id[:], m[:], plaintext, random(padding))
	msg := ige.Message{Dst: packet[HeaderSize:], Src: packet[HeaderSize:]}
	auth.DeriveV1(&msg.Key, &msg.IV, kdf.Client, &m)
	msg.Encrypt()
	return packet
}

// TestTrace has all backends, those for several messages at a time in a batch that some of
// them share sixteen by sixteen and some two by two. Packets are wrong under any of the
// keys.
func TestTrace(t *testing.T) {
	const text = 300
	dst := make([]byte, 0, text+MaxOverhead)
	var auth kdf.AuthKey
	k := &Key{auth: &auth}
	padding := random(20)
	seal := func(secret []byte) []byte {
		copy(auth[:], secret)
		return k.seal(dst, kdf.Client, secret[kdf.AuthKeySize:], padding)
	}
	packet := referenceSeal(newAuthKey(1), kdf.Client, random(320))
	open := func(secret []byte) []byte {
		copy(auth[:], secret)
		out, _ := k.Open(dst, kdf.Client, packet)
		return out
	}
	// Packets of MTProto 1.0 with bodies of different lengths, all well-formed but for msg_key.
	var secretsV1 [][]byte
	for i, padding := range []int{0, 4, 8, 12} {
		k := newAuthKey(uint64(i))
		secretsV1 = append(secretsV1, append(k[:], wrongV1(k, plaintextV1(4, 316-padding), padding)...))
	}
	packetV1 := make([]byte, HeaderSize+320)
	openV1 := func(secret []byte) []byte {
		copy(auth[:], secret)
		copy(packetV1, secret[kdf.AuthKeySize:])
		out, _ := k.OpenV1(dst, kdf.Client, packetV1, SecretChat)
		return out
	}
	sealV1 := func(secret []byte) []byte {
		copy(auth[:], secret)
		return k.sealV1(dst, kdf.Client, secret[kdf.AuthKeySize:], padding[:4])
	}
	var jobs [21]Job
	var packets, dsts [len(jobs)][]byte
	for i := range jobs {
		n := 320
		if i >= 16 {
			n = 32 + 64*(i-16)
		}
		packets[i], dsts[i] = referenceSeal(newAuthKey(1), kdf.Client, random(n)), make([]byte, n)
	}
	openBatch := func(secret []byte) []byte {
		copy(auth[:], secret)
		for i := range jobs {
			jobs[i] = Job{Key: k, Src: packets[i], Dst: dsts[i][:0]}
		}
		OpenBatch(jobs[:])
		OpenBatch(jobs[:2]) // of one length
		return dsts[0]
	}
	openMost := func(secret []byte) []byte {
		copy(auth[:], secret)
		var os [16]opening
		for i := range os {
			os[i].start(k, kdf.Client, dsts[i][:0], packets[i])
		}
		decryptAndHashMost(os[:])
		return dsts[0]
	}
	keystream := make([]byte, 3*randomTurn)
	expand := func(secret []byte) []byte {
		expandRandom(keystream, (*[ige.KeySize]byte)(secret), 7)
		return keystream
	}
	ct.TraceAll(t, backends, func(t *testing.T, s impl.State) {
		const size = kdf.AuthKeySize + text
		secrets := [][]byte{random(size), make([]byte, size), bytes.Repeat([]byte{0xff}, size)}
		if s.Name != "generic" { // which reads random bytes from the system
			t.Run("padding", func(t *testing.T) { ct.Trace(t, ct.Case{Secrets: secrets, Run: expand}) })
		}
		for name, c := range map[string]ct.Case{
			"Seal":            {Secrets: secrets, Run: seal},
			"Open":            {Secrets: secrets, Run: open},
			"OpenBatch":       {Secrets: secrets, Run: openBatch},
			"OpenBatch of 16": {Secrets: secrets, Run: openMost},
			"SealV1":          {Secrets: secrets, Run: sealV1},
			"OpenV1":          {Secrets: secretsV1, Run: openV1},
			"planted index":   {Secrets: secrets, Run: planted(seal), Planted: true},
		} {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
}
