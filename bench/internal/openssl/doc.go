// Package openssl wraps OpenSSL's big numbers, if bench is built with -tags openssl and cgo:
// libcrypto and its headers must be installed (Debian: apt-get install libssl-dev). Otherwise
// it panics.
package openssl
