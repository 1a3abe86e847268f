package term

import "math/bits"

// matrix is an 8×8 matrix over GF(2): byte j is column j, the image of bit j.
type matrix uint64

const identity matrix = 0x8040201008040201

// linear returns the matrix of a linear function.
func linear(f func(byte) byte) (m matrix) {
	for j := range 8 {
		m |= matrix(f(1<<j)) << (8 * j)
	}
	return m
}

// matrices has those of a family of linear functions.
func matrices(f func(c, x byte) byte) (m [256]matrix) {
	for c := range m {
		m[c] = linear(func(x byte) byte { return f(byte(c), x) })
	}
	return m
}

var (
	diagonal = matrices(func(mask, x byte) byte { return x & mask })
	left     = matrices(func(n, x byte) byte { return x << n })
	right    = matrices(func(n, x byte) byte { return x >> n })
	times    = matrices(Mul) // in the field of AES
)

func (m matrix) apply(x byte) (y byte) {
	for ; x != 0; x &= x - 1 {
		y ^= byte(m >> (8 * bits.TrailingZeros8(x)))
	}
	return y
}

// mul is m after n.
func (m matrix) mul(n matrix) matrix {
	if m == identity {
		return n
	}
	if n == identity {
		return m
	}
	return linear(func(x byte) byte { return m.apply(n.apply(x)) })
}

// Mul multiplies in the field of AES: GF(2)[x] modulo x⁸ + x⁴ + x³ + x + 1.
func Mul(a, b byte) (r byte) {
	for ; b != 0; b >>= 1 {
		r ^= a * (b & 1)
		a = a<<1 ^ 0x1b*(a>>7)
	}
	return r
}

// sbox is the S-box of FIPS 197, the inverse in the field (its power 254) followed by an
// affine map, and inverseSbox its inverse.
var sbox, inverseSbox = func() (s, inverse [256]byte) {
	for x := range s {
		y := byte(1)
		for range 254 {
			y = Mul(y, byte(x))
		}
		y ^= bits.RotateLeft8(y, 1) ^ bits.RotateLeft8(y, 2) ^ bits.RotateLeft8(y, 3) ^ bits.RotateLeft8(y, 4) ^ 0x63
		s[x], inverse[y] = y, byte(x)
	}
	return s, inverse
}()
