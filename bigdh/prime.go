package bigdh

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"math/bits"
	"sync"
)

// prime is a safe prime, with what is made from it when it is first needed.
type prime struct {
	Modulus
	mod840           int
	combs64, combs52 combs // in the Montgomery form of radix 2^64, and in that of IFMA
}

// combs are tables by generator.
type combs [maxGenerator + 1]lazyComb

type lazyComb struct {
	once sync.Once
	comb *comb
}

func newPrime(bytes *[Size]byte) *prime {
	p := new(prime)
	p.bytes = *bytes
	p.init()
	p.mod840 = int(modSmall(&p.m.n, 840))
	return p
}

// comb returns the tables for powers of g. Making them takes about as long as one
// exponentiation, checking an unknown prime a hundred times as long.
func (p *prime) comb(g int) *comb {
	c := &p.combs()[g]
	c.once.Do(func() {
		c.comb = new(comb)
		c.comb.build(&p.m, &nat{uint64(g)})
	})
	return c.comb
}

// telegramHex is the prime that Telegram's servers send and documentation gives, and
// all clients know.
const telegramHex = "" +
	"c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f" +
	"48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37" +
	"20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64" +
	"2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4" +
	"a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754" +
	"fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4" +
	"e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f" +
	"0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b"

var telegramPrime = sync.OnceValue(func() *prime {
	b, err := hex.DecodeString(telegramHex)
	if err != nil {
		panic("bigdh: internal error: " + err.Error())
	}
	return newPrime((*[Size]byte)(b))
})

// maxGenerator is the largest generator that MTProto allows; the smallest is 2.
const maxGenerator = 7

// isGenerator reports whether g is one of 2 to 7 and a square modulo p, so that its
// powers are all the squares, whose number (p-1)/2 is prime. With g not a square each
// public value would tell whether its exponent is odd. The rules are those of quadratic
// reciprocity.
func isGenerator(pMod840, g int) bool {
	switch g {
	case 2:
		return pMod840%8 == 7
	case 3:
		return pMod840%3 == 2
	case 4:
		return true
	case 5:
		return pMod840%5 == 1 || pMod840%5 == 4
	case 6:
		return pMod840%24 == 19 || pMod840%24 == 23
	case 7:
		return pMod840%7 == 3 || pMod840%7 == 5 || pMod840%7 == 6
	}
	return false
}

// checkedPrime returns p as a prime, or ErrPrime, or the error of ctx.
func checkedPrime(ctx context.Context, p *[Size]byte) (*prime, error) {
	if known := telegramPrime(); *p == known.bytes {
		return known, nil
	}
	// What takes no time needs no memory either: p has 2048 bits, and p and (p-1)/2
	// are odd.
	if p[0]>>7 != 1 || p[Size-1]%4 != 3 {
		return nil, ErrPrime
	}
	return verdicts.prime(ctx, p)
}

// verdicts remembers which numbers are safe primes and which are not.
var verdicts = newCache(isSafePrimeVarTime)

// cacheSize bounds both the number of good and the number of bad primes. They do not
// displace each other: bad ones are easy to find.
const cacheSize = 32

type cache struct {
	check func(context.Context, *nat) (bool, error)

	mu      sync.Mutex
	good    fifo[*prime]
	bad     fifo[struct{}]
	pending map[[Size]byte]chan struct{} // closed when somebody's check has ended
}

func newCache(check func(context.Context, *nat) (bool, error)) *cache {
	return &cache{
		check:   check,
		good:    fifo[*prime]{values: map[[Size]byte]*prime{}},
		bad:     fifo[struct{}]{values: map[[Size]byte]struct{}{}},
		pending: map[[Size]byte]chan struct{}{},
	}
}

// prime returns p as a prime, or ErrPrime, or the error of ctx. A caller whose number is
// being checked already waits for the verdict, or takes over if there will be none.
func (c *cache) prime(ctx context.Context, p *[Size]byte) (*prime, error) {
	for {
		c.mu.Lock()
		if known, ok := c.good.values[*p]; ok {
			c.mu.Unlock()
			return known, nil
		}
		if _, ok := c.bad.values[*p]; ok {
			c.mu.Unlock()
			return nil, ErrPrime
		}
		ended, ok := c.pending[*p]
		if !ok {
			ended = make(chan struct{})
			c.pending[*p] = ended
			c.mu.Unlock()
			return c.decide(ctx, p, ended)
		}
		c.mu.Unlock()

		select {
		case <-ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// decide checks p for itself and for those who wait until ended is closed. If there is no
// verdict, since ctx is done, or the check panics or ends the goroutine, one of them takes
// over.
func (c *cache) decide(ctx context.Context, p *[Size]byte, ended chan struct{}) (*prime, error) {
	var good *prime
	decided := false
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pending, *p)
		close(ended)
		switch {
		case !decided:
		case good == nil:
			c.bad.add(*p, struct{}{})
		default:
			c.good.add(*p, good)
		}
	}()

	var n nat
	setBytes(&n, p)
	isPrime, err := c.check(ctx, &n)
	if err != nil {
		return nil, err
	}
	if isPrime {
		good = newPrime(p)
	}
	decided = true
	if !isPrime {
		return nil, ErrPrime
	}
	return good, nil
}

// fifo is a map that forgets its oldest entry when a new one would make it too large.
type fifo[V any] struct {
	values map[[Size]byte]V
	order  [][Size]byte
}

func (f *fifo[V]) add(key [Size]byte, v V) {
	if len(f.order) == cacheSize {
		delete(f.values, f.order[0])
		f.order = append(f.order[:0], f.order[1:]...)
	}
	f.values[key] = v
	f.order = append(f.order, key)
}

// rounds of Miller and Rabin's test, after which a composite number is taken for a
// prime with a probability below 4^-64, whatever the number and whoever chose it: the
// bases are chosen afterwards, and at random.
const rounds = 64

// isSafePrimeVarTime reports whether p, which has 2048 bits, and q = (p-1)/2 are prime.
// p is public.
//
// That q is prime is made sure by 64 rounds of Miller and Rabin's test with random
// bases, and by that of Baillie, Pomerance, Selfridge and Wagstaff, to which no
// composite number is known that would pass it. The prime q then proves p prime, by a
// theorem of Pocklington: let q be a prime divisor of p-1 with q > √p-1, and a with
//
//	a^(p-1) = 1 mod p    and    gcd(a^((p-1)/q) - 1, p) = 1
//
// Then p is prime. (For if r is the least prime divisor of p, then a^((p-1)/q), which is
// not 1 modulo r, has order q modulo r. So q divides r-1, and r > q > √p-1; a composite
// p has r ≤ √p. There is no integer r that is r ≥ q+1 > √p and r ≤ √p.) Here a = 2,
// (p-1)/q = 2 and the gcd is that of 3 and p.
//
// The tests come in an order in which numbers that are nothing special fail soon.
func isSafePrimeVarTime(ctx context.Context, p *nat) (bool, error) {
	if modSmall(p, 3) == 0 {
		return false, nil
	}
	var q nat
	for i := range q {
		q[i] = p[i] >> 1
		if i+1 < len(p) {
			q[i] |= p[i+1] << 63
		}
	}
	test := newMillerRabin(&q)
	if !test.round() {
		return false, nil
	}

	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !passesFermatVarTime(p) {
		return false, nil
	}

	if err := ctx.Err(); err != nil {
		return false, err
	}
	// Without rounds of its own, ProbablyPrime is the test of Baillie and others.
	if !toBig(&q).ProbablyPrime(0) {
		return false, nil
	}

	for range rounds - 1 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if !test.round() {
			return false, nil
		}
	}
	return true, nil
}

// passesFermatVarTime reports whether 2^(p-1) = 1 mod p.
func passesFermatVarTime(p *nat) bool {
	var m modulus
	m.set(p)
	e := *p
	e[0]--
	var bytes [Size]byte
	putBytes(&bytes, &e)
	var z nat
	m.exp(&z, &nat{2}, bytes[:])
	return z == nat{1}
}

// millerRabin tests an odd number n = d·2^s + 1, with d odd, of 2047 or 2048 bits.
type millerRabin struct {
	m        modulus
	d        [Size]byte
	s        int
	minusOne nat
}

func newMillerRabin(n *nat) *millerRabin {
	t := new(millerRabin)
	t.m.set(n)
	t.minusOne = *n
	t.minusOne[0]--
	e := toBig(&t.minusOne)
	t.s = int(e.TrailingZeroBits())
	e.Rsh(e, uint(t.s)).FillBytes(t.d[:])
	return t
}

// round tests with a random base from 2 to n-2. At most one base in four says true of a
// composite number.
func (t *millerRabin) round() bool {
	count := toBig(&t.m.n)
	count.Sub(count, big.NewInt(3))
	base, err := rand.Int(rand.Reader, count)
	if err != nil {
		panic("bigdh: no random numbers: " + err.Error()) // crypto/rand does not let it come to that
	}
	base.Add(base, big.NewInt(2))
	var x nat
	setBig(&x, base)
	return t.passesVarTime(&x)
}

// passesVarTime reports whether n is a strong probable prime to the given base: its
// power to d is 1, or its power to one of d, 2d, 4d, … (n-1)/2 is -1.
func (t *millerRabin) passesVarTime(base *nat) bool {
	var x nat
	t.m.exp(&x, base, t.d[:])
	if x == (nat{1}) {
		return true
	}
	for range t.s - 1 {
		if x == t.minusOne {
			return true
		}
		var z elem
		enter(&t.m, &z, &x)
		square(&t.m, &z, &z, 1)
		leave(&t.m, &x, &z)
	}
	return x == t.minusOne
}

// modSmall returns x mod d. Its time depends on x, which is public.
func modSmall(x *nat, d uint64) (r uint64) {
	for i := len(x) - 1; i >= 0; i-- {
		r = bits.Rem64(r, x[i], d)
	}
	return r
}
