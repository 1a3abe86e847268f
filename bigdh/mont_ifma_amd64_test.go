//go:build gc && !purego

package bigdh

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestIFMAProducts compares products with math/big and the bound that the generator
// states. Products are factors again, and so are numbers that no product is.
func TestIFMAProducts(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(20)
	for _, m := range moduli(21) {
		n := toBig(&m.n)
		rInverse := new(big.Int).ModInverse(pow2(ifmaRBits), n)
		elems := ifmaElems(r, n)
		for range 40 {
			i, j, k := r.Uint64()%uint64(len(elems)), r.Uint64()%uint64(len(elems)), r.Uint64()%16
			x, y := elems[i], elems[j]
			check := func(name string, z, y *elem) {
				t.Helper()
				bx, by, bz := ifmaBig(&x), ifmaBig(y), ifmaBig(z)
				product := new(big.Int).Mul(bx, by)
				want := new(big.Int).Mul(product, rInverse)
				want.Mod(want, n)
				if got := new(big.Int).Mod(bz, n); got.Cmp(want) != 0 {
					t.Fatalf("%s: %x · %x modulo %x:\n%x, want\n%x", name, bx, by, n, got, want)
				}

				// z < x·y/R + 5·n + n/w, times R
				bound := new(big.Int).Mul(n, big.NewInt(5))
				bound.Add(bound.Lsh(bound, ifmaRBits), product)
				bound.Add(bound, new(big.Int).Lsh(n, ifmaRBits-ifmaDigitBits))
				if bz.Lsh(bz, ifmaRBits).Cmp(bound) >= 0 {
					t.Fatalf("%s: %x · %x modulo %x is out of bounds", name, bx, by, n)
				}
				for _, d := range z {
					if d > ifmaDigitMask {
						t.Fatalf("%s: %x · %x modulo %x has the digit %x", name, bx, by, n, d)
					}
				}
			}

			var z elem
			mulIFMA(m, &z, &x, &y)
			check("mul", &z, &y)
			squareIFMA(m, &z, &x, 1)
			check("square", &z, &x)
			z = x
			mulIFMA(m, &z, &z, &y)
			check("mul onto x", &z, &y)
			z = y
			mulIFMA(m, &z, &x, &z)
			check("mul onto y", &z, &y)
			z = x
			squareIFMA(m, &z, &z, 1)
			check("square onto x", &z, &x)
			if k < uint64(len(elems)) {
				elems[k] = z
			}
		}
	}
}

// TestIFMACarries has products whose digits are all ones, or would be without a last
// carry: a carry that goes from digit to digit and from lane to lane, up to a digit
// that stops it, happens to random numbers once in 2^52 cases.
func TestIFMACarries(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	for _, m := range moduli(22) {
		n := toBig(&m.n)
		rInverse := new(big.Int).ModInverse(pow2(ifmaRBits), n)
		var one elem // R mod n, so that products by it are what they multiply
		pack(&one, ptr(natOf(new(big.Int).Mod(pow2(ifmaRBits), n))))
		for low := 0; low <= 2048; low += 39 {
			for _, high := range []int{low + 26, low + 52, low + 260, low + 300, 2048} {
				if high > 2048 {
					continue
				}
				// Ones from bit low up to bit high, and one less or more.
				run := new(big.Int).Sub(pow2(uint(high)), pow2(uint(low)))
				for off := range int64(3) {
					x := new(big.Int).Add(run, big.NewInt(off-1))
					if x.BitLen() > 2048 {
						continue
					}
					var a, z elem
					pack(&a, ptr(natOf(x)))
					mulIFMA(m, &z, &a, &one)
					want := new(big.Int).Mod(x, n)
					if got := ifmaBig(&z); got.Mod(got, n).Cmp(want) != 0 {
						t.Fatalf("%x times 1 modulo %x: %x", x, n, got)
					}
					squareIFMA(m, &z, &a, 1)
					want.Mul(x, x).Mul(want, rInverse).Mod(want, n)
					if got := ifmaBig(&z); got.Mod(got, n).Cmp(want) != 0 {
						t.Fatalf("%x squared modulo %x: %x, want %x", x, n, got, want)
					}
				}
			}
		}
	}
}

// TestIFMASquares has more squarings than one call of the kernel.
func TestIFMASquares(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	m := &telegramPrime().m
	x := randomNat(newRand(23))
	for _, times := range []int{1, 2, 5, 255, 256, 257, 512, 513, 1000} {
		var a, b elem
		enterIFMA(m, &a, &x)
		squareIFMA(m, &b, &a, times)
		squareIFMA(m, &a, &a, times)
		if a != b {
			t.Errorf("%d squarings in place differ from those not in place", times)
		}
		var got nat
		leaveIFMA(m, &got, &a)
		want := natOf(new(big.Int).Exp(toBig(&x), pow2(uint(times)), toBig(&m.n)))
		if got != want {
			t.Errorf("%d squarings: %x, want %x", times, toBig(&got), toBig(&want))
		}
	}
}

// TestIFMALeave has the extreme numbers that leave can be given.
func TestIFMALeave(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(24)
	for _, m := range moduli(25) {
		n := toBig(&m.n)
		rInverse := new(big.Int).ModInverse(pow2(ifmaRBits), n)
		for _, x := range ifmaElems(r, n) {
			var got nat
			leaveIFMA(m, &got, &x)
			want := new(big.Int).Mul(ifmaBig(&x), rInverse)
			if want.Mod(want, n); toBig(&got).Cmp(want) != 0 {
				t.Errorf("%x modulo %x:\n%x, want\n%x", ifmaBig(&x), n, toBig(&got), want)
			}
		}
	}
}

// TestIFMASelect has tables of all lengths up to some, and no entry that repeats.
func TestIFMASelect(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(26)
	var table [40]elem
	for i := range table {
		for j := range table[i] {
			table[i][j] = r.Uint64()
		}
	}
	for n := 1; n <= len(table); n++ {
		for i := range n {
			z := table[(i+1)%len(table)]
			if selectIFMA(&z, table[:n], i); z != table[i] {
				t.Errorf("entry %d of %d: %x, want %x", i, n, z, table[i])
			}
		}
	}
}

func TestGuardsIFMA(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	guardtest.Kernels(t, func(words func(n int) unsafe.Pointer) map[string]func() {
		const entries = 5
		m := &telegramPrime().m
		c := (*[len(m.ifma.kernel)]uint64)(words(len(m.ifma.kernel)))
		x, y, z := (*[40]uint64)(words(40)), (*[40]uint64)(words(40)), (*[40]uint64)(words(40))
		*c = m.ifma.kernel
		pack((*elem)(x), ptr(allOnes()))
		pack((*elem)(y), &m.rr)
		table := (*[40]uint64)(words(40 * entries))
		return map[string]func(){
			"MulIFMA":    func() { asm.MulIFMA(c, z, x, y) },
			"SquareIFMA": func() { asm.SquareIFMA(c, z, x, 3) },
			"SelectIFMA": func() { asm.SelectIFMA(z, table, entries, entries-1) },
		}
	})
}

// ifmaElems returns numbers in IFMA form: extreme ones below 2^2051, multiples of n and
// their neighbours, and random ones.
func ifmaElems(r *rand.ChaCha8, n *big.Int) []elem {
	max := new(big.Int).Sub(pow2(2051), big.NewInt(1))
	elems := []elem{{}, {1}, ifmaElem(max)}
	for quotient := range int64(6) {
		for _, off := range []int64{-1, 0, 1} {
			x := new(big.Int).Mul(n, big.NewInt(quotient))
			if x.Add(x, big.NewInt(off)); x.Sign() >= 0 {
				elems = append(elems, ifmaElem(x))
			}
		}
	}
	for _, limbs := range []nat{awkwardNat(r), awkwardNat(r), randomNat(r), randomNat(r)} {
		x := toBig(&limbs)
		elems = append(elems, ifmaElem(x), ifmaElem(x.Lsh(x, 3)))
	}
	return elems
}

func ifmaElem(x *big.Int) (z elem) {
	v := new(big.Int)
	for j := range ifmaDigits {
		v.Rsh(x, uint(ifmaDigitBits*j))
		*digit(&z, j) = new(big.Int).And(v, big.NewInt(ifmaDigitMask)).Uint64()
	}
	return z
}

func ifmaBig(x *elem) *big.Int {
	z := new(big.Int)
	for j := ifmaDigits - 1; j >= 0; j-- {
		z.Lsh(z, ifmaDigitBits)
		z.Add(z, new(big.Int).SetUint64(*digit(x, j)))
	}
	return z
}

func ptr[T any](v T) *T { return &v }

func BenchmarkIFMA(b *testing.B) {
	impltest.Need(b, backends, "IFMA")
	m := &telegramPrime().m
	var x, z elem
	enterIFMA(m, &x, ptr(randomNat(newRand(27))))
	var table [1 << windowBits]elem
	for _, bench := range []struct {
		name string
		run  func()
	}{
		{"mul", func() { mulIFMA(m, &x, &x, &x) }},
		{"square=5", func() { squareIFMA(m, &x, &x, 5) }},
		{"select=32", func() { selectIFMA(&z, table[:], 3) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.run()
			}
		})
	}
}
