package srp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
	"github.com/mtcore/mtcore/internal/srpcore"
	"github.com/mtcore/mtcore/internal/vectortest"
)

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

// withRandom replaces random bytes by the given ones, and requires that all of them are
// used. No test that uses it may be parallel.
func withRandom(t testing.TB, f func(), parts ...[]byte) {
	t.Helper()
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	script := bytes.NewReader(slices.Concat(parts...))
	rand.Reader = script
	f()
	if script.Len() != 0 {
		t.Errorf("%d random bytes were not used", script.Len())
	}
}

type vector struct {
	Name, Note   string
	Password     vectortest.Hex
	Salt1, Salt2 vectortest.Hex
	G            int
	P            vectortest.Hex
	ServerB      vectortest.Hex `json:"server_b"`
	B            vectortest.Hex `json:"srp_B"`
	Exponent     vectortest.Hex `json:"a"`
	X, V         vectortest.Hex
	A            vectortest.Hex `json:"A"`
	U, S, K      vectortest.Hex
	M1           vectortest.Hex
	MustReject   bool `json:"must_reject"`
}

func (v *vector) params(t testing.TB) *Params {
	t.Helper()
	group, err := bigdh.NewGroup(v.P, v.G)
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return &Params{Group: group, Salt1: v.Salt1, Salt2: v.Salt2}
}

// checkClient repeats what a client does with the password and the exponent of v.
func checkClient(t *testing.T, v *vector) {
	t.Helper()
	p := v.params(t)
	var x [32]byte
	if err := p.core().HashPassword(t.Context(), &x, p.Salt1, v.Password); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	if !bytes.Equal(x[:], v.X) {
		t.Errorf("%s: x = %x, want %x", v.Name, x, v.X)
	}
	var verifier [Size]byte
	if p.core().Verifier(&verifier, &x); !bytes.Equal(verifier[:], v.V) {
		t.Errorf("%s: v = %x, want %x", v.Name, verifier, v.V)
	}
	a, publicA, b := [Size]byte(v.Exponent), [Size]byte(v.A), [Size]byte(v.B)
	if u := srpcore.HashU(&publicA, &b); !bytes.Equal(u[:], v.U) {
		t.Errorf("%s: u = %x, want %x", v.Name, u, v.U)
	}
	m1, err := p.core().Prove(&x, &a, &publicA, &b)
	if err != nil || !bytes.Equal(m1[:], v.M1) {
		t.Errorf("%s: M1 = %x, %v, want %x", v.Name, m1, err, v.M1)
	}
	if v.Exponent[0] == 0 {
		return // an exponent of 1, whose A is refused
	}
	var gotA [Size]byte
	withRandom(t, func() { gotA, m1, err = Check(t.Context(), p, v.Password, v.B) }, v.Exponent)
	if err != nil || !bytes.Equal(gotA[:], v.A) || !bytes.Equal(m1[:], v.M1) {
		t.Errorf("%s: Check = %x, %x, %v, want %x, %x", v.Name, gotA, m1, err, v.A, v.M1)
	}
}

// TestVectors compares both sides with what another program has computed.
func TestVectors(t *testing.T) {
	for _, v := range vectortest.Read[vector](t, filepath.Join("testdata", "srp_generated.json")) {
		checkClient(t, &v)
		p := v.params(t)
		verifier := [Size]byte(v.V)
		var s *Server
		withRandom(t, func() {
			var err error
			if s, err = NewServer(p, &verifier); err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
		}, v.ServerB)
		if b := s.B(); !bytes.Equal(b[:], v.B) {
			t.Errorf("%s: B = %x, want %x", v.Name, b, v.B)
		}
		if !s.Verify(v.A, v.M1) {
			t.Errorf("%s: the server refuses the M1 %x", v.Name, v.M1)
		}
	}
}

func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	rejected := 0
	for _, v := range vectortest.Read[vector](t, filepath.Join(publishedDir, "srp.json")) {
		if v.MustReject {
			// A toy, with a prime of six bits, for which there can be no Group.
			rejected++
			if _, err := bigdh.NewGroup(v.P, v.G); err != bigdh.ErrPrime {
				t.Errorf("%s: %v, want %v", v.Name, err, bigdh.ErrPrime)
			}
			continue
		}
		checkClient(t, &v)
	}
	if rejected != 1 {
		t.Errorf("%d vectors to be refused, want 1", rejected)
	}
}

func TestPublishedNewPasswords(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type newPassword struct {
		vector
		ServerSalt1 vectortest.Hex `json:"server_salt1"`
		Random      vectortest.Hex `json:"salt1_random_suffix"`
		Final       vectortest.Hex `json:"salt1_final"`
		Hash        vectortest.Hex `json:"new_password_hash"`
	}
	for _, v := range vectortest.Read[newPassword](t, filepath.Join(publishedDir, "srp_new_password.json")) {
		v.Salt1 = slices.Clip(v.ServerSalt1)
		p := v.params(t)
		withRandom(t, func() {
			hash, salt1, err := NewVerifier(t.Context(), p, v.Password)
			if err != nil || !bytes.Equal(hash[:], v.Hash) || !bytes.Equal(salt1, v.Final) {
				t.Errorf("%s: NewVerifier = %x, %x, %v, want %x, %x", v.Name, hash, salt1, err, v.Hash, v.Final)
			}
		}, v.Random)
		if !bytes.Equal(p.Salt1, v.ServerSalt1) {
			t.Errorf("%s: the server's salt was changed", v.Name)
		}
	}
}

func testParams(t testing.TB) *Params {
	t.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	return &Params{Group: group, Salt1: []byte("salt one"), Salt2: []byte("and salt two, longer")}
}

var password = []byte("correct horse")

// hash stands for the hash of a password where it does not matter which: hashing one takes
// long.
var hash = sha256.Sum256(password)

// account returns what a server stores for a password with that hash.
func account(t testing.TB) (*Params, [Size]byte) {
	t.Helper()
	p := testParams(t)
	var v [Size]byte
	p.core().Verifier(&v, &hash)
	return p, v
}

func newServer(t testing.TB, p *Params, v *[Size]byte) *Server {
	t.Helper()
	s, err := NewServer(p, v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is Check for a password with that hash.
func answer(p *Params, srpB []byte) (a [Size]byte, m1 [ProofSize]byte, err error) {
	b, err := p.core().ParseB(srpB)
	if err != nil {
		return a, m1, err
	}
	return p.answer(&hash, &b)
}

func login(t testing.TB, p *Params, s *Server, password string) bool {
	t.Helper()
	b := s.B()
	a, m1, err := Check(t.Context(), p, []byte(password), b[:])
	if err != nil {
		t.Fatal(err)
	}
	return s.Verify(a[:], m1[:])
}

// TestLogin sets a password, and logs in with it and with others.
func TestLogin(t *testing.T) {
	p := testParams(t)
	v, salt1, err := NewVerifier(t.Context(), p, password)
	if err != nil {
		t.Fatal(err)
	}
	if len(salt1) != len(p.Salt1)+saltSize || !bytes.HasPrefix(salt1, p.Salt1) {
		t.Fatalf("new salt %x, want %x with %d bytes after it", salt1, p.Salt1, saltSize)
	}
	p.Salt1 = salt1
	for range 3 {
		if !login(t, p, newServer(t, p, &v), string(password)) {
			t.Fatal("the right password is refused")
		}
	}
	for _, wrong := range []string{"correct hors", "correct horse ", "Correct horse", "\x00"} {
		if login(t, p, newServer(t, p, &v), wrong) {
			t.Errorf("the password %q is accepted", wrong)
		}
	}
	for name, change := range map[string]func(*Params){
		"salt1": func(p *Params) { p.Salt1 = p.Salt1[1:] },
		"salt2": func(p *Params) { p.Salt2 = append(slices.Clip(p.Salt2), 0) },
		"g":     func(p *Params) { p.Group, _ = bigdh.Telegram(4) },
	} {
		other := *p
		change(&other)
		if login(t, &other, newServer(t, p, &v), string(password)) {
			t.Errorf("a client with another %s is accepted", name)
		}
	}
}

// TestVerify changes each byte of what a client sends, and calls Verify twice.
func TestVerify(t *testing.T) {
	p, v := account(t)
	prime := p.Group.Prime()
	try := func(name string, change func(a, m1 []byte) ([]byte, []byte)) {
		t.Helper()
		s := newServer(t, p, &v)
		b := s.B()
		a, m1, err := answer(p, b[:])
		if err != nil {
			t.Fatal(err)
		}
		changedA, changedM1 := change(a[:], m1[:])
		if s.Verify(changedA, changedM1) {
			t.Errorf("%s: accepted", name)
		}
		if s.Verify(a[:], m1[:]) {
			t.Errorf("%s: the second attempt with one B is accepted", name)
		}
		if s.private != nil || s.v != [Size]byte{} {
			t.Errorf("%s: the server has secrets after the attempt", name)
		}
	}
	for i := range Size {
		try("a byte of A changed", func(a, m1 []byte) ([]byte, []byte) { a[i] ^= 1; return a, m1 })
	}
	for i := range ProofSize {
		try("a byte of M1 changed", func(a, m1 []byte) ([]byte, []byte) { m1[i] ^= 0x80; return a, m1 })
	}
	try("M1 is short", func(a, m1 []byte) ([]byte, []byte) { return a, m1[:ProofSize-1] })
	try("M1 is empty", func(a, m1 []byte) ([]byte, []byte) { return a, nil })
	try("M1 is long", func(a, m1 []byte) ([]byte, []byte) { return a, append(m1, 0) })
	try("A is long", func(a, m1 []byte) ([]byte, []byte) { return append([]byte{1}, a...), m1 })

	// With these A, anybody can compute S.
	for name, a := range map[string][]byte{
		"nothing": nil, "0": {0}, "0, long": make([]byte, Size), "1": {1}, "p": prime[:],
		"p-1": minus(prime, 1), "p+1": minus(prime, -1),
	} {
		s := newServer(t, p, &v)
		b := s.B()
		for _, secret := range [][Size]byte{{}, {Size - 1: 1}, [Size]byte(minus(prime, 1))} {
			var padded [Size]byte
			copy(padded[Size-len(a):], a)
			m1 := p.core().HashM1(&padded, &b, &secret)
			s := *s // with its own private key
			s.private, _ = p.Group.GenerateKey(nil)
			if s.Verify(a, m1[:]) {
				t.Errorf("A = %s is accepted", name)
			}
		}
	}

	// The right answer, without the leading zeros that A may have.
	for found := false; !found; {
		s := newServer(t, p, &v)
		b := s.B()
		a, m1, err := answer(p, b[:])
		if err != nil {
			t.Fatal(err)
		}
		if found = a[0] == 0; found && !s.Verify(a[1:], m1[:]) {
			t.Error("A without its zeros is refused")
		}
	}

	s := newServer(t, p, &v)
	b := s.B()
	a, m1, err := answer(p, b[:])
	if err != nil {
		t.Fatal(err)
	}
	s.Wipe()
	if s.Verify(a[:], m1[:]) {
		t.Error("a server is of use after Wipe")
	}
}

func minus(p [Size]byte, d int64) []byte {
	n := new(big.Int).SetBytes(p[:])
	return n.Sub(n, big.NewInt(d)).FillBytes(make([]byte, Size))
}

// TestHostileServer sends B that are out of range, or chosen to know what a client
// computes.
func TestHostileServer(t *testing.T) {
	p, v := account(t)
	prime := p.Group.Prime()
	good := newServer(t, p, &v).B()
	kv := func() []byte { // so that S is 0
		k := p.core().HashK()
		var kv [Size]byte
		p.Group.Modulus().Mul(&kv, &k, &v)
		return kv[:]
	}()
	for name, b := range map[string][]byte{
		"nothing": nil, "0": make([]byte, Size), "p": prime[:], "p+1": minus(prime, -1),
		"all ones": bytes.Repeat([]byte{0xff}, Size), "247 bytes": good[9:], "a byte": {5},
		"257 bytes": append([]byte{0}, good[:]...), "0 in 248 bytes": make([]byte, 248), "k·v": kv,
	} {
		a, m1, err := answer(p, b)
		if err != ErrServer || a != [Size]byte{} || m1 != [ProofSize]byte{} {
			t.Errorf("B = %s: %x, %x, %v, want %v", name, a, m1, err, ErrServer)
		}
	}
	// B is refused before the password is hashed.
	if _, _, err := Check(endsAfter{t.Context(), new(int)}, p, password, nil); err != ErrServer {
		t.Errorf("no B: %v, want %v", err, ErrServer)
	}
	for name, b := range map[string][]byte{"1 in 256 bytes": minus([Size]byte{Size - 1: 1}, 0), "p-1": minus(prime, 1), "248 bytes": good[8:]} {
		if _, _, err := answer(p, b); err != nil {
			t.Errorf("B = %s: %v", name, err)
		}
	}
}

func TestVerifierOutOfRange(t *testing.T) {
	p := testParams(t)
	prime := p.Group.Prime()
	for name, v := range map[string][]byte{
		"0": make([]byte, Size), "1": minus([Size]byte{Size - 1: 2}, 1), "p-1": minus(prime, 1), "p": prime[:],
		"p+1": minus(prime, -1), "all ones": bytes.Repeat([]byte{0xff}, Size),
	} {
		if s, err := NewServer(p, (*[Size]byte)(v)); err != ErrVerifier || s != nil {
			t.Errorf("v = %s: %v, want %v", name, err, ErrVerifier)
		}
	}
	for _, v := range [][]byte{minus([Size]byte{Size - 1: 2}, 0), minus(prime, 2)} {
		if _, err := NewServer(p, (*[Size]byte)(v)); err != nil {
			t.Errorf("v = %x: %v", v, err)
		}
	}
}

// TestEmptyPassword: the error says what to do instead.
func TestEmptyPassword(t *testing.T) {
	p, v := account(t)
	b := newServer(t, p, &v).B()
	for _, empty := range [][]byte{nil, {}} {
		if _, _, err := Check(t.Context(), p, empty, b[:]); err != ErrPassword {
			t.Errorf("Check: %v, want %v", err, ErrPassword)
		}
		if _, salt, err := NewVerifier(t.Context(), p, empty); err != ErrPassword || salt != nil {
			t.Errorf("NewVerifier: %v, want %v", err, ErrPassword)
		}
	}
	for _, word := range []string{"inputCheckPasswordEmpty", "new_password_hash"} {
		if !strings.Contains(ErrPassword.Error(), word) {
			t.Errorf("%q does not say %q", ErrPassword, word)
		}
	}
}

// endsAfter is a context that is done after a number of calls of Err.
type endsAfter struct {
	context.Context
	left *int
}

var errEnded = errors.New("ended")

func (c endsAfter) Err() error {
	if *c.left--; *c.left < 0 {
		return errEnded
	}
	return nil
}

// TestCancelled: hashing checks its context again and again, and ends once it is done.
func TestCancelled(t *testing.T) {
	p, v := account(t)
	b := newServer(t, p, &v).B()
	for _, left := range []int{0, 1, 150} {
		before := left
		if _, _, err := Check(endsAfter{t.Context(), &left}, p, password, b[:]); err != errEnded || left != -1 {
			t.Errorf("Check, to end after %d: %v after %d more, want %v", before, err, -1-left, errEnded)
		}
		left = before
		v, salt, err := NewVerifier(endsAfter{t.Context(), &left}, p, password)
		if err != errEnded || left != -1 || v != [Size]byte{} || salt != nil {
			t.Errorf("NewVerifier, to end after %d: %v after %d more, want %v", before, err, -1-left, errEnded)
		}
	}
}

func TestPrinted(t *testing.T) {
	p, v := account(t)
	s := newServer(t, p, &v)
	redacttest.Printed(t, *s)
	redacttest.NotEncoded(t, *s)
}

// FuzzLogin replaces what one side sends the other by arbitrary bytes.
func FuzzLogin(f *testing.F) {
	p, v := account(f)
	prime := p.Group.Prime()
	f.Add(make([]byte, Size), make([]byte, ProofSize))
	f.Add(prime[:], make([]byte, ProofSize))
	f.Add(minus(prime, 1), make([]byte, 0))
	f.Fuzz(func(t *testing.T, public, proof []byte) {
		if newServer(t, p, &v).Verify(public, proof) {
			t.Errorf("A = %x and M1 = %x are accepted", public, proof)
		}
		_, _, err := answer(p, public)
		n := new(big.Int).SetBytes(public)
		good := len(public) >= 248 && len(public) <= 256 && n.Sign() > 0 && n.Cmp(new(big.Int).SetBytes(prime[:])) < 0
		if err != nil && err != ErrServer || good != (err == nil) {
			t.Errorf("B = %x: %v, want accepted: %v", public, err, good)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	p, v := account(b)
	server := newServer(b, p, &v).B()
	for b.Loop() {
		if _, _, err := Check(b.Context(), p, password, server[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServer measures a server's whole work for one attempt.
func BenchmarkServer(b *testing.B) {
	p, v := account(b)
	s := newServer(b, p, &v)
	key := s.B()
	a, m1, err := answer(p, key[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		newServer(b, p, &v).Verify(a[:], m1[:])
	}
}
