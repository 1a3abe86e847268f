//go:build (amd64 || arm) && gc && !purego

package ige

// What ige_asm.go would call if useNEON were not a constant here. The compiler leaves the
// calls out.

func expandNEON(enc, dec *schedule, key *[KeySize]byte) { panic(errNoNEON) }

func encryptNEON(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) { panic(errNoNEON) }

func decryptNEON(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) { panic(errNoNEON) }

func encryptMessageNEON(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) { panic(errNoNEON) }

func decryptMessageNEON(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) { panic(errNoNEON) }

const errNoNEON = "ige: internal error: no NEON"
