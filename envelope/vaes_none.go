//go:build arm64 && gc && !purego

package envelope

import "github.com/mtcore/mtcore/ige"

// What envelope_asm.go would call if useVAES were not a constant here.
// The compiler leaves the calls out.

func decryptAndHashVAES(os []opening) { panic("envelope: internal error: no VAES") }

func decryptAndHash16(os []opening, order []uint8) { panic("envelope: internal error: no VAES") }

func keystreamVAES(xk *[240]byte, key *[ige.KeySize]byte, dst []byte, counter uint64) {
	panic("envelope: internal error: no VAES")
}

func longestFirst(order []uint8, os []opening) []uint8 { panic("envelope: internal error: no VAES") }
