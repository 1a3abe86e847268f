package rsa2048

import "github.com/mtcore/mtcore/internal/limbs"

// Generic is the reference for the other backends.

// mulGeneric sets z = x·y/R.
func mulGeneric(p *primes, z, x, y *elem) {
	for i := range p.prime {
		p.prime[i].mul(z.side(i), x.side(i), y.side(i))
	}
}

// squareGeneric sets z = x^(2^times), in Montgomery form.
func squareGeneric(p *primes, z, x *elem, times int) {
	var t full
	for i := range p.prime {
		from := x.side(i)
		for range times {
			limbs.Square(t[:], from[:])
			from = z.side(i)
			p.prime[i].reduce(from, &t)
		}
	}
	clear(t[:])
}

// selectGeneric sets z to table[i] modulo one prime and to table[j] modulo the other.
func selectGeneric(z *elem, table []elem, i, j int) {
	*z = elem{}
	for k := range table {
		for s, index := range [2]int{i, j} {
			// All ones if they are equal, otherwise zero. Neither is negative.
			mask := uint64((int64(index^k) - 1) >> 63)
			a, b := z.side(s), table[k].side(s)
			for w := range a {
				a[w] |= b[w] & mask
			}
		}
	}
}

// enterGeneric sets z = x·R modulo each prime, from any x < 2^2048.
func enterGeneric(p *primes, z *elem, x *full) {
	var t full
	for i := range p.prime {
		m, s := &p.prime[i], z.side(i)
		t = *x
		m.reduce(s, &t) // x/R
		m.mul(s, s, &m.rrr)
	}
	clear(t[:])
}

// leaveGeneric sets x = z/R modulo each prime, below the prime.
func leaveGeneric(p *primes, x *[2]half, z *elem) {
	var t full
	for i := range p.prime {
		m := &p.prime[i]
		t = full{}
		copy(t[:], z.side(i)[:])
		m.reduce(&x[i], &t)
		// From t < R follows (t + q·n)/R ≤ n.
		limbs.SubtractOnce(x[i][:], m.n[:], 0)
	}
	clear(t[:])
}
