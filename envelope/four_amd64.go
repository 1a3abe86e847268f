//go:build gc && !purego

package envelope

import (
	"unsafe"

	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/internal/kdfspec"
)

// The kernels for four messages have one instruction for a round of AES of all of them, and two
// hashes at a time, as many as keep the SHA unit busy. The messages begin together, and finish
// together. A turn decrypts a chunk of each and hashes the block before; the last turn of a
// message whose end is not a whole chunk has what is left of it in a buffer, where what follows
// does not matter.

// fourWidth is how many messages these kernels take.
const fourWidth = 4

// four is up to four messages on their way through the kernels. Lanes that have no message, or
// none any more, are idle: they work on memory that nobody looks at. It is to be aligned, like
// secrets.
type four struct {
	xk   [960]byte // the round keys of the lanes, next to each other
	iv   [128]byte // the halves of their ivs, likewise
	hash [fourWidth][8]uint32

	// For each lane, the first block of its hash, and what is less than a chunk at its end. Then
	// the last two blocks of its hash.
	ends [fourWidth][2 * chunkSize]byte

	// The keys and ivs of the start. Afterwards, what idle lanes work on.
	keys, ivs [fourWidth][32]byte
	idle      [fourWidth][8]uint32 // and what they hash
}

// fourIdleTurns bounds one call in which lanes are idle to the size of keys and ivs.
const fourIdleTurns = int(unsafe.Sizeof(four{}.keys)+unsafe.Sizeof(four{}.ivs)) / chunkSize

// maxFourTurns bounds one call of a kernel to 64 KiB.
const maxFourTurns = maxCall / chunkSize / fourWidth

// It is whole cache lines, as WipeAVX512 needs it.
var _ [0]byte = [unsafe.Sizeof(four{}) % chunkSize]byte{}

// worthFour reports whether up to four messages, the longest of which comes first, take less time
// four at a time than two at a time. A turn of four takes 11/4 of the time of one message in a turn
// of two. What comes before and after the turns is faster, too, by about as much as a turn of each
// message takes.
func worthFour(os []opening, order []uint8) bool {
	if len(order) < 3 || len(os[order[len(order)-1]].src) < startSize {
		return false
	}
	sum := 0
	for _, i := range order {
		sum += turns(&os[i]) + 1
	}
	return 4*sum >= 11*turns(&os[order[0]])
}

// decryptAndHash4 is decryptAndHash for messages of startSize at least, four at a time, the longest
// first.
func decryptAndHash4(os []opening, order []uint8) {
	var space [unsafe.Sizeof(four{}) + chunkSize]byte
	offset := -uintptr(unsafe.Pointer(&space)) % chunkSize
	f := (*four)(unsafe.Pointer(&space[offset]))
	for len(order) > 0 {
		var ms [fourWidth]*opening
		n := min(len(order), fourWidth)
		for l, i := range order[:n] {
			ms[l] = &os[i]
		}
		f.start(ms[:n])
		f.run(ms[:n])
		f.finish(ms[:n])
		order = order[n:]
	}
	asm.WipeAVX512(&space[offset], int(unsafe.Sizeof(four{})))
}

// start decrypts the first 32 bytes, and puts the first blocks of the hashes together.
func (f *four) start(ms []*opening) {
	var keys, ivs [fourWidth]*[32]byte
	var dst, src [fourWidth]*byte
	for l := range fourWidth {
		if l >= len(ms) {
			keys[l], ivs[l] = keys[0], ivs[0]
			dst[l], src[l] = &f.ends[l][0], &f.ends[l][0]
			continue
		}
		o := ms[l]
		keys[l], ivs[l] = &f.keys[l], &f.ivs[l]
		dst[l], src[l] = &o.dst[0], &o.src[0]
		o.auth.Derive(keys[l], ivs[l], o.side, &o.msgKey)
		f.hash[l] = kdfspec.Initial
	}
	asm.DecryptStart4VAES512(&f.xk, &f.iv, &keys, &ivs, &dst, &src)
	for l, o := range ms {
		o.setFirst(&f.ends[l])
	}
}

// run decrypts all that is left.
func (f *four) run(ms []*opening) {
	n := 0
	for done, all := 0, turns(ms[0]); done < all; done += n {
		var dst, src, hashed [fourWidth]*byte
		var h [fourWidth]*[8]uint32
		n = maxFourTurns
		for l := range fourWidth {
			if l >= len(ms) || turns(ms[l]) <= done {
				dst[l], src[l], hashed[l], h[l] = &f.keys[0][0], &f.keys[0][0], &f.keys[0][0], &f.idle[l]
				n = min(n, fourIdleTurns)
				continue
			}
			o := ms[l]
			at := startSize + done*chunkSize
			h[l] = &f.hash[l]
			hashed[l] = &f.ends[l][0]
			if done > 0 {
				hashed[l] = &o.dst[at-chunkSize]
			}
			if whole := chunks(o) - done; whole > 0 {
				dst[l], src[l] = &o.dst[at], &o.src[at]
				n = min(n, whole)
			} else {
				last := f.ends[l][chunkSize:]
				copyBlocks(last, o.src[at:], tail(o))
				dst[l], src[l] = &last[0], &last[0]
				n = 1
			}
			if done == 0 {
				n = 1 // The blocks of the hash are not in a row.
			}
		}
		asm.DecryptHash4VAES512SHANI(&f.xk, &f.iv, &dst, &src, n*chunkSize, &h, &hashed)
	}
}

// finish hashes the ends, and sets got of each message.
func (f *four) finish(ms []*opening) {
	var p [fourWidth]*byte
	var blocks [fourWidth]int
	for l, o := range ms {
		copyBlocks(o.dst[end(o):], f.ends[l][chunkSize:], tail(o))
		o.setPadding(&f.ends[l])
		p[l], blocks[l] = o.setLast(&f.ends[l])
	}
	for l := 0; l < len(ms); l += 2 {
		switch n := blocks[l]; {
		case l+1 == len(ms):
			asm.Hash(&f.hash[l], p[l], n)
		case n == blocks[l+1]:
			asm.Hash2SHANI(&[2]*[8]uint32{&f.hash[l], &f.hash[l+1]}, (*[2]*byte)(p[l:]), n)
		default:
			asm.Hash(&f.hash[l], p[l], n)
			asm.Hash(&f.hash[l+1], p[l+1], blocks[l+1])
		}
	}
	for l, o := range ms {
		o.setGot(&f.hash[l])
	}
}

// turns is how many turns a message takes after its first 32 bytes.
func turns(o *opening) int { return (len(o.src) - startSize + chunkSize - 1) / chunkSize }
