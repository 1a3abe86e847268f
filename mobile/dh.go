package mobile

import (
	"sync"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/kdf"
)

// DHGroup is a checked prime and its generator, for a Diffie-Hellman exchange. It comes
// from TelegramGroup or CheckedGroup.
type DHGroup struct {
	group *bigdh.Group
}

// TelegramGroup returns the group of the prime that Telegram's servers have sent for years.
// The generator g is 3, 4 or 7.
func TelegramGroup(g int) (*DHGroup, error) {
	group, err := bigdh.Telegram(g)
	if err != nil {
		return nil, err
	}
	return &DHGroup{group}, nil
}

// CheckedGroup returns the group of a big-endian prime and a generator g that a server
// sent, or an error if they are not safe to use. Telegram's own prime is recognised at
// once; the check of another one can take a second on a slow phone, the first time only.
func CheckedGroup(prime []byte, g int) (*DHGroup, error) {
	group, err := bigdh.NewGroup(prime, g)
	if err != nil {
		return nil, err
	}
	return &DHGroup{group}, nil
}

// GenerateKey returns a new random key. The random bytes that a server sent are mixed in;
// serverRandom is null if there are none.
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

// PublicKey returns the 256 bytes to send, g_a or g_b.
func (k *DHKey) PublicKey() (public []byte, err error) {
	err = k.use(func() error {
		y := k.key.PublicKey().Bytes()
		public = y[:]
		return nil
	})
	return public, err
}

// Agree computes the shared key from the other side's public value, its g_a or g_b, which
// is checked first. It takes a few milliseconds. Nothing in it proves who the other side
// is: compare the Fingerprint, or in a secret chat let the users compare the picture.
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

// Export copies the secret number to dst, an array of 256 bytes, to be kept until the other
// side answers.
func (k *DHKey) Export(dst []byte) error {
	return k.use(func() error {
		if len(dst) != bigdh.Size {
			return errSize("destination", bigdh.Size, len(dst))
		}
		k.key.FillBytes((*[bigdh.Size]byte)(dst))
		return nil
	})
}

// Exported returns the 256 bytes of the secret number.
func (k *DHKey) Exported() ([]byte, error) {
	return inCopy(make([]byte, bigdh.Size), k.Export)
}

// Wipe erases the secret number. The key is unusable afterwards.
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
