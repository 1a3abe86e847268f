package bigdh

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// BenchmarkExp is an exponentiation with 2048 bits. To compare: math/big, which takes
// time that depends on the numbers.
func BenchmarkExp(b *testing.B) {
	group := telegram(b, 3)
	r := newRand(30)
	p := group.Prime()
	base, exp := randomBelow(r, &p), randomSize(r)
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var dst [Size]byte
		for b.Loop() {
			group.Exp(&dst, &base, &exp)
		}
	})
	b.Run("of=math-big", func(b *testing.B) {
		x, e, n := new(big.Int).SetBytes(base[:]), new(big.Int).SetBytes(exp[:]), new(big.Int).SetBytes(p[:])
		b.ReportAllocs()
		for b.Loop() {
			new(big.Int).Exp(x, e, n)
		}
	})
}

// BenchmarkGenerator is a power of g, which should take 0.3 of BenchmarkExp at most.
func BenchmarkGenerator(b *testing.B) {
	group := telegram(b, 3)
	exp := randomSize(newRand(31))
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var dst [Size]byte
		group.expGenerator(&dst, &exp) // makes the tables
		for b.Loop() {
			group.expGenerator(&dst, &exp)
		}
	})
}

// BenchmarkFirstGenerator is the first power of g, with the making of its tables.
func BenchmarkFirstGenerator(b *testing.B) {
	bytes, exp := telegramPrime().bytes, randomSize(newRand(31))
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var dst [Size]byte
		for b.Loop() {
			group := Group{newPrime(&bytes), 3}
			group.expGenerator(&dst, &exp)
		}
	})
}

func BenchmarkGenerateKey(b *testing.B) {
	group := telegram(b, 3)
	impltest.Benchmark(b, backends, func(b *testing.B) {
		generateKey(b, group)
		for b.Loop() {
			generateKey(b, group)
		}
	})
}

func BenchmarkDH(b *testing.B) {
	group := telegram(b, 3)
	k, peer := generateKey(b, group), generateKey(b, group).PublicKey()
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var secret [Size]byte
		for b.Loop() {
			k.DH(&secret, peer)
		}
	})
}

// BenchmarkExchange is what a side of a secret chat computes: its own public value and
// the shared secret.
func BenchmarkExchange(b *testing.B) {
	group := telegram(b, 3)
	y := generateKey(b, group).PublicKey().Bytes()
	impltest.Benchmark(b, backends, func(b *testing.B) {
		generateKey(b, group)
		for b.Loop() {
			k := generateKey(b, group)
			peer, err := group.NewPublicKey(y[:])
			if err != nil {
				b.Fatal(err)
			}
			var secret [Size]byte
			k.DH(&secret, peer)
		}
	})
}

// BenchmarkNewGroup is the check of a prime: known to everybody, known from before, and
// unknown.
func BenchmarkNewGroup(b *testing.B) {
	b.Run("prime=Telegram", func(b *testing.B) {
		p := telegramPrime().bytes
		b.ReportAllocs()
		for b.Loop() {
			NewGroup(p[:], 3)
		}
	})
	other := readPrimes(b)[0].P
	b.Run("prime=remembered", func(b *testing.B) {
		NewGroup(other, 2)
		b.ReportAllocs()
		for b.Loop() {
			NewGroup(other, 2)
		}
	})
	p := natOf(new(big.Int).SetBytes(other))
	b.Run("prime=unknown", func(b *testing.B) {
		impltest.Benchmark(b, backends, func(b *testing.B) {
			for b.Loop() {
				isSafePrimeVarTime(b.Context(), &p)
			}
		})
	})
}

// BenchmarkOperation has those that an exponentiation consists of.
func BenchmarkOperation(b *testing.B) {
	m := &telegramPrime().m
	b.Run("op=mul", func(b *testing.B) {
		impltest.Benchmark(b, backends, func(b *testing.B) {
			var x elem
			enter(m, &x, &nat{3})
			for b.Loop() {
				mul(m, &x, &x, &x)
			}
		})
	})
	b.Run("op=square", func(b *testing.B) {
		impltest.Benchmark(b, backends, func(b *testing.B) {
			var x elem
			enter(m, &x, &nat{3})
			for b.Loop() {
				square(m, &x, &x, 1)
			}
		})
	})
	b.Run("op=select", func(b *testing.B) {
		impltest.Benchmark(b, backends, func(b *testing.B) {
			var table [1 << windowBits]elem
			var z elem
			for b.Loop() {
				selectElem(&z, table[:], 11)
			}
		})
	})
}
