// Package limbs implements arithmetic on numbers of up to 2048 bits, in portable Go and in
// time that depends only on their length. The kernels of package bigdh/asm do the same.
//
// A number is a slice of 64-bit limbs, the least significant one first. All operands of a
// function have the same length; only a product is twice as long.
package limbs

import (
	"encoding/binary"
	"math/bits"
)

// max is the length of the longest number.
const max = 32

// Products are computed column by column (Comba): all products of limbs that belong to one
// column of the result are added up in three words before anything is stored. Factors are
// kept in both orders of limbs, so that both slices of a column are read upwards. The loops
// along a column take two steps at a time, since the compiler needs as many instructions to
// set the registers for a multiplication as for the multiplication itself (12 % of an
// exponentiation). Lengths and capacities are put into one variable first, since the loops
// have no register to spare for more (5 %).

// Mul sets t = x·y.
func Mul(t, x, y []uint64) {
	var room [max]uint64
	size := len(x)
	r := room[:size:size]
	Reverse(r, y)
	x, t = x[:size:size], t[:2*size:2*size]
	last := 2*size - 1
	var t0, t1, t2 uint64 // a column and the carries into the next two
	for k := range last {
		a, b := columns(x, r, k)
		i := 0
		for ; i < len(a)-1; i += 2 {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
			t0, t1, t2 = addMul(t0, t1, t2, a[i+1], b[i+1])
		}
		if i < len(a) {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
		}
		t[k] = t0
		t0, t1, t2 = t1, t2, 0
	}
	t[last] = t0
	clear(r)
}

// Square sets t = x². Of each pair x_i·x_j and x_j·x_i it computes one.
func Square(t, x []uint64) {
	var room [max]uint64
	size := len(x)
	r := room[:size:size]
	Reverse(r, x)
	x, t = x[:size:size], t[:2*size:2*size]
	last := 2*size - 1
	var carry0, carry1 uint64
	for k := range last {
		a, b := columns(x, r, k)
		half := len(a) / 2
		a0, b0 := a[:half], b[:half]
		var t0, t1, t2 uint64
		i := 0
		for ; i < len(a0)-1; i += 2 {
			t0, t1, t2 = addMul(t0, t1, t2, a0[i], b0[i])
			t0, t1, t2 = addMul(t0, t1, t2, a0[i+1], b0[i+1])
		}
		if i < len(a0) {
			t0, t1, t2 = addMul(t0, t1, t2, a0[i], b0[i])
		}
		t2 = t2<<1 | t1>>63
		t1 = t1<<1 | t0>>63
		t0 = t0 << 1
		if k%2 == 0 {
			t0, t1, t2 = addMul(t0, t1, t2, x[k/2], x[k/2])
		}
		var c uint64
		t[k], c = bits.Add64(t0, carry0, 0)
		carry0, c = bits.Add64(t1, carry1, c)
		carry1 = t2 + c
	}
	t[last] = carry0
	clear(r)
}

var zeros [3]uint64

// Reduce sets z to a number congruent to t/R modulo n. R is 2 to the number of bits in the
// limbs of n, t is below R², reversed is n with the most significant limb first, and k0 is
// -1/n mod 2^64. Reduce adds the multiple q·n that makes the lower half of t zero. The
// result is below R, but not always below n:
//
//	(t + q·n)/R < (R² + R·n)/R = R + n
//
// and n is subtracted if and only if that is not below R. For t < R the result is at most n.
func Reduce(z, t, n, reversed []uint64, k0 uint64) {
	var room [max]uint64
	size := len(n)
	q := room[:size:size]
	z, t, n, reversed = z[:size:size], t[:2*size:2*size], n[:size:size], reversed[:size:size]
	var t0, t1, t2 uint64
	for k := 0; ; k++ {
		// In the end there are zeros to be multiplied, since the compiler keeps factors on the
		// stack in this loop.
		a, b := zeros[:], zeros[:]
		if k < size {
			a, b = q[:k], reversed[size-1-k:]
		}
		b = b[:len(a)]
		i := 0
		for ; i < len(a)-1; i += 2 {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
			t0, t1, t2 = addMul(t0, t1, t2, a[i+1], b[i+1])
		}
		if i < len(a) {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
		}
		if k == size {
			break
		}
		t0, t1, t2 = add(t0, t1, t2, t[k])
		q[k] = t0 * k0
		_, t1, t2 = addMul(t0, t1, t2, q[k], n[0])
		t0, t1, t2 = t1, t2, 0
	}
	for k := size; k < 2*size; k++ {
		a, b := q[k-size+1:], reversed[:2*size-1-k]
		b = b[:len(a)]
		i := 0
		for ; i < len(a)-1; i += 2 {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
			t0, t1, t2 = addMul(t0, t1, t2, a[i+1], b[i+1])
		}
		if i < len(a) {
			t0, t1, t2 = addMul(t0, t1, t2, a[i], b[i])
		}
		t0, t1, t2 = add(t0, t1, t2, t[k])
		z[k-size] = t0
		t0, t1, t2 = t1, t2, 0
	}

	mask := -t0 // all ones or zero
	var borrow uint64
	for i := range z {
		z[i], borrow = bits.Sub64(z[i], n[i]&mask, borrow)
	}
	clear(q)
}

// columns returns the limbs of x and y whose products belong to column k of x·y, where
// r is y reversed: x_i with y_(k-i), which is r_(size-1-k+i).
func columns(x, r []uint64, k int) (a, b []uint64) {
	if size := len(x); k < size {
		a, b = x[:k+1], r[size-1-k:]
	} else {
		a, b = x[k-size+1:], r[:2*size-1-k]
	}
	return a, b[:len(a)]
}

// addMul returns the number t2:t1:t0 plus x·y.
func addMul(t0, t1, t2, x, y uint64) (_, _, _ uint64) {
	hi, lo := bits.Mul64(x, y)
	var c uint64
	t0, c = bits.Add64(t0, lo, 0)
	t1, c = bits.Add64(t1, hi, c)
	t2, _ = bits.Add64(t2, 0, c)
	return t0, t1, t2
}

// add returns the number t2:t1:t0 plus x.
func add(t0, t1, t2, x uint64) (_, _, _ uint64) {
	var c uint64
	t0, c = bits.Add64(t0, x, 0)
	t1, c = bits.Add64(t1, 0, c)
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

// Reverse sets r to the limbs of x in reverse order.
func Reverse(r, x []uint64) {
	for i, limb := range x {
		r[len(x)-1-i] = limb
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
