//go:build !(cgo && gmp)

package gmp

// Available reports whether the program was built with GMP.
const Available = false

// A Modulus is a stub.
type Modulus struct{}

func NewModulus(p []byte) *Modulus           { panic("gmp: not available") }
func (m *Modulus) Exp(dst, base, exp []byte) { panic("gmp: not available") }
