//go:build cgo && openssl

package openssl

/*
#cgo pkg-config: libcrypto
#include <openssl/bn.h>

typedef struct {
	BIGNUM *p, *base, *exp, *result;
	BN_MONT_CTX *mont;
	BN_CTX *ctx;
} modulus;

static int modulus_set(modulus *m, const unsigned char *p, int n) {
	m->p = BN_bin2bn(p, n, NULL);
	m->base = BN_new();
	m->exp = BN_new();
	m->result = BN_new();
	m->mont = BN_MONT_CTX_new();
	m->ctx = BN_CTX_new();
	return m->p && m->base && m->exp && m->result && m->mont && m->ctx &&
		BN_MONT_CTX_set(m->mont, m->p, m->ctx);
}

// The result, base and exp have n bytes.
static int modulus_exp(modulus *m, unsigned char *dst, const unsigned char *base, const unsigned char *exp, int n) {
	return BN_bin2bn(base, n, m->base) && BN_bin2bn(exp, n, m->exp) &&
		BN_mod_exp_mont_consttime(m->result, m->base, m->exp, m->p, m->ctx, m->mont) &&
		BN_bn2binpad(m->result, dst, n) == n;
}

static int is_prime(const unsigned char *p, int n) {
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *x = BN_bin2bn(p, n, NULL);
	int result = BN_check_prime(x, ctx, NULL);
	BN_free(x);
	BN_CTX_free(ctx);
	return result;
}
*/
import "C"

// Available reports whether the program was built with OpenSSL.
const Available = true

// A Modulus is an odd number with what OpenSSL precomputes for it. Exp of the same Modulus
// must not run concurrently.
type Modulus struct{ m C.modulus }

// NewModulus returns the modulus p, big-endian.
func NewModulus(p []byte) *Modulus {
	m := new(Modulus)
	if C.modulus_set(&m.m, (*C.uchar)(&p[0]), C.int(len(p))) != 1 {
		panic("openssl: no memory")
	}
	return m
}

// Exp sets dst to base^exp in constant time. All have the length of the modulus.
func (m *Modulus) Exp(dst, base, exp []byte) {
	if C.modulus_exp(&m.m, (*C.uchar)(&dst[0]), (*C.uchar)(&base[0]), (*C.uchar)(&exp[0]), C.int(len(dst))) != 1 {
		panic("openssl: exponentiation failed")
	}
}

// IsPrime reports whether the big-endian number p is prime.
func IsPrime(p []byte) bool {
	return C.is_prime((*C.uchar)(&p[0]), C.int(len(p))) == 1
}
