package bigdh

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// operations is how many of them TestOperations does with each backend. They are cheap,
// compared with exponentiations, and find the same mistakes.
const operations = 100_000

// TestOperations goes at random from number to number, modulo extreme and random
// moduli, staying in Montgomery form for a while, as exponentiations do: there numbers
// are not always below the modulus.
func TestOperations(t *testing.T) {
	ms := moduli(1)
	count := operations
	if testing.Short() {
		count /= 20
	}
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(2)
		for _, m := range ms {
			n := toBig(&m.n)
			xs := values(r, &m.n, 16)
			elems, wants := make([]elem, len(xs)), make([]*big.Int, len(xs))
			for i := range xs {
				enter(m, &elems[i], &xs[i])
				wants[i] = new(big.Int).Mod(toBig(&xs[i]), n)
			}
			for range count / len(ms) {
				v := r.Uint64()
				i, j, k := v%16, v>>8%16, v>>16%16
				op := "mul"
				switch v >> 24 % 8 {
				case 0, 1, 2:
					mul(m, &elems[i], &elems[j], &elems[k])
					wants[i] = new(big.Int).Mul(wants[j], wants[k])
				case 3: // onto itself
					op = "mul by itself"
					mul(m, &elems[i], &elems[i], &elems[i])
					wants[i] = new(big.Int).Mul(wants[i], wants[i])
				case 4, 5:
					op = "square"
					square(m, &elems[i], &elems[j], 1)
					wants[i] = new(big.Int).Mul(wants[j], wants[j])
				case 6:
					times := v >> 32 % 6
					op = "square, several times"
					square(m, &elems[i], &elems[j], int(times)+1)
					wants[i] = new(big.Int).Exp(wants[j], pow2(uint(times)+1), n)
				case 7:
					op = "enter"
					x := awkwardNat(r)
					enter(m, &elems[i], &x)
					wants[i] = toBig(&x)
				}
				wants[i].Mod(wants[i], n)

				var got nat
				leave(m, &got, &elems[i])
				if want := natOf(wants[i]); got != want {
					t.Fatalf("%s modulo %x:\n%x, want\n%x", op, n, toBig(&got), wants[i])
				}
			}
		}
	})
}

// TestExtremes has all pairs of extreme values, multiplied.
func TestExtremes(t *testing.T) {
	ms := moduli(3)
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(4)
		for _, m := range ms {
			n := toBig(&m.n)
			xs := values(r, &m.n, 10)
			for i := range xs {
				for j := range xs {
					var x, y elem
					enter(m, &x, &xs[i])
					enter(m, &y, &xs[j])
					mul(m, &x, &x, &y)
					var got nat
					leave(m, &got, &x)
					want := new(big.Int).Mul(toBig(&xs[i]), toBig(&xs[j]))
					if want.Mod(want, n); toBig(&got).Cmp(want) != 0 {
						t.Errorf("%x · %x modulo %x:\n%x, want\n%x", toBig(&xs[i]), toBig(&xs[j]), n, toBig(&got), want)
					}
				}
			}
		}
	})
}

// TestAlmost: the words of an elem need not be those that enter makes. Here they are
// the largest that the Montgomery form of Generic has room for; for IFMA they would be
// more than it promises.
func TestAlmost(t *testing.T) {
	ms := moduli(5)
	impltest.All(t, backends, func(t *testing.T) {
		if useIFMA {
			return
		}
		inverse := func(n *big.Int) *big.Int { return new(big.Int).ModInverse(pow2(2048), n) }
		for _, m := range ms {
			n := toBig(&m.n)
			rInverse := inverse(n)
			ones, bound := allOnes(), m.n
			for _, x := range []*nat{&ones, &bound} {
				for _, y := range []*nat{&ones, &bound} {
					var a, b elem
					copy(a[:], x[:])
					copy(b[:], y[:])
					mul(m, &b, &a, &b)
					square(m, &a, &a, 1)
					for _, c := range []struct {
						name string
						z    *elem
						y    *nat
					}{{"mul", &b, y}, {"square", &a, x}} {
						got := new(big.Int).Mod(toBig((*nat)(c.z[:])), n)
						want := new(big.Int).Mul(toBig(x), toBig(c.y))
						want.Mul(want, rInverse).Mod(want, n)
						if got.Cmp(want) != 0 {
							t.Errorf("%s of %x and %x modulo %x:\n%x, want\n%x", c.name, toBig(x), toBig(c.y), n, got, want)
						}
					}
				}
			}
		}
	})
}

func TestSelect(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(6)
		m := &telegramPrime().m
		var table [1 << windowBits]elem
		for i := range table {
			x := awkwardNat(r)
			enter(m, &table[i], &x)
		}
		before := table
		for i := range table {
			z := elem{}
			for j := range z {
				z[j] = ^uint64(0)
			}
			selectElem(&z, table[:], i)
			var got, want nat
			leave(m, &got, &z)
			leave(m, &want, &table[i])
			if got != want {
				t.Errorf("entry %d: %x, want %x", i, toBig(&got), toBig(&want))
			}
		}
		if table != before {
			t.Error("the table changed")
		}
	})
}

// TestModulus checks the numbers computed in advance.
func TestModulus(t *testing.T) {
	for _, m := range moduli(7) {
		if got := m.n[0] * m.k0; got != ^uint64(0) {
			t.Errorf("modulo %x: n·k0 = %x, want -1", toBig(&m.n), got)
		}
		want := new(big.Int).Exp(big.NewInt(2), big.NewInt(4096), toBig(&m.n))
		if got := toBig(&m.rr); got.Cmp(want) != 0 {
			t.Errorf("modulo %x: R² = %x, want %x", toBig(&m.n), got, want)
		}
	}
}

func TestLess(t *testing.T) {
	r := newRand(8)
	xs := values(r, &telegramPrime().m.n, 30)
	for i := range xs {
		for j := range xs {
			want := toBig(&xs[i]).Cmp(toBig(&xs[j])) < 0
			if got := less(&xs[i], &xs[j]); got != want {
				t.Errorf("%x < %x: %v, want %v", toBig(&xs[i]), toBig(&xs[j]), got, want)
			}
		}
	}
}
