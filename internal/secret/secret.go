// Package secret has Go's runtime/secret erase what the standard library leaves of secrets, in
// programs that have it: an experiment of Go 1.26, which is there if they are built with
// GOEXPERIMENT=runtimesecret.
//
// It is for calls that leave copies of secrets which mtcore does not own: of passwords and nonces
// that are hashed, and of keys that are parsed. Everything else clears what it has used itself.
package secret
