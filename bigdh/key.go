package bigdh

import (
	"crypto/rand"
	"crypto/sha3"
	"errors"

	"github.com/mtcore/mtcore/internal/stack"
)

// PublicKey is a checked public value, g_a or g_b.
type PublicKey struct {
	group Group
	y     [Size]byte
}

// NewPublicKey checks the big-endian number y that a peer sent. It may have lost, or
// gained, zeros on the left. The result is ErrPublicKey unless
//
//	2^1984 ≤ y ≤ p - 2^1984
//
// which leaves out the values whose powers are few, such as 0, 1 and p-1, and others
// that no random key leads to.
func (g *Group) NewPublicKey(y []byte) (*PublicKey, error) {
	k := &PublicKey{group: *g}
	if !pad(&k.y, y) || !g.inRangeVarTime(&k.y) {
		return nil, ErrPublicKey
	}
	return k, nil
}

// inRangeVarTime reports whether 2^1984 ≤ y ≤ p - 2^1984. Public values are public.
func (g *Group) inRangeVarTime(y *[Size]byte) bool {
	// 2^1984 is 1 in the topmost limb.
	var v nat
	setBytes(&v, y)
	if v[31] == 0 {
		return false
	}
	v[31]--
	// Now y - 2^1984 ≤ p - 2·2^1984 is to be decided, or p - 2·2^1984 ≥ v.
	bound := g.p.m.n
	bound[31] -= 2
	return !less(&bound, &v)
}

// Bytes returns the value as it is sent.
func (k *PublicKey) Bytes() [Size]byte { return k.y }

// Equal reports whether both are the same value in the same group.
func (k *PublicKey) Equal(x *PublicKey) bool {
	return k.group.equal(&x.group) && k.y == x.y
}

// PrivateKey is a secret exponent with its public key. Any number of goroutines may use
// it until one of them calls Wipe.
type PrivateKey struct {
	x      [Size]byte
	public *PublicKey
	wiped  bool
}

// GenerateKey returns a new key of 2048 random bits.
//
// The bits come from the operating system. Telegram's servers send random bytes of their
// own, for devices whose system has poor ones; serverRandom is these bytes, or nil. They
// are hashed together with more bytes from the system, and the result is mixed in, so that
// whoever knows or chooses them learns nothing about the key.
//
// An error means that random bytes are not available, or not random, which can only happen
// if the program has replaced rand.Reader.
func (g *Group) GenerateKey(serverRandom []byte) (*PrivateKey, error) {
	stack.Reserve24K()
	k := new(PrivateKey)
	for range maxDraws {
		if err := drawExponent(&k.x, serverRandom); err != nil {
			return nil, err
		}
		if err := g.finish(k); err == nil {
			return k, nil
		}
	}
	return nil, errNotRandom
}

// maxDraws bounds how often an exponent is drawn. Less than one in 2^62 is refused, so that
// already the second one in a row is no chance.
const maxDraws = 4

var errNotRandom = errors.New("bigdh: random bytes are not random")

// drawExponent sets x to random bytes of the system's, to which it adds, if there are
// bytes of a server,
//
//	x = OS1 ⊕ SHAKE256( OS2 || server )
//
// As OS1 is independent of the rest, x is as random as OS1. If the system's bytes are
// not what they should be, they still have to be guessed together with the server's.
func drawExponent(x *[Size]byte, serverRandom []byte) error {
	if _, err := rand.Read(x[:]); err != nil {
		return err
	}
	if len(serverRandom) == 0 {
		return nil
	}
	var seed [64]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return err
	}
	h := sha3.NewSHAKE256()
	h.Write(seed[:])
	h.Write(serverRandom)
	var mask [Size]byte
	h.Read(mask[:])
	for i := range x {
		x[i] ^= mask[i]
	}
	h.Reset()
	clear(seed[:])
	clear(mask[:])
	return nil
}

// NewPrivateKey returns the key with the big-endian exponent x of 1 to 256 bytes, such
// as one out of [PrivateKey.Bytes]. It returns ErrKeySize if x is shorter or longer, or
// is 0 or 1, and ErrPublicKey if the public value is not one that a peer would accept.
func (g *Group) NewPrivateKey(x []byte) (*PrivateKey, error) {
	if len(x) == 0 || len(x) > Size {
		return nil, ErrKeySize
	}
	stack.Reserve24K()
	k := new(PrivateKey)
	copy(k.x[Size-len(x):], x)
	if err := g.finish(k); err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// finish checks the exponent of k and computes the public key.
func (g *Group) finish(k *PrivateKey) error {
	var high byte
	for _, b := range k.x[:Size-1] {
		high |= b
	}
	if high|k.x[Size-1]>>1 == 0 {
		return ErrKeySize
	}
	public := &PublicKey{group: *g}
	g.expGenerator(&public.y, &k.x)
	if !g.inRangeVarTime(&public.y) {
		return ErrPublicKey
	}
	k.public = public
	return nil
}

// Bytes returns the exponent, to be kept while waiting for the peer's answer. It is as
// secret as the key itself. A function that returns an array may leave another copy on the
// stack: see [PrivateKey.FillBytes].
func (k *PrivateKey) Bytes() [Size]byte {
	k.checkUsable()
	return k.x
}

// FillBytes sets x to the exponent, without another copy.
func (k *PrivateKey) FillBytes(x *[Size]byte) {
	k.checkUsable()
	*x = k.x
}

// PublicKey returns the public key, which is there even after Wipe.
func (k *PrivateKey) PublicKey() *PublicKey { return k.public }

// DH sets secret to the shared secret with peer, padded with zeros on the left, in
// constant time. It returns ErrPublicKey, and leaves secret alone, if peer is a key of
// another group. It panics if k was wiped.
func (k *PrivateKey) DH(secret *[Size]byte, peer *PublicKey) error {
	k.checkUsable()
	if !k.public.group.equal(&peer.group) {
		return ErrPublicKey
	}
	return k.public.group.Exp(secret, &peer.y, &k.x)
}

// Wipe erases the exponent. The key panics when used afterwards.
func (k *PrivateKey) Wipe() {
	clear(k.x[:])
	k.wiped = true
}

func (k *PrivateKey) checkUsable() {
	if k.wiped || k.public == nil {
		panic("bigdh: PrivateKey was wiped, or not made by a Group")
	}
}
