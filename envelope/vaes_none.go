//go:build arm64 && gc && !purego

package envelope

// decryptAndHashVAES is what envelope_asm.go would call if useVAES were not a constant here.
// The compiler leaves the call out.
func decryptAndHashVAES(os []opening) { panic("envelope: internal error: no VAES") }
