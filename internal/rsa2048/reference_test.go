package rsa2048

import (
	"crypto/rsa"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/limbs"
)

// The reference of the tests is math/big.

func newRand(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func pow2(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

func toBig(x []uint64) *big.Int {
	b := make([]byte, 8*len(x))
	limbs.PutBytes(b, x)
	return new(big.Int).SetBytes(b)
}

func bytesToBig(b *[Size]byte) *big.Int { return new(big.Int).SetBytes(b[:]) }

func toBytes(x *big.Int) (b [Size]byte) {
	x.FillBytes(b[:])
	return b
}

func fullOf(x *big.Int) (z full) {
	b := toBytes(x)
	limbs.SetBytes(z[:], b[:])
	return z
}

func halfOf(x *big.Int) half {
	z := fullOf(x)
	return half(z[:halfLimbs])
}

// awkward sets z to limbs that are all zeros, all ones, one bit, or random: values at which
// carries go wrong.
func awkward(r *rand.ChaCha8, z []uint64) {
	for i := range z {
		switch v := r.Uint64(); v % 8 {
		case 0, 1:
			z[i] = 0
		case 2, 3, 4:
			z[i] = ^uint64(0)
		case 5:
			z[i] = 1 << (v >> 8 % 64)
		case 6:
			z[i] = ^uint64(1 << (v >> 8 % 64))
		default:
			z[i] = r.Uint64()
		}
	}
}

func random(r *rand.ChaCha8, z []uint64) {
	for i := range z {
		z[i] = r.Uint64()
	}
}

// halves returns odd numbers of 1024 bits, extreme and random.
func halves(r *rand.ChaCha8) (list []half) {
	top := pow2(1023)
	add := func(x *big.Int) {
		if x.BitLen() == 1024 {
			list = append(list, halfOf(x))
		}
	}
	for _, k := range []uint{1, 51, 52, 64, 65, 104, 512, 960, 1022} {
		for _, off := range []int64{-1, 1} {
			x := new(big.Int).Sub(pow2(1024), pow2(k))
			add(x.Add(x, big.NewInt(off)))
			x = new(big.Int).Add(top, pow2(k))
			add(x.Add(x, big.NewInt(off)))
		}
	}
	add(new(big.Int).Sub(pow2(1024), big.NewInt(1)))
	add(new(big.Int).Add(top, big.NewInt(1)))
	for i := range 12 {
		var x half
		if random(r, x[:]); i%2 == 1 {
			awkward(r, x[:])
		}
		x[0] |= 1
		x[halfLimbs-1] |= 1 << 63
		list = append(list, x)
	}
	return list
}

// pairsOfModuli returns moduli that need not be prime.
func pairsOfModuli(seed byte) (list []*primes) {
	r := newRand(seed)
	hs := halves(r)
	for i := range hs {
		p := new(primes)
		p.set(&[2]half{hs[i], hs[r.Uint64()%uint64(len(hs))]})
		list = append(list, p)
	}
	return list
}

// values returns numbers below 2^2048, extreme ones for two moduli and random ones.
func values(r *rand.ChaCha8, p *primes) (list []full) {
	m, n := toBig(p.prime[0].n[:]), toBig(p.prime[1].n[:])
	product := new(big.Int).Mul(m, n)
	one := big.NewInt(1)
	for _, x := range []*big.Int{
		new(big.Int), one, big.NewInt(2), m, n, product,
		new(big.Int).Sub(m, one), new(big.Int).Sub(n, one), new(big.Int).Add(m, one),
		new(big.Int).Sub(product, one), new(big.Int).Sub(pow2(2048), one), pow2(1024), pow2(1040), pow2(2047),
	} {
		list = append(list, fullOf(x))
	}
	for range 4 {
		var x, y full
		awkward(r, x[:])
		random(r, y[:])
		list = append(list, x, y)
	}
	return list
}

// testKey is a fixed key of 2048 bits, so that no time is spent on making one.
var testKey = sync.OnceValue(func() *rsa.PrivateKey { return keyOf(testP, testQ, 65537) })

// keyOf returns the key with the given primes and exponent.
func keyOf(p, q string, e int64) *rsa.PrivateKey {
	bigP, _ := new(big.Int).SetString(p, 16)
	bigQ, _ := new(big.Int).SetString(q, 16)
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(bigP, one), new(big.Int).Sub(bigQ, one))
	k := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(bigP, bigQ), E: int(e)},
		D:         new(big.Int).ModInverse(big.NewInt(e), phi),
		Primes:    []*big.Int{bigP, bigQ},
	}
	k.Precompute()
	return k
}

func privateKey(t testing.TB, k *rsa.PrivateKey) *PrivateKey {
	t.Helper()
	key, err := NewPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Primes of test keys. They suit all odd exponents of TestExponents.
const (
	testP = "" +
		"d1396e77cde31ea05b62b5978adfb8cb24b5ddbac009415765b3b00f4b1c4b07" +
		"f509db7e109efc1b15b31853351628ce04f8ca18b7761c355c36fcc39ad39004" +
		"f73f409b7b1530894d18797d5260ea550b7d49f21fe1365b2f74aa1707365698" +
		"9866c3043a9c097a9b53cacd379ff4894ae920a296eeacd3e668ef47bcb879cb"
	testQ = "" +
		"e6117c3802da4ce91fa20230930a19ffb18e8faac8b993776d8827281f997495" +
		"dee9f99397ab6e36ac8da2b9f0f6fbaf416d70385898750110ef721dce8b75d5" +
		"2af5fe9a556ead6d39477dbd0255f8b1fdc9dff579a7bab0821de45214cf02f2" +
		"f3d525b3a166d0bcb592cbeccb4aac0f37919e5901bef14acc34b0a723320417"
)
