package mobile

import (
	"sync"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
)

// DHGroup is a checked prime with its generator, for the Diffie-Hellman exchange. It comes
// from TelegramGroup or CheckedGroup.
type DHGroup struct {
	group *bigdh.Group
}

// TelegramGroup returns the group of the prime that Telegram's servers have sent for
// years. The generator g is 3, 4 or 7.
func TelegramGroup(g int) (*DHGroup, error) {
	group, err := bigdh.Telegram(g)
	if err != nil {
		return nil, err
	}
	return &DHGroup{group}, nil
}

// CheckedGroup returns the group of a prime, in big-endian order, and a generator g that
// a server sent, or an error if they are not safe. Telegram's prime is recognised at
// once; for another one the check can take a second on a slow phone, but only the first
// time.
func CheckedGroup(prime []byte, g int) (*DHGroup, error) {
	group, err := bigdh.NewGroup(prime, g)
	if err != nil {
		return nil, err
	}
	return &DHGroup{group}, nil
}

// GenerateKey returns a new random key. The random bytes that a server may have sent are
// mixed in; without any, serverRandom is null.
func (g *DHGroup) GenerateKey(serverRandom []byte) (*DHKey, error) {
	if g.group == nil {
		return nil, errUnusable
	}
	key, err := g.group.GenerateKey(serverRandom)
	if err != nil {
		return nil, err
	}
	return &DHKey{group: g.group, key: key}, nil
}

// ImportKey returns the key that was exported as x.
func (g *DHGroup) ImportKey(x []byte) (*DHKey, error) {
	if g.group == nil {
		return nil, errUnusable
	}
	key, err := g.group.NewPrivateKey(x)
	if err != nil {
		return nil, err
	}
	return &DHKey{group: g.group, key: key}, nil
}

// DHKey is the secret number of one side of a Diffie-Hellman exchange. It comes from
// DHGroup.
type DHKey struct {
	mu    sync.RWMutex // so that Wipe waits for those who use the key
	group *bigdh.Group
	key   *bigdh.PrivateKey // nil if the DHKey cannot be used
}

// PublicKey returns g_a or g_b, the 256 bytes to send.
func (k *DHKey) PublicKey() (public []byte, err error) {
	err = k.use(func() error {
		y := k.key.PublicKey().Bytes()
		public = y[:]
		return nil
	})
	return public, err
}

// Agree returns the key that the two sides have in common, of what the other side sent:
// its g_a or g_b, which is checked. It takes some milliseconds. Compare the Fingerprint, or
// in a secret chat let the users compare the picture, as nothing else tells who the
// other side is.
func (k *DHKey) Agree(received []byte) (shared *AuthKey, err error) {
	err = k.use(func() error {
		peer, err := k.group.NewPublicKey(received)
		if err != nil {
			return err
		}
		secret := new(kdf.AuthKey)
		if err := k.key.DH((*[AuthKeySize]byte)(secret), peer); err != nil {
			return err
		}
		shared = newAuthKey(secret)
		return nil
	})
	return shared, err
}

// Export copies the secret number to dst, which has 256 bytes, to be kept until the other
// side answers.
func (k *DHKey) Export(dst []byte) error {
	return k.use(func() error {
		if len(dst) != bigdh.Size {
			return errSize("destination", bigdh.Size, len(dst))
		}
		x := k.key.Bytes()
		copy(dst, x[:])
		clear(x[:])
		return nil
	})
}

// Exported returns the 256 bytes of the secret number.
func (k *DHKey) Exported() ([]byte, error) {
	return inCopy(make([]byte, bigdh.Size), k.Export)
}

// Wipe erases the secret number. The key cannot be used afterwards.
func (k *DHKey) Wipe() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		k.key.Wipe()
		k.key = nil
	}
}

// use calls f while the key is there.
func (k *DHKey) use(f func() error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.key == nil {
		return errUnusable
	}
	return f()
}
