// Package srp implements two-step verification of Telegram accounts, for clients and
// servers: the variant of SRP-6a in which a client proves that it knows the password, and
// a server that has a verifier in place of the password learns no more than that.
//
// A client answers account.password, which has a group, two salts and B, with the A and the
// M1 of [Check], in inputCheckPasswordSRP. A new password is set by the verifier of
// [NewVerifier], in account.passwordInputSettings. Both hash the password, which takes some
// tens of milliseconds on purpose.
//
// Where H is SHA-256, numbers are 256 bytes, big-endian, and PBKDF2 is that of HMAC-SHA-512
// with 100,000 iterations:
//
//	SH(d, s) = H(s || d || s)        x = SH( PBKDF2( SH(SH(password, salt1), salt2), salt1 ), salt2 )
//	v = g^x                          k = H(p || g)
//	A = g^a                          B = k·v + g^b
//	u = H(A || B)                    S = (B - k·v)^(a + u·x) = (A·v^u)^b
//	M1 = H( (H(p) ⊕ H(g)) || H(salt1) || H(salt2) || A || B || H(S) )
//
// The server never proves anything: what it is otherwise known by must be enough.
//
// Passwords, verifiers, exponents and S are secret: no branch and no memory address depends
// on them, but for the length of a password and for whether it was right. Copies are cleared
// as far as they are this package's; the standard library's hashes leave theirs.
//
// See https://core.telegram.org/api/srp.
package srp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/srpcore"
)

// Sizes in bytes.
const (
	// Size is that of A, B and verifiers.
	Size = srpcore.Size
	// ProofSize is that of M1.
	ProofSize = srpcore.ProofSize
	// saltSize is how much NewVerifier adds to the server's salt.
	saltSize = srpcore.SaltSize
)

var (
	// ErrPassword says that the password is empty, which none may be.
	ErrPassword = errors.New("srp: empty password: to log in without one send inputCheckPasswordEmpty, " +
		"and to remove one an empty new_password_hash")
	// ErrServer says that the server's B is out of range, or would make A or M1 tell of
	// the password.
	ErrServer = srpcore.ErrServer
	// ErrVerifier says that a verifier is not one that NewVerifier has made in this group.
	ErrVerifier = errors.New("srp: invalid verifier")
)

// Params is what the server says of a password, in
// passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow.
type Params struct {
	// Group is of p and g, which bigdh.NewGroup checks.
	Group *bigdh.Group
	// Salt1 and Salt2 have any length.
	Salt1, Salt2 []byte
}

func (p *Params) core() *srpcore.Params { return (*srpcore.Params)(p) }

// Check returns A and M1, with which a client proves that it knows the password, for the B
// that the server has sent as srp_B. The password is UTF-8, as it was typed.
//
// It returns ErrPassword if the password is empty, ErrServer if B has not 248 to 256 bytes
// or is not from 1 to p-1, or is one that shows the server's ill will, and the error of ctx
// soon after ctx is done.
func Check(ctx context.Context, p *Params, password, srpB []byte) (a [Size]byte, m1 [ProofSize]byte, err error) {
	b, err := p.core().ParseB(srpB)
	if err != nil {
		return a, m1, err
	}
	if len(password) == 0 {
		return a, m1, ErrPassword
	}
	var x [sha256.Size]byte
	defer clear(x[:])
	if err := p.core().HashPassword(ctx, &x, p.Salt1, password); err != nil {
		return a, m1, err
	}
	return p.answer(&x, &b)
}

// answer returns the A and M1 of a client whose password has the hash x.
func (p *Params) answer(x *[sha256.Size]byte, b *[Size]byte) (a [Size]byte, m1 [ProofSize]byte, err error) {
	private, err := p.Group.GenerateKey(nil) // whose A is never unsafe
	if err != nil {
		return a, m1, err
	}
	defer private.Wipe()
	exponent := private.Bytes()
	defer clear(exponent[:])
	public := private.PublicKey().Bytes()
	if m1, err = p.core().Prove(x, &exponent, &public, b); err != nil {
		return a, m1, err
	}
	return public, m1, nil
}

// NewVerifier returns the verifier of a new password, which is sent as new_password_hash,
// and the salt1 that goes with it: the server's, with 32 random bytes after it. With that
// in new_algo the server keeps both. The password is UTF-8, as it was typed; if it is empty
// the error is ErrPassword, and if ctx is done before, that of ctx.
func NewVerifier(ctx context.Context, p *Params, password []byte) (v [Size]byte, salt1 []byte, err error) {
	if len(password) == 0 {
		return v, nil, ErrPassword
	}
	var random [saltSize]byte
	rand.Read(random[:])
	salt1 = slices.Concat(p.Salt1, random[:])
	var x [sha256.Size]byte
	defer clear(x[:])
	if err := p.core().HashPassword(ctx, &x, salt1, password); err != nil {
		return v, nil, err
	}
	p.core().Verifier(&v, &x)
	return v, salt1, nil
}

// Server is the server's side of one attempt to log in. It must not be used by more than
// one goroutine at a time.
type Server struct {
	params  Params
	private *bigdh.PrivateKey // nil after the attempt
	v, b    [Size]byte
}

// NewServer returns the server's side for the account with verifier v, which is of
// NewVerifier and has the salts of p. It returns ErrVerifier unless v is from 2 to p-2.
func NewServer(p *Params, v *[Size]byte) (*Server, error) {
	if !srpcore.Below(v, p.Group) {
		return nil, ErrVerifier
	}
	// With 0, 1 or -1 everybody knows S.
	m := p.Group.Modulus()
	one := [Size]byte{Size - 1: 1}
	var less, more [Size]byte
	m.Sub(&less, v, &one)
	m.Add(&more, v, &one)
	bad := srpcore.IsZero(v[:]) | srpcore.IsZero(less[:]) | srpcore.IsZero(more[:])
	clear(less[:])
	clear(more[:])
	if bad == 1 {
		return nil, ErrVerifier
	}

	s := &Server{params: *p, v: *v}
	k := p.core().HashK()
	var kv [Size]byte
	defer clear(kv[:])
	m.Mul(&kv, v, &k)
	for srpcore.IsZero(s.b[:]) == 1 {
		private, err := p.Group.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		public := private.PublicKey().Bytes()
		m.Add(&s.b, &kv, &public)
		s.private = private
	}
	return s, nil
}

// B returns what the client is to be sent, as srp_B.
func (s *Server) B() [Size]byte { return s.b }

// Verify reports whether A and M1 are of somebody who knows the password. It says so once:
// after that, a client that wants to try again needs another B, and the answer is false.
func (s *Server) Verify(a, m1 []byte) bool {
	if s.private == nil {
		return false
	}
	defer s.Wipe()
	p := &s.params
	peer, err := p.Group.NewPublicKey(a)
	if err != nil || len(m1) != ProofSize {
		return false
	}
	publicA := peer.Bytes()
	u := srpcore.HashU(&publicA, &s.b)
	if srpcore.IsZero(u[:]) == 1 {
		return false
	}
	secret := s.secret(&publicA, &u)
	want := p.core().HashM1(&publicA, &s.b, &secret)
	clear(secret[:])
	return subtle.ConstantTimeCompare(want[:], m1) == 1
}

// secret returns S, which is (A·v^u)^b.
func (s *Server) secret(publicA *[Size]byte, u *[sha256.Size]byte) (secret [Size]byte) {
	exponent := s.private.Bytes()
	defer clear(exponent[:])
	g := s.params.Group
	if err := g.ExpBytes(&secret, &s.v, u[:]); err != nil {
		panic("srp: internal error: " + err.Error())
	}
	g.Modulus().Mul(&secret, &secret, publicA)
	if err := g.ExpBytes(&secret, &secret, exponent[:]); err != nil {
		panic("srp: internal error: " + err.Error())
	}
	return secret
}

// Wipe erases the verifier and the exponent. Verify is false after it.
func (s *Server) Wipe() {
	if s.private != nil {
		s.private.Wipe()
		s.private = nil
	}
	clear(s.v[:])
}
