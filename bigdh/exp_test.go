package bigdh

import (
	"bytes"
	"flag"
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

func TestExp(t *testing.T) {
	ms := moduli(10)
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(11)
		exponents := [][]byte{
			make([]byte, Size),
			append(make([]byte, Size-1), 1),
			bytes.Repeat([]byte{0xff}, Size),
			append([]byte{0x80}, make([]byte, Size-1)...),
		}
		for i, m := range ms {
			if testing.Short() && i%20 != 0 {
				continue
			}
			// Three of the values for each, and others for the next.
			for j, x := range values(r, &m.n, 12)[i%4*3:][:3] {
				e := randomSize(r)
				es := append(exponents, e[:])
				check(t, m, &x, es[(i/4+j)%len(es)])
			}
		}
	})
}

var cases = flag.Int("cases", 1000, "how many exponentiations TestCases has")

// TestCases has random and extreme moduli, bases and exponents, every eighth of full
// length. It takes minutes to have very many of them:
//
//	go test ./bigdh -run TestCases -timeout 1h -cases 100000
func TestCases(t *testing.T) {
	impltest.Require(t, backends)
	count := *cases
	if testing.Short() {
		count /= 10
	}
	r := newRand(15)
	ms := moduli(16)
	for i := range count {
		m := ms[r.Uint64()%uint64(len(ms))]
		xs := values(r, &m.n, 12)
		x := xs[r.Uint64()%uint64(len(xs))]
		e := make([]byte, r.Uint64()%40)
		if i%8 == 0 {
			e = make([]byte, Size)
		}
		switch r.Uint64() % 6 {
		case 0: // zero
		case 1:
			if len(e) > 0 {
				e[len(e)-1] = 1
			}
		case 2:
			if len(e) > 0 {
				e[0] = 0x80
			}
		case 3:
			copy(e, bytes.Repeat([]byte{0xff}, Size))
		default:
			r.Read(e)
		}
		want := referenceExp(&m.n, &x, e)
		eachBackend(func(backend string) {
			var got nat
			if m.exp(&got, &x, e); got != want {
				t.Fatalf("%s: %x ^ %x modulo %x:\n%x, want\n%x", backend, toBig(&x), e, toBig(&m.n), toBig(&got), toBig(&want))
			}
		})
	}
}

// TestExpLengths: short exponents have few windows, or half a one.
func TestExpLengths(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(12)
		m := &telegramPrime().m
		for n := range 42 {
			x, e := randomNat(r), make([]byte, n)
			check(t, m, &x, e)
			r.Read(e)
			check(t, m, &x, e)
		}
		for _, n := range []int{64, 255, 256, 257, 288, 300} {
			x, e := randomNat(r), make([]byte, n)
			r.Read(e)
			check(t, m, &x, e)
		}
	})
}

// TestSmallExponents has all of them below 2^11, which is three windows.
func TestSmallExponents(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		m := &telegramPrime().m
		for e := range 1 << 11 {
			if testing.Short() && e%7 != 0 {
				continue
			}
			check(t, m, &nat{3}, []byte{byte(e >> 8), byte(e)})
		}
	})
}

func check(t *testing.T, m *modulus, x *nat, e []byte) {
	t.Helper()
	got := *x
	m.exp(&got, &got, e)
	if want := referenceExp(&m.n, x, e); got != want {
		t.Errorf("%x ^ %x modulo %x:\n%x, want\n%x", toBig(x), e, toBig(&m.n), toBig(&got), toBig(&want))
	}
}

func TestComb(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(13)
		exponents := []nat{{}, {1}, {2}, allOnes()}
		for bit := 0; bit < 2048; bit += 41 {
			var e nat
			e[bit/64] = 1 << (bit % 64)
			exponents = append(exponents, e)
		}
		for range 40 {
			exponents = append(exponents, randomNat(r), awkwardNat(r))
		}
		p := telegramPrime()
		for _, g := range []int{3, 4, 7} {
			for i, e := range exponents {
				if testing.Short() && i%5 != 0 {
					continue
				}
				var b [Size]byte
				putBytes(&b, &e)
				got := e
				p.comb(g).exp(&p.m, &got, &got)
				if want := referenceExp(&p.m.n, &nat{uint64(g)}, b[:]); got != want {
					t.Errorf("%d ^ %x:\n%x, want\n%x", g, b, toBig(&got), toBig(&want))
				}
			}
		}
	})
}

func TestGroupExp(t *testing.T) {
	g := telegram(t, 3)
	p := g.Prime()
	r := newRand(15)
	impltest.All(t, backends, func(t *testing.T) {
		one, minusOne := [Size]byte{Size - 1: 1}, p
		minusOne[Size-1]--
		for _, base := range [][Size]byte{{}, one, minusOne, randomBelow(r, &p)} {
			for _, e := range [][Size]byte{{}, one, minusOne, randomSize(r)} {
				var x, got, want nat
				setBytes(&x, &base)
				want = referenceExp(&g.p.m.n, &x, e[:])
				var dst [Size]byte
				if err := g.Exp(&dst, &base, &e); err != nil {
					t.Errorf("%x ^ %x: %v", base, e, err)
				}
				if setBytes(&got, &dst); got != want {
					t.Errorf("%x ^ %x:\n%x, want\n%x", base, e, dst, toBig(&want))
				}

				// All in the same place.
				if base == e {
					inPlace := base
					if g.Exp(&inPlace, &inPlace, &inPlace); inPlace != dst {
						t.Errorf("%x ^ itself in place: %x, want %x", base, inPlace, dst)
					}
				}
			}
		}

		tooLarge := p
		for _, add := range []byte{0, 1, 100} {
			tooLarge[Size-1] = p[Size-1] + add
			dst := one
			if err := g.Exp(&dst, &tooLarge, &one); err != ErrPublicKey {
				t.Errorf("base p + %d: %v, want %v", add, err, ErrPublicKey)
			}
			if dst != one {
				t.Errorf("base p + %d: dst was written", add)
			}
		}
	})
}

// TestExpSRP is the exponentiation of SRP, with an exponent longer than the prime.
func TestExpSRP(t *testing.T) {
	g := telegram(t, 3)
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(16)
		p := g.Prime()
		base := randomBelow(r, &p)
		for _, n := range []int{0, 1, 32, 256, 257, 288} {
			e := make([]byte, n)
			r.Read(e)
			var dst [Size]byte
			if err := g.ExpBytes(&dst, &base, e); err != nil {
				t.Fatal(err)
			}
			var x nat
			setBytes(&x, &base)
			want := referenceExp(&g.p.m.n, &x, e)
			if got := fmt.Sprintf("%x", dst); got != fmt.Sprintf("%0512x", toBig(&want)) {
				t.Errorf("exponent of %d bytes: %s, want %x", n, got, toBig(&want))
			}
		}
	})
}
