//go:build gc && !purego

package bigdh

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/alloctest"
)

// Kernels for ARMv8 against math/big, whatever else dispatches to them.

// arm64Moduli are odd numbers of 2047 and 2048 bits at the edges: carries that ripple
// through all words, quotients of zeros and of ones.
func arm64Moduli(rng *rand.Rand) map[string]*modulus {
	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	sum := func(x *big.Int, y int64) *big.Int { return new(big.Int).Add(x, big.NewInt(y)) }
	numbers := map[string]*big.Int{
		"2^2048-1":          sum(power(2048), -1),
		"2^2047+1":          sum(power(2047), 1),
		"2^2046+1":          sum(power(2046), 1),
		"2^2047-1":          sum(power(2047), -1),
		"2^2048-2^64+1":     sum(new(big.Int).Sub(power(2048), power(64)), 1),
		"2^2048-2^64-1":     sum(new(big.Int).Sub(power(2048), power(64)), -1),
		"2^2048-2^512+1":    sum(new(big.Int).Sub(power(2048), power(512)), 1),
		"2^2048-2^1984-1":   sum(new(big.Int).Sub(power(2048), power(1984)), -1),
		"2^2047+2^1024+1":   sum(new(big.Int).Add(power(2047), power(1024)), 1),
		"2^2047+2^64-1":     sum(new(big.Int).Add(power(2047), power(64)), -1),
		"2^2048-2^1984+159": sum(new(big.Int).Sub(power(2048), power(1984)), 159),
	}
	moduli := map[string]*modulus{}
	for i := range 8 {
		n := arm64Random(rng)
		n[0] |= 1
		n[31] |= 1 << 63
		numbers[fmt.Sprintf("random%d", i)] = toBig(&n)
	}
	for name, number := range numbers {
		var n nat
		setBig(&n, number)
		m := new(modulus)
		m.set(&n)
		moduli[name] = m
	}
	return moduli
}

// arm64Random returns words of which many are all zeros or all ones.
func arm64Random(rng *rand.Rand) (x nat) {
	extreme := rng.IntN(4) // how many of four words are
	for i := range x {
		switch {
		case rng.IntN(4) >= extreme:
			x[i] = rng.Uint64()
		case rng.IntN(2) == 0:
			x[i] = ^uint64(0)
		}
	}
	return x
}

// arm64Values are numbers below R, some of them not below n. That n itself is among them
// matters to leave, for which the kernel returns n in this case only.
func arm64Values(rng *rand.Rand, m *modulus) []nat {
	var ones, last, after nat
	for i := range ones {
		ones[i] = ^uint64(0)
	}
	setBig(&last, new(big.Int).Sub(toBig(&m.n), big.NewInt(1)))
	after = m.n
	after[0]++ // n is odd: no carry unless all words are ones
	values := []nat{{}, {1}, {2}, {31: 1 << 63}, last, m.n, after, ones}
	for range 12 {
		values = append(values, arm64Random(rng))
	}
	return values
}

var bigR = new(big.Int).Lsh(big.NewInt(1), 2048)

// checkCongruent checks that z is congruent to want modulo m.
func checkCongruent(t *testing.T, what string, m *modulus, z *elem, want *big.Int) {
	t.Helper()
	n := toBig(&m.n)
	got := toBig((*nat)(z[:]))
	got.Mod(got, n)
	if want := new(big.Int).Mod(want, n); got.Cmp(want) != 0 {
		t.Errorf("%s: got %x, want %x", what, got, want)
	}
}

func toElem(x *nat) (z elem) {
	copy(z[:], x[:])
	return z
}

func TestProductsArm64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := arm64Moduli(rng)["random0"]
	values := arm64Values(rng, m)
	for i := range values {
		for j := range values {
			x, y := &values[i], &values[j]
			want := new(big.Int).Mul(toBig(x), toBig(y))
			z := dirtyProduct()
			asm.MulArmv8(&z, x, y)
			if got := bigProduct(&z); got.Cmp(want) != 0 {
				t.Errorf("%x times %x: got %x, want %x", x, y, got, want)
			}
			if i != j {
				continue
			}
			z = dirtyProduct()
			asm.SquareArmv8(&z, x)
			if got := bigProduct(&z); got.Cmp(want) != 0 {
				t.Errorf("square of %x: got %x, want %x", x, got, want)
			}
		}
	}
}

// dirtyProduct returns what no kernel may take for zeros.
func dirtyProduct() (z [64]uint64) {
	for i := range z {
		z[i] = 0xdeadbeefdeadbeef
	}
	return z
}

func bigProduct(z *[64]uint64) *big.Int {
	x := toBig((*nat)(z[32:]))
	return x.Lsh(x, 2048).Add(x, toBig((*nat)(z[:32])))
}

func TestMontgomeryArm64(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for name, m := range arm64Moduli(rng) {
		t.Run(name, func(t *testing.T) {
			n := toBig(&m.n)
			inverse := new(big.Int).ModInverse(bigR, n)
			values := arm64Values(rng, m)
			for i := range values {
				x := &values[i]
				bigX := toBig(x)
				in := toElem(x)

				var z elem
				enterArm64(m, &z, x)
				checkCongruent(t, "enter", m, &z, new(big.Int).Mul(bigX, bigR))

				var out nat
				leaveArm64(m, &out, &in)
				want := new(big.Int).Mul(bigX, inverse)
				if got, want := toBig(&out), want.Mod(want, n); got.Cmp(want) != 0 {
					t.Errorf("leave: got %x, want %x", got, want)
				}

				y := toElem(&values[rng.IntN(len(values))])
				want = new(big.Int).Mul(bigX, toBig((*nat)(y[:])))
				want.Mul(want, inverse)
				mulArm64(m, &z, &in, &y)
				checkCongruent(t, "mul", m, &z, want)
				z = in
				mulArm64(m, &z, &z, &y)
				checkCongruent(t, "mul, z is x", m, &z, want)
				z = y
				mulArm64(m, &z, &in, &z)
				checkCongruent(t, "mul, z is y", m, &z, want)

				square := bigX
				for times := 1; times <= 5; times++ {
					square = new(big.Int).Mul(square, square)
					square.Mul(square, inverse).Mod(square, n)
					sqrArm64(m, &z, &in, times)
					checkCongruent(t, fmt.Sprintf("sqr, %d times", times), m, &z, square)
				}
				z = in
				sqrArm64(m, &z, &z, 5)
				checkCongruent(t, "sqr, z is x", m, &z, square)
			}
		})
	}
}

func TestSelectArm64(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, entries := range []int{1, 2, 16, 32, 64} {
		table := make([]elem, entries)
		for i := range table {
			x := arm64Random(rng)
			table[i] = toElem(&x)
		}
		for i := range table {
			x := arm64Random(rng)
			got := toElem(&x)
			selectArm64(&got, table, uint64(i))
			if want := table[i]; got != want {
				t.Errorf("entry %d of %d: got %x, want %x", i, entries, got, want)
			}
		}
	}
}

// TestPowerArm64 raises numbers to powers with nothing but the five operations.
func TestPowerArm64(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for name, m := range arm64Moduli(rng) {
		x, e := arm64Random(rng), arm64Random(rng)
		var table [16]elem
		enterArm64(m, &table[0], &nat{1})
		enterArm64(m, &table[1], &x)
		for i := 2; i < len(table); i++ {
			mulArm64(m, &table[i], &table[i-1], &table[1])
		}
		z := table[0]
		for i := 2048/4 - 1; i >= 0; i-- {
			var factor elem
			sqrArm64(m, &z, &z, 4)
			selectArm64(&factor, table[:], e[i/16]>>(i%16*4)&15)
			mulArm64(m, &z, &z, &factor)
		}
		var power nat
		leaveArm64(m, &power, &z)
		want := new(big.Int).Exp(toBig(&x), toBig(&e), toBig(&m.n))
		if got := toBig(&power); got.Cmp(want) != 0 {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

func TestAllocsArm64(t *testing.T) {
	m := arm64Moduli(rand.New(rand.NewPCG(11, 12)))["random0"]
	table := make([]elem, 16)
	got := alloctest.PerRun(t, 10, func() {
		enterArm64(m, &table[1], &m.rr)
		sqrArm64(m, &table[2], &table[1], 2)
		mulArm64(m, &table[3], &table[2], &table[1])
		var z elem
		selectArm64(&z, table, 3)
		var x nat
		leaveArm64(m, &x, &z)
	})
	if want := 0.0; got != want {
		t.Errorf("got %v allocations, want %v", got, want)
	}
}
