// Package tower computes tables for the S-box of AES by lookups in registers.
//
// The S-box is an affine map of the inverse in GF(2⁸). Registers hold tables of
// 16 entries, so that the inverse has to come from lookups of half bytes. That is
// possible in a tower: let L = GF(2⁴), a ∈ L, and θ ∈ GF(2⁸) a root of T² + aT + a. Every
// element is k + iθ with i, k ∈ L; its norm is N = k² + aki + ai², and
//
//	(k + iθ)⁻¹ = ((k + ai) + iθ) / N
//
// Mike Hamburg, "Accelerating AES with Vector Permute Instructions" (CHES 2009,
// https://shiftleft.org/papers/vector_aes/), found that with j = i + k
//
//	io = 1/(1/i + a/k) + j = N/(k + ai)
//	jo = 1/(1/j + a/k) + i = N/(k + aj)
//
// where 1/0 = ∞ and 1/∞ = 0. So 1/io and 1/jo, whose difference is ak/N, determine the
// inverse by a linear map, and any linear map of the inverse is the sum of one lookup
// of io and one of jo.
package tower

import "math/bits"

// A ByteMap is a function of bytes.
type ByteMap func(byte) byte

// gf16 multiplies in L, modulo x⁴ + x + 1.
func gf16(x, y byte) byte {
	var p byte
	for i := range 4 {
		p ^= x << i * (y >> i & 1)
	}
	for i := 6; i >= 4; i-- {
		p ^= 0x13 << (i - 4) * (p >> i & 1)
	}
	return p
}

// gf16Inverse is 1/x in L, and 0 for x = 0.
func gf16Inverse(x byte) byte {
	for y := range byte(16) {
		if gf16(x, y) == 1 {
			return y
		}
	}
	return 0
}

// Mul multiplies in GF(2⁸), as FIPS 197 has it.
func Mul(x, y byte) byte {
	var p byte
	for ; y != 0; y >>= 1 {
		p ^= x * (y & 1)
		x = x<<1 ^ 0x1b*(x>>7)
	}
	return p
}

// Affine is the linear part of the affine map of the S-box.
func Affine(x byte) byte {
	var y byte
	for n := range 5 {
		y ^= bits.RotateLeft8(x, n)
	}
	return y
}

// AffineConstant is the constant of that map.
const AffineConstant = 0x63

// AffineInverse inverts Affine.
func AffineInverse(y byte) byte { return search(func(x byte) bool { return Affine(x) == y }) }

// search returns the least byte with a property.
func search(ok func(byte) bool) byte {
	for x := range 256 {
		if ok(byte(x)) {
			return byte(x)
		}
	}
	panic("tower: there is no such byte")
}

// The tower: towerA is a, embed maps L into GF(2⁸), and theta is θ.
var (
	towerA byte
	embed  [16]byte
	theta  byte
)

func init() {
	// A root of the polynomial of L generates it.
	root := search(func(x byte) bool { return x > 1 && Mul(Mul(x, x), Mul(x, x)) == x^1 })
	for x := range embed {
		power := byte(1)
		for i := range 4 {
			embed[x] ^= power * byte(x>>i&1)
			power = Mul(power, root)
		}
	}
	// a is the first for which T² + aT + a has no root in L.
	towerA = search(func(a byte) bool {
		for t := range byte(16) {
			if gf16(t, t)^gf16(a, t)^a == 0 {
				return false
			}
		}
		return true
	})
	a := embed[towerA]
	theta = search(func(t byte) bool { return Mul(t, t)^Mul(a, t)^a == 0 })
}

// fromTower returns k + iθ.
func fromTower(i, k byte) byte { return embed[k] ^ Mul(embed[i], theta) }

// ToTower returns the i and k of x, in the high and the low half of a byte.
func ToTower(x byte) byte {
	return search(func(ik byte) bool { return fromTower(ik>>4, ik&15) == x })
}

// infinity is not an index of any table, so its lookup gives 0. Sums with an element of L
// are not either. Where two infinities meet, at i = k = 0, their sum is 0, whose lookup is
// ∞ again, so that io and jo are ∞ and the result is 0, as it should be.
const infinity = 0x80

// A Table is the contents of a register.
type Table [16]byte

// Reciprocals is 1/x.
func Reciprocals() (t Table) {
	for x := range t {
		t[x] = gf16Inverse(byte(x))
	}
	t[0] = infinity
	return t
}

// Quotients is a/x.
func Quotients() (t Table) {
	for x := range t {
		t[x] = gf16(towerA, gf16Inverse(byte(x)))
	}
	t[0] = infinity
	return t
}

// OutputTables returns the two tables, for io and jo, whose sum is linear(inverse). With u
// = 1/io = (k + ai)/N and v = 1/jo, the inverse is
//
//	u + (i/N)θ where i/N = (u + k/N)/a and k/N = (u + v)/a
func OutputTables(linear ByteMap) (io, jo Table) {
	inverseA := gf16Inverse(towerA)
	for x := 1; x < len(io); x++ {
		u := gf16Inverse(byte(x)) // or v
		k := gf16(u, inverseA)
		io[x] = linear(fromTower(gf16(u^k, inverseA), u))
		jo[x] = linear(fromTower(gf16(k, inverseA), 0))
	}
	return io, jo
}

// HalfByteTables returns the two tables, for the low and for the high half of a byte, whose
// sum is linear.
func HalfByteTables(linear ByteMap) (low, high Table) {
	for x := range low {
		low[x], high[x] = linear(byte(x)), linear(byte(x<<4))
	}
	return low, high
}
