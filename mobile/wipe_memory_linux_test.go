//go:build amd64 && gc && !race && !asan && !msan

package mobile

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// TestWipeMemory looks for secrets in the heap and where the stack was before it grew, after what
// this package does itself: copies of keys and texts.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	seed := uint64(1)
	type subject struct {
		key, text []byte // 256 bytes of each
		out       [][]byte
	}
	check := func(name string, run func(s *subject) error) {
		t.Helper()
		wipetest.Memory(t, name, func() wipetest.Trial {
			s := &subject{key: make([]byte, bigdh.Size), text: make([]byte, 256)}
			seed = impl.Fill(s.key, seed)
			seed = impl.Fill(s.text, seed)
			return wipetest.Trial{
				Run: func() {
					if err := run(s); err != nil {
						t.Error(err)
					}
				},
				Owned:      [][]byte{s.key, s.text},
				OwnedLater: func() [][]byte { return s.out },
				Secrets:    func() [][]byte { return [][]byte{s.key, s.text} },
			}
		})
	}
	check("AuthKey", func(s *subject) error {
		k, err := ImportAuthKey(s.key)
		if err != nil {
			return err
		}
		defer k.Wipe()
		packet, err := k.Sealed(s.text, Client)
		if err != nil {
			return err
		}
		// Without a length at its beginning it is not a message, and thus erased.
		if _, err := k.Opened(packet, Client, LayoutSecretChat); err == nil {
			t.Error("a text without a length is accepted")
		}
		exported, err := k.Exported()
		s.out = append(s.out, exported)
		return err
	})
	check("DHKey", func(s *subject) error {
		g, err := TelegramGroup(3)
		if err != nil {
			return err
		}
		k, err := g.ImportKey(s.key)
		if err != nil {
			return err
		}
		exported, err := k.Exported()
		k.Wipe()
		s.out = append(s.out, exported)
		return err
	})
	check("Sealed, by a key that is wiped", func(s *subject) error {
		k, err := ImportAuthKey(s.key)
		if err != nil {
			return err
		}
		k.Wipe()
		if _, err := k.Sealed(s.text, Client); err != errUnusable {
			return fmt.Errorf("error %v", err)
		}
		return nil
	})
	check("EncryptedIGE, with a short key", func(s *subject) error {
		if _, err := EncryptedIGE(s.text, s.key[:31], s.key[32:64]); err == nil {
			return errors.New("a key of 31 bytes is accepted")
		}
		return nil
	})
	check("EncryptedIGE and DecryptedIGE", func(s *subject) error {
		encrypted, err := EncryptedIGE(s.text, s.key[:32], s.key[32:64])
		if err != nil {
			return err
		}
		decrypted, err := DecryptedIGE(encrypted, s.key[:32], s.key[32:64])
		s.out = append(s.out, decrypted)
		return err
	})
}
