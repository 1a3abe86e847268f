//go:build cgo && gmp

package gmp

/*
#cgo LDFLAGS: -lgmp
#include <string.h>
#include <gmp.h>

typedef struct { mpz_t p, base, exp, result; } modulus;

static void modulus_set(modulus *m, const unsigned char *p, size_t n) {
	mpz_inits(m->p, m->base, m->exp, m->result, NULL);
	mpz_import(m->p, n, 1, 1, 1, 0, p);
}

// The result, base and exp have n bytes. mpz_powm_sec requires an exponent above zero.
static void modulus_exp(modulus *m, unsigned char *dst, const unsigned char *base, const unsigned char *exp, size_t n) {
	mpz_import(m->base, n, 1, 1, 1, 0, base);
	mpz_import(m->exp, n, 1, 1, 1, 0, exp);
	if (mpz_sgn(m->exp) == 0)
		mpz_set_ui(m->result, 1);
	else
		mpz_powm_sec(m->result, m->base, m->exp, m->p);
	size_t length = (mpz_sizeinbase(m->result, 2) + 7) / 8;
	memset(dst, 0, n);
	mpz_export(dst + n - length, NULL, 1, 1, 1, 0, m->result);
}
*/
import "C"

// Available reports whether the program was built with GMP.
const Available = true

// A Modulus is an odd number. Exp of the same Modulus must not run concurrently.
type Modulus struct{ m C.modulus }

// NewModulus returns the modulus p, big-endian.
func NewModulus(p []byte) *Modulus {
	m := new(Modulus)
	C.modulus_set(&m.m, (*C.uchar)(&p[0]), C.size_t(len(p)))
	return m
}

// Exp sets dst to base^exp in constant time. All have the length of the modulus.
func (m *Modulus) Exp(dst, base, exp []byte) {
	C.modulus_exp(&m.m, (*C.uchar)(&dst[0]), (*C.uchar)(&base[0]), (*C.uchar)(&exp[0]), C.size_t(len(dst)))
}
