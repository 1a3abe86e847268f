//go:build (amd64 || arm64) && gc && !purego

package envelope

import (
	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/kdf"
)

// maxCall bounds one call of a kernel: the scheduler cannot preempt assembly, and
// 64 KiB take some 60 µs.
const maxCall = 64 << 10

const (
	// chunkSize is what a turn of the stitched kernels decrypts, and what it hashes.
	chunkSize = kdfspec.HashBlockSize

	// hashPartSize is how much of an authorization key is hashed before the plaintext.
	hashPartSize = kdfspec.HashSize

	// startSize is how much of a plaintext makes the first block of the hash, together
	// with the part of the key. It is decrypted before there is anything to hash.
	startSize = chunkSize - hashPartSize
)

// useStitched reports whether there are the instructions for AES and for SHA-256, which the
// kernels that are named by their role need.
func useStitched() bool { return useAESNISHANI || useArmv8 }

// expandRandom fills dst, which is whole turns, with random bytes: with those that AES makes of
// key and the numbers from counter on, if that is faster than to read them. It reports whether it
// is.
func expandRandom(dst []byte, key *[ige.KeySize]byte, counter uint64) bool {
	if !useStitched() {
		return expandRandomGeneric(dst)
	}
	var xk [240]byte
	if useVAES {
		keystreamVAES(&xk, key, dst, counter)
	} else {
		asm.Keystream(&xk, key, &dst[0], len(dst)/randomTurn, counter)
	}
	clear(xk[:])
	return true
}

// decryptAndHash sets o.dst and o.got, in one pass.
func decryptAndHash(o *opening) {
	if !useStitched() || len(o.src) < startSize {
		decryptAndHashGeneric(o)
		return
	}
	var p pass
	p.start(o)
	p.run(o)
	p.finish(o)
}

// decryptAndHashBatch is decryptAndHash for up to batchSize messages.
func decryptAndHashBatch(os []opening) {
	switch {
	case useVAES:
		decryptAndHashVAES(os)
	case !useStitched() || worthWide(os):
		decryptAndHashWide(os)
	default:
		for i := range os {
			decryptAndHash(&os[i])
		}
	}
}

// decryptAndHashMost is decryptAndHashBatch for up to width messages, in as many lanes as there
// are, for tests: whether so many are faster depends on the CPU.
func decryptAndHashMost(os []opening) {
	if useVAES {
		var order [batchSize]uint8
		decryptAndHash16(os, longestFirst(order[:0], os))
		return
	}
	decryptAndHashBatch(os)
}

// worthWide reports whether there are so many messages, of about the same length, that two
// passes over all of them, in the lanes of packages ige and kdf, take less time than one pass
// over each.
func worthWide(os []opening) bool {
	sum, longest := 0, 0
	for i := range os {
		n := len(os[i].src)
		sum += n
		longest = max(longest, n)
	}
	// The number for Armv8 follows from the latencies of the instructions; it was not
	// measured.
	least := 4
	if useAESNISHANI && longest >= 1024 {
		least = 2
	}
	return sum >= least*longest
}

// hashPart returns the part of the key that is hashed before the plaintext.
func (o *opening) hashPart() *[hashPartSize]byte {
	return kdfspec.HashPart((*[kdf.AuthKeySize]byte)(o.auth), 8*int(o.side))
}

// pass is a message on its way through the stitched kernels. Of the blocks of its hash,
//
//	K[88+x : 120+x] || dst[0:32],  dst[32:96],  dst[96:160],  …
//
// the second and the following ones are chunks of the message, if these are counted from
// byte 32 on. Each is hashed while the next is decrypted.
type pass struct {
	xk   [240]byte
	iv   [32]byte
	hash [8]uint32
	ends [2 * chunkSize]byte // the first block of the hash, and in the end the last two
	done int                 // how much has been decrypted
}

// start decrypts the first 32 bytes.
func (p *pass) start(o *opening) {
	p.hash = kdfspec.Initial
	o.setPadding(&p.ends)
	var key [32]byte
	o.auth.Derive(&key, &p.iv, o.side, &o.msgKey)
	asm.DecryptStart(&p.xk, &key, &p.iv, &o.dst[0], &o.src[0])
	clear(key[:])
	p.done = startSize
	o.setFirst(&p.ends)
}

// run decrypts all chunks that are left.
func (p *pass) run(o *opening) {
	for n := p.chunks(o); n > 0; n = p.chunks(o) {
		n = min(n, maxCall/chunkSize)
		dst, src := p.next(o, n)
		asm.DecryptHash(&p.xk, &p.iv, dst, src, &p.hash, p.hashed(o))
		p.done += len(dst)
	}
}

// chunks returns how many chunks a kernel can do at once: those for which the blocks to
// be hashed are in a row. That is all, but for the first block, which is not in dst.
func (p *pass) chunks(o *opening) int {
	n := (len(o.src) - p.done) / chunkSize
	if p.done == startSize {
		return min(n, 1)
	}
	return n
}

// next returns the next n chunks.
func (p *pass) next(o *opening, n int) (dst, src []byte) {
	end := p.done + n*chunkSize
	return o.dst[p.done:end], o.src[p.done:end]
}

// hashed returns the address of the block to be hashed next: the one that has been
// decrypted last.
func (p *pass) hashed(o *opening) *byte {
	if p.done == startSize {
		return &p.ends[0]
	}
	return &o.dst[p.done-chunkSize]
}

// finish decrypts what is less than a chunk, sets o.got and wipes p.
func (p *pass) finish(o *opening) {
	if dst, src := o.dst[p.done:], o.src[p.done:]; len(src) > 0 {
		asm.DecryptTail(&p.xk, &p.iv, dst, src, &p.hash, p.hashed(o))
	}
	last, blocks := o.setLast(&p.ends)
	asm.Hash(&p.hash, last, blocks)
	o.setGot(&p.hash)
	*p = pass{}
}

// setFirst puts the first block of the hash together.
func (o *opening) setFirst(ends *[2 * chunkSize]byte) {
	*(*[hashPartSize]byte)(ends[:]) = *o.hashPart()
	*(*[startSize]byte)(ends[hashPartSize:]) = [startSize]byte(o.dst)
}

// setPadding pads the last block of the hash, which has what is less than a chunk before it. It is
// done as early as possible: kernels wait for what was written just before, by smaller stores.
func (o *opening) setPadding(ends *[2 * chunkSize]byte) {
	last := (*[chunkSize]byte)(ends[chunkSize:])
	*last = [chunkSize]byte{}
	kdfspec.Pad(last[:], tail(o)*blockSize, hashPartSize+len(o.dst))
}

// setLast puts the last blocks of the hash together, which the turns leave: what is less than a
// chunk with its padding, or, if there is nothing, the last whole chunk and one of padding. It may
// be that the first block, which is there already, is that chunk.
func (o *opening) setLast(ends *[2 * chunkSize]byte) (last *byte, blocks int) {
	if n := tail(o); n > 0 {
		copyBlocks(ends[chunkSize:], o.dst[end(o):], n)
		return &ends[chunkSize], 1
	}
	if len(o.dst) > startSize {
		*(*[chunkSize]byte)(ends[:]) = [chunkSize]byte(o.dst[len(o.dst)-chunkSize:])
	}
	return &ends[0], 2
}

// copyBlocks is copy for up to three blocks, without a call, and with stores as wide as the loads
// that follow.
func copyBlocks(dst, src []byte, blocks int) {
	switch blocks {
	case 1:
		*(*[blockSize]byte)(dst) = [blockSize]byte(src)
	case 2:
		*(*[2 * blockSize]byte)(dst) = [2 * blockSize]byte(src)
	case 3:
		*(*[3 * blockSize]byte)(dst) = [3 * blockSize]byte(src)
	}
}

func (o *opening) setGot(h *[8]uint32) {
	kdfspec.SetMsgKey((*[kdf.MsgKeySize]byte)(&o.got), h[2], h[3], h[4], h[5])
}

// chunks is how many chunks a message has between its first 32 bytes and its end.
func chunks(o *opening) int { return int(uint(len(o.src)-startSize) / chunkSize) }

// end is where what is less than a chunk begins.
func end(o *opening) int { return startSize + chunks(o)*chunkSize }

// tail is how many blocks that are.
func tail(o *opening) int { return int(uint(len(o.src)-startSize) % chunkSize / blockSize) }
