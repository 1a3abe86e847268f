package rsa2048

import (
	"math/bits"
	"unsafe"

	"github.com/mtcore/mtcore/internal/limbs"
)

const halfLimbs = 16

// half is a number below R = 2^1024, and full one below R², in 64-bit limbs, the least
// significant one first.
type (
	half = [halfLimbs]uint64
	full = [2 * halfLimbs]uint64
)

// prime is a secret odd number from R/2 to R, with what the backends compute from it in
// advance.
type prime struct {
	n       half
	k0      uint64 // -n^-1 mod 2^64
	rr, rrr half   // R², R³ mod n
}

// primes are the primes of a key. Both powers of a private operation are computed side by
// side, since some backends do two operations in the time of one.
type primes struct {
	prime [2]prime
	ifma  ifmaConstants
}

// elem is a number modulo each of the primes, in Montgomery form: x is kept as x·R mod n, or
// something congruent to it. Its encoding is up to the backend:
//
//   - Generic, ADX and Armv8: 16 limbs of 64 bits for one prime, then 16 for the other, then
//     eight unused words; numbers are below R, though not always below n;
//   - IFMA: 20 digits of 52 bits for each prime, in an order of its own, with R = 2^1040;
//     numbers are below 2^1027.
//
// Each backend has the same five operations:
//
//	mul(p, z, x, y)             z = x·y/R; z may be x or y
//	square(p, z, x, times)      z = x^(2^times), in Montgomery form; times ≥ 1; z may be x
//	selectElem(z, table, i, j)  z = table[i] modulo one prime, table[j] modulo the other; reads the whole table
//	enter(p, z, x)              to Montgomery form, from any x < 2^2048
//	leave(p, x, z)              from Montgomery form, below the primes
type elem [40]uint64

// side returns the number modulo prime i, in radix 2^64.
func (x *elem) side(i int) *half { return (*half)(x[halfLimbs*i:]) }

// set makes p the primes n, of 1024 bits each. They are secret. Every computation needs
// them, so this is where the backends are tested.
func (p *primes) set(n *[2]half) {
	backends.Ready()
	p.compute(n)
}

// compute is set without that test, for use by the test itself.
func (p *primes) compute(n *[2]half) {
	for i := range n {
		p.prime[i].set(&n[i])
	}
	p.ifma.set(&p.prime)
}

func (m *prime) set(n *half) {
	m.n = *n
	m.k0 = -limbs.Inverse(n[0])
	m.powerOfTwo(&m.rr, 2*64*halfLimbs)
	m.mul(&m.rrr, &m.rr, &m.rr)
}

// powerOfTwo sets z to 2^exp mod n, for an exponent of more than 1024, in time that depends
// only on the exponent. With exp = 1024 + d·2^s it doubles R d times and squares s times;
// a squaring, since it divides by R, doubles what is above 1024.
func (m *prime) powerOfTwo(z *half, exp int) {
	clear(z[:])
	limbs.Sub(z[:], z[:], m.n[:]) // R - n < n
	above := exp - 64*halfLimbs
	s := bits.TrailingZeros(uint(above))
	for range above >> s {
		limbs.AddMod(z[:], z[:], z[:], m.n[:])
	}
	for range s {
		m.mul(z, z, z)
	}
	limbs.SubtractOnce(z[:], m.n[:], 0)
}

// mul sets z to x·y/R, below R though not always below n.
func (m *prime) mul(z, x, y *half) {
	var t full
	limbs.Mul(t[:], x[:], y[:])
	m.reduce(z, &t)
	clear(t[:])
}

// reduce sets z to t/R, below R though not always below n, and overwrites t.
func (m *prime) reduce(z *half, t *full) {
	limbs.Reduce(z[:], t[:], m.n[:], m.k0)
}

// windowBits is how many bits of the exponents one lookup and one multiplication handle.
const windowBits = 5

// exp sets z[0] to x^e modulo one prime, and z[1] to x^f modulo the other. The exponents are
// big-endian and of the same length, which is public. It is the exponentiation of package
// bigdh, done twice at once:
//
//	z = z^32 · x^window
func (p *primes) exp(z *[2]half, x *full, e, f []byte) {
	var room [1<<windowBits + 1]elem
	table := aligned(&room) // x^0, x^1, …
	enter(p, &table[0], &full{1})
	enter(p, &table[1], x)
	for i := 2; i < len(table); i += 2 {
		square(p, &table[i], &table[i/2], 1)
		mul(p, &table[i+1], &table[i], &table[1])
	}

	var acc, factor elem
	i := (8*len(e)+windowBits-1)/windowBits - 1 // the topmost window
	selectElem(&acc, table[:], limbs.Window(e, windowBits*i, windowBits), limbs.Window(f, windowBits*i, windowBits))
	for i--; i >= 0; i-- {
		square(p, &acc, &acc, windowBits)
		selectElem(&factor, table[:], limbs.Window(e, windowBits*i, windowBits), limbs.Window(f, windowBits*i, windowBits))
		mul(p, &acc, &acc, &factor)
	}
	leave(p, z, &acc)

	for i := range room {
		clear(room[i][:])
	}
	clear(acc[:])
	clear(factor[:])
}

// aligned returns the table in room that begins at a multiple of 64 bytes, where lookups are
// fastest. See package bigdh.
func aligned(room *[1<<windowBits + 1]elem) *[1 << windowBits]elem {
	words := unsafe.Slice(&room[0][0], len(room)*len(room[0]))
	skip := -uintptr(unsafe.Pointer(room)) % 64 / unsafe.Sizeof(words[0])
	return (*[1 << windowBits]elem)(unsafe.Pointer(&words[skip]))
}
