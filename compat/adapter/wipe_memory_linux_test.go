//go:build amd64 && gc && !race && !asan && !msan

package adapter

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// TestWipeMemory looks for secrets in the heap and where the stack was before it grew. Functions
// that take or return a big.Int leave what math/big leaves, and are not among these, but for two: a
// big.Int has its bytes in another order, so that what they copy is found.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	seed := uint64(1)
	// Each trial has random numbers of its own, and room for what is returned.
	type subject struct {
		key    *[256]byte
		random *[1024]byte
		text   []byte // what is left of a packet
		out    [][]byte
		msgKey [16]byte
		power  big.Int
	}
	check := func(name string, run func(s *subject)) {
		t.Helper()
		wipetest.Memory(t, name, func() wipetest.Trial {
			s := &subject{key: new([256]byte), random: new([1024]byte), text: make([]byte, 144, 600)}
			for _, b := range [][]byte{s.key[:], s.random[:], s.text[HeaderSize:]} {
				seed = impl.Fill(b, seed)
			}
			plaintext := bytes.Clone(s.text[HeaderSize:])
			return wipetest.Trial{
				Run:        func() { run(s) },
				Owned:      [][]byte{s.key[:], s.random[:], plaintext},
				OwnedLater: func() [][]byte { return s.out },
				Secrets: func() [][]byte {
					var key, iv [32]byte
					(*kdf.AuthKey)(s.key).Derive(&key, &iv, kdf.Client, (*kdf.MsgKey)(&s.msgKey))
					var keyV1, ivV1 [32]byte
					(*kdf.AuthKey)(s.key).DeriveV1(&keyV1, &ivV1, kdf.Client, (*kdf.MsgKey)(&s.msgKey))
					power := s.power.FillBytes(make([]byte, bigdh.Size))
					return [][]byte{s.key[:], plaintext, key[:], iv[:], keyV1[:], ivV1[:], power}
				},
			}
		})
	}
	check("Seal and Open", func(s *subject) {
		packet, err := Seal(s.text, &[8]byte{1}, s.key, false, bytes.NewReader(s.random[:]))
		if err != nil {
			t.Error(err)
			return
		}
		copy(s.msgKey[:], packet[8:])
		opened, err := Open(s.key, false, &s.msgKey, packet[HeaderSize:])
		if err != nil {
			t.Error(err)
		}
		s.out = append(s.out, opened)
	})
	check("Keys", func(s *subject) {
		keys := new([4][32]byte)
		Keys(&keys[0], &keys[1], s.key, &s.msgKey, false)
		KeysV1(&keys[2], &keys[3], s.key, &s.msgKey, false)
		MessageKey(s.key, s.text[HeaderSize:], false)
		MessageKeyV1(s.text[HeaderSize:])
		for i := range keys {
			s.out = append(s.out, keys[i][:])
		}
		clear(s.text)
	})
	check("EncryptIGE and DecryptIGE", func(s *subject) {
		text := s.text[16:]
		EncryptIGE(s.key[:32], s.key[32:64], text, text)
		DecryptIGE(s.key[:32], s.key[32:64], text, text)
		clear(text)
	})
	check("EncryptAnswer and DecryptAnswer", func(s *subject) {
		answer := s.text[HeaderSize:]
		sealed, err := EncryptAnswer(bytes.NewReader(s.random[:]), answer, s.key[:32], s.key[32:64])
		if err == nil {
			var opened []byte
			opened, err = DecryptAnswer(sealed, s.key[:32], s.key[32:64])
			s.out = append(s.out, opened)
		}
		if err != nil {
			t.Error(err)
		}
		clear(answer)
	})
	check("DecryptAnswer of one that was changed", func(s *subject) {
		answer := s.text[HeaderSize:]
		sealed, err := EncryptAnswer(bytes.NewReader(s.random[:]), answer, s.key[:32], s.key[32:64])
		if err != nil {
			t.Error(err)
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := DecryptAnswer(sealed, s.key[:32], s.key[32:64]); err != ErrDecrypt {
			t.Error(err)
		}
		clear(answer)
	})
	modulus := new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, bigdh.Size))
	check("Exp", func(s *subject) {
		x := new(big.Int).SetBytes(s.key[:])
		s.power.Set(Exp(x, x, modulus))
		clear(s.text)
	})
	check("TempKeys", func(s *subject) {
		key, iv := TempKeys(new(big.Int).SetBytes(s.key[:32]), new(big.Int).SetBytes(s.random[:16]))
		s.out = append(s.out, key, iv)
		clear(s.text)
	})
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	prime := group.Prime()
	srpB := bytes.Repeat([]byte{0x3f}, bigdh.Size)
	check("SRP", func(s *subject) {
		a, m1, err := SRP([]byte("a password"), s.random[:8], s.random[8:16], prime[:], 3, srpB, s.key[:])
		if err != nil {
			t.Error(err)
		}
		s.out = append(s.out, a, m1)
		clear(s.text)
	})
	check("powerOfGenerator", func(s *subject) {
		var public [bigdh.Size]byte
		powerOfGenerator(&public, group, s.key)
		clear(s.text)
	})
}
