//go:build !(cgo && openssl)

package openssl

// Available reports whether the program was built with OpenSSL.
const Available = false

// A Modulus is a stub.
type Modulus struct{}

func NewModulus(p []byte) *Modulus           { panic("openssl: not available") }
func (m *Modulus) Exp(dst, base, exp []byte) { panic("openssl: not available") }
func IsPrime(p []byte) bool                  { panic("openssl: not available") }
