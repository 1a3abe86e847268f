package bigdh

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

// TestVectors has exchanges computed by another program. In some the shared key or a
// public value has a leading zero.
func TestVectors(t *testing.T) {
	type dhVector struct {
		Name    string
		G       int
		P, A, B vectortest.Hex
		GA      vectortest.Hex `json:"g_a"`
		GB      vectortest.Hex `json:"g_b"`
		Key     vectortest.Hex
	}
	vectors := vectortest.Read[dhVector](t, filepath.Join("testdata", "dh.json"))
	zeros := 0
	for _, v := range vectors {
		if v.Key[0] == 0 || v.GA[0] == 0 {
			zeros++
		}
	}
	if zeros < 3 {
		t.Errorf("%d vectors have leading zeros, want 3 at least", zeros)
	}

	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			group, err := NewGroup(v.P, v.G)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			for _, side := range []struct {
				x, public, peer vectortest.Hex
			}{{v.A, v.GA, v.GB}, {v.B, v.GB, v.GA}} {
				k, err := group.NewPrivateKey(side.x)
				if err != nil {
					t.Fatalf("%s: %v", v.Name, err)
				}
				if got := k.PublicKey().Bytes(); !slices.Equal(got[:], side.public) {
					t.Errorf("%s: public key %x, want %x", v.Name, got, side.public)
				}
				for _, y := range [][]byte{side.peer, new(big.Int).SetBytes(side.peer).Bytes()} {
					peer, err := group.NewPublicKey(y)
					if err != nil {
						t.Fatalf("%s: %v", v.Name, err)
					}
					var key, direct [Size]byte
					if err := k.DH(&key, peer); err != nil {
						t.Fatalf("%s: %v", v.Name, err)
					}
					if !slices.Equal(key[:], v.Key) {
						t.Errorf("%s: key %x, want %x", v.Name, key, v.Key)
					}
					base, x := peer.Bytes(), k.Bytes()
					if err := group.Exp(&direct, &base, &x); err != nil || direct != key {
						t.Errorf("%s: Exp = %x, %v, want %x", v.Name, direct, err, key)
					}
				}
			}
		}
	})
}

// TestCheckVectors has what is to be accepted and what to be refused.
func TestCheckVectors(t *testing.T) {
	type checkVector struct {
		Kind, Name string
		Value, P   vectortest.Hex
		G          int
		Accept     bool
		Modulus    int
		Residues   []int `json:"accepted_residues"`
	}
	group := telegram(t, 3)
	p := group.Prime()
	for _, v := range vectortest.Read[checkVector](t, filepath.Join("testdata", "dh_checks.json")) {
		switch v.Kind {
		case "public_value":
			_, err := group.NewPublicKey(v.Value)
			if (err == nil) != v.Accept || err != nil && err != ErrPublicKey {
				t.Errorf("public value %s: %v, want accepted: %v", v.Name, err, v.Accept)
			}
		case "generator_for_builtin_prime":
			_, err := Telegram(v.G)
			if (err == nil) != v.Accept || err != nil && err != ErrGenerator {
				t.Errorf("%s: %v, want accepted: %v", v.Name, err, v.Accept)
			}
			if _, again := NewGroup(p[:], v.G); again != err {
				t.Errorf("%s: NewGroup: %v, Telegram: %v", v.Name, again, err)
			}
		case "prime":
			_, err := NewGroup(v.P, 3)
			if (err == nil) != v.Accept || err != nil && err != ErrPrime {
				t.Errorf("prime %s: %v, want accepted: %v", v.Name, err, v.Accept)
			}
		case "residue_rule":
			g := int(strings.TrimPrefix(v.Name, "g")[0] - '0')
			for mod840 := range 840 {
				want := slices.Contains(v.Residues, mod840%v.Modulus)
				if got := isGenerator(mod840, g); got != want {
					t.Errorf("%s, p = %d mod 840: %v, want %v", v.Name, mod840, got, want)
				}
			}
		default:
			t.Errorf("%s: unknown kind %q", v.Name, v.Kind)
		}
	}
}

// TestSRPVectors has the exponentiations of SRP-6a, seen from the client's side:
//
//	v = g^x    A = g^a    k = H(p || g)    S = (B - k·v)^(a + u·x)
func TestSRPVectors(t *testing.T) {
	type srpVector struct {
		Name       string
		P          vectortest.Hex
		G          int
		Server     vectortest.Hex `json:"srp_B"`
		Exponent   vectortest.Hex `json:"a"`
		Public     vectortest.Hex `json:"A"`
		X, V, U, S vectortest.Hex
	}
	vectors := vectortest.Read[srpVector](t, filepath.Join("testdata", "srp.json"))
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			group, err := NewGroup(v.P, v.G)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			g := [Size]byte{Size - 1: byte(v.G)}
			exp := func(base *[Size]byte, e []byte) (z [Size]byte) {
				t.Helper()
				if err := group.ExpBytes(&z, base, e); err != nil {
					t.Fatalf("%s: %v", v.Name, err)
				}
				return z
			}
			if got := exp(&g, v.X); !bytes.Equal(got[:], v.V) {
				t.Errorf("%s: v = %x, want %x", v.Name, got, v.V)
			}
			if got := exp(&g, v.Exponent); !bytes.Equal(got[:], v.Public) {
				t.Errorf("%s: A = %x, want %x", v.Name, got, v.Public)
			}

			p := number(v.P)
			k := sha256.Sum256(slices.Concat(v.P, g[:]))
			base := new(big.Int).Mul(number(k[:]), number(v.V))
			base.Sub(number(v.Server), base).Mod(base, p)
			var b [Size]byte
			base.FillBytes(b[:])
			e := new(big.Int).Mul(number(v.U), number(v.X))
			e.Add(e, number(v.Exponent))
			if got := exp(&b, e.FillBytes(make([]byte, 288))); !bytes.Equal(got[:], v.S) {
				t.Errorf("%s: S = %x, want %x", v.Name, got, v.S)
			}
		}
	})
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

// TestPublishedVectors checks against Telegram's documentation and others.
func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type handshakeVector struct {
		Name string
		P    vectortest.Hex `json:"dh_prime"`
		G    int
		GA   vectortest.Hex `json:"g_a"`
		B    vectortest.Hex
		GB   vectortest.Hex `json:"g_b"`
		Key  vectortest.Hex `json:"auth_key"`
	}
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectortest.Read[handshakeVector](t, filepath.Join(publishedDir, "handshake_full.json")) {
			g := v.G
			if g == 2 {
				// An old sample, with a generator that does not fit the prime. Only its
				// shared key can be checked.
				if _, err := NewGroup(v.P, g); err != ErrGenerator {
					t.Errorf("%s: %v, want %v", v.Name, err, ErrGenerator)
				}
				g = 3
			}
			group, err := NewGroup(v.P, g)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			k, err := group.NewPrivateKey(v.B)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			peer, err := group.NewPublicKey(v.GA)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			if got := k.PublicKey().Bytes(); g == v.G && !bytes.Equal(got[:], v.GB) {
				t.Errorf("%s: g_b = %x, want %x", v.Name, got, v.GB)
			}
			var key [Size]byte
			if err := k.DH(&key, peer); err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			if !bytes.Equal(key[:], v.Key) {
				t.Errorf("%s: key %x, want %x", v.Name, key, v.Key)
			}
		}
	})
}
