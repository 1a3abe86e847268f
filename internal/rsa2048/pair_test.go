package rsa2048

import (
	"math/big"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestOperations goes from number to number at random, modulo extreme and random moduli. It
// stays in Montgomery form for a while, as exponentiations do, where numbers are not always
// below the modulus.
func TestOperations(t *testing.T) {
	count := 60_000
	if testing.Short() {
		count /= 20
	}
	ps := pairsOfModuli(10)
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(11)
		for _, p := range ps {
			ns := [2]*big.Int{toBig(p.prime[0].n[:]), toBig(p.prime[1].n[:])}
			xs := values(r, p)
			elems, wants := make([]elem, len(xs)), make([][2]*big.Int, len(xs))
			set := func(i int, x *big.Int) {
				for s, n := range ns {
					wants[i][s] = new(big.Int).Mod(x, n)
				}
			}
			for i := range xs {
				enter(p, &elems[i], &xs[i])
				set(i, toBig(xs[i][:]))
			}
			for range count / len(ps) {
				size := uint64(len(xs))
				v := r.Uint64()
				i, j, k := v%size, v>>8%size, v>>16%size
				op := "mul"
				was := slices.Clone(wants)
				each := func(f func(s int) *big.Int) {
					for s, n := range ns {
						z := f(s)
						wants[i][s] = z.Mod(z, n)
					}
				}
				switch v >> 24 % 8 {
				case 0, 1, 2:
					mul(p, &elems[i], &elems[j], &elems[k])
					each(func(s int) *big.Int { return new(big.Int).Mul(was[j][s], was[k][s]) })
				case 3:
					op = "mul by itself"
					mul(p, &elems[i], &elems[i], &elems[i])
					each(func(s int) *big.Int { return new(big.Int).Mul(was[i][s], was[i][s]) })
				case 4, 5:
					op = "square"
					square(p, &elems[i], &elems[j], 1)
					each(func(s int) *big.Int { return new(big.Int).Mul(was[j][s], was[j][s]) })
				case 6:
					times := uint(v >> 32 % 6)
					op = "square, several times"
					square(p, &elems[i], &elems[j], int(times)+1)
					each(func(s int) *big.Int { return new(big.Int).Exp(was[j][s], pow2(times+1), ns[s]) })
				case 7:
					op = "enter"
					var x full
					awkward(r, x[:])
					enter(p, &elems[i], &x)
					each(func(int) *big.Int { return toBig(x[:]) })
				}
				var got [2]half
				leave(p, &got, &elems[i])
				for s := range ns {
					if toBig(got[s][:]).Cmp(wants[i][s]) != 0 {
						t.Fatalf("%s modulo %x:\n%x, want\n%x", op, ns[s], toBig(got[s][:]), wants[i][s])
					}
				}
			}
		}
	})
}

// TestSelect covers all pairs of table entries.
func TestSelect(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(12)
		p := pairsOfModuli(13)[0]
		table := make([]elem, 1<<windowBits)
		wants := make([][2]half, len(table))
		for i := range table {
			var x full
			awkward(r, x[:])
			enter(p, &table[i], &x)
			leave(p, &wants[i], &table[i])
		}
		for i := range table {
			for j := range table {
				z := elem{}
				for k := range z {
					z[k] = ^uint64(0)
				}
				selectElem(&z, table, i, j)
				var got [2]half
				leave(p, &got, &z)
				if want := [2]half{wants[i][0], wants[j][1]}; got != want {
					t.Errorf("entries %d and %d: %x, want %x", i, j, got, want)
				}
			}
		}
	})
}

// TestExp covers extreme exponents, different ones for the two moduli.
func TestExp(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(14)
		for i, p := range pairsOfModuli(15) {
			if testing.Short() && i%8 != 0 {
				continue
			}
			var ones, one, top, arbitrary [8 * halfLimbs]byte
			for i := range ones {
				ones[i] = 0xff
			}
			one[len(one)-1], top[0] = 1, 0x80
			r.Read(arbitrary[:])
			es := [][8 * halfLimbs]byte{{}, ones, one, top, arbitrary}
			xs := values(r, p)
			x := xs[r.Uint64()%uint64(len(xs))]
			e := [2][8 * halfLimbs]byte{es[i%5], es[r.Uint64()%5]}
			var got [2]half
			p.exp(&got, &x, e[0][:], e[1][:])
			for s := range got {
				n := toBig(p.prime[s].n[:])
				want := new(big.Int).Exp(toBig(x[:]), new(big.Int).SetBytes(e[s][:]), n)
				if toBig(got[s][:]).Cmp(want) != 0 {
					t.Errorf("%x^%x modulo %x: %x, want %x", x, e[s], n, toBig(got[s][:]), want)
				}
			}
		}
	})
}
