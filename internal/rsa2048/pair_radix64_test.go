//go:build (amd64 || arm64) && gc && !purego

package rsa2048

import (
	"math/big"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// The tests in this file call the kernels in radix 2^64 directly, with inputs that the
// operations built on them may never produce, and compare every word.

// needRadix64 selects the backend in radix 2^64, whatever its name.
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

// dirty returns words that no kernel may take for zeros.
func dirty() (t full) {
	for i := range t {
		t[i] = 0xdeadbeefdeadbeef
	}
	return t
}

// factors returns extreme factors.
func factors(seed byte) (xs []half) {
	r := newRand(seed)
	var ones half
	for i := range ones {
		ones[i] = ^uint64(0)
	}
	low, high := ones, ones
	clear(low[halfLimbs/2:])
	clear(high[:halfLimbs/2])
	xs = []half{{}, {1}, {halfLimbs - 1: 1 << 63}, ones, low, high}
	for i := range halfLimbs { // ones in single limbs
		x := half{}
		x[i] = ^uint64(0)
		xs = append(xs, x)
	}
	for range 50 {
		var x, y half
		awkward(r, x[:])
		random(r, y[:])
		xs = append(xs, x, y)
	}
	return xs
}

func TestProductsRadix64(t *testing.T) {
	needRadix64(t)
	xs := factors(20)
	for i := range xs {
		for j := range xs {
			want := new(big.Int).Mul(toBig(xs[i][:]), toBig(xs[j][:]))
			got := dirty()
			if asm.Mul1024(&got, &xs[i], &xs[j]); toBig(got[:]).Cmp(want) != 0 {
				t.Fatalf("%x · %x = %x, want %x", xs[i], xs[j], got, want)
			}
			if i != j {
				continue
			}
			got = dirty()
			if asm.Square1024(&got, &xs[i]); toBig(got[:]).Cmp(want) != 0 {
				t.Fatalf("%x² = %x, want %x", xs[i], got, want)
			}
		}
	}
}

// TestReduceRadix64 reduces numbers from all of 0 … 2^2048-1, not only products, and
// expects
//
//	z = (t + n·(-t/n mod R)) / R, less n if that is not below R
func TestReduceRadix64(t *testing.T) {
	needRadix64(t)
	R := pow2(1024)
	subtracted := 0
	for _, p := range pairsOfModuli(21) {
		m := &p.prime[0]
		n := toBig(m.n[:])
		xs := factors(22)
		for i := range xs {
			var in full
			copy(in[:], xs[i][:])
			copy(in[halfLimbs:], xs[len(xs)-1-i][:])
			q := new(big.Int).ModInverse(n, R)
			q.Mul(q, toBig(xs[i][:])).Neg(q).Mod(q, R)
			want := q.Mul(q, n).Add(q, toBig(in[:])).Rsh(q, 1024)
			if want.Cmp(R) >= 0 {
				want.Sub(want, n)
				subtracted++
			}
			got := half(make([]uint64, halfLimbs))
			if asm.Reduce1024(&got, &in, &m.n, m.k0); toBig(got[:]).Cmp(want) != 0 {
				t.Fatalf("%x modulo %x: %x, want %x", in, n, got, want)
			}
		}
	}
	if subtracted == 0 {
		t.Error("no case needed the subtraction")
	}
}

// TestSelectRadix64 covers tables of several lengths, and expects the eight unused words to
// be left alone.
func TestSelectRadix64(t *testing.T) {
	needRadix64(t)
	r := newRand(23)
	for _, n := range []int{1, 2, 3, 16, 32} {
		table := make([]elem, n)
		for i := range table {
			random(r, table[i][:])
		}
		for i := range n {
			for _, j := range []int{0, n / 2, n - 1} {
				var got, want elem
				random(r, got[:])
				want = got
				*want.side(0), *want.side(1) = *table[i].side(0), *table[j].side(1)
				if selectElem(&got, table, i, j); got != want {
					t.Errorf("entries %d and %d of %d:\n%x, want\n%x", i, j, n, got, want)
				}
			}
		}
	}
}

// TestGuardsRadix64 guards the memory of the kernels in radix 2^64.
func TestGuardsRadix64(t *testing.T) {
	needRadix64(t)
	guardtest.Kernels(t, func(words func(n int) unsafe.Pointer) map[string]func() {
		const entries = 5
		m := &pairsOfModuli(24)[0].prime[0]
		n, x, y, z := (*half)(words(halfLimbs)), (*half)(words(halfLimbs)), (*half)(words(halfLimbs)), (*half)(words(halfLimbs))
		product := (*full)(words(2 * halfLimbs))
		*n, *x, *y = m.n, m.rr, m.rrr
		table, entry := (*[40]uint64)(words(40*entries)), (*[40]uint64)(words(40))
		return map[string]func(){
			"Mul1024":    func() { asm.Mul1024(product, x, y) },
			"Square1024": func() { asm.Square1024(product, x) },
			"Reduce1024": func() { asm.Reduce1024(z, product, n, m.k0) },
			"SelectPair": func() { asm.SelectPair(entry, table, entries, entries-1, 0) },
		}
	})
}
