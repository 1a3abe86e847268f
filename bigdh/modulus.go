package bigdh

import (
	"math/big"
	"math/bits"

	"github.com/mtcore/mtcore/internal/limbs"
)

// nat is a number below 2^2048, in limbs of 64 bits from the least significant one on.
type nat = [32]uint64

// elem is a number modulo n in Montgomery form: x is kept as x·R mod n, or something
// congruent to it. What the words mean is the business of the backend:
//
//   - Generic, ADX and Armv8: 32 limbs of 64 bits, R = 2^2048, below R though not
//     always below n ("almost Montgomery"), and eight unused words;
//   - IFMA: 40 digits of 52 bits in an order of its own, R = 2^2080, below 2^2051.
//
// So no step of an exponentiation needs a subtraction that makes the result canonical;
// leave does that once, at the end. Each backend has the same five operations:
//
//	mul(m, z, x, y)          z = x·y/R; z may be x or y
//	square(m, z, x, times)   z = x^(2^times), with factors R as they should be; times ≥ 1; z may be x
//	selectElem(z, table, i)  z = table[i]; reads the whole table
//	enter(m, z, x)           to Montgomery form, from any x < 2^2048
//	leave(m, x, z)           from Montgomery form, and x < n
type elem [40]uint64

// modulus is an odd number n of 2047 or 2048 bits, which is public, with what the
// backends compute from it in advance.
type modulus struct {
	n  nat
	k0 uint64 // -n^-1 mod 2^64
	rr nat    // 2^4096 mod n

	ifma ifmaConstants // for IFMA
}

// set makes m the modulus n. As nothing is computed without a modulus, this is the way into
// the backends.
func (m *modulus) set(n *nat) {
	backends.Ready()
	m.compute(n)
}

// compute is set, for what tests the backends.
func (m *modulus) compute(n *nat) {
	if n[0]&1 == 0 || bits.Len64(n[31]) < 63 {
		panic("bigdh: internal error: invalid modulus")
	}
	m.n = *n
	m.k0 = -limbs.Inverse(n[0])

	rr := new(big.Int).Lsh(big.NewInt(1), 2*2048)
	setBig(&m.rr, rr.Mod(rr, toBig(n)))

	m.ifma.set(n)
}

func setBytes(z *nat, b *[Size]byte) { limbs.SetBytes(z[:], b[:]) }

func putBytes(b *[Size]byte, x *nat) { limbs.PutBytes(b[:], x[:]) }

// less reports whether x < y. The time does not depend on x and y.
func less(x, y *nat) bool { return limbs.Less(x[:], y[:]) == 1 }

// Numbers of package math/big, whose arithmetic takes time that depends on them, are
// for what is public: primes, and bases to test them with.

func toBig(x *nat) *big.Int {
	var b [Size]byte
	putBytes(&b, x)
	return new(big.Int).SetBytes(b[:])
}

// setBig sets z to x, which must be below 2^2048.
func setBig(z *nat, x *big.Int) {
	var b [Size]byte
	setBytes(z, (*[Size]byte)(x.FillBytes(b[:])))
}
