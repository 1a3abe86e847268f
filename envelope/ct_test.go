//go:build valgrind && linux && amd64 && gc && !purego

package envelope

import (
	"bytes"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// TestMemcheck has sealing and opening without AES instructions. Secret are the
// authorization key and the text; whether msg_key was right is public once it was
// compared.
func TestMemcheck(t *testing.T) {
	t.Setenv("GODEBUG", "cpu.aes=off")
	if ct.Subject() && Backend() != "generic" {
		t.Fatalf("%s is in use", Backend())
	}
	text := plaintextV1(SecretChat.header(), 56)
	secret := append(newAuthKey(1)[:], text...)
	packet := referenceSeal(newAuthKey(1), kdf.Client, random(64))
	wrong := append([]byte(nil), packet...)
	wrong[len(wrong)-1] ^= 1

	seal := func(secret []byte) []byte {
		packet, _ := Seal(nil, (*kdf.AuthKey)(secret), kdf.Client, secret[kdf.AuthKeySize:], PadRandom)
		return packet
	}
	open := func(packet []byte) ct.Case {
		return ct.Case{
			Secrets: [][]byte{secret},
			Run: func(secret []byte) []byte {
				if result, err := Open(nil, (*kdf.AuthKey)(secret), kdf.Client, packet); err == nil {
					return result
				}
				return secret
			},
			Public: []string{"envelope.(*opening).finish"},
		}
	}
	// In MTProto 1.0 the length is secret as well, until it is used to cut the result.
	openV1 := func(packet []byte, public ...string) ct.Case {
		return ct.Case{
			Secrets: [][]byte{secret},
			Run: func(secret []byte) []byte {
				if result, err := OpenV1(nil, (*kdf.AuthKey)(secret), kdf.Client, packet, SecretChat); err == nil {
					return result
				}
				return secret
			},
			Public: append(public, "envelope.(*opening).finish"),
		}
	}
	sealV1 := func(secret []byte) []byte {
		packet, _ := SealV1(nil, (*kdf.AuthKey)(secret), kdf.Client, secret[kdf.AuthKeySize:])
		return packet
	}
	packetV1 := referenceSealV1(newAuthKey(1), kdf.Client, text, random(4))
	for name, c := range map[string]ct.Case{
		"Seal":          {Secrets: [][]byte{secret}, Run: seal},
		"Open, right":   open(packet),
		"Open, wrong":   open(wrong),
		"SealV1":        {Secrets: [][]byte{secret}, Run: sealV1},
		"OpenV1, right": openV1(packetV1, "envelope.trim"),
		"OpenV1, wrong": openV1(wrongV1(newAuthKey(1), text, 4)),
		"planted index": {Secrets: [][]byte{secret}, Run: planted(seal), Planted: true},
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}

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
			n = 32 + 16*(i-16)
		}
		packets[i], dsts[i] = referenceSeal(newAuthKey(1), kdf.Client, random(n)), make([]byte, n)
	}
	openBatch := func(secret []byte) []byte {
		copy(auth[:], secret)
		for i := range jobs {
			jobs[i] = Job{Key: k, Src: packets[i], Dst: dsts[i][:0]}
		}
		OpenBatch(jobs[:])
		return dsts[0]
	}
	impltest.All(t, backends, func(t *testing.T) {
		const size = kdf.AuthKeySize + text
		secrets := [][]byte{random(size), make([]byte, size), bytes.Repeat([]byte{0xff}, size)}
		for name, c := range map[string]ct.Case{
			"Seal":          {Secrets: secrets, Run: seal},
			"Open":          {Secrets: secrets, Run: open},
			"OpenBatch":     {Secrets: secrets, Run: openBatch},
			"SealV1":        {Secrets: secrets, Run: sealV1},
			"OpenV1":        {Secrets: secretsV1, Run: openV1},
			"planted index": {Secrets: secrets, Run: planted(seal), Planted: true},
		} {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
}
