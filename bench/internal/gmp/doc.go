// Package gmp wraps GMP's constant-time exponentiation, if bench is built with -tags gmp and
// cgo: libgmp and its headers must be installed (Debian: apt-get install libgmp-dev).
// Otherwise it panics.
package gmp
