// Package openssl is the big numbers of OpenSSL, for bench, if it is built with -tags openssl
// and cgo: libcrypto and its headers must be there (Debian: apt-get install libssl-dev).
// Without, it panics.
package openssl
