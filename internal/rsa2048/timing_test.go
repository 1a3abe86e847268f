//go:build timing

package rsa2048

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/dudect"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/limbs"
)

// TestTiming asks whether the time of the private operation depends on the ciphertext or
// the exponents, see package dudect:
//
//	go test -count=1 -tags timing -run TestTiming -v ./internal/rsa2048
func TestTiming(t *testing.T) {
	const calls = 3000
	k := testKey()
	key := privateKey(t, k)
	r := newRand(70)
	var dst [Size]byte

	decrypt := func(c []byte) { key.Decrypt(&dst, (*[Size]byte)(c)) }
	exponents := func(e []byte) {
		var x [2]half
		key.primes.exp(&x, &full{3}, e[:Size/2], e[Size/2:])
	}
	// It skips the multiplication where the exponent has a window of zeros.
	leaky := func(e []byte) {
		p := &key.primes
		var x, acc elem
		enter(p, &x, &full{3})
		acc = x
		for i := 8*Size/2/windowBits - 1; i >= 0; i-- {
			square(p, &acc, &acc, windowBits)
			if limbs.Window(e[:Size/2], windowBits*i, windowBits) != 0 {
				mul(p, &acc, &acc, &x)
			}
		}
	}

	random := func(below *big.Int) (list [][]byte) {
		for range 100 {
			b := make([]byte, Size)
			r.Read(b)
			x := new(big.Int).SetBytes(b)
			list = append(list, x.Mod(x, below).FillBytes(b))
		}
		return list
	}
	// As many copies as there are random ones, so that the cache makes no difference.
	same := func(x *big.Int) (list [][]byte) {
		for range 100 {
			list = append(list, x.FillBytes(make([]byte, Size)))
		}
		return list
	}
	one := big.NewInt(1)
	ones := new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, Size))
	impltest.All(t, backends, func(t *testing.T) {
		for _, tt := range []struct {
			name string
			f    func([]byte)
			a, b [][]byte
			leak bool
		}{
			{"zeros skipped, one or random (planted)", leaky, same(one), random(ones), true},
			{"exponents zero and one, or random", exponents, same(one), random(ones), false},
			{"exponents all ones or random", exponents, same(ones), random(ones), false},
			{"ciphertext one or random", decrypt, same(one), random(k.N), false},
			{"ciphertext n-1 or random", decrypt, same(new(big.Int).Sub(k.N, one)), random(k.N), false},
			{"ciphertext p or random", decrypt, same(k.Primes[0]), random(k.N), false},
			{"ciphertext a multiple of q or random", decrypt, same(new(big.Int).Sub(k.N, k.Primes[1])), random(k.N), false},
		} {
			score := dudect.T(calls, tt.a, tt.b, tt.f)
			t.Logf("|t| = %6.2f  %s", score, tt.name)
			if leak := score > dudect.Threshold; leak != tt.leak {
				t.Errorf("%s: |t| = %.2f, leak %v, want %v", tt.name, score, leak, tt.leak)
			}
		}
	})
}
