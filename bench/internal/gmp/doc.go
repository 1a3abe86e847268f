// Package gmp is the constant-time exponentiation of GMP, for bench, if it is built with -tags
// gmp and cgo: libgmp and its headers must be there (Debian: apt-get install libgmp-dev).
// Without, it panics.
package gmp
