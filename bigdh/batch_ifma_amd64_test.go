//go:build gc && !purego

package bigdh

import (
	"math/big"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh/asm"
	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestIFMA8 compares products and squares with math/big and the bound that the generator states,
// with moduli that differ from lane to lane. Numbers are extreme in one lane and random in the next.
func TestIFMA8(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(40)
	ms := moduli(41)
	var room room8
	g := room.aligned()
	for round := range 5 * len(ms) {
		var n, x, y [lanes]*big.Int
		var a, b elem8
		for i := range lanes {
			m := ms[(round+i*(1+round/len(ms)))%len(ms)]
			g.setModulus(i, &m.ifma.batch)
			n[i] = toBig(&m.n)
			elems := ifmaElems(r, n[i])
			x[i], y[i] = ifmaBig(&elems[r.Uint64()%uint64(len(elems))]), ifmaBig(&elems[r.Uint64()%uint64(len(elems))])
			a.setBig(i, x[i])
			b.setBig(i, y[i])
		}
		g.setDifferences()
		check := func(name string, y [lanes]*big.Int) {
			t.Helper()
			for i := range lanes {
				z := g.result().big(i)
				product := new(big.Int).Mul(x[i], y[i])
				want := new(big.Int).Mul(product, new(big.Int).ModInverse(pow2(ifmaRBits), n[i]))
				want.Mod(want, n[i])
				if got := new(big.Int).Mod(z, n[i]); got.Cmp(want) != 0 {
					t.Fatalf("%s, lane %d: %x · %x modulo %x:\n%x, want\n%x", name, i, x[i], y[i], n[i], got, want)
				}
				// z < x·y/R + 3·n, times R
				bound := new(big.Int).Mul(n[i], big.NewInt(3))
				bound.Add(bound.Lsh(bound, ifmaRBits), product)
				if z.Lsh(z, ifmaRBits).Cmp(bound) >= 0 {
					t.Fatalf("%s, lane %d: %x · %x modulo %x is out of bounds", name, i, x[i], y[i], n[i])
				}
			}
			for _, d := range g.result() {
				if d > ifmaDigitMask {
					t.Fatalf("%s: the digit %x", name, d)
				}
			}
		}
		g.mul(&a, &b)
		check("mul", y)
		*g.result() = a
		g.mul(g.result(), &b)
		check("mul of the result", y)
		*g.result() = a
		g.square()
		check("square", x)
	}
}

// setBig sets number i to x.
func (z *elem8) setBig(i int, x *big.Int) {
	var digits [ifmaDigits]uint64
	setDigits(digits[:], x)
	for j, d := range digits {
		z[lanes*j+i] = d
	}
}

// big returns number i.
func (z *elem8) big(i int) *big.Int {
	x := new(big.Int)
	for j := ifmaDigits - 1; j >= 0; j-- {
		x.Lsh(x, ifmaDigitBits)
		x.Add(x, new(big.Int).SetUint64(z[lanes*j+i]))
	}
	return x
}

// TestKaratsuba8 has differences of all signs, and none.
func TestKaratsuba8(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	top := new(big.Int).Sub(pow2(520), big.NewInt(1))
	low := new(big.Int).Sub(pow2(260), big.NewInt(1))
	blocks := []*big.Int{new(big.Int), big.NewInt(1), low, new(big.Int).Sub(top, low), new(big.Int).Sub(top, big.NewInt(1)), top}
	var numbers []*big.Int
	for _, high := range blocks {
		for _, low := range blocks {
			numbers = append(numbers, new(big.Int).Add(low, new(big.Int).Lsh(high, 520)))
		}
	}
	zs := []*big.Int{new(big.Int), new(big.Int).Sub(pow2(1040), big.NewInt(1))}
	for k := 0; k < len(numbers)*len(numbers)*len(zs); k += lanes {
		var z elem8
		var x, exchanged [20 * lanes]uint64
		var y karatsuba8
		var d difference8
		var want [lanes]*big.Int
		for i := range lanes {
			bx, by, bz := numbers[(k+i)/len(numbers)%len(numbers)], numbers[(k+i)%len(numbers)], zs[(k+i)/len(numbers)/len(numbers)]
			var dx, dy [20]uint64
			setDigits(dx[:], bx)
			setDigits(dy[:], by)
			for j := range dx {
				x[lanes*j+i], y.y[lanes*j+i], exchanged[lanes*((j+10)%20)+i] = dx[j], dy[j], dy[j]
			}
			z.setBig(i, bz)
			want[i] = new(big.Int).Mul(bx, by)
			want[i].Add(want[i], bz)
		}
		var scratch [160]uint64
		asm.Difference8IFMA((*[88]uint64)(&d), &x)
		asm.Difference8IFMA((*[88]uint64)(&y.e), &exchanged)
		asm.MulAddKaratsuba8IFMA((*[320]uint64)(&z), &x, (*[88]uint64)(&d), (*[248]uint64)(unsafe.Pointer(&y)), &scratch)
		for i := range lanes {
			if got := z.big(i); got.Cmp(want[i]) != 0 {
				t.Fatalf("product %d: %x, want %x", k+i, got, want[i])
			}
		}
	}
}

// TestExp8 has exponents of all lengths up to some, different in each lane, as moduli and bases are.
func TestExp8(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(42)
	ms := moduli(43)
	for size := 1; size < 6; size++ {
		var powers [lanes]power
		var want [lanes][Size]byte
		for i := range powers {
			m := ms[(size+3*i)%len(ms)]
			base, exp := new([Size]byte), make([]byte, size)
			r.Read(exp)
			if i == 0 {
				clear(exp)
			}
			n, b := toBig(&m.n), randomSize(r)
			x := new(big.Int).SetBytes(b[:])
			x.Mod(x, n).FillBytes(base[:])
			powers[i] = power{m, new([Size]byte), base, exp}
			x.Exp(x, new(big.Int).SetBytes(exp), n).FillBytes(want[i][:])
		}
		exp8IFMA(&powers)
		for i := range powers {
			if *powers[i].dst != want[i] {
				t.Errorf("%d bytes, lane %d: %x, want %x", size, i, *powers[i].dst, want[i])
			}
		}
	}
}

// TestSelect8 has indices that differ from lane to lane.
func TestSelect8(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	r := newRand(44)
	var table [16]elem8
	for i := range table {
		for j := range table[i] {
			table[i][j] = r.Uint64()
		}
	}
	for n := 1; n <= len(table); n *= 2 {
		for first := range n {
			var index [lanes]uint64
			for i := range index {
				index[i] = uint64((first + 3*i) % n)
			}
			var z elem8
			select8(&z, table[:n], &index)
			for j := range z {
				if want := table[index[j%lanes]][j]; z[j] != want {
					t.Fatalf("entries %d of %d, word %d: %x, want %x", index, n, j, z[j], want)
				}
			}
		}
	}
}

func TestGuardsIFMA8(t *testing.T) {
	impltest.Need(t, backends, "IFMA")
	guardtest.Kernels(t, func(words func(n int) unsafe.Pointer) map[string]func() {
		const entries = 4
		z, number := (*[640]uint64)(words(640)), (*[320]uint64)(words(320))
		half, block := (*[160]uint64)(words(160)), (*[80]uint64)(words(80))
		sum, low, product := (*[400]uint64)(words(400)), (*[80]uint64)(words(80)), (*[320]uint64)(words(320))
		d, c, scratch := (*[88]uint64)(words(88)), (*[248]uint64)(words(248)), (*[160]uint64)(words(160))
		table, entry, index := (*[320]uint64)(words(320*entries)), (*[320]uint64)(words(320)), (*[lanes]uint64)(words(lanes))
		return map[string]func(){
			"Square8IFMA":          func() { asm.Square8IFMA(z, number) },
			"MulAdd8IFMA":          func() { asm.MulAdd8IFMA(sum, number, block) },
			"MulLow8IFMA":          func() { asm.MulLow8IFMA(low, block, block) },
			"Difference8IFMA":      func() { asm.Difference8IFMA(d, half) },
			"MulAddKaratsuba8IFMA": func() { asm.MulAddKaratsuba8IFMA(product, half, d, c, scratch) },
			"Select8IFMA":          func() { asm.Select8IFMA(entry, table, entries, index) },
		}
	})
}
