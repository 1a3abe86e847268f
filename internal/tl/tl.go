// Package tl parses and serialises the few constructors of Telegram's TL language that
// a secret chat's driver needs, and no others.
package tl
