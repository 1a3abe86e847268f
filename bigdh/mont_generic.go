package bigdh

import "github.com/mtcore/mtcore/internal/limbs"

// Generic is the reference for the other backends.

// mulGeneric sets z = x·y/R.
func mulGeneric(m *modulus, z, x, y *elem) {
	var t [64]uint64
	limbs.Mul(t[:], x[:32], y[:32])
	limbs.Reduce(z[:32], t[:], m.n[:], m.k0)
	clear(t[:])
}

// squareGeneric sets z = x^(2^times), in Montgomery form.
func squareGeneric(m *modulus, z, x *elem, times int) {
	var t [64]uint64
	for range times {
		limbs.Square(t[:], x[:32])
		limbs.Reduce(z[:32], t[:], m.n[:], m.k0)
		x = z
	}
	clear(t[:])
}

// selectGeneric sets z = table[index].
func selectGeneric(z *elem, table []elem, index int) {
	*z = elem{}
	for j := range table {
		// All ones if they are equal, otherwise zero. Neither is negative.
		mask := uint64((int64(index^j) - 1) >> 63)
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
	limbs.Mul(t[:], x[:], m.rr[:])
	limbs.Reduce(z[:32], t[:], m.n[:], m.k0)
	clear(t[:])
}

// leaveGeneric sets x = z/R mod n, below n.
func leaveGeneric(m *modulus, x *nat, z *elem) {
	var t [64]uint64
	copy(t[:32], z[:32])
	limbs.Reduce(x[:], t[:], m.n[:], m.k0)
	clear(t[:])
	// From t < R follows (t + q·n)/R ≤ n.
	limbs.SubtractOnce(x[:], m.n[:], 0)
}
