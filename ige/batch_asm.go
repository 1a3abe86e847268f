//go:build (amd64 || arm64) && gc && !purego

package ige

import (
	"math"
	"math/bits"

	"github.com/mtcore/mtcore/ige/asm"
)

// batchWidth is how many messages to work on at a time.
func batchWidth() int {
	switch {
	case useVAES512:
		return 16
	case useAES():
		return 8
	default:
		return slicedLanes
	}
}

// minBatch is how many bytes a batch must have to be worth preparing. With AES
// instructions, two messages of 512 bytes are, and 15 of 64 bytes are not.
func minBatch() int {
	switch {
	case useAES():
		return 1024
	case useNEON:
		return math.MaxInt // its kernels work on one message at a time
	default:
		return 1
	}
}

// kernelWidth is how many lanes the kernel for so many messages works on.
func kernelWidth(live int) int {
	switch {
	case !useAES():
		return live
	case live <= 2:
		return 2
	case live <= 4:
		return 4
	case live <= 8:
		return 8
	default:
		return (live + 3) / 4 * 4
	}
}

// expandLanes expands the keys of the lanes whose bits are set.
func expandLanes(l *lanes, fresh uint) {
	switch {
	case useVAES256:
		expandLanesVAES(l, fresh)
	case useAES():
		for ; fresh != 0; fresh &= fresh - 1 {
			expandLane(l, bits.TrailingZeros(fresh))
		}
	default:
		expandLanesGeneric(l, fresh)
	}
}

// expandLane expands the key of lane j.
func expandLane(l *lanes, j int) {
	key := &l.ms[l.work[j].message].Key
	if l.decrypting {
		asm.ExpandDecrypt1(l.group(j), j%groupLanes, key)
	} else {
		asm.ExpandEncrypt1(l.group(j), j%groupLanes, key)
	}
}

// cryptLanes takes all lanes that hold messages through n blocks, with the kernel
// of kernelWidth(live) lanes.
func cryptLanes(l *lanes, live, n int) {
	if !useAES() {
		cryptLanesGeneric(l, live, n)
		return
	}
	var dst, src [batchLanes]*byte
	for j := range kernelWidth(live) {
		d, s := l.rest(j)
		dst[j], src[j] = &d[0], &s[0]
	}
	if l.decrypting {
		decryptLanes(l, &dst, &src, live, n)
	} else {
		encryptLanes(l, &dst, &src, live, n)
	}
}

// encryptLanes encrypts n blocks of each lane with the narrowest kernel that has
// room for the live ones.
func encryptLanes(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.EncryptBatch2(l.keys(), &l.state, dst, src, n)
	case useVAES256:
		encryptLanesVAES(l, dst, src, live, n)
	case live <= 4:
		asm.EncryptBatch4(l.keys(), &l.state, dst, src, n)
	default:
		asm.EncryptBatch8(l.keys(), &l.state, dst, src, n)
	}
}

// decryptLanes is encryptLanes for the other direction.
func decryptLanes(l *lanes, dst, src *[batchLanes]*byte, live, n int) {
	switch {
	case live <= 2:
		asm.DecryptBatch2(l.keys(), &l.state, dst, src, n)
	case useVAES256:
		decryptLanesVAES(l, dst, src, live, n)
	case live <= 4:
		asm.DecryptBatch4(l.keys(), &l.state, dst, src, n)
	default:
		asm.DecryptBatch8(l.keys(), &l.state, dst, src, n)
	}
}
