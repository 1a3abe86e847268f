//go:build timing

package bigdh

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/dudect"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/limbs"
)

// TestTiming asks whether the time of an exponentiation tells something about the
// exponent or the base; see package dudect:
//
//	go test -count=1 -tags timing -run TestTiming -v ./bigdh
func TestTiming(t *testing.T) {
	const (
		short = 32 // bytes of an exponent, where it may be short
		calls = 2000
	)
	group := telegram(t, 3)
	r := newRand(70)
	base := randomBelow(r, &telegramPrime().bytes)
	shortExponent := make([]byte, short)
	r.Read(shortExponent)
	exponent := randomSize(r)
	var dst [Size]byte

	exp := func(e []byte) { group.ExpBytes(&dst, &base, e) }
	expOfBase := func(b []byte) { group.ExpBytes(&dst, (*[Size]byte)(b), shortExponent) }
	fixedBase := func(e []byte) { group.expGenerator(&dst, (*[Size]byte)(e)) }
	// No multiplication where the exponent has a window of zeros.
	leaky := func(e []byte) {
		m := &telegramPrime().m
		var x, acc elem
		enter(m, &x, &nat{3})
		acc = x
		for i := 8*len(e)/windowBits - 1; i >= 0; i-- {
			square(m, &acc, &acc, windowBits)
			if limbs.Window(e, windowBits*i, windowBits) != 0 {
				mul(m, &acc, &acc, &x)
			}
		}
	}

	random := func(size int) (list [][]byte) {
		for range 100 {
			b := make([]byte, size)
			r.Read(b)
			b[0] &= 0x7f // so that it is below p, if it is a base
			list = append(list, b)
		}
		return list
	}
	// As many of them, so that a cache does not tell what this is.
	same := func(b []byte) (list [][]byte) {
		for range 100 {
			list = append(list, bytes.Clone(b))
		}
		return list
	}
	ones := func(size int) []byte { return bytes.Repeat([]byte{0xff}, size) }
	one := func(size int) []byte { return append(make([]byte, size-1), 1) }
	minusOne := group.Prime()
	minusOne[Size-1]--

	impltest.All(t, backends, func(t *testing.T) {
		for _, tt := range []struct {
			name string
			f    func([]byte)
			a, b [][]byte
			leak bool
		}{
			{"zeros skipped, one or random (planted)", leaky, same(one(short)), random(short), true},
			{"exponent one or random", exp, same(one(short)), random(short), false},
			{"exponent all ones or random", exp, same(ones(short)), random(short), false},
			{"a certain exponent or random", exp, same(exponent[:short]), random(short), false},
			{"base one or random", expOfBase, same(one(Size)), random(Size), false},
			{"base p-1 or random", expOfBase, same(minusOne[:]), random(Size), false},
			{"fixed base, one or random", fixedBase, same(one(Size)), random(Size), false},
			{"fixed base, all ones or random", fixedBase, same(ones(Size)), random(Size), false},
		} {
			score := dudect.T(calls, tt.a, tt.b, tt.f)
			t.Logf("|t| = %6.2f  %s", score, tt.name)
			if leak := score > dudect.Threshold; leak != tt.leak {
				t.Errorf("%s: |t| = %.2f, leak %v, want %v", tt.name, score, leak, tt.leak)
			}
		}
	})
}
