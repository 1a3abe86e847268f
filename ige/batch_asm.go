//go:build (amd64 || arm64) && gc && !purego

package ige

import (
	"math"
	"math/bits"
	"unsafe"

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

// minBatch is how many bytes a batch must have besides its longest message to be worth
// preparing. With AES instructions, two messages of 256 bytes are, or eight of 64 bytes, and
// two of 128 bytes are not.
func minBatch() int {
	switch {
	case useAES():
		return 256
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

// runTogether reports whether to have lanes begin at the same time and wait for each other at
// the end, rather than to give each a new message when it is done. That costs less for each
// message, and more for each byte if there are many of different lengths.
func runTogether(ms []Message) bool {
	if !useAES() {
		return false
	}
	if len(ms) <= batchWidth() {
		return true
	}
	for i := range ms {
		if len(ms[i].Src) > shortSize {
			return false
		}
	}
	return true
}

// cryptGroups does all messages, in groups of about the same size.
func cryptGroups(l *lanes, q *queue) {
	used := 0
	for rest := len(l.ms); ; {
		groups := (rest + batchWidth() - 1) / batchWidth()
		live := l.startGroup(q, (rest+groups-1)/max(1, groups))
		if live == 0 {
			break
		}
		cryptTogether(l, live)
		used = max(used, live)
		rest -= live
	}
	l.wipe(used)
}

// idleBlocks is how far a kernel goes with lanes that have no message, which write what
// nobody looks at.
const idleBlocks = 32

// cryptTogether does all of the messages in the first lanes, which have begun at the same
// time, the longest first: so lanes are done from the last one on, none has to move, and what
// is left of each is known by a number that all share. It is what short messages of different
// lengths want, with which the lanes change every few blocks.
func cryptTogether(l *lanes, live int) {
	expandLanes(l, 1<<live-1)
	var dst, src [batchLanes]*byte
	var blocks [batchLanes]int
	for j := range live {
		m := &l.ms[l.work[j].message]
		dst[j], src[j], blocks[j] = &m.Dst[0], &m.Src[0], len(m.Src)/BlockSize
	}
	var idle [idleBlocks * BlockSize]byte
	for done := 0; ; {
		for live > 0 && blocks[live-1] == done {
			live--
		}
		if live <= 1 {
			if live == 1 { // The single-stream kernel has the shorter critical path.
				l.work[0].done = done * BlockSize
				l.finish()
			}
			break
		}
		n := min(blocks[live-1]-done, maxBatchBlocks)
		if width := kernelWidth(live); width > live {
			n = min(n, idleBlocks)
			for j := live; j < width; j++ {
				dst[j], src[j] = &idle[0], &idle[0]
			}
		}
		if l.decrypting {
			decryptLanes(l, &dst, &src, live, n)
		} else {
			encryptLanes(l, &dst, &src, live, n)
		}
		done += n
		for j := range live {
			if blocks[j] > done {
				dst[j] = (*byte)(unsafe.Add(unsafe.Pointer(dst[j]), n*BlockSize))
				src[j] = (*byte)(unsafe.Add(unsafe.Pointer(src[j]), n*BlockSize))
			}
		}
	}
	clear(idle[:])
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
