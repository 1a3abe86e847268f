// Package limbs implements arithmetic on numbers of up to 2048 bits, in portable Go and in
// time that depends only on their length. The kernels of package bigdh/asm do the same.
//
// A number is a slice of 64-bit limbs, the least significant one first. All operands of a
// function have the same length; only a product is twice as long. [Mul], [Square] and [Reduce]
// take even lengths.
package limbs

import (
	"encoding/binary"
	"math/bits"
)

// max is the length of the longest number.
const max = 32

// Products are computed row by row, two rows at a time: the carry has two limbs then, but the
// result is read and written half as often.

// Mul sets t = x·y.
func Mul(t, x, y []uint64) {
	size := len(x)
	clear(t[:size])
	for i := 0; i < size; i += 2 {
		t[i+size], t[i+size+1] = addRows(0, t[i:], x, y[i], y[i+1])
	}
}

// Square sets t = x². Of each pair x_i·x_j and x_j·x_i it computes one.
func Square(t, x []uint64) {
	size := len(x)
	clear(t[:size])
	for i := 0; i < size; i += 2 {
		// x_i·x_(i+1), and then both by the rest of x
		hi, lo := bits.Mul64(x[i], x[i+1])
		var c uint64
		t[2*i+1], c = bits.Add64(t[2*i+1], lo, 0)
		t[i+size], t[i+size+1] = addRows(hi+c, t[2*i+2:], x[i+2:], x[i], x[i+1])
	}
	var top, carry uint64 // top is the bit that is shifted into the next limb
	for i, limb := range x {
		hi, lo := bits.Mul64(limb, limb)
		t0, t1 := t[2*i], t[2*i+1]
		t[2*i], carry = bits.Add64(t0<<1|top, lo, carry)
		t[2*i+1], carry = bits.Add64(t1<<1|t0>>63, hi, carry)
		top = t1 >> 63
	}
}

// Reduce sets z to a number congruent to t/R modulo n, and overwrites t. R is 2 to the number
// of bits in the limbs of n, t is below R², and k0 is -1/n mod 2^64. Reduce adds the multiple
// q·n that makes the lower half of t zero. The result is below R, but not always below n:
//
//	(t + q·n)/R < (R² + R·n)/R = R + n
//
// and n is subtracted if and only if that is not below R. For t < R the result is at most n.
func Reduce(z, t, n []uint64, k0 uint64) {
	size := len(n)
	var carry uint64
	for i := 0; i < size; i += 2 {
		q0, q1 := quotient((*[2]uint64)(t[i:]), (*[2]uint64)(n), k0)
		carry0, carry1 := addRows(0, t[i:], n, q0, q1)
		var c uint64
		t[i+size], c = bits.Add64(t[i+size], carry0, carry)
		t[i+size+1], carry = bits.Add64(t[i+size+1], carry1, c)
	}

	mask := -carry // all ones or zero
	var borrow uint64
	for i := range z {
		z[i], borrow = bits.Sub64(t[size+i], n[i]&mask, borrow)
	}
}

// quotient returns q = -t/n mod 2^128, with which t + q·n ends in two limbs that are zero. It
// keeps limbs of n in registers, as addRows does.
//
//go:noinline
func quotient(t, n *[2]uint64, k0 uint64) (q0, q1 uint64) {
	q0 = t[0] * k0
	hi, lo := bits.Mul64(q0, n[0])
	_, c := bits.Add64(t[0], lo, 0)
	return q0, (t[1] + q0*n[1] + hi + c) * k0
}

// addRows adds carry and x·(y1:y0) to as many limbs of z as x has, and returns what belongs to
// the next two. A step cannot overflow: with B = 2^64, z, the product and the carry add up to
// at most
//
//	(B-1) + (B-1)·(B²-1) + (B²-1) = B³ - 1
//
// It takes two steps at a time, and the carry first, since the compiler then keeps secrets in
// registers: what it puts on the stack, nobody can clear.
//
//go:noinline
func addRows(carry uint64, z, x []uint64, y0, y1 uint64) (carry0, carry1 uint64) {
	z = z[:len(x)]
	carry0 = carry
	for i := 1; i < len(x); i += 2 {
		hi0, lo0 := bits.Mul64(x[i-1], y0)
		hi1, lo1 := bits.Mul64(x[i-1], y1)
		t0, t1, t2 := add(z[i-1], hi0, hi1, lo0, lo1)
		z[i-1], carry0, carry1 = add(t0, t1, t2, carry0, carry1)

		hi0, lo0 = bits.Mul64(x[i], y0)
		hi1, lo1 = bits.Mul64(x[i], y1)
		t0, t1, t2 = add(z[i], hi0, hi1, lo0, lo1)
		z[i], carry0, carry1 = add(t0, t1, t2, carry0, carry1)
	}
	return carry0, carry1
}

// add returns the number t2:t1:t0 + x1:x0.
func add(t0, t1, t2, x0, x1 uint64) (_, _, _ uint64) {
	var c uint64
	t0, c = bits.Add64(t0, x0, 0)
	t1, c = bits.Add64(t1, x1, c)
	t2, _ = bits.Add64(t2, 0, c)
	return t0, t1, t2
}

// Add sets z = x + y and returns the carry.
func Add(z, x, y []uint64) (carry uint64) {
	for i := range z {
		z[i], carry = bits.Add64(x[i], y[i], carry)
	}
	return carry
}

// Sub sets z = x - y and returns the borrow.
func Sub(z, x, y []uint64) (borrow uint64) {
	for i := range z {
		z[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return borrow
}

// Less reports whether x < y, as 1 or 0.
func Less(x, y []uint64) (borrow uint64) {
	for i := range x {
		_, borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return borrow
}

// SubtractOnce subtracts n from the number carry:x unless that is below n. It must be below
// 2n.
func SubtractOnce(x, n []uint64, carry uint64) {
	var room [max]uint64
	d := room[:len(x)]
	borrow := Sub(d, x, n)
	_, borrow = bits.Sub64(carry, 0, borrow)
	mask := -borrow // all ones if x < n
	for i := range x {
		x[i] = x[i]&mask | d[i]&^mask
	}
	clear(d)
}

// SubtractMultiple subtracts n·2^shift from x, which is one limb longer than n, unless the
// multiple is more than x. The shift is from 0 to 63.
func SubtractMultiple(x, n []uint64, shift int) {
	var room [max + 1]uint64
	d := room[:len(x)]
	var below, borrow uint64
	for i, limb := range n {
		d[i], borrow = bits.Sub64(x[i], limb<<shift|below, borrow)
		below = limb >> (64 - shift)
	}
	d[len(n)], borrow = bits.Sub64(x[len(n)], below, borrow)
	mask := -borrow // all ones if the multiple is more than x
	for i := range x {
		x[i] = x[i]&mask | d[i]&^mask
	}
	clear(d)
}

// Window returns width bits of the big-endian number e, at most 8, starting at the given
// bit, counted from the least significant one. There are zeros above the topmost bit.
func Window(e []byte, bit, width int) int {
	i := len(e) - 1 - bit/8
	v := int(e[i])
	if i > 0 {
		v |= int(e[i-1]) << 8
	}
	return v >> (bit % 8) & (1<<width - 1)
}

// AddMod sets z = x + y mod n, for x and y below n.
func AddMod(z, x, y, n []uint64) {
	SubtractOnce(z, n, Add(z, x, y))
}

// SubMod sets z = x - y mod n, for x and y below n.
func SubMod(z, x, y, n []uint64) {
	mask := -Sub(z, x, y) // all ones if x < y
	var carry uint64
	for i := range z {
		z[i], carry = bits.Add64(z[i], n[i]&mask, carry)
	}
}

// Inverse returns x^-1 mod 2^64 for odd x, by Newton's iteration: x is its own inverse
// modulo 8, and each step doubles the number of correct bits.
func Inverse(x uint64) uint64 {
	y := x
	for range 5 {
		y *= 2 - x*y
	}
	return y
}

// SetBytes sets z to the big-endian number b, which has the same length.
func SetBytes(z []uint64, b []byte) {
	for i := range z {
		z[i] = binary.BigEndian.Uint64(b[len(b)-8*(i+1):])
	}
}

// PutBytes sets b to the number x, which has the same length, in big-endian order.
func PutBytes(b []byte, x []uint64) {
	for i, limb := range x {
		binary.BigEndian.PutUint64(b[len(b)-8*(i+1):], limb)
	}
}
