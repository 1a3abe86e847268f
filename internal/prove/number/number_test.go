package number

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// add adds two numbers of n limbs as a kernel would, and returns the limbs and what is carried out.
func add(f *Facts, x, y []Poly) (z []Poly, carry Poly) {
	f.Mark()
	for i := range x {
		var limb Poly
		limb, carry = f.Split(x[i].Plus(y[i], Small(1)).Plus(carry, Small(1)), 64)
		z = append(z, limb)
	}
	return z, carry
}

func variables(f *Facts, name string, n int) (x []Poly) {
	for range n {
		x = append(x, f.Var(name, Max(64)))
	}
	return x
}

func sum(x []Poly) Poly { return Sum(func(i int) Poly { return x[i] }, len(x), 64) }

// TestCongruent adds numbers, with and without the carry.
func TestCongruent(t *testing.T) {
	f := New()
	x, y := variables(f, "x", 4), variables(f, "y", 4)
	z, carry := add(f, x, y)
	want := sum(x).Plus(sum(y), Small(1))
	if err := f.Congruent(sum(z).Plus(carry, Pow2(256)), want, 257); err != nil {
		t.Error(err)
	}
	if err := f.Congruent(sum(z), want, 256); err != nil { // modulo 2^256 it makes no difference
		t.Error(err)
	}
	if f.Congruent(sum(z), want, 257) == nil {
		t.Error("without its carry, a sum is equal")
	}
	if f.Congruent(sum(z).Plus(Int(1), Small(1)), want, 256) == nil {
		t.Error("a sum is equal to one more")
	}
}

// TestCarries drops the carry of a product of a limb and three, which is zero, and that of a sum of two such, which is
// not always.
func TestCarries(t *testing.T) {
	f := New()
	x, y := variables(f, "x", 3), f.Var("y", Max(64))
	multiply := func(plus Poly) (z []Poly) {
		carry := plus
		f.Mark()
		for i := range x {
			limb, hi := f.Split(f.Mul(x[i], y).Plus(carry, Small(1)), 64)
			z, carry = append(z, limb), hi
		}
		last, _ := f.Split(carry, 64)
		return append(z, last)
	}
	product := f.Mul(sum(x), y)
	if err := f.Congruent(sum(multiply(nil)), product, 256); err != nil {
		t.Error(err)
	}
	twice, dropped := add(f, multiply(nil), multiply(nil))
	if err := f.Congruent(sum(twice), product.Times(Small(2)), 256); err != nil {
		t.Error(err)
	}
	if f.Congruent(sum(twice), product.Times(Small(2)), 257) == nil {
		t.Error("the carry of a sum that may be too large was shown to be zero")
	}
	if len(dropped) == 0 {
		t.Error("nothing was dropped")
	}
}

// TestZeros shows that a carry is zero that bounds alone do not tell about: that of 2·(x/2).
func TestZeros(t *testing.T) {
	f := New()
	x := f.Var("x", Max(64))
	_, half := f.Split(x, 1)
	f.Mark()
	even, carry := f.Split(half.Plus(half, Small(1)), 64)
	if len(carry) != 0 || f.Congruent(even, half.Times(Small(2)), 65) != nil {
		t.Error("twice a half is too large")
	}
	_, _ = f.Split(half.Times(Small(2)).Plus(Int(2), Small(1)), 64)
	more, _ := f.Split(half.Times(Small(2)).Plus(Int(2), Small(1)), 64)
	if f.Congruent(more, half.Times(Small(2)).Plus(Int(2), Small(1)), 65) == nil {
		t.Error("a carry that may be one was shown to be zero")
	}
}

// TestSplits compares splits of numbers that are known with package math/big.
func TestSplits(t *testing.T) {
	rng, f := rand.New(rand.NewPCG(1, 2)), New()
	for range 100 {
		n := new(big.Int).SetUint64(rng.Uint64())
		n.Lsh(n, uint(rng.IntN(100))).Add(n, new(big.Int).SetUint64(rng.Uint64()))
		bits := 1 + rng.IntN(100)
		lo, hi := f.Split(Const(Of(n, 0)), bits)
		if got, want := lo.Plus(hi, Pow2(bits)), Const(Of(n, 0)); !got.Same(want) || !f.Below(lo, bits) {
			t.Fatalf("%v is not %v and %v at bit %d", n, f.String(lo), f.String(hi), bits)
		}
	}
	x := f.Var("x", Max(64))
	v, borrow := f.Borrow(x.Plus(f.Var("y", Max(64)), Small(-1)), 64)
	d, _ := f.Definition(v)
	if err := f.Congruent(v.Plus(borrow, Pow2(64).Neg()), d, 200); err != nil {
		t.Error(err)
	}
}

// TestMultiple is for multiples by an inverse.
func TestMultiple(t *testing.T) {
	f := New()
	x, n, k, kappa := f.Var("x", Max(64)), f.Var("n", Max(64)), f.Var("k", Max(64)), f.Var("kappa", Max(64))
	inverse := kappa.Times(Pow2(64)).Plus(Int(-1), Small(1))
	q, _ := f.Split(f.Mul(x, k), 64)
	lo, _ := f.Split(f.Mul(q, n), 64)
	if !f.Multiple(x.Plus(lo, Small(1)), 64, []Poly{lo, q}, n, k, inverse) {
		t.Error("x + x·k·n is not a multiple of 2^64")
	}
	if f.Multiple(x.Plus(lo, Small(1)).Plus(Int(1), Small(1)), 64, []Poly{lo, q}, n, k, inverse) ||
		f.Multiple(x.Plus(lo, Small(2)), 64, []Poly{lo, q}, n, k, inverse) {
		t.Error("what is no multiple of 2^64 is one")
	}
}

// TestPowers: the square of a bit is the bit, and that of no other number is the number.
func TestPowers(t *testing.T) {
	f := New()
	bit, x := f.Var("bit", Max(1)), f.Var("x", Max(2))
	if square := f.Mul(bit, bit); !square.Same(bit) {
		t.Errorf("the square of a bit is %s", f.String(square))
	}
	if square := f.Mul(x, x); square.Same(x) {
		t.Error("the square of a number is the number")
	}
	if got, want := f.Mul(f.Mul(bit, x), f.Mul(bit, x)), f.Mul(bit, f.Mul(x, x)); !got.Same(want) {
		t.Errorf("the square of a bit times a number is %s, want %s", f.String(got), f.String(want))
	}
}

// TestRefusals: numbers that may be out of bounds are not taken apart, nor are they below anything.
func TestRefusals(t *testing.T) {
	f := New()
	x, y := f.Var("x", Max(64)), f.Var("y", Max(64))
	less := x.Plus(y, Small(-1))
	for name, take := range map[string]func(){
		"a part of what may be negative": func() { f.Split(less, 64) },
		"a borrow from more":             func() { f.Borrow(less.Plus(Const(Pow2(64)), Small(1)), 64) },
		"a borrow of more than one":      func() { f.Borrow(less.Plus(Const(Pow2(64)), Small(-1)), 64) },
		"the part that was carried":      func() { _, c := f.Split(x.Plus(y, Small(1)), 64); f.Vanish(c) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: not refused", name)
				}
			}()
			take()
		}()
	}
	for _, tt := range []struct {
		name string
		p    Poly
		bits int
		want bool
	}{
		{"x", x, 64, true}, {"x", x, 63, false}, {"x + y", x.Plus(y, Small(1)), 64, false},
		{"x + y", x.Plus(y, Small(1)), 65, true}, {"x - y", less, 65, false},
	} {
		if got := f.Below(tt.p, tt.bits); got != tt.want {
			t.Errorf("%s is below 2^%d: %v", tt.name, tt.bits, got)
		}
	}
}
