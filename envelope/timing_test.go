//go:build timing

package envelope

import (
	"crypto/subtle"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

// The test in this file asks whether the time of a rejection tells what was wrong with
// the packet, by the method of dudect (Reparaz, Balasch, Verbauwhede, 2017): many
// measurements of two kinds of packets in random order, and Welch's t-test. It is not
// among the tests that pass or fail in CI, because a busy machine may disturb it:
//
//	go test -count=1 -tags timing -run TestTiming -v ./envelope
//
// A leak that was planted must be found, or the machine was too busy for the rest to mean
// anything.

const (
	timingSamples = 40_000
	timingRounds  = 5

	// threshold is dudect's: a larger |t| is no accident.
	threshold = 4.5
)

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
		o := k.opening(kdf.Client, packet, dst[:len(packet)-HeaderSize])
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
		} {
			if tt.name == small && n > 64 {
				continue // lost in the noise, where AES is software
			}
			score := medianT(tt.f, tt.a, tt.b)
			t.Logf("%4d bytes: |t| = %6.2f  %s", n, score, tt.name)
			if leak := score > threshold; leak != tt.leak {
				t.Errorf("%d bytes, %s: |t| = %.2f, leak %v, want %v", n, tt.name, score, leak, tt.leak)
			}
		}
	}
}

// medianT returns the absolute value of the median of a few rounds' t: a leak has the same
// sign each time, and a neighbor on the machine has not.
func medianT(f func(dst, packet []byte), a, b []byte) float64 {
	var scores []float64
	for round := range timingRounds {
		scores = append(scores, welch(f, a, b, uint64(round)))
	}
	slices.Sort(scores)
	return math.Abs(scores[timingRounds/2])
}

// welch measures f on a and b, which are equally long, and returns Welch's t.
func welch(f func(dst, packet []byte), a, b []byte, seed uint64) float64 {
	r := newRand(seed)
	order := randomFrom(r, timingSamples)
	packets := [2][]byte{a, b}
	packet := make([]byte, len(a)) // one address for both
	dst := make([]byte, 0, len(a))
	var times [2][]float64
	for range 1000 {
		f(dst, a)
		f(dst, b)
	}
	for _, x := range order {
		class := x & 1
		copy(packet, packets[class])
		start := time.Now()
		f(dst, packet)
		times[class] = append(times[class], float64(time.Since(start)))
	}
	// What was interrupted says nothing: without the slowest tenth of all.
	all := slices.Sorted(slices.Values(slices.Concat(times[0], times[1])))
	limit := all[len(all)*9/10]
	var mean, variance [2]float64 // the variance of the mean
	for class, list := range times {
		list = slices.DeleteFunc(list, func(x float64) bool { return x > limit })
		n := float64(len(list))
		for _, x := range list {
			mean[class] += x / n
		}
		for _, x := range list {
			variance[class] += (x - mean[class]) * (x - mean[class]) / (n - 1) / n
		}
	}
	return (mean[0] - mean[1]) / math.Sqrt(variance[0]+variance[1])
}
