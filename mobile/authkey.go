package mobile

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

// Which side sent a packet.
const (
	// Client is the client, or whoever asked for a secret chat.
	Client = int(kdf.Client)
	// Server is the server, or whoever accepted a secret chat.
	Server = int(kdf.Server)
)

// How a plaintext begins, before its body.
const (
	// LayoutSecretChat is length(4) || body.
	LayoutSecretChat = int(envelope.SecretChat)
	// LayoutCloudChat is salt(8) || session_id(8) || msg_id(8) || seq_no(4) || length(4) || body.
	LayoutCloudChat = int(envelope.CloudChat)
)

// AuthKey is an authorization key, which seals and opens packets of MTProto 2.0. For secret
// chats use Chat, which does that and much more. Keys come from ImportAuthKey or
// DHKey.agree.
type AuthKey struct {
	mu  sync.RWMutex // so that Wipe waits for those who use the key
	key *kdf.AuthKey
	env *envelope.Key // nil if the AuthKey cannot be used
}

// ImportAuthKey returns the key with the given 256 bytes, as Export or a server provides
// them.
func ImportAuthKey(raw []byte) (*AuthKey, error) {
	if len(raw) != AuthKeySize {
		return nil, errSize("authorization key", AuthKeySize, len(raw))
	}
	key := kdf.AuthKey(raw)
	return newAuthKey(&key), nil
}

func newAuthKey(key *kdf.AuthKey) *AuthKey {
	return &AuthKey{key: key, env: envelope.NewKey(key)}
}

// Export copies the key to dst, which has 256 bytes.
func (k *AuthKey) Export(dst []byte) error {
	return k.use(func() error {
		if len(dst) != AuthKeySize {
			return errSize("destination", AuthKeySize, len(dst))
		}
		copy(dst, k.key[:])
		return nil
	})
}

// Exported returns the 256 bytes of the key.
func (k *AuthKey) Exported() ([]byte, error) {
	return inCopy(make([]byte, AuthKeySize), k.Export)
}

// Fingerprint returns the auth_key_id, which secret chats call key_fingerprint, as a TL
// long.
func (k *AuthKey) Fingerprint() (fingerprint int64, err error) {
	err = k.use(func() error {
		fingerprint = k.key.Fingerprint()
		return nil
	})
	return fingerprint, err
}

// Visualization returns the 36 bytes that KeyPicture and KeyText show for the key of a
// secret chat. They are those of the first key of the chat, so store them with the chat.
func (k *AuthKey) Visualization() (v []byte, err error) {
	err = k.use(func() error {
		bits := kdf.Visualization(k.key, k.key)
		v = bits[:]
		return nil
	})
	return v, err
}

// Seal encrypts the plaintext in the first n bytes of buf, replaces it with the packet, and
// returns the length of the packet in bytes. Buf needs room for MaxOverhead bytes after the
// plaintext. The plaintext begins as its layout says, which is not checked; side is the
// sender, Client or Server. Padding is random.
func (k *AuthKey) Seal(buf []byte, n, side int) (packet int, err error) {
	err = k.use(func() error {
		if n < 0 || len(buf)-n < MaxOverhead {
			return fmt.Errorf("mobile: %d bytes have no room for a plaintext of %d and MaxOverhead", len(buf), n)
		}
		if err := checkSide(side); err != nil {
			return err
		}
		plaintext := buf[envelope.HeaderSize : envelope.HeaderSize+n]
		copy(plaintext, buf)
		out, err := k.env.Seal(buf[:0], kdf.Side(side), plaintext, envelope.PadRandom)
		packet = len(out)
		return err
	})
	return packet, err
}

// Open decrypts the packet in the first n bytes of buf, sent by side, which is Client or
// Server. It replaces the packet with the plaintext, without padding, and returns the
// length of the plaintext in bytes. A packet that is not authentic always gives the same
// error, ErrorRefused, and leaves neither packet nor plaintext in buf.
func (k *AuthKey) Open(buf []byte, n, side, layout int) (plaintext int, err error) {
	err = k.use(func() error {
		if n < 0 || n > len(buf) {
			return fmt.Errorf("mobile: a packet of %d bytes in an array of %d", n, len(buf))
		}
		if err := checkSide(side); err != nil {
			return err
		}
		if err := checkLayout(layout); err != nil {
			return err
		}
		padded, err := k.env.Open(buf[:0], kdf.Side(side), buf[:n])
		if err != nil {
			return err
		}
		body, err := envelope.Layout(layout).Body(envelope.V2, padded)
		if err != nil {
			clear(buf[:n])
			return err
		}
		header := cap(padded) - cap(body) // body is a part of padded
		plaintext = header + len(body)
		clear(buf[plaintext:n])
		return nil
	})
	return plaintext, err
}

// Sealed is like Seal, but leaves the plaintext alone and returns the packet.
func (k *AuthKey) Sealed(plaintext []byte, side int) ([]byte, error) {
	buf := make([]byte, len(plaintext)+MaxOverhead)
	copy(buf, plaintext)
	n, err := k.Seal(buf, len(plaintext), side)
	if err != nil {
		clear(buf)
		return nil, err
	}
	return buf[:n], nil
}

// Opened is like Open, but leaves the packet alone and returns the plaintext.
func (k *AuthKey) Opened(packet []byte, side, layout int) ([]byte, error) {
	buf := bytes.Clone(packet)
	n, err := k.Open(buf, len(buf), side, layout)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// Wipe erases the key, which is unusable afterwards. It waits for calls in progress.
func (k *AuthKey) Wipe() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.env != nil {
		k.key.Wipe()
		k.key, k.env = nil, nil
	}
}

// use calls f while the key is there.
func (k *AuthKey) use(f func() error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.env == nil {
		return errUnusable
	}
	return f()
}

func checkSide(side int) error {
	if side != Client && side != Server {
		return fmt.Errorf("mobile: side %d is neither Client nor Server", side)
	}
	return nil
}

func checkLayout(layout int) error {
	if layout != LayoutSecretChat && layout != LayoutCloudChat {
		return fmt.Errorf("mobile: unknown layout %d", layout)
	}
	return nil
}
