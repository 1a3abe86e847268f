//go:build !amd64 || !gc || purego

package rsa2048

// Stubs of the IFMA backend, for code that is compiled on every platform.

const useIFMA = false

type ifmaConstants struct{}

func (*ifmaConstants) set(*[2]prime) {}

func mulIFMA(*primes, *elem, *elem, *elem) { panic(noIFMA) }

func squareIFMA(*primes, *elem, *elem, int) { panic(noIFMA) }

func selectIFMA(*elem, []elem, int, int) { panic(noIFMA) }

func enterIFMA(*primes, *elem, *full) { panic(noIFMA) }

func leaveIFMA(*primes, *[2]half, *elem) { panic(noIFMA) }

const noIFMA = "rsa2048: internal error: no IFMA"
