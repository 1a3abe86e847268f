//go:build timing

package envelope

import (
	"crypto/subtle"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/dudect"
	"github.com/mtcore/mtcore/kdf"
)

// The test in this file asks whether the time of a rejection tells what was wrong with
// the packet; see package dudect:
//
//	go test -count=1 -tags timing -run TestTiming -v ./envelope

const timingSamples = 40_000

// timingPacket encrypts a plaintext under a msg_key that is not its hash: it gets as far as
// a packet can get without being right.
func timingPacket(auth *kdf.AuthKey, version Version, plaintext []byte, seed uint64) []byte {
	id, m := auth.ID(), kdf.MsgKey(randomFrom(newRand(seed), kdf.MsgKeySize))
	packet := append(append(id[:], m[:]...), plaintext...)
	msg := ige.Message{Dst: packet[HeaderSize:], Src: plaintext}
	if version == V1 {
		auth.DeriveV1(&msg.Key, &msg.IV, kdf.Client, &m)
	} else {
		auth.Derive(&msg.Key, &msg.IV, kdf.Client, &m)
	}
	msg.Encrypt()
	return packet
}

// withLength returns a plaintext of a secret chat with this length field.
func withLength(n int, length uint32) []byte {
	plaintext := random(n)
	binary.LittleEndian.PutUint32(plaintext, length)
	return plaintext
}

func TestTiming(t *testing.T) {
	auth := newAuthKey(1)
	k := NewKey(auth)
	open := func(dst, packet []byte) { k.Open(dst, kdf.Client, packet) }
	openV1 := func(dst, packet []byte) { k.OpenV1(dst, kdf.Client, packet, SecretChat) }
	// What clients did until 2021: look at the length before the hash.
	leaky := func(dst, packet []byte) {
		var o opening
		o.start(k, kdf.Client, dst, packet)
		msg := ige.Message{Dst: o.dst, Src: o.src}
		auth.Derive(&msg.Key, &msg.IV, kdf.Client, &o.msgKey)
		msg.Decrypt()
		if _, err := SecretChat.Body(V2, o.dst); err != nil {
			return
		}
		o.got = auth.MsgKey(kdf.Client, o.dst)
		o.finish()
	}
	// A comparison that ends at the first difference. Each byte before it takes about ten
	// cycles, as if this was not compiled.
	leakyCompare := func(dst, packet []byte) {
		for i := range keyIDSize {
			if packet[i] != k.id[i] {
				break
			}
			subtle.ConstantTimeCompare(packet[:HeaderSize], packet[:HeaderSize])
		}
		k.Open(dst, kdf.Client, packet)
	}

	const small = "key_id, byte by byte (planted)"

	for _, n := range []int{64, 80, 1024} {
		right := referenceSeal(auth, kdf.Client, withLength(n, uint32(n-20)))
		change := func(i int) []byte {
			packet := slices.Clone(right)
			packet[i] ^= 0x10
			return packet
		}
		goodLength := timingPacket(auth, V2, withLength(n, uint32(n-20)), 1)
		badLength := timingPacket(auth, V2, withLength(n, 0xfffffff0), 1)
		goodV1 := timingPacket(auth, V1, withLength(n, uint32(n-4)), 1)
		badV1 := timingPacket(auth, V1, withLength(n, 0xfffffff0), 1)
		paddedV1 := timingPacket(auth, V1, withLength(n, uint32(n-16)), 1)
		halfV1 := timingPacket(auth, V1, withLength(n, uint32(n-20)), 1)

		for _, tt := range []struct {
			name string
			f    func(dst, packet []byte)
			a, b []byte
			leak bool
		}{
			{"length before the hash (planted)", leaky, goodLength, badLength, true},
			{small, leakyCompare, change(0), change(7), true},
			{"key_id or msg_key", open, change(0), change(8), false},
			{"key_id, first or last byte", open, change(0), change(7), false},
			{"msg_key, first or last byte", open, change(8), change(23), false},
			{"ciphertext, first or last byte", open, change(HeaderSize), change(HeaderSize + n - 1), false},
			{"msg_key or ciphertext", open, change(23), change(HeaderSize + n/2), false},
			{"good or bad length", open, goodLength, badLength, false},
			{"MTProto 1.0, good or bad length", openV1, goodV1, badV1, false},
			{"MTProto 1.0, bad or other bad length", openV1, badV1, halfV1, false},
			{"MTProto 1.0, 0 or 12 bytes of padding", openV1, goodV1, paddedV1, false},
		} {
			if tt.name == small && n > 64 {
				continue // lost in the noise, where AES is software
			}
			dst := make([]byte, 0, len(tt.a))
			score := dudect.T(timingSamples, [][]byte{tt.a}, [][]byte{tt.b}, func(packet []byte) { tt.f(dst, packet) })
			t.Logf("%4d bytes: |t| = %6.2f  %s", n, score, tt.name)
			if leak := score > dudect.Threshold; leak != tt.leak {
				t.Errorf("%d bytes, %s: |t| = %.2f, leak %v, want %v", n, tt.name, score, leak, tt.leak)
			}
		}
	}
}
