package bigdh

import (
	"bytes"
	"math/big"
	"testing"
)

// The targets in this file compare every backend with math/big, on input of which
// nothing is known.

// eachBackend runs f with the backends of each state.
func eachBackend(f func(backend string)) {
	for _, s := range backends.States() {
		func() {
			defer s.Enter()()
			f(s.Name)
		}()
	}
}

// stretch returns n bytes: those of b, and as many zeros as it takes.
func stretch(b []byte, n int) []byte {
	return append(bytes.Clone(b), make([]byte, n)...)[:n]
}

// FuzzExp has any odd modulus of 2048 or, with its topmost bit zero, 2047 bits.
func FuzzExp(f *testing.F) {
	ones := bytes.Repeat([]byte{0xff}, Size)
	f.Add([]byte{}, []byte{}, []byte{})
	f.Add(ones, ones, []byte{0xff, 0xff})
	f.Add(ones[:17], ones[:99], []byte{1})
	f.Add(telegramPrime().bytes[:], ones, []byte("exponent"))
	f.Fuzz(func(t *testing.T, modulus_, base, e []byte) {
		b := stretch(modulus_, Size)
		b[0] |= 0x40
		b[Size-1] |= 1
		var n, x nat
		setBytes(&n, (*[Size]byte)(b))
		setBytes(&x, (*[Size]byte)(stretch(base, Size)))
		e = e[:min(len(e), 40)]
		var m modulus
		m.set(&n)
		want := referenceExp(&n, &x, e)
		eachBackend(func(backend string) {
			var got nat
			if m.exp(&got, &x, e); got != want {
				t.Errorf("%s: %x ^ %x modulo %x:\n%x, want\n%x", backend, toBig(&x), e, toBig(&n), toBig(&got), toBig(&want))
			}
		})
	})
}

// FuzzPublicKey: whatever a peer sends is either refused or has a shared secret.
func FuzzPublicKey(f *testing.F) {
	group := telegram(f, 3)
	key, err := group.NewPrivateKey([]byte("a private key, somewhat short for it"))
	if err != nil {
		f.Fatal(err)
	}
	p := group.Prime()
	low := pow2(1984)
	high := new(big.Int).Sub(new(big.Int).SetBytes(p[:]), low)
	f.Add([]byte{})
	f.Add(p[:])
	f.Add(low.Bytes())
	f.Add(high.Bytes())
	f.Add(append(make([]byte, 9), high.Bytes()...))
	f.Add(new(big.Int).Add(high, big.NewInt(1)).Bytes())
	f.Add(new(big.Int).Sub(low, big.NewInt(1)).Bytes())
	f.Fuzz(func(t *testing.T, y []byte) {
		v := new(big.Int).SetBytes(y)
		peer, err := group.NewPublicKey(y)
		if want := nilUnless(v.Cmp(low) < 0 || v.Cmp(high) > 0, ErrPublicKey); err != want {
			t.Fatalf("%x: %v, want %v", y, err, want)
		}
		if err != nil {
			return
		}
		x := natOf(v)
		want := referenceExp(&group.p.m.n, &x, key.x[:])
		eachBackend(func(backend string) {
			var secret [Size]byte
			if err := key.DH(&secret, peer); err != nil {
				t.Fatalf("%s: %v", backend, err)
			}
			if secret != sizeOf(&want) {
				t.Errorf("%s: %x, want %x", backend, secret, toBig(&want))
			}
		})
	})
}

// FuzzNewGroup: whatever a server sends is either refused or a group, and math/big
// agrees. That it ever finds a safe prime cannot be expected.
func FuzzNewGroup(f *testing.F) {
	f.Add([]byte{}, 3)
	f.Add(telegramPrime().bytes[:], 3)
	f.Add(telegramPrime().bytes[:], 2)
	for _, v := range readPrimes(f) {
		f.Add([]byte(v.P), 2)
	}
	f.Fuzz(func(t *testing.T, b []byte, g int) {
		p := new(big.Int).SetBytes(b)
		safe := p.BitLen() == 2048 && p.ProbablyPrime(1) && new(big.Int).Rsh(p, 1).ProbablyPrime(1)
		group, err := NewGroup(b, g)
		if safe != (err == nil || err == ErrGenerator) || !safe && err != ErrPrime {
			t.Fatalf("%x, %d: %v; prime: %v", b, g, err, safe)
		}
		if err != nil {
			return
		}
		if got := group.Prime(); new(big.Int).SetBytes(got[:]).Cmp(p) != 0 || group.Generator() != g {
			t.Errorf("%x, %d became %x, %d", b, g, got, group.Generator())
		}
	})
}
