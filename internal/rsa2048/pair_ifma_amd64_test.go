//go:build gc && !purego

package rsa2048

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// ifmaSet sets number i of z to x, and ifmaBig returns it.
func ifmaSet(z *elem, i int, x *big.Int) {
	v := new(big.Int)
	for j := range ifmaDigits {
		v.Rsh(x, uint(ifmaDigitBits*j))
		*digit(z, i, j) = new(big.Int).And(v, big.NewInt(ifmaDigitMask)).Uint64()
	}
}

func ifmaBig(x *elem, i int) *big.Int {
	z := new(big.Int)
	for j := ifmaDigits - 1; j >= 0; j-- {
		z.Lsh(z, ifmaDigitBits)
		z.Add(z, new(big.Int).SetUint64(*digit(x, i, j)))
	}
	return z
}

// ifmaNumbers returns extreme numbers below 2^1027, multiples of n and their neighbours, and
// random numbers.
func ifmaNumbers(r *rand.ChaCha8, n *big.Int) (list []*big.Int) {
	list = append(list, new(big.Int), big.NewInt(1), new(big.Int).Sub(pow2(1027), big.NewInt(1)))
	for quotient := range int64(6) {
		for off := range int64(3) {
			x := new(big.Int).Mul(n, big.NewInt(quotient))
			if x.Add(x, big.NewInt(off-1)); x.Sign() >= 0 {
				list = append(list, x)
			}
		}
	}
	for i := range 6 {
		var x half
		if random(r, x[:]); i%2 == 1 {
			awkward(r, x[:])
		}
		list = append(list, toBig(x[:]), new(big.Int).Lsh(toBig(x[:]), 3))
	}
	return list
}

// TestIFMAProducts compares products with math/big and with the bound that the generator
// states. Its factors are products, and numbers that no product is.
func TestIFMAProducts(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(30)
	for _, p := range pairsOfModuli(31) {
		var ns, rInverses [2]*big.Int
		var numbers [2][]*big.Int
		for i := range ns {
			ns[i] = toBig(p.prime[i].n[:])
			rInverses[i] = new(big.Int).ModInverse(pow2(ifmaRBits), ns[i])
			numbers[i] = ifmaNumbers(r, ns[i])
		}
		for range 60 {
			var x, y elem
			for i := range ns {
				ifmaSet(&x, i, numbers[i][r.Uint64()%uint64(len(numbers[i]))])
				ifmaSet(&y, i, numbers[i][r.Uint64()%uint64(len(numbers[i]))])
			}
			check := func(name string, z, y *elem) {
				t.Helper()
				for i, n := range ns {
					bx, by, bz := ifmaBig(&x, i), ifmaBig(y, i), ifmaBig(z, i)
					product := new(big.Int).Mul(bx, by)
					want := new(big.Int).Mul(product, rInverses[i])
					want.Mod(want, n)
					if got := new(big.Int).Mod(bz, n); got.Cmp(want) != 0 {
						t.Fatalf("%s: number %d: %x · %x modulo %x:\n%x, want\n%x", name, i, bx, by, n, got, want)
					}
					// z < x·y/R + 5·n + n/w, times R
					bound := new(big.Int).Mul(n, big.NewInt(5))
					bound.Add(bound.Lsh(bound, ifmaRBits), product)
					bound.Add(bound, new(big.Int).Lsh(n, ifmaRBits-ifmaDigitBits))
					if new(big.Int).Lsh(bz, ifmaRBits).Cmp(bound) >= 0 {
						t.Fatalf("%s: number %d: %x · %x modulo %x is out of bounds", name, i, bx, by, n)
					}
					numbers[i] = append(numbers[i], bz)
				}
				for _, d := range z {
					if d > ifmaDigitMask {
						t.Fatalf("%s: a product has the digit %x", name, d)
					}
				}
			}
			var z elem
			mulIFMA(p, &z, &x, &y)
			check("mul", &z, &y)
			squareIFMA(p, &z, &x, 1)
			check("square", &z, &x)
			z = x
			mulIFMA(p, &z, &z, &y)
			check("mul onto x", &z, &y)
			z = y
			mulIFMA(p, &z, &x, &z)
			check("mul onto y", &z, &y)
			z = x
			squareIFMA(p, &z, &z, 1)
			check("square onto x", &z, &x)
		}
	}
}

// TestIFMACarries makes products whose digits are all ones, or would be without a last
// carry: in random numbers, a carry that runs from digit to digit and from lane to lane up
// to a digit that stops it happens once in 2^52 cases. It must not reach the other number.
func TestIFMACarries(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(32)
	for _, p := range pairsOfModuli(33) {
		var ns [2]*big.Int
		var one elem // R mod n, so that a product by it equals the other factor
		for i := range ns {
			ns[i] = toBig(p.prime[i].n[:])
			ifmaSet(&one, i, new(big.Int).Mod(pow2(ifmaRBits), ns[i]))
		}
		for low := 0; low <= 1024; low += 39 {
			for _, high := range []int{low + 26, low + 52, low + 260, low + 300, 1024} {
				if high > 1024 {
					continue
				}
				// Ones from bit low up to bit high, and one less or more, among others.
				run := new(big.Int).Sub(pow2(uint(high)), pow2(uint(low)))
				for off := range int64(6) {
					x := new(big.Int).Add(run, big.NewInt(off/2-1))
					if x.BitLen() > 1024 || x.Sign() < 0 {
						continue
					}
					var random half
					awkward(r, random[:])
					xs := [2]*big.Int{x, toBig(random[:])}
					if off%2 == 1 {
						xs[0], xs[1] = xs[1], xs[0]
					}
					var a, z elem
					ifmaSet(&a, 0, xs[0])
					ifmaSet(&a, 1, xs[1])
					mulIFMA(p, &z, &a, &one)
					for i, n := range ns {
						if got, want := ifmaBig(&z, i), new(big.Int).Mod(xs[i], n); got.Mod(got, n).Cmp(want) != 0 {
							t.Fatalf("number %d: %x times 1 modulo %x: %x", i, xs[i], n, got)
						}
					}
				}
			}
		}
	}
}

// TestIFMALeave covers the extreme numbers that leave can be given.
func TestIFMALeave(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(34)
	for _, p := range pairsOfModuli(35) {
		n := toBig(p.prime[0].n[:])
		for _, x := range ifmaNumbers(r, n) {
			var z elem
			ifmaSet(&z, 0, x)
			ifmaSet(&z, 1, x)
			var got [2]half
			leaveIFMA(p, &got, &z)
			for i := range got {
				n := toBig(p.prime[i].n[:])
				want := new(big.Int).ModInverse(pow2(ifmaRBits), n)
				want.Mul(want, x).Mod(want, n)
				if toBig(got[i][:]).Cmp(want) != 0 {
					t.Errorf("number %d: %x modulo %x: %x, want %x", i, x, n, got[i], want)
				}
			}
		}
	}
}

// TestIFMAConstants compares the constants, computed in constant time, with math/big.
func TestIFMAConstants(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	for _, p := range pairsOfModuli(36) {
		for i := range p.prime {
			n := toBig(p.prime[i].n[:])
			check := func(name string, z *elem, want *big.Int) {
				t.Helper()
				if got := ifmaBig(z, i); got.Cmp(want.Mod(want, n)) != 0 {
					t.Errorf("modulo %x: %s is %x, want %x", n, name, got, want)
				}
			}
			for d := 1; d <= ifmaDepth; d++ {
				f := new(big.Int).ModInverse(pow2(uint(ifmaDigitBits*d)), n)
				check("2^(-52·d)", (*elem)(p.ifma.kernel[len(elem{})*d:]), f)
			}
			check("2^1024·R²", &p.ifma.enter, pow2(1024+2*ifmaRBits))
			k0 := p.ifma.kernel[len(p.ifma.kernel)-2+i]
			if got := (p.prime[i].n[0]*k0 + 1) & ifmaDigitMask; got != 0 {
				t.Errorf("modulo %x: n·k0 + 1 = %x, want 0", n, got)
			}
		}
	}
}

// TestIFMASelect covers tables of many lengths, in which no entry repeats.
func TestIFMASelect(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(37)
	var table [34]elem
	for i := range table {
		random(r, table[i][:])
	}
	for n := 1; n <= len(table); n++ {
		for i := range n {
			j := (3*i + 1) % n
			var z elem
			random(r, z[:])
			selectIFMA(&z, table[:n], i, j)
			for w := range z {
				if want := table[[2]int{i, j}[w%2]][w]; z[w] != want {
					t.Fatalf("entries %d and %d of %d: word %d is %x, want %x", i, j, n, w, z[w], want)
				}
			}
		}
	}
}

func TestGuardsIFMA(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	guardtest.Kernels(t, func(words func(n int) unsafe.Pointer) map[string]func() {
		const entries = 5
		p := pairsOfModuli(38)[0]
		c := (*[len(p.ifma.kernel)]uint64)(words(len(p.ifma.kernel)))
		x, y, z := (*[40]uint64)(words(40)), (*[40]uint64)(words(40)), (*[40]uint64)(words(40))
		*c = p.ifma.kernel
		*x, *y = [40]uint64(p.ifma.enter), [40]uint64(p.ifma.enter)
		table := (*[40]uint64)(words(40 * entries))
		return map[string]func(){
			"MulPairIFMA":    func() { asm.MulPairIFMA(c, z, x, y) },
			"SquarePairIFMA": func() { asm.SquarePairIFMA(c, z, x, 3) },
			"SelectPairIFMA": func() { asm.SelectPairIFMA(z, table, entries, entries-1, 0) },
		}
	})
}

func BenchmarkIFMA(b *testing.B) {
	impltest.Need(b, backends, "IFMA")
	p := pairsOfModuli(39)[0]
	x := p.ifma.enter
	var z elem
	var table [1 << windowBits]elem
	for _, bench := range []struct {
		name string
		run  func()
	}{
		{"mul", func() { mulIFMA(p, &x, &x, &x) }},
		{"square=5", func() { squareIFMA(p, &x, &x, 5) }},
		{"select=32", func() { selectIFMA(&z, table[:], 3, 4) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.run()
			}
		})
	}
}
