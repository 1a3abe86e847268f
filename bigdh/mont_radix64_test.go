//go:build (amd64 || arm64) && gc && !purego

package bigdh

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/impltest"
)

// The tests in this file call the kernels in radix 2^64 themselves, with what the
// operations made of them may never come across, and compare every word.

// needRadix64 makes the backend in radix 2^64 the one in use, whatever its name.
func needRadix64(t *testing.T) {
	t.Helper()
	name := backends.Backends()[0].Name
	impltest.Need(t, backends, name)
	for _, s := range backends.States() {
		if s.Name == name {
			t.Cleanup(s.Enter())
		}
	}
}

// dirty returns what no kernel may take for zeros.
func dirty() (t [64]uint64) {
	for i := range t {
		t[i] = 0xdeadbeefdeadbeef
	}
	return t
}

func doubleToBig(t *[64]uint64) *big.Int {
	x := toBig((*nat)(t[32:]))
	return x.Lsh(x, 2048).Or(x, toBig((*nat)(t[:32])))
}

// factors returns numbers at the edges of the products: the halves of Karatsuba's
// method are equal, or differ by one, or are all zeros or ones.
func factors(r *rand.ChaCha8) []nat {
	ones := allOnes()
	equal := awkwardNat(r)
	copy(equal[16:], equal[:16])
	above, below := equal, equal
	above[0]++
	below[16]++
	low, high := ones, ones
	clear(low[16:])
	clear(high[:16])
	xs := []nat{{}, {1}, {31: 1 << 63}, ones, equal, above, below, low, high}
	for i := range 32 { // ones in single limbs
		x := nat{}
		x[i] = ^uint64(0)
		xs = append(xs, x)
	}
	for range 60 {
		xs = append(xs, awkwardNat(r), randomNat(r))
	}
	return xs
}

// TestProductsRadix64: 26,000 products and as many squares.
func TestProductsRadix64(t *testing.T) {
	needRadix64(t)
	r := newRand(1)
	xs := factors(r)
	bigs := make([]*big.Int, len(xs))
	for i := range xs {
		bigs[i] = toBig(&xs[i])
	}
	want := new(big.Int)
	for i := range xs {
		for j := range xs {
			got, k := dirty(), dirty()
			asm.Mul(&got, &xs[i], &xs[j], &k)
			if got := doubleToBig(&got); got.Cmp(want.Mul(bigs[i], bigs[j])) != 0 {
				t.Fatalf("%x · %x = %x, want %x", bigs[i], bigs[j], got, want)
			}

			x := randomNat(r)
			if j%2 == 1 {
				x = awkwardNat(r)
			}
			if j == 0 {
				x = xs[i]
			}
			got = dirty()
			asm.Square(&got, &x, &k)
			bigX := toBig(&x)
			if got := doubleToBig(&got); got.Cmp(want.Mul(bigX, bigX)) != 0 {
				t.Fatalf("%x² = %x, want %x", bigX, got, want)
			}
		}
	}
}

// TestReduceRadix64 reduces all of 0 … 2^4096-1, not only what is a product, and expects
//
//	z = (t + n·(-t/n mod R)) / R, less n if that is not below R
func TestReduceRadix64(t *testing.T) {
	needRadix64(t)
	r := newRand(2)
	R := pow2(2048)
	mask := new(big.Int).Sub(R, big.NewInt(1))
	subtracted := 0
	for _, m := range moduli(3) {
		n := toBig(&m.n)
		k := new(big.Int).ModInverse(n, R)
		k.Sub(R, k)
		lows, highs := values(r, &m.n, 12), values(r, &m.n, 12)
		for i := range lows {
			for j := range highs {
				var in [64]uint64
				copy(in[:], lows[i][:])
				copy(in[32:], highs[j][:])
				want := doubleToBig(&in)
				q := new(big.Int).Mul(toBig(&lows[i]), k)
				want.Add(want, q.And(q, mask).Mul(q, n)).Rsh(want, 2048)
				if want.Cmp(R) >= 0 {
					want.Sub(want, n)
					subtracted++
				}

				garbage := dirty()
				got := nat(garbage[:32])
				asm.Reduce(&got, &in, &m.n, m.k0)
				if got := toBig(&got); got.Cmp(want) != 0 {
					t.Fatalf("%x:%x modulo %x: %x, want %x", toBig(&highs[j]), toBig(&lows[i]), n, got, want)
				}
			}
		}
	}
	if subtracted == 0 {
		t.Error("no case needed the subtraction")
	}
}

// TestSelectRadix64 has tables of several lengths, and expects the eight words that are not
// used to be left alone.
func TestSelectRadix64(t *testing.T) {
	needRadix64(t)
	r := newRand(4)
	for _, n := range []int{1, 2, 3, 15, 16, 32, 64} {
		table := make([]elem, n)
		for i := range table {
			for j := range table[i] {
				table[i][j] = r.Uint64()
			}
		}
		for _, i := range append(indices(n), n, -1) {
			garbage := dirty()
			got := elem(garbage[:40])
			want := got
			clear(want[:32])
			if 0 <= i && i < n {
				copy(want[:32], table[i][:])
			}
			selectElem(&got, table, i)
			if got != want {
				t.Errorf("entry %d of %d:\n%x, want\n%x", i, n, got, want)
			}
		}
	}
}

func indices(n int) (is []int) {
	for i := range n {
		is = append(is, i)
	}
	return is
}

// TestPowerRadix64 is an exponentiation made of the five operations alone.
func TestPowerRadix64(t *testing.T) {
	needRadix64(t)
	r := newRand(5)
	for _, m := range moduli(6) {
		x, e := awkwardNat(r), randomNat(r)
		var table [16]elem
		enter(m, &table[0], &nat{1})
		enter(m, &table[1], &x)
		for i := 2; i < len(table); i++ {
			mul(m, &table[i], &table[i-1], &table[1])
		}
		z := table[0]
		for _, limb := range slices.Backward(e[:]) {
			for shift := 60; shift >= 0; shift -= 4 {
				var factor elem
				square(m, &z, &z, 4)
				selectElem(&factor, table[:], int(limb>>shift%16))
				mul(m, &z, &z, &factor)
			}
		}
		var got nat
		leave(m, &got, &z)
		want := natOf(new(big.Int).Exp(toBig(&x), toBig(&e), toBig(&m.n)))
		if got != want {
			t.Errorf("%x^%x modulo %x:\n%x, want\n%x", toBig(&x), toBig(&e), toBig(&m.n), toBig(&got), toBig(&want))
		}
	}
}
