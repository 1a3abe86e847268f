package envelope

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// plaintextV1 returns a plaintext of the layout with a body of n bytes.
func plaintextV1(header, n int) []byte {
	plaintext := random(header + n)
	binary.LittleEndian.PutUint32(plaintext[header-4:], uint32(n))
	return plaintext
}

// TestV1EveryLength: all bodies up to several of SHA-1's blocks, with all paddings: the
// right one, and others that must be refused although they do not enter the hash.
func TestV1EveryLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(1)
		k := NewKey(auth)
		for _, l := range layouts {
			for n := 0; n <= 300; n++ {
				for _, side := range sides {
					plaintext := plaintextV1(l.header, n)
					minimal := -len(plaintext) & 15
					want := referenceSealV1(auth, side, plaintext, random(minimal))
					if got := k.sealV1(nil, side, plaintext, random(minimal)); !bytes.Equal(got, want) {
						t.Errorf("%s, %d bytes: sealV1:\n%x, want\n%x", l.name, n, got, want)
					}
					for padding := minimal; padding < minimal+64; padding += 16 {
						packet := referenceSealV1(auth, side, plaintext, random(padding))
						checkV1(t, k, side, packet, l.layout, plaintext, n > 0 && n%4 == 0 && padding < 16)
					}
				}
			}
		}
	})
}

func checkV1(t *testing.T, k *Key, side kdf.Side, packet []byte, layout Layout, want []byte, good bool) {
	t.Helper()
	for _, place := range places {
		dst, moved := place.f(packet)
		before := len(dst)
		got, err := k.OpenV1(dst, side, moved, layout)
		if !good {
			if got != nil || err != ErrDecrypt {
				t.Errorf("layout %d, %d bytes, %s: %d bytes, %v", layout, len(packet), place.name, len(got), err)
			}
			continue
		}
		if err != nil || !bytes.Equal(got[before:], want) {
			t.Errorf("layout %d, %d bytes, %s:\n%x, %v, want\n%x", layout, len(packet), place.name, got, err, want)
		}
	}
}

// TestV1WrongLength: the length field does not say what was hashed.
func TestV1WrongLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(2)
		k := NewKey(auth)
		for _, l := range layouts {
			for _, n := range []int{4, 12, 60, 64, 120, 128} {
				for _, length := range []int{-4, 0, n - 16, n - 4, n - 3, n + 4, n + 15, n + 16, 1 << 30} {
					plaintext := plaintextV1(l.header, n)
					binary.LittleEndian.PutUint32(plaintext[l.header-4:], uint32(length))
					padding := random(-len(plaintext) & 15)
					packet := referenceSealV1(auth, kdf.Client, plaintext, padding)
					checkV1(t, k, kdf.Client, packet, l.layout, nil, false)

					// Old clients hashed all if the length was wrong.
					all := slices.Concat(plaintext, padding)
					if length == len(all)-l.header {
						continue // which is right now
					}
					packet = referenceSealV1(auth, kdf.Client, all, nil)
					checkV1(t, k, kdf.Client, packet, l.layout, nil, false)
				}
			}
		}
	})
}

// TestV1Changed: any bit of a packet matters, but for those of the padding.
func TestV1Changed(t *testing.T) {
	auth := newAuthKey(3)
	k := NewKey(auth)
	plaintext := plaintextV1(4, 100)
	packet := referenceSealV1(auth, kdf.Client, plaintext, random(8))
	for i := range packet[:len(packet)-blockSize] {
		packet[i] ^= 1 << (i % 8)
		checkV1(t, k, kdf.Client, packet, SecretChat, nil, false)
		packet[i] ^= 1 << (i % 8)
	}
	checkV1(t, k, kdf.Server, packet, SecretChat, nil, false)
	checkV1(t, k, kdf.Client, packet, SecretChat, plaintext, true)
}

func TestSealV1(t *testing.T) {
	auth := newAuthKey(4)
	seen := map[string]bool{}
	for n := 4; n <= 200; n += 4 {
		plaintext := plaintextV1(4, n)
		for range 3 {
			packet, err := SealV1([]byte("before"), auth, kdf.Server, plaintext)
			if err != nil || string(packet[:6]) != "before" {
				t.Fatalf("%d bytes: %q, %v", n, packet, err)
			}
			packet = packet[6:]
			if (n+4)%16 != 0 && (n+4)%16 < 8 && seen[string(packet)] {
				t.Errorf("%d bytes: a packet came twice", n)
			}
			seen[string(packet)] = true
			got, err := OpenV1(nil, auth, kdf.Server, packet, SecretChat)
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Errorf("%d bytes: %x, %v", n, got, err)
			}
			body, err := SecretChat.Body(V1, got)
			if err != nil || !bytes.Equal(body, plaintext[4:]) {
				t.Errorf("%d bytes: Body: %x, %v", n, body, err)
			}
		}
	}
}

// TestOpenV1Trims: the padding, for which nothing vouches, is erased.
func TestOpenV1Trims(t *testing.T) {
	k := NewKey(newAuthKey(1))
	plaintext := make([]byte, 8)
	plaintext[0] = 4
	packet := k.sealV1(nil, kdf.Client, plaintext, []byte("a padding"[:8]))
	got, err := k.OpenV1(make([]byte, 0, 64), kdf.Client, packet, SecretChat)
	if err != nil || !bytes.Equal(got, plaintext) {
		t.Fatalf("OpenV1 = %x, %v", got, err)
	}
	if rest := got[len(got):16]; !bytes.Equal(rest, make([]byte, 8)) {
		t.Errorf("behind the plaintext is %q", rest)
	}
}
