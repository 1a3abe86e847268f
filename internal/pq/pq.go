// Package pq factors the number that a server sends at the beginning of an auth-key
// exchange, and makes such numbers: pq = p·q, below 2^63, where p < q are odd primes.
// Factoring it is the proof of work that keeps clients from starting exchanges faster than
// a server can answer them.
//
// The number of steps is bounded for any input. Nothing here is secret, and nothing takes
// constant time.
//
// See https://core.telegram.org/mtproto/auth_key.
package pq

import (
	"context"
	"errors"
	"math"
)

// ErrNumber says that a number is not the product of two different odd primes below
// 2^63.
var ErrNumber = errors.New("pq: not the product of two different odd primes below 2^63")

// Factor returns the primes p < q whose product is n. It returns ErrNumber if there are
// none, and the error of ctx soon after ctx is done.
//
// The method is Pollard's, with Brent's way to find a cycle ("An improved Monte Carlo
// factorization algorithm", 1980): a sequence x → x² + c modulo n is also one modulo p,
// where it repeats after about √p steps; then the difference of two of its numbers is a
// multiple of p.
func Factor(ctx context.Context, n uint64) (p, q uint64, err error) {
	if n > math.MaxInt64 || n%2 == 0 || n < 3*5 {
		return 0, 0, ErrNumber
	}
	p = smallDivisor(n)
	if p == 0 {
		// The search would only end at the limit of its steps.
		if isPrime(n) || isSquare(n) {
			return 0, 0, ErrNumber
		}
		p, err = divisor(ctx, n)
		if err != nil {
			return 0, 0, err
		}
	}
	q = n / p
	if p > q {
		p, q = q, p
	}
	if p == q || !isPrime(p) || !isPrime(q) {
		return 0, 0, ErrNumber
	}
	return p, q, nil
}

// small bounds the divisors that are tried one by one. Sequences modulo small primes repeat
// so soon that they would repeat modulo both primes before the first gcd is computed.
const small = 256

// smallDivisor returns the least odd divisor of n that is below small, and below n, or 0.
func smallDivisor(n uint64) uint64 {
	for d := uint64(3); d < small && d < n; d += 2 {
		if n%d == 0 {
			return d
		}
	}
	return 0
}

const (
	// maxSteps bounds the steps of all sequences together. For primes of 31 bits the search
	// takes 100,000 on average; fewer than one number in a billion needs more than
	// maxSteps.
	maxSteps = 1 << 20
	// batch is how many differences are multiplied before the gcd of their product and n is
	// computed, which costs as much as 30 steps.
	batch = 512
	// restarts bounds how often a pair of sequences is given up because one repeats modulo
	// both primes at once. For the smallest primes that happens to one pair in ten.
	restarts = 16
)

// divisor returns a divisor of n other than 1 and n, or ErrNumber if it finds none. n must
// be odd and have no divisor below small.
func divisor(ctx context.Context, n uint64) (uint64, error) {
	m := newModulus(n)
	steps := 0
	for i := range uint64(restarts) {
		d, err := m.divisor(ctx, 4*i+1, 4*i+3, &steps)
		if d != n {
			return d, err
		}
	}
	return 0, ErrNumber
}

// divisor looks for a divisor in the sequences with the constants ca and cb. It returns n
// if one of them repeats for all divisors at once.
//
// The sequences are computed side by side: each step waits for the one before, which leaves
// the multiplier free for the other sequence. The first to repeat ends the search, which
// takes fewer steps by a factor of √2.
func (m modulus) divisor(ctx context.Context, ca, cb uint64, steps *int) (uint64, error) {
	a, b := uint64(2), uint64(2)
	// Each number after 1, 2, 4, … steps is compared with as many of the numbers that
	// follow. This finds any cycle that starts no later and is no longer than that.
	for length := 1; ; length *= 2 {
		startA, startB := a, b
		for done := 0; done < length; done += batch {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			count := min(batch, length-done)
			if *steps += 2 * count; *steps > maxSteps {
				return 0, ErrNumber
			}
			batchA, batchB := a, b
			productA, productB := uint64(1), uint64(1)
			for range count {
				a, b = m.next(a, ca), m.next(b, cb)
				productA = m.mul(productA, distance(a, startA))
				productB = m.mul(productB, distance(b, startB))
			}
			if d := gcd(productA, m.n); d == m.n {
				return m.first(batchA, startA, ca, count), nil
			} else if d != 1 {
				return d, nil
			}
			if d := gcd(productB, m.n); d == m.n {
				return m.first(batchB, startB, cb, count), nil
			} else if d != 1 {
				return d, nil
			}
		}
	}
}
