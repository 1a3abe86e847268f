//go:build arm64 && gc && !purego

package ige

// What batch_asm.go would call if useVAES256 were not a constant here. The compiler leaves
// the calls out.

func expandLanesVAES(l *lanes, fresh uint) { panic(errNoVAES) }

func encryptLanesVAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) { panic(errNoVAES) }

func decryptLanesVAES(l *lanes, dst, src *[batchLanes]*byte, live, n int) { panic(errNoVAES) }

const errNoVAES = "ige: internal error: no VAES"
