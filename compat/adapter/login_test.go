package adapter

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/pq"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/rsapad"
	"github.com/mtcore/mtcore/internal/srpcore"
)

// telegramPrime is what servers send.
func telegramPrime(t testing.TB) *big.Int {
	t.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	p := group.Prime()
	return new(big.Int).SetBytes(p[:])
}

// safePrime3072 returns one that is longer than Telegram's: group 15 of RFC 3526.
func safePrime3072(t *testing.T) *big.Int {
	t.Helper()
	p, ok := new(big.Int).SetString(""+
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"+
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"+
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"+
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"+
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
	if !ok {
		t.Fatal("no number")
	}
	return p
}

func TestCheckSafePrime(t *testing.T) {
	p := telegramPrime(t)
	for _, good := range []*big.Int{p, big.NewInt(5), big.NewInt(7), big.NewInt(23)} {
		if err := CheckSafePrime(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for name, bad := range map[string]*big.Int{
		"0": new(big.Int), "-7": big.NewInt(-7), "13": big.NewInt(13), "15, of which the half is 7": big.NewInt(15), "-p": new(big.Int).Neg(p), "p+2": new(big.Int).Add(p, big.NewInt(2)),
		"2^2048-1":  new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1)),
		"2p+1":      new(big.Int).Add(new(big.Int).Lsh(p, 1), big.NewInt(1)),
		"3072 bits": safePrime3072(t),
	} {
		if err := CheckSafePrime(bad); err != bigdh.ErrPrime {
			t.Errorf("%s: %v, want %v", name, err, bigdh.ErrPrime)
		}
	}
}

func TestCheckGroup(t *testing.T) {
	p := telegramPrime(t)
	for _, g := range []int{3, 4, 7} {
		if err := CheckGroup(p.Bytes(), g); err != nil {
			t.Errorf("g = %d: %v", g, err)
		}
	}
	for _, g := range []int{-1, 0, 1, 2, 5, 6, 8} {
		if err := CheckGroup(p.Bytes(), g); err != bigdh.ErrGenerator {
			t.Errorf("g = %d: %v, want %v", g, err, bigdh.ErrGenerator)
		}
	}
	for _, bad := range [][]byte{nil, {7}, new(big.Int).Sub(p, big.NewInt(2)).Bytes()} {
		if err := CheckGroup(bad, 4); err != bigdh.ErrPrime {
			t.Errorf("%x: %v, want %v", bad, err, bigdh.ErrPrime)
		}
	}
}

// TestExp compares with package math/big, whatever the arguments.
func TestExp(t *testing.T) {
	p := telegramPrime(t)
	odd := new(big.Int).SetBytes(random(256))
	odd.SetBit(odd, 2047, 1).SetBit(odd, 0, 1)
	even := new(big.Int).SetBit(odd, 0, 0)
	one := big.NewInt(1)
	exps := []*big.Int{new(big.Int), one, big.NewInt(2), big.NewInt(65537), big.NewInt(-1), new(big.Int).Sub(p, one)}
	for _, n := range []int{32, 256, 257, 288, 300} {
		exps = append(exps, new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, n)), new(big.Int).SetBytes(random(n)))
	}
	for name, m := range map[string]*big.Int{"p": p, "p-2": new(big.Int).Sub(p, big.NewInt(2)), "odd": odd, "even": even, "short": big.NewInt(1009), "0": new(big.Int)} {
		bases := []*big.Int{new(big.Int), one, big.NewInt(2), big.NewInt(3), big.NewInt(7), big.NewInt(-3), new(big.Int).Sub(m, one), m,
			new(big.Int).Add(m, one), new(big.Int).SetBytes(random(256)), new(big.Int).SetBytes(random(300))}
		for _, base := range bases {
			for _, exp := range exps {
				if m.Sign() == 0 && (exp.BitLen() > 8 || base.BitLen() > 8) {
					continue // an integer that has room nowhere
				}
				x, e, n := new(big.Int).Set(base), new(big.Int).Set(exp), new(big.Int).Set(m)
				got, want := Exp(x, e, n), new(big.Int).Exp(base, exp, m)
				if (got == nil) != (want == nil) || got != nil && got.Cmp(want) != 0 {
					t.Errorf("modulo %s: Exp(%x, %x) = %x, want %x", name, base, exp, got, want)
				}
				if x.Cmp(base) != 0 || e.Cmp(exp) != 0 || n.Cmp(m) != 0 {
					t.Fatalf("modulo %s: Exp(%x, %x) changed its arguments", name, base, exp)
				}
			}
		}
	}
	if got, want := Exp(big.NewInt(3), big.NewInt(4), nil), big.NewInt(81); got.Cmp(want) != 0 {
		t.Errorf("3^4 = %v", got)
	}
}

func TestDecomposePQ(t *testing.T) {
	for range 50 {
		p, q := pq.Generate()
		product := new(big.Int).Mul(new(big.Int).SetUint64(p), new(big.Int).SetUint64(q))
		gotP, gotQ, err := DecomposePQ(product)
		if err != nil || gotP.Uint64() != p || gotQ.Uint64() != q {
			t.Errorf("DecomposePQ(%v) = %v, %v, %v, want %d, %d", product, gotP, gotQ, err, p, q)
		}
	}
	for _, bad := range []string{"0", "1", "-15", "2", "3", "9", "27", "105", "16", "1000000007", "9223372036854775783",
		"9223372036854775808", "18446744073709551615", "18446744073709551616", "9223371944480464969", "1" + strings.Repeat("0", 5000)} {
		n, ok := new(big.Int).SetString(bad, 10)
		if !ok {
			t.Fatal(bad)
		}
		if p, q, err := DecomposePQ(n); err == nil || p != nil || q != nil {
			t.Errorf("DecomposePQ(%.30s) = %v, %v, %v", bad, p, q, err)
		}
	}
}

var serverKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// openRSAPad is the reference, by package math/big: what DecodeRSAPad must say.
func openRSAPad(t *testing.T, data []byte, key *rsa.PrivateKey) ([]byte, bool) {
	t.Helper()
	x := new(big.Int).SetBytes(data)
	x.Exp(x, key.D, key.N)
	b := x.FillBytes(make([]byte, 256))
	e := b[32:]
	temp := sha(e)
	for i := range temp {
		temp[i] ^= b[i]
	}
	w := refIGE(t, temp, make([]byte, 32), e, false)
	slices.Reverse(w[:192])
	return w[:192], bytes.Equal(sha(temp, w[:192]), w[192:])
}

func TestRSAPad(t *testing.T) {
	key := serverKey()
	for _, n := range []int{0, 1, 96, 143, 144} {
		data := random(n)
		padding := random(192 - n)
		for range 4 {
			encrypted, err := RSAPad(data, &key.PublicKey, io.MultiReader(bytes.NewReader(padding), rand.Reader))
			if err != nil || len(encrypted) != 256 {
				t.Fatalf("%d bytes: %d, %v", n, len(encrypted), err)
			}
			want := append(bytes.Clone(data), padding...)
			if got, ok := openRSAPad(t, encrypted, key); !ok || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: %x, %v, want %x", n, got, ok, want)
			}
			if got, err := DecodeRSAPad(encrypted, key); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: DecodeRSAPad = %x, %v, want %x", n, got, err, want)
			}
			for _, bad := range [][]byte{nil, encrypted[1:], append([]byte{0}, encrypted...), make([]byte, 256), bytes.Repeat([]byte{255}, 256)} {
				if got, err := DecodeRSAPad(bad, key); err != ErrDecrypt || got != nil {
					t.Errorf("%x: %v", bad, err)
				}
			}
			encrypted[n] ^= 1
			if got, err := DecodeRSAPad(encrypted, key); err != ErrDecrypt || got != nil {
				t.Errorf("%d bytes, changed: %v", n, err)
			}
		}
	}
}

func TestRSAPadRefuses(t *testing.T) {
	key := serverKey()
	if _, err := RSAPad(make([]byte, 145), &key.PublicKey, rand.Reader); err == nil {
		t.Error("145 bytes are encrypted")
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	wide := int64(1<<32 + 65537) // which is another number in 32 bits, and the usual one of an int that has no more
	for name, bad := range map[string]*rsa.PublicKey{
		"empty": {}, "1024 bits": &short.PublicKey, "even": {N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 3},
		"negative": {N: new(big.Int).Neg(key.N), E: 3}, "e = 1": {N: key.N, E: 1}, "e = -1": {N: key.N, E: -1},
		"e = 2^32+65537": {N: key.N, E: int(wide)},
	} {
		if bad.E == key.E {
			continue
		}
		if out, err := RSAPad(nil, bad, rand.Reader); err != rsa2048.ErrKey || out != nil {
			t.Errorf("%s: %v, want %v", name, err, rsa2048.ErrKey)
		}
		private := &rsa.PrivateKey{PublicKey: *bad, D: key.D, Primes: key.Primes}
		if out, err := DecodeRSAPad(make([]byte, 256), private); err != rsa2048.ErrKey || out != nil {
			t.Errorf("%s, private: %v, want %v", name, err, rsa2048.ErrKey)
		}
	}
	broken := errors.New("broken")
	for _, good := range []int{0, 192, 224} {
		r := io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{0xff}, good)), iotest.ErrReader(broken))
		out, err := RSAPad(nil, &key.PublicKey, r)
		if good < 224 && (err != broken || out != nil) {
			t.Errorf("random bytes end after %d: %v", good, err)
		}
	}
}

// same is a source of random bytes that gives one byte for ever.
type same byte

func (s same) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

// TestRSAPadEnds has keys so small that what a broken source leads to is often not below
// them; a loop would go on for ever.
func TestRSAPadEnds(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	key := &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 3}
	failed := 0
	for s := range 32 {
		switch _, err := RSAPad(nil, key, same(s)); err {
		case nil:
		case rsapad.ErrRandom:
			failed++
		default:
			t.Error(err)
		}
	}
	if failed == 0 || failed == 32 {
		t.Errorf("%d of 32 fail, want about half", failed)
	}
}

func TestTempKeys(t *testing.T) {
	for range 10 {
		n, s := random(32), random(16)
		n[0], s[0] = 0, 0 // which big numbers lose
		key, iv := TempKeys(new(big.Int).SetBytes(n), new(big.Int).SetBytes(s))
		ns, sn, nn := sha1Of(n, s), sha1Of(s, n), sha1Of(n, n)
		if want := slices.Concat(ns, sn[:12]); !bytes.Equal(key, want) {
			t.Errorf("key = %x, want %x", key, want)
		}
		if want := slices.Concat(sn[12:], nn, n[:4]); !bytes.Equal(iv, want) {
			t.Errorf("iv = %x, want %x", iv, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	key, iv := random(32), random(32)
	for n := range 70 {
		answer := random(n)
		padding := random(15)
		data, err := EncryptAnswer(bytes.NewReader(padding), answer, key, iv)
		if err != nil {
			t.Fatal(err)
		}
		plain := slices.Concat(sha1Of(answer), answer)
		plain = append(plain, padding[:-len(plain)&15]...)
		if want := refIGE(t, key, iv, plain, true); !bytes.Equal(data, want) {
			t.Errorf("%d bytes: %x, want %x", n, data, want)
		}
		got, err := DecryptAnswer(data, key, iv)
		if err != nil || !bytes.Equal(got, answer) {
			t.Errorf("%d bytes: DecryptAnswer = %x, %v, want %x", n, got, err, answer)
		}
		for _, bad := range [][]byte{nil, data[:16], data[1:], data[:len(data)-1], append([]byte{0}, data...)} {
			if got, err := DecryptAnswer(bad, key, iv); err != ErrDecrypt || got != nil {
				t.Errorf("%d bytes of %d: %v", len(bad), len(data), err)
			}
		}
		data[0] ^= 1
		if got, err := DecryptAnswer(data, key, iv); err != ErrDecrypt || got != nil {
			t.Errorf("%d bytes, changed: %v", n, err)
		}
		long := refIGE(t, key, iv, append(plain, random(16)...), true)
		if got, err := DecryptAnswer(long, key, iv); err != ErrDecrypt || got != nil {
			t.Errorf("%d bytes, with a block of padding too much: %v", n, err)
		}
	}
	broken := errors.New("broken")
	if data, err := EncryptAnswer(iotest.ErrReader(broken), make([]byte, 1), key, iv); err != broken || data != nil {
		t.Errorf("no random bytes: %v", err)
	}
}

// srpServer is the reference for both sides, by package math/big.
type srpServer struct {
	p, g, v, b             *big.Int
	salt1, salt2, password []byte
}

func padded(x *big.Int) []byte { return x.FillBytes(make([]byte, 256)) }

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

func refPassword(t *testing.T, password, salt1, salt2 []byte) *big.Int {
	t.Helper()
	h := sha(salt2, sha(salt1, password, salt1), salt2)
	derived, err := pbkdf2.Key(sha512.New, string(h), salt1, 100_000, 64)
	if err != nil {
		t.Fatal(err)
	}
	return number(sha(salt2, derived, salt2))
}

func newSRPServer(t *testing.T, g int64, password string) *srpServer {
	t.Helper()
	s := &srpServer{p: telegramPrime(t), g: big.NewInt(g), b: number(random(256)), salt1: random(40), salt2: random(16), password: []byte(password)}
	s.v = new(big.Int).Exp(s.g, refPassword(t, s.password, s.salt1, s.salt2), s.p)
	return s
}

func (s *srpServer) k() *big.Int { return number(sha(padded(s.p), padded(s.g))) }

func (s *srpServer) publicB() []byte {
	kv := new(big.Int).Mul(s.k(), s.v)
	return padded(kv.Add(kv, new(big.Int).Exp(s.g, s.b, s.p)).Mod(kv, s.p))
}

// proof is M1 as the server computes it: S = (A·v^u)^b.
func (s *srpServer) proof(a []byte) []byte {
	b := s.publicB()
	secret := new(big.Int).Exp(s.v, number(sha(a, b)), s.p)
	secret.Mul(secret, number(a)).Exp(secret, s.b, s.p)
	hp, hg := sha(padded(s.p)), sha(padded(s.g))
	for i := range hp {
		hp[i] ^= hg[i]
	}
	return sha(hp, sha(s.salt1), sha(s.salt2), a, b, sha(padded(secret)))
}

func TestSRP(t *testing.T) {
	for g, password := range map[int64]string{3: "a password, and ☃", 4: "x", 7: ""} {
		s := newSRPServer(t, g, password)
		for _, exponent := range [][]byte{random(256), {1}, nil, random(32), bytes.Repeat([]byte{255}, 256)} {
			a, m1, err := SRP(s.password, s.salt1, s.salt2, padded(s.p), int(g), s.publicB(), exponent)
			if err != nil {
				t.Fatal(err)
			}
			if want := padded(new(big.Int).Exp(s.g, number(exponent), s.p)); !bytes.Equal(a, want) {
				t.Errorf("g = %d, exponent %x: A = %x, want %x", g, exponent, a, want)
			}
			if want := s.proof(a); !bytes.Equal(m1, want) {
				t.Errorf("g = %d, exponent %x: M1 = %x, want %x", g, exponent, m1, want)
			}
		}
	}
}

func TestSRPVerifier(t *testing.T) {
	p := telegramPrime(t)
	password, salt1, salt2, more := []byte("new password"), random(8), random(16), random(32)
	salt1 = append(slices.Grow(salt1, 64), 0)[:8]
	v, newSalt, err := SRPVerifier(password, salt1, salt2, padded(p), 3, bytes.NewReader(more))
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Concat(salt1, more); !bytes.Equal(newSalt, want) {
		t.Errorf("salt1 = %x, want %x", newSalt, want)
	}
	if want := padded(new(big.Int).Exp(big.NewInt(3), refPassword(t, password, newSalt, salt2), p)); !bytes.Equal(v, want) {
		t.Errorf("verifier = %x, want %x", v, want)
	}
	if salt1[:9][8] != 0 {
		t.Error("the array of salt1 was written to")
	}
	if v, newSalt, err := SRPVerifier(nil, salt1, salt2, padded(p), 3, rand.Reader); err != nil {
		t.Errorf("no password: %v", err)
	} else if want := padded(new(big.Int).Exp(big.NewInt(3), refPassword(t, nil, newSalt, salt2), p)); !bytes.Equal(v, want) {
		t.Errorf("no password: verifier = %x, want %x", v, want)
	}
	if _, _, err := SRPVerifier(password, salt1, salt2, padded(p), 5, rand.Reader); err != bigdh.ErrGenerator {
		t.Errorf("g = 5: %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := SRPVerifier(password, salt1, salt2, padded(p), 3, iotest.ErrReader(broken)); err != broken {
		t.Errorf("no random bytes: %v", err)
	}
}

func TestSRPRefuses(t *testing.T) {
	p := telegramPrime(t)
	prime, good := padded(p), random(255)
	kv := func() []byte { // so that S is 0
		s := &srpServer{p: p, g: big.NewInt(3)}
		v := new(big.Int).Exp(s.g, refPassword(t, []byte("x"), nil, nil), p)
		return padded(v.Mul(v, s.k()).Mod(v, p))
	}()
	for name, test := range map[string]struct {
		password, p []byte
		g           int
		b, random   []byte
		want        error
	}{
		"B is nothing":      {[]byte("x"), prime, 3, nil, good, srpcore.ErrServer},
		"B = 0":             {[]byte("x"), prime, 3, make([]byte, 256), good, srpcore.ErrServer},
		"B = p":             {[]byte("x"), prime, 3, prime, good, srpcore.ErrServer},
		"B = 2^2048-1":      {[]byte("x"), prime, 3, bytes.Repeat([]byte{255}, 256), good, srpcore.ErrServer},
		"B is long":         {[]byte("x"), prime, 3, make([]byte, 257), good, srpcore.ErrServer},
		"B is short":        {[]byte("x"), prime, 3, good[:32], good, srpcore.ErrServer},
		"B = k·v":           {[]byte("x"), prime, 3, kv, good, srpcore.ErrServer},
		"p is nothing":      {[]byte("x"), nil, 3, good, good, bigdh.ErrPrime},
		"p is no prime":     {[]byte("x"), padded(new(big.Int).Sub(p, big.NewInt(2))), 3, good, good, bigdh.ErrPrime},
		"p is short":        {[]byte("x"), []byte{7}, 3, good, good, bigdh.ErrPrime},
		"g = 1":             {[]byte("x"), prime, 1, good, good, bigdh.ErrGenerator},
		"g is not a square": {[]byte("x"), prime, 5, good, good, bigdh.ErrGenerator},
	} {
		a, m1, err := SRP(test.password, nil, nil, test.p, test.g, test.b, test.random)
		if err != test.want || a != nil || m1 != nil {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, _, err := SRP([]byte("x"), nil, nil, prime, 3, good, make([]byte, 257)); err == nil {
		t.Error("an exponent of 257 bytes is taken")
	}
}
