//go:build gc && !purego

package ige

import "github.com/mtcore/mtcore/ige/asm"

// Batches with VAES: of more than two lanes, two or four in a register.

// expandKeysVAES expands the keys of the first lanes, four at a time, in the time of two or three,
// or two in that of one.
func expandKeysVAES(keys []byte, key *[batchLanes]*[KeySize]byte, width int, decrypting bool) {
	for j := 0; j < width; {
		group := (*[groupSize]byte)(keys[j/groupLanes*groupSize:])
		switch four := useVAES512 && width-j > 2; {
		case four && decrypting:
			asm.ExpandDecrypt4VAES512(group, (*[4]*[KeySize]byte)(key[j:]))
			j += 4
		case four:
			asm.ExpandEncrypt4VAES512(group, (*[4]*[KeySize]byte)(key[j:]))
			j += 4
		case decrypting:
			asm.ExpandDecrypt2VAES256(group, j%groupLanes, (*[2]*[KeySize]byte)(key[j:]))
			j += 2
		default:
			asm.ExpandEncrypt2VAES256(group, j%groupLanes, (*[2]*[KeySize]byte)(key[j:]))
			j += 2
		}
	}
}

// cryptLanesVAES takes so many lanes, for which there has to be a kernel, through n blocks.
// Registers of 512 bits pay for more than four lanes: in those of 256 bits, eight would be as fast,
// but half as fast if all buffers begin at page boundaries, as chunks are not taken as a whole.
func cryptLanesVAES(keys *byte, state *[2 * batchLanes * BlockSize]byte, dst, src *[batchLanes]*byte, width, n int, decrypting bool) {
	switch {
	case width <= 4 && decrypting:
		asm.DecryptBatch4VAES256(keys, state, dst, src, n)
	case width <= 4:
		asm.EncryptBatch4VAES256(keys, state, dst, src, n)
	case !useVAES512 && decrypting:
		asm.DecryptBatch8VAES256(keys, state, dst, src, n)
	case !useVAES512:
		asm.EncryptBatch8VAES256(keys, state, dst, src, n)
	case width <= 8 && decrypting:
		asm.DecryptBatch8VAES512(keys, state, dst, src, n)
	case width <= 8:
		asm.EncryptBatch8VAES512(keys, state, dst, src, n)
	case width <= 12 && decrypting:
		asm.DecryptBatch12VAES512(keys, state, dst, src, n)
	case width <= 12:
		asm.EncryptBatch12VAES512(keys, state, dst, src, n)
	case decrypting:
		asm.DecryptBatch16VAES512(keys, state, dst, src, n)
	default:
		asm.EncryptBatch16VAES512(keys, state, dst, src, n)
	}
}
