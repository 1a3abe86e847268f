package bigdh

import "math/bits"

// Generic is the reference for the other backends. Products are computed column by
// column (Comba): all products of limbs that belong to one column of the result are
// added up in three words before anything is stored. Factors are kept in both orders
// of limbs, so that both slices of a column are read upwards. The loops along a column
// take two steps at a time, since the compiler needs as many instructions to set the
// registers for a multiplication as for the multiplication itself (12 % of an
// exponentiation).

// mulGeneric sets z = x·y/R.
func mulGeneric(m *modulus, z, x, y *elem) {
	var t [64]uint64
	multiply(&t, (*nat)(x[:]), (*nat)(y[:]))
	reduce(m, (*nat)(z[:]), &t)
	clear(t[:])
}

// sqrGeneric sets z = x^(2^times), in Montgomery form.
func sqrGeneric(m *modulus, z, x *elem, times int) {
	var t [64]uint64
	for range times {
		square(&t, (*nat)(x[:]))
		reduce(m, (*nat)(z[:]), &t)
		x = z
	}
	clear(t[:])
}

// selectGeneric sets z = table[i].
func selectGeneric(z *elem, table []elem, i uint64) {
	*z = elem{}
	for j := range table {
		// All ones if i = j, otherwise zero. Both are below 2^63.
		mask := uint64(int64((i^uint64(j))-1) >> 63)
		for k := 0; k < len(nat{}); k += 4 {
			a, b := (*[4]uint64)(z[k:]), (*[4]uint64)(table[j][k:])
			a[0] |= b[0] & mask
			a[1] |= b[1] & mask
			a[2] |= b[2] & mask
			a[3] |= b[3] & mask
		}
	}
}

// enterGeneric sets z = x·R mod n.
func enterGeneric(m *modulus, z *elem, x *nat) {
	var t [64]uint64
	multiply(&t, x, &m.rr)
	reduce(m, (*nat)(z[:]), &t)
	clear(t[:])
}

// leaveGeneric sets x = z/R mod n, below n.
func leaveGeneric(m *modulus, x *nat, z *elem) {
	var t [64]uint64
	copy(t[:32], z[:32])
	reduce(m, x, &t)
	clear(t[:])

	// From t < R follows (t + q·n)/R ≤ n.
	subtractOnce(x, &m.n)
}

// multiply sets t = x·y.
func multiply(t *[64]uint64, x, y *nat) {
	var r nat
	reverse(&r, y)
	var t0, t1, t2 uint64 // a column and the carries into the next two
	for k := range 63 {
		a, b := columns(x, &r, k)
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
	t[63] = t0
	clear(r[:])
}

// square sets t = x². Of the products x_i·x_j and x_j·x_i it computes one.
func square(t *[64]uint64, x *nat) {
	var r nat
	reverse(&r, x)
	var carry0, carry1 uint64
	for k := range 63 {
		a, b := columns(x, &r, k)
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
	t[63] = carry0
	clear(r[:])
}

// reduce sets z = t/R modulo n, for t < R²: it adds the multiple q·n that makes the
// lower half of t zero. The result is below R, but not always below n:
//
//	(t + q·n)/R < (R² + R·n)/R = R + n
//
// and n is subtracted if, and only if, it is not below R.
func reduce(m *modulus, z *nat, t *[64]uint64) {
	var q nat
	var t0, t1, t2 uint64
	for k := range 32 {
		a, b := q[:k], m.reversed[31-k:]
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
		q[k] = t0 * m.k0
		_, t1, t2 = addMul(t0, t1, t2, q[k], m.n[0])
		t0, t1, t2 = t1, t2, 0
	}
	for k := 32; k < 64; k++ {
		a, b := q[k-31:], m.reversed[:63-k]
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
		z[k-32] = t0
		t0, t1, t2 = t1, t2, 0
	}

	mask := -t0 // all ones or zero
	var borrow uint64
	for i := range z {
		z[i], borrow = bits.Sub64(z[i], m.n[i]&mask, borrow)
	}
	clear(q[:])
}

// columns returns the limbs of x and y whose products belong to column k of x·y, where
// r is y reversed: x_i with y_(k-i), which is r_(31-k+i).
func columns(x, r *nat, k int) (a, b []uint64) {
	if k < 32 {
		a, b = x[:k+1], r[31-k:]
	} else {
		a, b = x[k-31:], r[:63-k]
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

// sub sets z = x - y and returns the borrow.
func sub(z, x, y *nat) (borrow uint64) {
	for i := range z {
		z[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return borrow
}

// subtractOnce sets x = x - n, unless x is below n.
func subtractOnce(x, n *nat) {
	var d nat
	borrow := sub(&d, x, n)
	mask := -borrow // all ones if x < n
	for i := range x {
		x[i] = x[i]&mask | d[i]&^mask
	}
	clear(d[:])
}

// reverse sets r to the limbs of x in the other order. Returned, they would be on the stack
// twice.
func reverse(r, x *nat) {
	for i, limb := range x {
		r[len(x)-1-i] = limb
	}
}
