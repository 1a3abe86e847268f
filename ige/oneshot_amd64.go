//go:build gc && !purego

package ige

import "github.com/mtcore/mtcore/ige/asm"

// oneShotPays reports whether to do messages of one length by kernels that expand the keys
// themselves.
func oneShotPays(s sizes) bool {
	if !s.equal() || s.longest%BlockSize != 0 || s.longest > maxBatchBlocks*BlockSize {
		return false
	}
	few := s.count <= oneShotLanes() || s.longest <= oneShotBlocks()*BlockSize
	return useAESNI && s.longest > 0 && (few || useVAES512 && s.count > 2*groupLanes)
}

// oneShotLanes and oneShotBlocks say for how few or how short messages, in blocks, there are kernels
// for two or four. Those for more do more in the same time, but it takes them longer to begin.
func oneShotLanes() int {
	if useVAES512 {
		return 4
	}
	return 2
}

func oneShotBlocks() int {
	if useVAES256 {
		return 4
	}
	return 6
}

// sixteenBlocks is how many blocks there have to be in all for the kernels for sixteen messages.
const sixteenBlocks = 48

// cryptOneShot does messages of so many blocks each.
func cryptOneShot(ms []Message, blocks int, decrypting bool) {
	for useVAES512 && len(ms) > 2*groupLanes && min(len(ms), batchLanes)*blocks >= sixteenBlocks {
		n := min(len(ms), batchLanes)
		cryptSixteen(ms[:n], blocks, decrypting)
		ms = ms[n:]
	}
	if len(ms) > oneShotLanes() && blocks > oneShotBlocks() {
		n := blocks * BlockSize
		cryptBatch(ms, sizes{len(ms), len(ms) * n, n}, decrypting)
		return
	}
	for ; len(ms) > 2 && useVAES512; ms = ms[min(4, len(ms)):] {
		var key, iv [4]*[KeySize]byte
		var dst, src [4]*byte
		for j := range key {
			m := &ms[0] // lanes without a message repeat it
			if j < len(ms) {
				m = &ms[j]
			}
			key[j], iv[j], dst[j], src[j] = &m.Key, &m.IV, &m.Dst[0], &m.Src[0]
		}
		if decrypting {
			asm.DecryptKeys4VAES512(&key, &iv, &dst, &src, blocks)
		} else {
			asm.EncryptKeys4VAES512(&key, &iv, &dst, &src, blocks)
		}
	}
	for ; len(ms) > 1; ms = ms[2:] {
		a, b := &ms[0], &ms[1]
		key, iv := [2]*[KeySize]byte{&a.Key, &b.Key}, [2]*[IVSize]byte{&a.IV, &b.IV}
		dst, src := [2]*byte{&a.Dst[0], &b.Dst[0]}, [2]*byte{&a.Src[0], &b.Src[0]}
		switch {
		case useVAES256 && decrypting:
			asm.DecryptKeys2VAES256(&key, &iv, &dst, &src, blocks)
		case useVAES256:
			asm.EncryptKeys2VAES256(&key, &iv, &dst, &src, blocks)
		case decrypting:
			asm.DecryptKeys2(&key, &iv, &dst, &src, blocks)
		default:
			asm.EncryptKeys2(&key, &iv, &dst, &src, blocks)
		}
	}
	if len(ms) == 1 {
		ms[0].crypt(decrypting)
	}
}

// cryptSixteen does up to sixteen messages.
func cryptSixteen(ms []Message, blocks int, decrypting bool) {
	var key, iv [batchLanes]*[KeySize]byte
	var dst, src [batchLanes]*byte
	for j := range key {
		m := &ms[0] // lanes without a message repeat it
		if j < len(ms) {
			m = &ms[j]
		}
		key[j], iv[j], dst[j], src[j] = &m.Key, &m.IV, &m.Dst[0], &m.Src[0]
	}
	if decrypting {
		asm.DecryptKeys16VAES512(&key, &iv, &dst, &src, blocks)
	} else {
		asm.EncryptKeys16VAES512(&key, &iv, &dst, &src, blocks)
	}
}
