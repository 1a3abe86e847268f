// Package srp implements two-step verification of Telegram accounts, for clients and
// servers. It is the variant of SRP-6a in which a client proves that it knows the password;
// the server stores a verifier in place of the password and learns nothing more.
//
// A client answers account.password, which has a group, two salts and B, with the A and M1
// of [Check], in inputCheckPasswordSRP. To set a new password, it sends the verifier of
// [NewVerifier], in account.passwordInputSettings. Both functions hash the password, which
// takes tens of milliseconds on purpose.
//
// H is SHA-256, numbers are 256 bytes, big-endian, and PBKDF2 uses HMAC-SHA-512 with 100,000
// iterations:
//
//	SH(d, s) = H(s || d || s)        x = SH( PBKDF2( SH(SH(password, salt1), salt2), salt1 ), salt2 )
//	v = g^x                          k = H(p || g)
//	A = g^a                          B = k·v + g^b
//	u = H(A || B)                    S = (B - k·v)^(a + u·x) = (A·v^u)^b
//	M1 = H( (H(p) ⊕ H(g)) || H(salt1) || H(salt2) || A || B || H(S) )
//
// The server never proves anything: the client must know it by other means.
//
// Passwords, verifiers, exponents and S are secret: no branch and no memory address depends
// on them, except on the length of a password and on whether it was right. The package
// clears its own copies; crypto/hmac leaves the key of PBKDF2, but in programs built with
// GOEXPERIMENT=runtimesecret. GODEBUG=fips140=only changes nothing here.
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
	"github.com/mtcore/mtcore/internal/stack"
)

// Sizes in bytes.
const (
	// Size is the length of A, B and verifiers.
	Size = srpcore.Size
	// ProofSize is the length of M1.
	ProofSize = srpcore.ProofSize
	// saltSize is how many bytes NewVerifier adds to the server's salt.
	saltSize = srpcore.SaltSize
)

var (
	// ErrPassword says that the password is empty, which is not allowed.
	ErrPassword = errors.New("srp: empty password: to log in without one send inputCheckPasswordEmpty, " +
		"and to remove one an empty new_password_hash")
	// ErrServer says that the server's B is out of range, or was chosen so that A or M1
	// would reveal something about the password.
	ErrServer = srpcore.ErrServer
	// ErrVerifier says that a verifier cannot come from NewVerifier with this group.
	ErrVerifier = errors.New("srp: invalid verifier")
)

// Params are the server's parameters for a password, as in
// passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow.
type Params struct {
	// Group is the group of p and g, made by bigdh.NewGroup, which checks them.
	Group *bigdh.Group
	// Salt1 and Salt2 may have any length.
	Salt1, Salt2 []byte
}

func (p *Params) core() *srpcore.Params { return (*srpcore.Params)(p) }

// Check returns A and M1, with which a client proves that it knows the password. It answers
// the B that the server has sent as srp_B. The password is UTF-8, exactly as typed.
//
// It returns ErrPassword if the password is empty, ErrServer if B is not 248 to 256 bytes
// long, is not from 1 to p-1, or can only come from a malicious server, and the error of ctx
// soon after ctx is done.
func Check(ctx context.Context, p *Params, password, srpB []byte) (a [Size]byte, m1 [ProofSize]byte, err error) {
	b, err := p.core().ParseB(srpB)
	if err != nil {
		return a, m1, err
	}
	if len(password) == 0 {
		return a, m1, ErrPassword
	}
	stack.Reserve64K()
	var x [sha256.Size]byte
	defer clear(x[:])
	if err := p.core().HashPassword(ctx, &x, p.Salt1, password); err != nil {
		return a, m1, err
	}
	return p.answer(&x, &b)
}

// answer returns the A and M1 of a client whose password has the hash x.
func (p *Params) answer(x *[sha256.Size]byte, b *[Size]byte) (a [Size]byte, m1 [ProofSize]byte, err error) {
	stack.Reserve48K()
	private, err := p.Group.GenerateKey(nil) // its A is never unsafe
	if err != nil {
		return a, m1, err
	}
	defer private.Wipe()
	var exponent [Size]byte
	defer clear(exponent[:])
	private.FillBytes(&exponent)
	public := private.PublicKey().Bytes()
	if m1, err = p.core().Prove(x, &exponent, &public, b); err != nil {
		return a, m1, err
	}
	return public, m1, nil
}

// NewVerifier returns the verifier of a new password, to be sent as new_password_hash, and
// the salt1 that goes with it: the server's, followed by 32 random bytes. The server
// receives that salt1 in new_algo and stores both. The password is UTF-8, exactly as typed.
// NewVerifier returns ErrPassword if it is empty, and the error of ctx if ctx is done first.
func NewVerifier(ctx context.Context, p *Params, password []byte) (v [Size]byte, salt1 []byte, err error) {
	if len(password) == 0 {
		return v, nil, ErrPassword
	}
	stack.Reserve48K()
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

// Server is the server's side of one attempt to log in. It must not be used by more than one
// goroutine at a time.
type Server struct {
	params  Params
	private *bigdh.PrivateKey // nil after the attempt
	v, b    [Size]byte
}

// NewServer returns the server's side for an account whose verifier v was made by
// NewVerifier, with the salts in p. It returns ErrVerifier unless v is from 2 to p-2.
func NewServer(p *Params, v *[Size]byte) (*Server, error) {
	stack.Reserve48K()
	if !srpcore.Below(v, p.Group) {
		return nil, ErrVerifier
	}
	// With 0, 1 or -1 anybody can compute S.
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

// B returns what the client must be sent as srp_B.
func (s *Server) B() [Size]byte { return s.b }

// Verify reports whether A and M1 prove knowledge of the password. It answers once: after
// that it returns false, and a client that wants to try again needs another B.
func (s *Server) Verify(a, m1 []byte) bool {
	if s.private == nil {
		return false
	}
	defer s.Wipe()
	stack.Reserve48K()
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
	var secret [Size]byte
	s.secret(&secret, &publicA, &u)
	want := p.core().HashM1(&publicA, &s.b, &secret)
	clear(secret[:])
	return subtle.ConstantTimeCompare(want[:], m1) == 1
}

// secret sets secret to S = (A·v^u)^b.
func (s *Server) secret(secret, publicA *[Size]byte, u *[sha256.Size]byte) {
	var exponent [Size]byte
	defer clear(exponent[:])
	s.private.FillBytes(&exponent)
	g := s.params.Group
	if err := g.ExpBytes(secret, &s.v, u[:]); err != nil {
		panic("srp: internal error: " + err.Error())
	}
	g.Modulus().Mul(secret, secret, publicA)
	if err := g.ExpBytes(secret, secret, exponent[:]); err != nil {
		panic("srp: internal error: " + err.Error())
	}
}

// Wipe erases the verifier and the exponent. Verify returns false afterwards.
func (s *Server) Wipe() {
	if s.private != nil {
		s.private.Wipe()
		s.private = nil
	}
	clear(s.v[:])
}
