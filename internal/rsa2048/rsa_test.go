package rsa2048

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
)

// messages returns numbers below the modulus of k, extreme and random.
func messages(k *rsa.PrivateKey) (list []*big.Int) {
	p, q, one := k.Primes[0], k.Primes[1], big.NewInt(1)
	list = []*big.Int{
		new(big.Int), one, big.NewInt(2), p, q,
		new(big.Int).Sub(p, one), new(big.Int).Add(q, one), new(big.Int).Mul(q, big.NewInt(5)),
		new(big.Int).Sub(k.N, p), new(big.Int).Sub(k.N, one), new(big.Int).Sub(k.N, big.NewInt(2)),
	}
	// Ciphertexts of plaintexts that are 0 modulo one prime and -1 modulo the other: if the
	// latter is larger, its residue has to be reduced modulo the other prime.
	for _, primes := range [][2]*big.Int{{p, q}, {q, p}} {
		x := new(big.Int).ModInverse(primes[0], primes[1])
		x.Neg(x).Mod(x, primes[1]).Mul(x, primes[0])
		list = append(list, x.Exp(x, big.NewInt(int64(k.E)), k.N))
	}
	r := newRand(1)
	for i := range 12 {
		var x full
		if random(r, x[:]); i%2 == 1 {
			awkward(r, x[:])
		}
		list = append(list, new(big.Int).Mod(toBig(x[:]), k.N))
	}
	return list
}

// checkKey compares the operations of k with math/big.
func checkKey(t *testing.T, k *rsa.PrivateKey) {
	t.Helper()
	key := privateKey(t, k)
	e := big.NewInt(int64(k.E))
	for _, x := range messages(k) {
		src := toBytes(x)
		want := toBytes(new(big.Int).Exp(x, k.D, k.N))
		var got [Size]byte
		if err := key.Decrypt(&got, &src); err != nil || got != want {
			t.Errorf("Decrypt of %x: %x, %v, want %x", src, got, err, want)
		}
		got = src
		if err := key.Decrypt(&got, &got); err != nil || got != want {
			t.Errorf("Decrypt of %x in place: %x, %v, want %x", src, got, err, want)
		}
		want = toBytes(new(big.Int).Exp(x, e, k.N))
		got = src
		if err := key.Public().Encrypt(&got, &got); err != nil || got != want {
			t.Errorf("Encrypt of %x: %x, %v, want %x", src, got, err, want)
		}
	}
	for _, off := range []int64{0, 1} {
		tooLarge := toBytes(new(big.Int).Add(k.N, big.NewInt(off)))
		for name, f := range map[string]func(dst, src *[Size]byte) error{"Decrypt": key.Decrypt, "Encrypt": key.Public().Encrypt} {
			dst := [Size]byte{1, 2, 3}
			if err := f(&dst, &tooLarge); err != ErrRange || dst != [Size]byte{1, 2, 3} {
				t.Errorf("%s of n+%d: %v, %x, want %v and nothing written", name, off, err, dst, ErrRange)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	swapped := keyOf(testQ, testP, 65537)
	impltest.All(t, backends, func(t *testing.T) {
		checkKey(t, testKey())
		checkKey(t, swapped)
	})
}

// TestExponents covers short exponents and the longest that crypto/rsa accepts.
func TestExponents(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, e := range []int64{3, 5, 17, 257, 1<<31 - 1} {
			t.Run(fmt.Sprint("e=", e), func(t *testing.T) { checkKey(t, keyOf(testP, testQ, e)) })
		}
	})
}

// TestRandomKeys makes keys with crypto/rsa, and decrypts what it has encrypted.
func TestRandomKeys(t *testing.T) {
	count := 4
	if testing.Short() {
		count = 1
	}
	var keys []*rsa.PrivateKey
	for range count {
		k, err := rsa.GenerateKey(rand.Reader, 8*Size)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	impltest.All(t, backends, func(t *testing.T) {
		for _, k := range keys {
			checkKey(t, k)
			message := []byte("a message")
			encrypted, err := rsa.EncryptPKCS1v15(rand.Reader, &k.PublicKey, message)
			if err != nil {
				t.Fatal(err)
			}
			got := [Size]byte(encrypted)
			if err := privateKey(t, k).Decrypt(&got, &got); err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(got[:], []byte{0, 2}) || !bytes.HasSuffix(got[:], append([]byte{0}, message...)) {
				t.Errorf("%x is not the padded message", got)
			}
		}
	})
}

// TestFault makes one half of the computation go wrong. The wrong result would give the key
// away to anybody who saw it, so it must not come out.
func TestFault(t *testing.T) {
	k := testKey()
	c := toBytes(new(big.Int).Exp(big.NewInt(0x123456789), big.NewInt(int64(k.E)), k.N))
	impltest.All(t, backends, func(t *testing.T) {
		for side, other := range []*big.Int{k.Primes[1], k.Primes[0]} {
			key := privateKey(t, k)
			key.d[side][100] ^= 4

			var x [2]half
			var result full
			src := fullOf(bytesToBig(&c))
			key.primes.exp(&x, &src, key.d[0][:], key.d[1][:])
			key.combine(&result, &x)
			difference := new(big.Int).Exp(toBig(result[:]), big.NewInt(int64(k.E)), k.N)
			difference.Sub(difference, bytesToBig(&c))
			if got := new(big.Int).GCD(nil, nil, difference.Abs(difference), k.N); got.Cmp(other) != 0 {
				t.Fatalf("a fault in half %d gives away %x, want the prime %x: it is not the fault meant", side, got, other)
			}

			dst := [Size]byte{1, 2, 3}
			if err := key.Decrypt(&dst, &c); err != ErrFault || dst != [Size]byte{1, 2, 3} {
				t.Errorf("Decrypt with a fault in half %d: %v, %x, want %v and nothing written", side, err, dst, ErrFault)
			}
		}
	})
}

func TestNewPrivateKey(t *testing.T) {
	edit := func(f func(k *rsa.PrivateKey)) *rsa.PrivateKey {
		k := keyOf(testP, testQ, 65537)
		f(k)
		return k
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	add := func(x **big.Int, y int64) { *x = new(big.Int).Add(*x, big.NewInt(y)) }
	for name, k := range map[string]*rsa.PrivateKey{
		"nothing":       {},
		"1024 bits":     short,
		"another d":     edit(func(k *rsa.PrivateKey) { add(&k.D, 2) }),
		"another n":     edit(func(k *rsa.PrivateKey) { add(&k.N, 2) }),
		"another prime": edit(func(k *rsa.PrivateKey) { add(&k.Primes[0], 2) }),
		"one prime":     edit(func(k *rsa.PrivateKey) { k.Primes = k.Primes[:1] }),
		"three primes":  edit(func(k *rsa.PrivateKey) { k.Primes = append(k.Primes, big.NewInt(3)) }),
		"no prime":      edit(func(k *rsa.PrivateKey) { k.Primes[1] = nil }),
		"negative n":    edit(func(k *rsa.PrivateKey) { k.N = new(big.Int).Neg(k.N) }),
		"e = 1":         edit(func(k *rsa.PrivateKey) { k.E = 1 }),
		"even e":        edit(func(k *rsa.PrivateKey) { k.E = 65536 }),
		"unequal primes": func() *rsa.PrivateKey {
			// 3·2^998 + 1081 and 3·2^1046 + 1085: one random prime in 65537 has no private exponent.
			p, q := new(big.Int).Lsh(big.NewInt(3), 998), new(big.Int).Lsh(big.NewInt(3), 1046)
			add(&p, 1081)
			add(&q, 1085)
			return keyOf(p.Text(16), q.Text(16), 65537)
		}(),
	} {
		if _, err := NewPrivateKey(k); err != ErrKey {
			t.Errorf("%s: %v, want %v", name, err, ErrKey)
		}
	}
	// Precomputed values may be missing.
	k := testKey()
	privateKey(t, &rsa.PrivateKey{PublicKey: k.PublicKey, D: k.D, Primes: k.Primes})
}

func TestNewPublicKey(t *testing.T) {
	n := testKey().N.Bytes()
	for _, tt := range []struct {
		name string
		n    []byte
		e    uint32
		want error
	}{
		{"good", n, 65537, nil},
		{"e = 2^32-1", n, 1<<32 - 1, nil},
		{"e = 0", n, 0, ErrKey},
		{"e = 1", n, 1, ErrKey},
		{"even e", n, 4, ErrKey},
		{"short n", n[1:], 65537, ErrKey},
		{"no n", nil, 65537, ErrKey},
	} {
		k, err := NewPublicKey(tt.n, tt.e)
		if err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err != nil {
			continue
		}
		if got := k.Modulus(); !bytes.Equal(got[:], tt.n) || k.e != tt.e {
			t.Errorf("%s: the key has n = %x, e = %d", tt.name, got, k.e)
		}
		x := [Size]byte{Size - 1: 3}
		want := toBytes(new(big.Int).Exp(big.NewInt(3), big.NewInt(int64(tt.e)), testKey().N))
		if err := k.Encrypt(&x, &x); err != nil || x != want {
			t.Errorf("%s: Encrypt: %x, %v, want %x", tt.name, x, err, want)
		}
	}
}

func TestWipe(t *testing.T) {
	key := privateKey(t, testKey())
	public := key.Public()
	key.Wipe()
	if key.primes != (primes{}) || key.d != [2][Size / 2]byte{} || key.qInv != (half{}) {
		t.Error("something is left of a wiped key")
	}
	if key.Public() != public {
		t.Error("the public key is gone")
	}
	for name, k := range map[string]*PrivateKey{"wiped": key, "zero": {}} {
		func() {
			const want = "rsa2048: PrivateKey was wiped, or not made by NewPrivateKey"
			defer func() {
				if got := recover(); got != want {
					t.Errorf("%s: panic with %v, want %q", name, got, want)
				}
			}()
			var x [Size]byte
			k.Decrypt(&x, &x)
		}()
	}
}

func TestFormat(t *testing.T) {
	key := privateKey(t, testKey())
	redacttest.Printed(t, *key)
	redacttest.NotEncoded(t, *key)
}

func TestAllocs(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		key := privateKey(t, testKey())
		if got := alloctest.PerRun(t, 3, func() {
			x := [Size]byte{Size - 1: 7}
			if err := key.Decrypt(&x, &x); err != nil {
				t.Error(err)
			}
			if err := key.Public().Encrypt(&x, &x); err != nil {
				t.Error(err)
			}
		}); got != 0 {
			t.Errorf("%v allocations, want 0", got)
		}
	})
}
