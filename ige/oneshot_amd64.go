//go:build gc && !purego

package ige

import "github.com/mtcore/mtcore/ige/asm"

// oneShotPays reports whether to do messages of one length two or four at a time, by kernels that
// expand the keys themselves: those for more lanes do more in the same time, but it takes them
// longer to begin.
func oneShotPays(s sizes) bool {
	if !s.equal() || s.longest%BlockSize != 0 || s.longest > maxBatchBlocks*BlockSize {
		return false
	}
	return useAESNI && (s.count <= oneShotLanes() || s.longest <= oneShotBlocks*BlockSize)
}

const oneShotBlocks = 4

func oneShotLanes() int {
	if useVAES512 {
		return 4
	}
	return 2
}

// cryptOneShot does messages of so many blocks each.
func cryptOneShot(ms []Message, blocks int, decrypting bool) {
	var key, iv [4]*[KeySize]byte
	var dst, src [4]*byte
	var last *Message
	live := 0
	for i := range ms {
		m := &ms[i]
		if !m.todo() {
			continue
		}
		key[live], iv[live], dst[live], src[live] = &m.Key, &m.IV, &m.Dst[0], &m.Src[0]
		last = m
		if live++; live == oneShotLanes() {
			cryptKeys(&key, &iv, &dst, &src, live, blocks, decrypting)
			live = 0
		}
	}
	switch live {
	case 1:
		last.crypt(decrypting)
	case 3: // and the first one again
		key[3], iv[3], dst[3], src[3] = key[0], iv[0], dst[0], src[0]
		live = 4
		fallthrough
	case 2:
		cryptKeys(&key, &iv, &dst, &src, live, blocks, decrypting)
	}
}

// cryptKeys does so many messages, two or four.
func cryptKeys(key, iv *[4]*[KeySize]byte, dst, src *[4]*byte, lanes, blocks int, decrypting bool) {
	if lanes == 4 {
		if decrypting {
			asm.DecryptKeys4VAES512(key, iv, dst, src, blocks)
		} else {
			asm.EncryptKeys4VAES512(key, iv, dst, src, blocks)
		}
		return
	}
	k, v := (*[2]*[KeySize]byte)(key[:]), (*[2]*[IVSize]byte)(iv[:])
	d, s := (*[2]*byte)(dst[:]), (*[2]*byte)(src[:])
	switch {
	case useVAES256 && decrypting:
		asm.DecryptKeys2VAES256(k, v, d, s, blocks)
	case useVAES256:
		asm.EncryptKeys2VAES256(k, v, d, s, blocks)
	case decrypting:
		asm.DecryptKeys2(k, v, d, s, blocks)
	default:
		asm.EncryptKeys2(k, v, d, s, blocks)
	}
}
