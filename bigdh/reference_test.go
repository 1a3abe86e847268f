package bigdh

import (
	"math/big"
	"math/rand/v2"
	"slices"
)

// The reference of the tests is math/big.

func newRand(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
}

// randomSize returns a random number in Size bytes.
func randomSize(r *rand.ChaCha8) (b [Size]byte) {
	r.Read(b[:])
	return b
}

func randomNat(r *rand.ChaCha8) (x nat) {
	for i := range x {
		x[i] = r.Uint64()
	}
	return x
}

// awkwardNat returns a number made of limbs that are all zeros, all ones, one bit, or
// random: those at which carries go wrong.
func awkwardNat(r *rand.ChaCha8) (x nat) {
	for i := range x {
		switch v := r.Uint64(); v % 8 {
		case 0, 1:
			x[i] = 0
		case 2, 3, 4:
			x[i] = ^uint64(0)
		case 5:
			x[i] = 1 << (v >> 8 % 64)
		case 6:
			x[i] = ^uint64(1 << (v >> 8 % 64))
		default:
			x[i] = r.Uint64()
		}
	}
	return x
}

func allOnes() (x nat) {
	for i := range x {
		x[i] = ^uint64(0)
	}
	return x
}

func pow2(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

func natOf(x *big.Int) (z nat) {
	setBig(&z, x)
	return z
}

// moduli returns extreme and random moduli of 2048 bits, and some of 2047 as halves of
// primes are.
func moduli(seed uint64) []*modulus {
	var ns []nat
	add := func(x *big.Int) { ns = append(ns, natOf(x)) }
	minus := func(x *big.Int, y int64) *big.Int { return new(big.Int).Sub(x, big.NewInt(y)) }

	add(toBig(&telegramPrime().m.n))
	for _, bits := range []uint{2048, 2047} {
		add(minus(pow2(bits), 1))
		add(minus(pow2(bits), 3))
		add(minus(pow2(bits-1), -1))
		add(minus(pow2(bits-1), -3))
		for _, k := range []uint{1, 51, 52, 63, 64, 65, 104, 1024, 1984, 1996, 2040, bits - 2} {
			add(minus(new(big.Int).Sub(pow2(bits), pow2(k)), -1))
			add(minus(new(big.Int).Sub(pow2(bits), pow2(k)), 1))
			add(minus(new(big.Int).Add(pow2(bits-1), pow2(k)), -1))
			add(minus(new(big.Int).Add(pow2(bits-1), pow2(k)), 1))
		}
	}
	r := newRand(seed)
	for i := range 20 {
		n := randomNat(r)
		if i%2 == 1 {
			n = awkwardNat(r)
		}
		n[0] |= 1
		n[31] |= 1 << 63
		if i%5 == 4 {
			n[31] = n[31]>>1 | 1<<62
		}
		ns = append(ns, n)
	}

	var ms []*modulus
	for _, n := range ns {
		if n[31]>>62 == 0 || n[0]%2 == 0 {
			continue // 2^2046 + …
		}
		m := new(modulus)
		m.set(&n)
		ms = append(ms, m)
	}
	return ms
}

// values returns numbers below 2^2048 that are extreme, some for the modulus n, then
// random ones.
func values(r *rand.ChaCha8, n *nat, count int) []nat {
	xs := []nat{{}, {1}, {2}, allOnes(), *n}
	x := *n
	x[0]--
	xs = append(xs, x) // n - 1
	xs = append(xs, natOf(new(big.Int).Rsh(toBig(n), 1)), natOf(new(big.Int).Sub(pow2(2048), toBig(n))))
	for len(xs) < count {
		xs = append(xs, randomNat(r), awkwardNat(r))
	}
	return slices.Clone(xs[:count])
}

// referenceExp returns base^e mod n.
func referenceExp(n, base *nat, e []byte) nat {
	return natOf(new(big.Int).Exp(toBig(base), new(big.Int).SetBytes(e), toBig(n)))
}
