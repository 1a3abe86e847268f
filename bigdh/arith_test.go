package bigdh

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// publicModuli are those of moduli that have 2048 bits.
func publicModuli(t *testing.T, seed uint64) (list []*Modulus) {
	t.Helper()
	for _, m := range moduli(seed) {
		if m.n[31]>>63 == 0 {
			continue
		}
		public, err := NewModulus(toBig(&m.n).Bytes())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, public)
	}
	return list
}

// arguments are those of values, as bytes.
func arguments(seed uint64, m *Modulus) (list [][Size]byte) {
	for _, x := range values(newRand(seed), &m.m.n, 12) {
		var b [Size]byte
		putBytes(&b, &x)
		list = append(list, b)
	}
	return list
}

// TestModulusArithmetic has all pairs of extreme and random values, below n or not.
func TestModulusArithmetic(t *testing.T) {
	big2 := func(b *[Size]byte) *big.Int { return new(big.Int).SetBytes(b[:]) }
	operations := []struct {
		name string
		f    func(m *Modulus, dst, x, y *[Size]byte)
		want func(z, x, y *big.Int) *big.Int
	}{
		{"Add", (*Modulus).Add, (*big.Int).Add},
		{"Sub", (*Modulus).Sub, (*big.Int).Sub},
		{"Mul", (*Modulus).Mul, (*big.Int).Mul},
		{"Reduce", func(m *Modulus, dst, x, _ *[Size]byte) { m.Reduce(dst, x) },
			func(z, x, _ *big.Int) *big.Int { return z.Set(x) }},
	}
	ms := publicModuli(t, 80)
	impltest.All(t, backends, func(t *testing.T) {
		for i, m := range ms {
			if testing.Short() && i%10 != 0 {
				continue
			}
			n := new(big.Int).SetBytes(m.bytes[:])
			xs := arguments(81, m)
			for i := range xs {
				for j := range xs {
					for _, op := range operations {
						want := op.want(new(big.Int), big2(&xs[i]), big2(&xs[j]))
						want.Mod(want, n)
						x, y := xs[i], xs[j]
						var dst [Size]byte
						op.f(m, &dst, &x, &y)
						if big2(&dst).Cmp(want) != 0 || x != xs[i] || y != xs[j] {
							t.Errorf("%s of %x and %x modulo %x: %x, want %x", op.name, x, y, n, dst, want)
						}
						if op.f(m, &x, &x, &y); x != dst {
							t.Errorf("%s onto the first argument: %x, want %x", op.name, x, dst)
						}
						if x = xs[i]; op.name != "Reduce" {
							if op.f(m, &y, &x, &y); y != dst {
								t.Errorf("%s onto the second argument: %x, want %x", op.name, y, dst)
							}
						}
						if x, y = xs[i], xs[i]; i == j {
							if op.f(m, &x, &x, &x); x != dst {
								t.Errorf("%s of a number with itself, in place: %x, want %x", op.name, x, dst)
							}
						}
					}
				}
			}
		}
	})
}

func TestModulusExp(t *testing.T) {
	ms := publicModuli(t, 82)
	impltest.All(t, backends, func(t *testing.T) {
		for i, m := range ms {
			if i%8 != 0 {
				continue
			}
			n := new(big.Int).SetBytes(m.bytes[:])
			for j, base := range arguments(83, m) {
				x := new(big.Int).SetBytes(base[:])
				for _, e := range []uint32{0, 1, 2, 3, 4, 17, 65537, 1<<31 + 5, 1<<32 - 1} {
					want := new(big.Int).Exp(x, new(big.Int).SetUint64(uint64(e)), n)
					got := base
					if m.ExpVarTime(&got, &got, e); new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
						t.Errorf("%x^%d modulo %x: %x, want %x", x, e, n, got, want)
					}
					exp := new(big.Int).SetUint64(uint64(e)).Bytes()
					got = base
					if m.Exp(&got, &got, exp); new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
						t.Errorf("%x^%x modulo %x: %x, want %x", x, exp, n, got, want)
					}
				}
				if j > 3 && testing.Short() {
					break
				}
			}
		}
	})
}

func TestNewModulus(t *testing.T) {
	prime := telegramPrime().bytes
	ones := bytes.Repeat([]byte{0xff}, Size)
	edit := func(i int, b byte) []byte {
		n := bytes.Clone(ones)
		n[i] = b
		return n
	}
	for _, tt := range []struct {
		name string
		n    []byte
		want error
	}{
		{"Telegram's prime", prime[:], nil},
		{"ones", ones, nil},
		{"leading zeros", append([]byte{0, 0}, ones...), nil},
		{"nothing", nil, ErrModulus},
		{"zero", make([]byte, Size), ErrModulus},
		{"one", []byte{1}, ErrModulus},
		{"even", edit(Size-1, 0xfe), ErrModulus},
		{"2047 bits", edit(0, 0x7f), ErrModulus},
		{"2056 bits", append([]byte{1}, ones...), ErrModulus},
	} {
		m, err := NewModulus(tt.n)
		if err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			if got, want := m.Bytes(), [Size]byte(tt.n[len(tt.n)-Size:]); got != want {
				t.Errorf("%s: Bytes is %x, want %x", tt.name, got, want)
			}
		}
	}
	group := telegram(t, 3)
	if got, want := group.Modulus().Bytes(), group.Prime(); got != want {
		t.Errorf("modulus of a group: %x, want %x", got, want)
	}
}

// TestMulAdd has extreme and random numbers: the largest sum has 2049 bits.
func TestMulAdd(t *testing.T) {
	r := newRand(84)
	var as [][Size]byte
	for _, x := range values(r, &telegramPrime().m.n, 14) {
		var b [Size]byte
		putBytes(&b, &x)
		as = append(as, b)
	}
	small := [][32]byte{{}, {31: 1}, {0: 0x80}, [32]byte(bytes.Repeat([]byte{0xff}, 32))}
	for range 3 {
		var b [32]byte
		r.Read(b[:])
		small = append(small, b)
	}
	longest := 0
	for _, a := range as {
		for _, u := range small {
			for _, x := range small {
				want := new(big.Int).Mul(new(big.Int).SetBytes(u[:]), new(big.Int).SetBytes(x[:]))
				want.Add(want, new(big.Int).SetBytes(a[:]))
				longest = max(longest, want.BitLen())
				var dst [Size + 1]byte
				MulAdd(&dst, &a, &u, &x)
				if got := fmt.Sprintf("%x", dst); got != fmt.Sprintf("%0514x", want) {
					t.Errorf("%x + %x·%x = %s, want %x", a, u, x, got, want)
				}
			}
		}
	}
	if longest != 2049 {
		t.Errorf("the longest sum has %d bits, want 2049", longest)
	}
}
