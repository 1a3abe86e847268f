package pq

import (
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

func check(t *testing.T, p, q uint64) {
	t.Helper()
	gotP, gotQ, err := Factor(t.Context(), p*q)
	if gotP != p || gotQ != q || err != nil {
		t.Errorf("Factor(%d) = %d, %d, %v, want %d, %d", p*q, gotP, gotQ, err, p, q)
	}
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "..", "shared", "vectors", "published")

func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	type vector struct{ PQ, P, Q string }
	for _, v := range vectortest.Read[vector](t, publishedDir, "pq_factorization.json") {
		number := func(s string) uint64 {
			n, err := strconv.ParseUint(s, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		p, q := number(v.P), number(v.Q)
		if p*q != number(v.PQ) {
			t.Fatalf("%s is not %s·%s", v.PQ, v.P, v.Q)
		}
		check(t, p, q)
	}
}

// TestFactorSmall covers all products of two odd primes below 700. For many of them
// sequences repeat modulo both primes at once.
func TestFactorSmall(t *testing.T) {
	var primes []uint64
	for n := uint64(3); n < 700; n += 2 {
		if big.NewInt(int64(n)).ProbablyPrime(0) {
			primes = append(primes, n)
		}
	}
	for i, p := range primes {
		for _, q := range primes[i+1:] {
			check(t, p, q)
		}
	}
}

// randomBigPrime returns a number with the given number of bits that math/big takes for
// prime.
func randomBigPrime(random *rand.Rand, bits int) uint64 {
	for {
		n := random.Uint64()>>(64-bits) | 1<<(bits-1) | 1
		if new(big.Int).SetUint64(n).ProbablyPrime(0) {
			return n
		}
	}
}

// TestFactorRandom covers primes of all sizes with products below 2^63.
func TestFactorRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for bits := 9; bits <= 61; bits++ {
		for range 3 {
			p := randomBigPrime(random, min(bits, 31))
			q := randomBigPrime(random, max(2, min(62-min(bits, 31), bits)))
			if p != q && q > 2 {
				check(t, min(p, q), max(p, q))
			}
		}
	}
	// The largest of all: 3,037,000,453 and 3,037,000,493 are the last primes below
	// √2^63 ≈ 3,037,000,499.97.
	check(t, 3037000453, 3037000493)
	check(t, 3, 3074457345618258599)
}

// hostile are numbers that no honest server sends.
var hostile = map[string]uint64{
	"zero":                  0,
	"one":                   1,
	"two":                   2,
	"small prime":           13,
	"even":                  1 << 62,
	"even, twice a prime":   2 * 3037000493,
	"prime":                 math.MaxInt64 - 24,
	"prime of 62 bits":      1<<62 - 57,
	"square":                3037000493 * 3037000493,
	"square of 3":           9,
	"square of small prime": 251 * 251,
	"square of 257":         257 * 257,
	"square of no prime":    1000003 * 1000003 * 3 * 3,
	"cube":                  2097143 * 2097143 * 2097143,
	"three factors":         2097143 * 2097133 * 2097131,
	"three, one small":      3 * 1000000007 * 1000000009,
	"three, two alike":      1000003 * 1000003 * 1000033,
	"many":                  3 * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 * 37,
	"2^63":                  1 << 63,
	"2^63+29":               1<<63 + 29,
	"above 2^63":            4294967291 * 4294967279,
	"strong pseudoprime":    3825123056546413051, // to 2, 3, … 31; three prime factors
	"Carmichael":            561,
	"all ones":              math.MaxUint64,
	"2^63-1, many factors":  math.MaxInt64,
	"fourth power of 251":   251 * 251 * 251 * 251,
	"sixth power of 257":    257 * 257 * 257 * 257 * 257 * 257,
}

func TestFactorHostile(t *testing.T) {
	for name, n := range hostile {
		if p, q, err := Factor(t.Context(), n); err != ErrNumber || p != 0 || q != 0 {
			t.Errorf("%s: Factor(%d) = %d, %d, %v, want 0, 0, %v", name, n, p, q, err, ErrNumber)
		}
	}
}

// TestSteps gives the search numbers in which it finds no divisor.
func TestSteps(t *testing.T) {
	prime := uint64(math.MaxInt64 - 24)
	steps := 0
	d, err := newModulus(prime).divisor(t.Context(), 1, 3, &steps)
	if d != 0 || err != ErrNumber {
		t.Errorf("divisor of a prime: %d, %v, want 0, %v", d, err, ErrNumber)
	}
	if steps < maxSteps || steps > maxSteps+2*batch {
		t.Errorf("%d steps, want %d or hardly more", steps, maxSteps)
	}
	// Modulo a small prime, sequences repeat again and again.
	for _, prime := range []uint64{257, 65537, 1<<31 - 1} {
		if d, err := divisor(t.Context(), prime); d != 0 || err != ErrNumber {
			t.Errorf("divisor of %d: %d, %v, want 0, %v", prime, d, err, ErrNumber)
		}
	}
}

// endsAfter is a context that is done after a number of calls of Err.
type endsAfter struct {
	context.Context
	left *int
}

var errEnded = errors.New("ended")

func (c endsAfter) Err() error {
	if *c.left--; *c.left < 0 {
		return errEnded
	}
	return nil
}

// TestFactorCancelled: the search checks its context again and again, and ends once it is
// done.
func TestFactorCancelled(t *testing.T) {
	const n = 3037000453 * 3037000493
	for _, left := range []int{0, 1, 20} {
		ctx := endsAfter{t.Context(), &left}
		if p, q, err := Factor(ctx, n); err != errEnded || p != 0 || q != 0 {
			t.Errorf("Factor = %d, %d, %v, want %v", p, q, err, errEnded)
		}
		if left != -1 {
			t.Errorf("asked %d times after the end", -1-left)
		}
	}
}

func TestIsPrime(t *testing.T) {
	agree := func(n uint64) {
		if got, want := isPrime(n), new(big.Int).SetUint64(n).ProbablyPrime(0); got != want {
			t.Errorf("isPrime(%d) = %v, want %v", n, got, want)
		}
	}
	for n := uint64(1); n < 100000; n += 2 {
		agree(n)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		agree(random.Uint64()>>1>>random.IntN(40) | 1)
	}
	// The least strong pseudoprimes to the first 1 to 11 prime bases (OEIS A014233).
	for _, n := range []uint64{2047, 1373653, 25326001, 3215031751, 2152302898747, 3474749660383,
		341550071728321, 3825123056546413051} {
		agree(n)
	}
}

func TestIsSquare(t *testing.T) {
	for _, r := range []uint64{3, 257, 94906267, 2147483647, 3037000499} {
		for d := uint64(0); d < 3; d++ {
			n := r*r + d - 1
			if got, want := isSquare(n), d == 1; got != want {
				t.Errorf("isSquare(%d) = %v, want %v", n, got, want)
			}
		}
	}
}

func TestGenerate(t *testing.T) {
	seen := map[uint64]bool{}
	for range 100 {
		p, q := Generate()
		if p >= q || p>>30 != 1 || q>>30 != 1 {
			t.Errorf("%d and %d: not in order, or not of 31 bits", p, q)
		}
		check(t, p, q)
		seen[p*q] = true
	}
	if len(seen) < 99 {
		t.Errorf("%d different numbers of 100", len(seen))
	}
}

func FuzzFactor(f *testing.F) {
	for _, n := range hostile {
		f.Add(n)
	}
	f.Add(uint64(1724114033281923457))
	f.Fuzz(func(t *testing.T, n uint64) {
		p, q, err := Factor(t.Context(), n)
		if err != nil {
			if err != ErrNumber {
				t.Error(err)
			}
			return
		}
		if p >= q || p*q != n || q > n/p {
			t.Errorf("Factor(%d) = %d, %d", n, p, q)
		}
		for _, prime := range []uint64{p, q} {
			if !new(big.Int).SetUint64(prime).ProbablyPrime(0) {
				t.Errorf("Factor(%d) = %d, %d, and %d is no prime", n, p, q, prime)
			}
		}
	})
}

func BenchmarkFactor(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	var numbers [256]uint64
	for i := range numbers {
		numbers[i] = randomBigPrime(random, 31) * randomBigPrime(random, 31)
	}
	i := 0
	for b.Loop() {
		if _, _, err := Factor(b.Context(), numbers[i%len(numbers)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkFactorNothing takes the maximum number of steps.
func BenchmarkFactorNothing(b *testing.B) {
	for b.Loop() {
		if _, err := divisor(b.Context(), math.MaxInt64-24); err != ErrNumber {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		Generate()
	}
}
