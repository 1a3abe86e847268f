// Package srpcore implements the arithmetic of two-step verification, for packages that
// have their own exponents and random bytes. Package srp has the formulas and says what is
// secret.
package srpcore

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/secret"
)

// Sizes in bytes.
const (
	// Size is the length of A, B and verifiers.
	Size = bigdh.Size
	// ProofSize is the length of M1.
	ProofSize = sha256.Size
	// SaltSize is how many bytes are added to the server's salt for a new password.
	SaltSize = 32
	// minB is the length of the shortest B.
	minB = 248
)

// ErrServer says that the server's B is out of range, or was chosen so that A or M1 would
// reveal something about the password.
var ErrServer = errors.New("srp: B of the server is out of range")

// Params are the Params of package srp.
type Params struct {
	Group        *bigdh.Group
	Salt1, Salt2 []byte
}

// ParseB returns the B of a server as a number.
func (p *Params) ParseB(srpB []byte) (b [Size]byte, err error) {
	if len(srpB) < minB || len(srpB) > Size {
		return b, ErrServer
	}
	copy(b[Size-len(srpB):], srpB)
	if IsZero(b[:]) == 1 || !Below(&b, p.Group) {
		return b, ErrServer
	}
	return b, nil
}

// HashPassword sets x to the hash of the password. After an error x holds another hash of it, which
// is as secret. The standard library does the work, and leaves copies of what it hashes, of which
// package secret has some erased.
func (p *Params) HashPassword(ctx context.Context, x *[sha256.Size]byte, salt1, password []byte) (err error) {
	secret.Do(func() { err = p.hashPassword(ctx, x, salt1, password) })
	return err
}

func (p *Params) hashPassword(ctx context.Context, x *[sha256.Size]byte, salt1, password []byte) error {
	saltHash(x, password, salt1)
	saltHash(x, x[:], p.Salt2)
	var derived [sha512.Size]byte
	defer clear(derived[:])
	if err := kdf(ctx, &derived, x[:], salt1, iterations); err != nil {
		return err
	}
	saltHash(x, derived[:], p.Salt2)
	return nil
}

// Verifier sets v to g^x.
func (p *Params) Verifier(v *[Size]byte, x *[sha256.Size]byte) {
	g := p.generator()
	if err := p.Group.ExpBytes(v, &g, x[:]); err != nil {
		panic("srpcore: internal error: " + err.Error())
	}
}

// Prove returns the M1 of a client with exponent a.
func (p *Params) Prove(x *[sha256.Size]byte, a, publicA, b *[Size]byte) (m1 [ProofSize]byte, err error) {
	m := p.Group.Modulus()
	var v, s [Size]byte
	defer clear(v[:])
	defer clear(s[:])
	u := HashU(publicA, b)
	p.Verifier(&v, x)

	// B - k·v must not be 0: a server that has chosen B = k·v knows S.
	k := p.HashK()
	m.Mul(&v, &v, &k)
	m.Sub(&s, b, &v)
	if IsZero(u[:])|IsZero(s[:]) == 1 {
		return m1, ErrServer
	}
	var exponent [Size + 1]byte
	bigdh.MulAdd(&exponent, a, &u, x)
	err = p.Group.ExpBytes(&s, &s, exponent[:])
	clear(exponent[:])
	if err != nil {
		panic("srpcore: internal error: " + err.Error())
	}
	return p.HashM1(publicA, b, &s), nil
}

// saltHash sets dst to SH(data, salt).
func saltHash(dst *[sha256.Size]byte, data, salt []byte) {
	h := sha256.New()
	h.Write(salt)
	h.Write(data)
	h.Write(salt)
	h.Sum(dst[:0])
}

const iterations = 100_000

// kdf sets dst to PBKDF2 (RFC 8018) with HMAC-SHA-512. It is here because crypto/pbkdf2
// cannot be cancelled.
func kdf(ctx context.Context, dst *[sha512.Size]byte, password, salt []byte, iterations int) error {
	mac := hmac.New(sha512.New, password)
	mac.Write(salt)
	mac.Write([]byte{0, 0, 0, 1}) // the first block, and the only one
	var u [sha512.Size]byte
	defer clear(u[:])
	mac.Sum(u[:0])
	*dst = u
	for i := 1; i < iterations; i++ {
		if i%512 == 0 { // at least twice a millisecond
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		mac.Reset()
		mac.Write(u[:])
		mac.Sum(u[:0])
		subtle.XORBytes(dst[:], dst[:], u[:])
	}
	return ctx.Err()
}

// generator returns g as a number.
func (p *Params) generator() [Size]byte {
	return [Size]byte{Size - 1: byte(p.Group.Generator())}
}

// HashK returns k = H(p || g), as a number.
func (p *Params) HashK() (k [Size]byte) {
	prime, g := p.Group.Prime(), p.generator()
	h := sha256.New()
	h.Write(prime[:])
	h.Write(g[:])
	h.Sum(k[:Size-sha256.Size])
	return k
}

// HashU returns u = H(A || B).
func HashU(a, b *[Size]byte) (u [sha256.Size]byte) {
	h := sha256.New()
	h.Write(a[:])
	h.Write(b[:])
	h.Sum(u[:0])
	return u
}

// HashM1 returns M1.
func (p *Params) HashM1(a, b, s *[Size]byte) (m1 [ProofSize]byte) {
	prime, g := p.Group.Prime(), p.generator()
	hp, hg := sha256.Sum256(prime[:]), sha256.Sum256(g[:])
	subtle.XORBytes(hp[:], hp[:], hg[:])
	h1, h2 := sha256.Sum256(p.Salt1), sha256.Sum256(p.Salt2)
	key := sha256.Sum256(s[:])
	h := sha256.New()
	h.Write(hp[:])
	h.Write(h1[:])
	h.Write(h2[:])
	h.Write(a[:])
	h.Write(b[:])
	h.Write(key[:])
	h.Sum(m1[:0])
	clear(key[:])
	return m1
}

// Below reports whether x is below p, in constant time.
func Below(x *[Size]byte, g *bigdh.Group) bool {
	var r [Size]byte
	g.Modulus().Reduce(&r, x)
	same := subtle.ConstantTimeCompare(r[:], x[:])
	clear(r[:])
	return same == 1
}

// IsZero returns 1 if all of b is zero, and 0 otherwise.
func IsZero(b []byte) int {
	var all byte
	for _, v := range b {
		all |= v
	}
	return subtle.ConstantTimeByteEq(all, 0)
}
