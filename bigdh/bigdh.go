// Package bigdh implements the Diffie–Hellman exchange of Telegram's MTProto, modulo a
// 2048-bit safe prime, for clients and servers that speak it; its secret chats and
// authorization keys are made this way. Passwords are checked by its [Group.Exp], and by
// more arithmetic modulo p, for which there is [Modulus].
// For something new see crypto/ecdh, which is faster by far and has nothing to check.
//
// A [Group] is a prime p with a generator g, and exists only if both are good: whoever
// sends them could otherwise read along. [Telegram] has the prime that servers have
// sent for years; [NewGroup] checks any other. In a group, both sides make a
// [PrivateKey], exchange their [PublicKey], and arrive at the same shared secret:
//
//	g_a = g^a mod p    g_b = g^b mod p    key = g_b^a = g_a^b mod p
//
// Nothing in here authenticates the other side: that is for fingerprints which people
// compare, and for package kdf.
//
// Private keys, shared secrets, and both bases and exponents of Exp are secret: no
// branch, no memory address and no division depends on them, on any platform. Groups,
// public keys and the length of an exponent are public. Copies of secrets made on the
// way are cleared, as far as they are this package's. GODEBUG can turn CPU features off by
// name, as in cpu.avx512ifma=off, so that [Backend] is another one; fips140=only changes
// nothing here.
//
// [PrivateKey.DH], [Group.Exp], [Group.ExpBytes] and the methods of [Modulus] do not
// allocate.
package bigdh

import (
	"context"
	"errors"

	"github.com/mtcore/mtcore/internal/stack"
)

// Size is the length in bytes of primes, public keys and shared secrets: big-endian
// numbers, padded with zeros on the left.
const Size = 256

var (
	// ErrPrime means that a modulus is not a safe prime of exactly 2048 bits.
	ErrPrime = errors.New("bigdh: not a safe prime of 2048 bits")
	// ErrGenerator means that a generator is not one of 2 to 7, or not a square modulo the
	// prime.
	ErrGenerator = errors.New("bigdh: generator does not fit the prime")
	// ErrPublicKey means that a public value is out of range, or belongs to another group.
	ErrPublicKey = errors.New("bigdh: public value out of range")
	// ErrModulus means that a modulus is even, or does not have exactly 2048 bits.
	ErrModulus = errors.New("bigdh: not an odd number of 2048 bits")
	// ErrKeySize means that a private key does not have 1 to 256 bytes, or is 0 or 1.
	ErrKeySize = errors.New("bigdh: invalid size of private key")
)

// Backend names the implementation that this machine uses, such as "IFMA+ADX", "Armv8"
// or "generic".
func Backend() string { return backends.String() }

// Group is a safe prime p, so that (p-1)/2 is prime too, with a generator g of the
// squares modulo p. It never changes, and any number of goroutines may use it.
type Group struct {
	p *prime
	g int
}

// Telegram returns the group of Telegram's prime, with which g may be 3, 4 or 7.
func Telegram(g int) (*Group, error) { return newGroup(telegramPrime(), g) }

// NewGroup returns the group of p, which is big-endian, and g. It returns ErrPrime if p
// is not a safe prime of exactly 2048 bits, and otherwise ErrGenerator if g is not one
// of 2 to 7 or not a square.
//
// Telegram's prime is recognised at once. Any other is checked as a number that an
// attacker may have chosen, which takes tens of milliseconds, and the verdict
// remembered: the same p is not checked again, whatever the verdict, unless many others
// came after it.
func NewGroup(p []byte, g int) (*Group, error) {
	return NewGroupContext(context.Background(), p, g)
}

// NewGroupContext is [NewGroup], with an end to waiting: it returns the error of ctx
// soon after ctx is done, and then no verdict is remembered.
func NewGroupContext(ctx context.Context, p []byte, g int) (*Group, error) {
	var padded [Size]byte
	if !pad(&padded, p) {
		return nil, ErrPrime
	}
	checked, err := checkedPrime(ctx, &padded)
	if err != nil {
		return nil, err
	}
	return newGroup(checked, g)
}

func newGroup(p *prime, g int) (*Group, error) {
	if !isGenerator(p.mod840, g) {
		return nil, ErrGenerator
	}
	return &Group{p, g}, nil
}

// Prime returns p.
func (g *Group) Prime() [Size]byte { return g.p.bytes }

// Generator returns g.
func (g *Group) Generator() int { return g.g }

func (g *Group) equal(x *Group) bool {
	return g.g == x.g && (g.p == x.p || g.p.bytes == x.p.bytes)
}

// Exp sets dst to base^exp mod p, in constant time. The base may be anything below p;
// otherwise the result is ErrPublicKey, and dst is left alone. The arguments may be the
// same array.
func (g *Group) Exp(dst, base, exp *[Size]byte) error {
	return g.ExpBytes(dst, base, exp[:])
}

// ExpBytes is [Group.Exp] with a big-endian exponent of any length, which is public,
// leading zeros included. SRP has exponents of 2304 bits.
func (g *Group) ExpBytes(dst, base *[Size]byte, exp []byte) error {
	stack.Reserve16K()
	var x nat
	setBytes(&x, base)
	if !less(&x, &g.p.m.n) {
		clear(x[:])
		return ErrPublicKey
	}
	g.p.m.exp(&x, &x, exp)
	putBytes(dst, &x)
	clear(x[:])
	return nil
}

// expGenerator sets dst to g^exp mod p, in constant time.
func (g *Group) expGenerator(dst, exp *[Size]byte) {
	stack.Reserve16K()
	var x nat
	setBytes(&x, exp)
	g.p.comb(g.g).exp(&g.p.m, &x, &x)
	putBytes(dst, &x)
	clear(x[:])
}

// pad sets dst to the public big-endian number b, and reports whether it fits.
func pad(dst *[Size]byte, b []byte) bool {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > Size {
		return false
	}
	clear(dst[:])
	copy(dst[Size-len(b):], b)
	return true
}
