// Package rsa2048 implements RSA with keys of 2048 bits and without padding: the bare
// operation of the keys of Telegram's servers. Package crypto/rsa does not offer it, for
// the good reason that nobody should use RSA without padding. Here the padding is up to
// package authkey, whose RSA_PAD crypto/rsa does not know.
//
// The private operation is constant-time by construction, and therefore needs no blinding:
// no branch, no memory address and no division depends on a key, on a plaintext or, before
// it is known to be below the modulus, on a ciphertext. Moduli, public exponents and errors
// are public. A result is checked before it is returned, so that a fault in one half of the
// computation, whatever its cause, does not give the key away (Boneh, DeMillo, Lipton, "On
// the Importance of Checking Cryptographic Protocols for Faults", 1997).
package rsa2048

import (
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"math/big"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/limbs"
	"github.com/mtcore/mtcore/internal/stack"
)

// Size is the length in bytes of moduli, plaintexts and ciphertexts: big-endian numbers,
// padded with zeros on the left.
const Size = bigdh.Size

var (
	// ErrKey says that a key does not have 2048 bits, that its primes do not have 1024 bits
	// each, or that it is not a valid RSA key.
	ErrKey = errors.New("rsa2048: invalid key")
	// ErrRange says that a plaintext or ciphertext is not below the modulus.
	ErrRange = errors.New("rsa2048: number not below the modulus")
	// ErrFault says that the private operation computed a wrong result, which it does not
	// return.
	ErrFault = errors.New("rsa2048: the computation failed")
)

// Backend names the implementation of the private operation that this machine uses, such as
// "IFMA+ADX", "Armv8" or "generic".
func Backend() string { return backends.String() }

// PublicKey is an RSA key for encryption. It is immutable and safe for concurrent use.
type PublicKey struct {
	n *bigdh.Modulus
	e uint32
}

// NewPublicKey returns the key with the big-endian modulus n and the exponent e. It returns
// ErrKey unless n is an odd number of 2048 bits, and e is odd and at least 3.
func NewPublicKey(n []byte, e uint32) (*PublicKey, error) {
	m, err := bigdh.NewModulus(n)
	if err != nil || e < 3 || e%2 == 0 {
		return nil, ErrKey
	}
	return &PublicKey{m, e}, nil
}

// Modulus returns n.
func (k *PublicKey) Modulus() [Size]byte { return k.n.Bytes() }

// Encrypt sets dst to src^e mod n, in time that does not depend on src. It returns
// ErrRange, and leaves dst alone, if src is not below n. Both may be the same array.
func (k *PublicKey) Encrypt(dst, src *[Size]byte) error {
	stack.Reserve24K()
	if !k.inRange(src) {
		return ErrRange
	}
	k.n.ExpVarTime(dst, src, k.e)
	return nil
}

// inRange reports whether x is below the modulus. The answer is public.
func (k *PublicKey) inRange(x *[Size]byte) bool {
	var a, n full
	modulus := k.n.Bytes()
	limbs.SetBytes(a[:], x[:])
	limbs.SetBytes(n[:], modulus[:])
	less := limbs.Less(a[:], n[:])
	clear(a[:])
	return less == 1
}

// PrivateKey is an RSA key for decryption. Any number of goroutines may use it until one of
// them calls Wipe.
type PrivateKey struct {
	public *PublicKey
	primes primes
	d      [2][Size / 2]byte // d mod p-1, d mod q-1
	qInv   half              // q^-1 mod p, times R
	wiped  bool
}

// NewPrivateKey returns k in the form that this package uses; the two share no memory. It
// returns ErrKey unless k is valid, and the product of two primes of 1024 bits.
func NewPrivateKey(k *rsa.PrivateKey) (*PrivateKey, error) {
	if k.N == nil || k.D == nil || k.E < 3 || int64(k.E) >= 1<<32 || len(k.Primes) != 2 ||
		k.N.Sign() <= 0 || k.N.BitLen() != 8*Size {
		return nil, ErrKey
	}
	for _, prime := range k.Primes {
		if prime == nil || prime.Sign() <= 0 || prime.BitLen() != 4*Size {
			return nil, ErrKey
		}
	}
	if k.Validate() != nil {
		return nil, ErrKey
	}
	public, err := NewPublicKey(k.N.Bytes(), uint32(k.E))
	if err != nil {
		return nil, err
	}
	values := k.Precomputed
	if values.Dp == nil || values.Dq == nil || values.Qinv == nil {
		again := rsa.PrivateKey{PublicKey: k.PublicKey, D: k.D, Primes: k.Primes}
		again.Precompute()
		values = again.Precomputed
	}
	if values.Dp == nil || values.Dp.BitLen() > 4*Size || values.Dq.BitLen() > 4*Size || values.Qinv.BitLen() > 4*Size {
		return nil, ErrKey
	}

	key := &PrivateKey{public: public}
	var n [2]half
	setHalf(&n[0], k.Primes[0])
	setHalf(&n[1], k.Primes[1])
	key.primes.set(&n)
	n = [2]half{}
	values.Dp.FillBytes(key.d[0][:])
	values.Dq.FillBytes(key.d[1][:])
	setHalf(&key.qInv, values.Qinv)
	p := &key.primes.prime[0]
	p.mul(&key.qInv, &key.qInv, &p.rr)

	// A key whose parts do not belong together fails for any number.
	two := &[Size]byte{Size - 1: 2}
	if err := key.Decrypt(two, two); err != nil {
		key.Wipe()
		return nil, ErrKey
	}
	return key, nil
}

// setHalf sets z to x, which has at most 1024 bits.
func setHalf(z *half, x *big.Int) {
	var b [Size / 2]byte
	limbs.SetBytes(z[:], x.FillBytes(b[:]))
	clear(b[:])
}

// Public returns the public key, which remains available after Wipe.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Decrypt sets dst to src^d mod n, in constant time. It returns ErrRange if src is not
// below n, and ErrFault if the result is wrong, which only happens on broken hardware.
// After an error, dst is unchanged. Both may be the same array. It panics if k was wiped.
//
// By the Chinese remainder theorem it takes two powers with half the length (Garner's
// formula):
//
//	x = src^d mod p    y = src^d mod q    dst = y + q·((x - y)/q mod p)
func (k *PrivateKey) Decrypt(dst, src *[Size]byte) error {
	if k.wiped || k.public == nil {
		panic("rsa2048: PrivateKey was wiped, or not made by NewPrivateKey")
	}
	stack.Reserve48K()
	if !k.public.inRange(src) {
		return ErrRange
	}
	var c full
	var x [2]half
	limbs.SetBytes(c[:], src[:])
	k.primes.exp(&x, &c, k.d[0][:], k.d[1][:])
	k.combine(&c, &x)
	clear(x[0][:])
	clear(x[1][:])

	var result, again [Size]byte
	limbs.PutBytes(result[:], c[:])
	clear(c[:])
	k.public.n.ExpVarTime(&again, &result, k.public.e)
	ok := subtle.ConstantTimeCompare(again[:], src[:]) == 1
	if ok {
		*dst = result
	}
	clear(result[:])
	clear(again[:])
	if !ok {
		return ErrFault
	}
	return nil
}

// combine sets z to the number below n that is x[0] modulo p and x[1] modulo q.
func (k *PrivateKey) combine(z *full, x *[2]half) {
	p, q := &k.primes.prime[0], &k.primes.prime[1]
	var h half
	var y full
	copy(y[:], x[1][:])
	limbs.SubtractOnce(y[:halfLimbs], p.n[:], 0) // q < 2p
	limbs.SubMod(h[:], x[0][:], y[:halfLimbs], p.n[:])
	p.mul(&h, &h, &k.qInv)
	limbs.SubtractOnce(h[:], p.n[:], 0)
	limbs.Mul(z[:], h[:], q.n[:])
	copy(y[:], x[1][:])
	limbs.Add(z[:], z[:], y[:])
	clear(h[:])
	clear(y[:])
}

// Wipe erases the key, which panics when used afterwards.
func (k *PrivateKey) Wipe() {
	k.primes = primes{}
	k.d = [2][Size / 2]byte{}
	k.qInv = half{}
	k.wiped = true
}
