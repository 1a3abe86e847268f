//go:build arm64 && gc && !purego

package ige

// What batch_asm.go would call if useVAES256 were not a constant here. The compiler leaves
// the calls out.

func expandKeysVAES(keys []byte, key *[batchLanes]*[KeySize]byte, width int, decrypting bool) {
	panic(errNoVAES)
}

func cryptLanesVAES(keys *byte, state *[2 * batchLanes * BlockSize]byte, dst, src *[batchLanes]*byte, width, n int, decrypting bool) {
	panic(errNoVAES)
}

const errNoVAES = "ige: internal error: no VAES"
