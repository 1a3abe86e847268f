package limbs

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

func newRand(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// awkward returns limbs that are all zeros, all ones, one bit, or random: values at which
// carries go wrong.
func awkward(r *rand.ChaCha8, n int) []uint64 {
	x := make([]uint64, n)
	for i := range x {
		switch v := r.Uint64(); v % 8 {
		case 0, 1:
		case 2, 3, 4:
			x[i] = ^uint64(0)
		case 5:
			x[i] = 1 << (v >> 8 % 64)
		default:
			x[i] = r.Uint64()
		}
	}
	return x
}

// numbers returns extreme and random numbers of n limbs.
func numbers(r *rand.ChaCha8, n int) [][]uint64 {
	zero, one, ones := make([]uint64, n), make([]uint64, n), make([]uint64, n)
	one[0] = 1
	for i := range ones {
		ones[i] = ^uint64(0)
	}
	xs := [][]uint64{zero, one, ones}
	for range 20 {
		xs = append(xs, awkward(r, n))
	}
	return xs
}

func toBig(x []uint64) *big.Int {
	b := make([]byte, 8*len(x))
	PutBytes(b, x)
	return new(big.Int).SetBytes(b)
}

// dirty returns n limbs that must not be taken for zeros.
func dirty(n int) []uint64 {
	x := make([]uint64, n)
	for i := range x {
		x[i] = 0xdeadbeefdeadbeef
	}
	return x
}

// sizes are the smallest, that of SRP's exponents, and those of RSA's primes and of
// Diffie–Hellman.
var sizes = []int{2, 4, 16, 32}

// each runs f for pairs of numbers of each size.
func each(t *testing.T, f func(t *testing.T, x, y []uint64)) {
	for _, n := range sizes {
		t.Run(fmt.Sprint("limbs=", n), func(t *testing.T) {
			xs := numbers(newRand(1), n)
			for _, x := range xs {
				for _, y := range xs {
					f(t, x, y)
				}
			}
		})
	}
}

func TestProducts(t *testing.T) {
	each(t, func(t *testing.T, x, y []uint64) {
		got := dirty(2 * len(x))
		Mul(got, x, y)
		if want := new(big.Int).Mul(toBig(x), toBig(y)); toBig(got).Cmp(want) != 0 {
			t.Errorf("%x · %x = %x, want %x", x, y, toBig(got), want)
		}
		Square(got, x)
		if want := new(big.Int).Mul(toBig(x), toBig(x)); toBig(got).Cmp(want) != 0 {
			t.Errorf("%x² = %x, want %x", x, toBig(got), want)
		}
	})
}

// TestReduce expects z = (t + n·(-t/n mod R)) / R, less n if that is not below R.
func TestReduce(t *testing.T) {
	subtracted := 0
	each(t, func(t *testing.T, low, high []uint64) {
		size := len(low)
		R := new(big.Int).Lsh(big.NewInt(1), uint(64*size))
		for _, n := range numbers(newRand(2), size) {
			n[0] |= 1
			in := append(append([]uint64{}, low...), high...)

			k := new(big.Int).ModInverse(toBig(n), R) // 0 if n is 1
			q := k.Mul(k, toBig(low)).Neg(k).Mod(k, R)
			want := q.Mul(q, toBig(n)).Add(q, toBig(in)).Rsh(q, uint(64*size))
			if want.Cmp(R) >= 0 {
				want.Sub(want, toBig(n))
				subtracted++
			}
			got := dirty(size)
			Reduce(got, in, n, -Inverse(n[0]))
			if toBig(got).Cmp(want) != 0 {
				t.Fatalf("%x modulo %x: %x, want %x", in, n, toBig(got), want)
			}
		}
	})
	if subtracted == 0 {
		t.Error("no case needed the subtraction")
	}
}

func TestSums(t *testing.T) {
	each(t, func(t *testing.T, x, y []uint64) {
		R := new(big.Int).Lsh(big.NewInt(1), uint(64*len(x)))
		z := dirty(len(x))
		carry := Add(z, x, y)
		sum := new(big.Int).Add(toBig(x), toBig(y))
		if got := append(z, carry); toBig(got).Cmp(sum) != 0 {
			t.Errorf("%x + %x = %x, want %x", x, y, toBig(got), sum)
		}
		borrow := Sub(z, x, y)
		difference := new(big.Int).Sub(toBig(x), toBig(y))
		if want := new(big.Int).Mod(difference, R); toBig(z).Cmp(want) != 0 || (borrow == 1) != (difference.Sign() < 0) {
			t.Errorf("%x - %x = %x, borrow %d, want %x", x, y, toBig(z), borrow, want)
		}
		if got, want := Less(x, y), borrow; got != want {
			t.Errorf("%x < %x: %d, want %d", x, y, got, want)
		}
	})
}

// TestModular covers sums and differences modulo y, of numbers below y.
func TestModular(t *testing.T) {
	each(t, func(t *testing.T, x, y []uint64) {
		n := toBig(y)
		if n.Sign() == 0 {
			return
		}
		below := func(z *big.Int) []uint64 {
			limbs := make([]uint64, len(x))
			b := make([]byte, 8*len(x))
			SetBytes(limbs, z.Mod(z, n).FillBytes(b))
			return limbs
		}
		last := below(big.NewInt(-1))
		for _, a := range [][]uint64{below(toBig(x)), below(big.NewInt(0)), below(big.NewInt(1)), last} {
			z := dirty(len(x))
			AddMod(z, a, last, y)
			want := new(big.Int).Add(toBig(a), toBig(last))
			if want.Mod(want, n); toBig(z).Cmp(want) != 0 {
				t.Errorf("%x + %x modulo %x: %x, want %x", a, last, y, toBig(z), want)
			}
			for _, pair := range [][2][]uint64{{a, last}, {last, a}, {a, a}} {
				SubMod(z, pair[0], pair[1], y)
				want := new(big.Int).Sub(toBig(pair[0]), toBig(pair[1]))
				if want.Mod(want, n); toBig(z).Cmp(want) != 0 {
					t.Errorf("%x - %x modulo %x: %x, want %x", pair[0], pair[1], y, toBig(z), want)
				}
			}
		}
	})
}

// TestSubtractMultiple reduces all small multiples of y and their neighbours, bit by bit.
func TestSubtractMultiple(t *testing.T) {
	each(t, func(t *testing.T, _, y []uint64) {
		n := toBig(y)
		if n.Sign() == 0 {
			return
		}
		for quotient := range int64(8) {
			for off := range int64(3) {
				x := new(big.Int).Mul(n, big.NewInt(quotient))
				if x.Add(x, big.NewInt(off-1)); x.Sign() < 0 || x.Cmp(new(big.Int).Lsh(n, 3)) >= 0 {
					continue
				}
				got := make([]uint64, len(y)+1)
				SetBytes(got, x.FillBytes(make([]byte, 8*len(got))))
				for shift := 2; shift >= 0; shift-- {
					SubtractMultiple(got, y, shift)
				}
				if want := new(big.Int).Mod(x, n); toBig(got).Cmp(want) != 0 {
					t.Errorf("%d·n%+d modulo %x: %x, want %x", quotient, off-1, n, got, want)
				}
			}
		}
	})
}

// TestWindow: the windows of a number are its digits in a base that is a power of two.
func TestWindow(t *testing.T) {
	r := newRand(4)
	for _, size := range []int{1, 2, 3, 128, 256, 257} {
		for width := 1; width <= 8; width++ {
			e := make([]byte, size)
			r.Read(e)
			rest := new(big.Int).SetBytes(e)
			for bit := 0; bit < 8*size; bit += width {
				digit := new(big.Int)
				rest.DivMod(rest, big.NewInt(1<<width), digit)
				if got, want := Window(e, bit, width), int(digit.Int64()); got != want {
					t.Errorf("%d bits of %x from %d on: %d, want %d", width, e, bit, got, want)
				}
			}
		}
	}
}

func TestInverse(t *testing.T) {
	r := newRand(3)
	for range 1000 {
		x := r.Uint64() | 1
		if got := x * Inverse(x); got != 1 {
			t.Errorf("%x times its inverse: %x, want 1", x, got)
		}
	}
}
