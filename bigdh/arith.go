package bigdh

import (
	"math/bits"

	"github.com/mtcore/mtcore/internal/limbs"
	"github.com/mtcore/mtcore/internal/stack"
)

// Modulus is a public odd number n of 2048 bits to calculate with: that of an RSA key, or
// the prime of a group, where a protocol needs more of it than powers. It never changes,
// and any number of goroutines may use it.
//
// Arguments may be any numbers below 2^2048; results are below n. All of them are secret,
// but for public exponents, and no method allocates. A result may take the place of an
// argument.
type Modulus struct {
	bytes [Size]byte
	m     modulus
}

// NewModulus returns the big-endian number n as a modulus. It returns ErrModulus if n is
// even, or has not 2048 bits exactly.
func NewModulus(n []byte) (*Modulus, error) {
	m := new(Modulus)
	if !pad(&m.bytes, n) || m.bytes[0]>>7 != 1 || m.bytes[Size-1]&1 != 1 {
		return nil, ErrModulus
	}
	m.init()
	return m, nil
}

// init computes from the bytes what else there is to m.
func (m *Modulus) init() {
	var n nat
	setBytes(&n, &m.bytes)
	m.m.set(&n)
}

// Modulus returns p, to calculate with.
func (g *Group) Modulus() *Modulus { return &g.p.Modulus }

// Bytes returns n.
func (m *Modulus) Bytes() [Size]byte { return m.bytes }

// Reduce sets dst to x mod n.
func (m *Modulus) Reduce(dst, x *[Size]byte) {
	stack.Reserve16K()
	var a nat
	m.setReduced(&a, x)
	putBytes(dst, &a)
	clear(a[:])
}

// Add sets dst to x + y mod n.
func (m *Modulus) Add(dst, x, y *[Size]byte) {
	stack.Reserve16K()
	var a, b nat
	m.setReduced(&a, x)
	m.setReduced(&b, y)
	limbs.AddMod(a[:], a[:], b[:], m.m.n[:])
	putBytes(dst, &a)
	clear(a[:])
	clear(b[:])
}

// Sub sets dst to x - y mod n.
func (m *Modulus) Sub(dst, x, y *[Size]byte) {
	stack.Reserve16K()
	var a, b nat
	m.setReduced(&a, x)
	m.setReduced(&b, y)
	limbs.SubMod(a[:], a[:], b[:], m.m.n[:])
	putBytes(dst, &a)
	clear(a[:])
	clear(b[:])
}

// Mul sets dst to x·y mod n.
func (m *Modulus) Mul(dst, x, y *[Size]byte) {
	stack.Reserve16K()
	var a nat
	var p, q elem
	setBytes(&a, x)
	enter(&m.m, &p, &a)
	setBytes(&a, y)
	enter(&m.m, &q, &a)
	mul(&m.m, &p, &p, &q)
	leave(&m.m, &a, &p)
	putBytes(dst, &a)
	clear(a[:])
	clear(p[:])
	clear(q[:])
}

// Exp sets dst to base^exp mod n, where exp is big-endian. The length of exp is public,
// leading zeros included.
func (m *Modulus) Exp(dst, base *[Size]byte, exp []byte) {
	stack.Reserve16K()
	var x nat
	setBytes(&x, base)
	m.m.exp(&x, &x, exp)
	putBytes(dst, &x)
	clear(x[:])
}

// ExpVarTime sets dst to base^exp mod n, in time that depends on exp, which is public.
func (m *Modulus) ExpVarTime(dst, base *[Size]byte, exp uint32) {
	stack.Reserve16K()
	var x nat
	var b, z elem
	setBytes(&x, base)
	enter(&m.m, &b, &x)
	z = b
	if exp == 0 {
		enter(&m.m, &z, &nat{1})
	}
	for i := bits.Len32(exp) - 2; i >= 0; i-- {
		square(&m.m, &z, &z, 1)
		if exp>>i&1 == 1 {
			mul(&m.m, &z, &z, &b)
		}
	}
	leave(&m.m, &x, &z)
	putBytes(dst, &x)
	clear(x[:])
	clear(b[:])
	clear(z[:])
}

// setReduced sets z to x mod n, which is x or x - n, as 2^2048 < 2n.
func (m *Modulus) setReduced(z *nat, x *[Size]byte) {
	setBytes(z, x)
	limbs.SubtractOnce(z[:], m.m.n[:], 0)
}

// MulAdd sets dst to a + u·x, an integer of up to 2049 bits, in constant time. It is the
// exponent of a client in SRP, for [Group.ExpBytes]:
//
//	(B - k·g^x)^(a + u·x) mod p
func MulAdd(dst *[Size + 1]byte, a *[Size]byte, u, x *[32]byte) {
	stack.Reserve16K()
	var n, m [4]uint64
	var sum, product nat // the product is 8 limbs, then zeros
	limbs.SetBytes(n[:], u[:])
	limbs.SetBytes(m[:], x[:])
	limbs.Mul(product[:8], n[:], m[:])
	setBytes(&sum, a)
	dst[0] = byte(limbs.Add(sum[:], sum[:], product[:]))
	limbs.PutBytes(dst[1:], sum[:])
	clear(n[:])
	clear(m[:])
	clear(sum[:])
	clear(product[:])
}
