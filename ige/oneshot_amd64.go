//go:build gc && !purego

package ige

import "github.com/mtcore/mtcore/ige/asm"

// oneShotFits reports whether there are kernels for all messages that expand the keys themselves, which
// want messages of one length.
func oneShotFits(s sizes) bool {
	return useAESNI && s.equal() && s.longest > 0 && s.longest%BlockSize == 0 && s.longest <= maxBatchBlocks*BlockSize
}

// oneShotPays reports whether these kernels are the best way, where worth is what worthBatching says.
// Without VAES-512 they are for two messages at a time, which is for few or short ones.
func oneShotPays(s sizes, worth, decrypting bool) bool {
	switch {
	case !oneShotFits(s):
		return false
	case s.count == 2 || !useVAES512 && !worth:
		return s.longest > overlapBlocks*BlockSize || useVAES256 && decrypting
	default:
		return useVAES512
	}
}

// foursPay reports whether kernels for four messages take less time than those for more, which do more at
// the same time, but take longer to begin: that of a team as long as 11 blocks of four, less 5 for each four.
func foursPay(count, blocks int) bool {
	fours, teams := (count+3)/4, (count+batchLanes-1)/batchLanes
	return count <= 4 || fours*(3*blocks-5) < teams*(2*blocks+11)
}

// oneShotForMany reports whether there are kernels for cryptMany.
func oneShotForMany() bool { return useVAES512 }

// cryptOneShot does messages of so many blocks each.
func cryptOneShot(ms []Message, blocks int, decrypting bool) {
	if oneShotForMany() && !foursPay(len(ms), blocks) {
		cryptMany(ms, decrypting)
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

// cryptMany does messages of one length, in teams of about the same size.
func cryptMany(ms []Message, decrypting bool) {
	for len(ms) > 0 {
		teams := (len(ms) + batchLanes - 1) / batchLanes
		n := (len(ms) + teams - 1) / teams
		cryptTeam(ms[:n], nil, decrypting)
		ms = ms[n:]
	}
}

// cryptTeam does up to sixteen messages, the longest first: those of order, or else all of ms.
func cryptTeam(ms []Message, order []int, decrypting bool) {
	var key, iv [batchLanes]*[KeySize]byte
	var dst, src [batchLanes]*byte
	var blocks [batchLanes]int
	count := len(order)
	if order == nil {
		count = len(ms)
	}
	for j := range count {
		i := j
		if order != nil {
			i = order[j]
		}
		m := &ms[i]
		key[j], iv[j], dst[j], src[j] = &m.Key, &m.IV, &m.Dst[0], &m.Src[0]
		blocks[j] = int(uint(len(m.Src)) / BlockSize)
	}
	width := teamWidth(count)
	for j := count; j < width; j++ { // lanes without a message get those of the first
		key[j], iv[j], dst[j], src[j] = key[0], iv[0], dst[0], src[0]
	}
	switch k, v, d, s, n := key[:], iv[:], dst[:], src[:], blocks[:]; {
	case width == 8 && decrypting:
		asm.DecryptKeys8VAES512((*[8]*[KeySize]byte)(k), (*[8]*[IVSize]byte)(v), (*[8]*byte)(d), (*[8]*byte)(s), (*[8]int)(n))
	case width == 8:
		asm.EncryptKeys8VAES512((*[8]*[KeySize]byte)(k), (*[8]*[IVSize]byte)(v), (*[8]*byte)(d), (*[8]*byte)(s), (*[8]int)(n))
	case width == 12 && decrypting:
		asm.DecryptKeys12VAES512((*[12]*[KeySize]byte)(k), (*[12]*[IVSize]byte)(v), (*[12]*byte)(d), (*[12]*byte)(s), (*[12]int)(n))
	case width == 12:
		asm.EncryptKeys12VAES512((*[12]*[KeySize]byte)(k), (*[12]*[IVSize]byte)(v), (*[12]*byte)(d), (*[12]*byte)(s), (*[12]int)(n))
	case decrypting:
		asm.DecryptKeys16VAES512(&key, &iv, &dst, &src, &blocks)
	default:
		asm.EncryptKeys16VAES512(&key, &iv, &dst, &src, &blocks)
	}
}
