package mobile

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

// Who sent a packet.
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

// AuthKey is an authorization key, which seals and opens packets of MTProto 2.0. For
// secret chats there is Chat, which does so and a lot more. It comes from
// ImportAuthKey or DHKey.agree.
type AuthKey struct {
	mu  sync.RWMutex // so that Wipe waits for those who use the key
	key *kdf.AuthKey
	env *envelope.Key // nil if the AuthKey cannot be used
}

// ImportAuthKey returns the key with the given 256 bytes, such as one that was exported.
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

// Fingerprint returns the auth_key_id, in a secret chat the key_fingerprint, as the number
// that the TL language makes of it.
func (k *AuthKey) Fingerprint() (fingerprint int64, err error) {
	err = k.use(func() error {
		fingerprint = k.key.Fingerprint()
		return nil
	})
	return fingerprint, err
}

// Visualization returns the 36 bytes of which KeyPicture and KeyText show a secret chat's
// key. They are those of the chat's first key, so keep them with the chat.
func (k *AuthKey) Visualization() (v []byte, err error) {
	err = k.use(func() error {
		bits := kdf.Visualization(k.key, k.key)
		v = bits[:]
		return nil
	})
	return v, err
}

// Seal encrypts a plaintext, which is in the first n bytes of buf, replaces it by the
// packet, and returns how many bytes of buf that is. There must be room for MaxOverhead
// bytes after the plaintext. It begins as its layout says, which is not looked at; side
// is who sends it, Client or Server. Padding is random.
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

// Open decrypts a packet, which is in the first n bytes of buf and which side sent, Client
// or Server. It replaces it by the plaintext, without padding, and returns how many bytes of
// buf that is. If the packet is not genuine there is one error, ErrorRefused, and neither
// packet nor plaintext is left in buf.
func (k *AuthKey) Open(buf []byte, n, side, layout int) (plaintext int, err error) {
	err = k.use(func() error {
		if n < 0 || n > len(buf) {
			return fmt.Errorf("mobile: a packet of %d bytes in an array of %d", n, len(buf))
		}
		if err := checkSide(side); err != nil {
			return err
		}
		header, err := layoutHeader(layout)
		if err != nil {
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
		plaintext = header + len(body)
		clear(buf[plaintext:n])
		return nil
	})
	return plaintext, err
}

// Sealed is Seal that leaves the plaintext alone and returns the packet.
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

// Opened is Open that leaves the packet alone and returns the plaintext.
func (k *AuthKey) Opened(packet []byte, side, layout int) ([]byte, error) {
	buf := bytes.Clone(packet)
	n, err := k.Open(buf, len(buf), side, layout)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// Wipe erases the key, which cannot be used afterwards. It waits for those who are using
// it.
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

// layoutHeader returns how many bytes precede the body.
func layoutHeader(layout int) (int, error) {
	switch layout {
	case LayoutSecretChat:
		return 4, nil
	case LayoutCloudChat:
		return 32, nil
	}
	return 0, fmt.Errorf("mobile: unknown layout %d", layout)
}
