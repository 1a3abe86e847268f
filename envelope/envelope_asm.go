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
	asm.Keystream(&xk, key, &dst[0], len(dst)/randomTurn, counter)
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
	xk    [240]byte
	iv    [32]byte
	hash  [8]uint32
	first [chunkSize]byte // block of the hash
	done  int             // how much has been decrypted
}

// start decrypts the first 32 bytes.
func (p *pass) start(o *opening) {
	p.hash = kdfspec.Initial
	var key [32]byte
	o.auth.Derive(&key, &p.iv, o.side, &o.msgKey)
	asm.DecryptStart(&p.xk, &key, &p.iv, &o.dst[0], &o.src[0])
	clear(key[:])
	p.done = startSize
	p.setFirst(o)
}

// setFirst puts the first block of the hash together.
func (p *pass) setFirst(o *opening) {
	copy(p.first[:hashPartSize], o.hashPart()[:])
	copy(p.first[hashPartSize:], o.dst)
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
		return &p.first[0]
	}
	return &o.dst[p.done-chunkSize]
}

// finish decrypts what is less than a chunk, sets o.got and wipes p.
func (p *pass) finish(o *opening) {
	// What is still to be hashed: 16 to 64 bytes, then the padding.
	var end [2 * chunkSize]byte
	if dst, src := o.dst[p.done:], o.src[p.done:]; len(src) > 0 {
		asm.DecryptTail(&p.xk, &p.iv, dst, src, &p.hash, p.hashed(o))
	}
	n := copy(end[:], p.rest(o))
	blocks := kdfspec.Pad(end[:], n, hashPartSize+len(o.dst))
	asm.Hash(&p.hash, &end[0], blocks)
	p.setGot(o)
	clear(end[:])
	*p = pass{}
}

// rest returns what has not been hashed yet, when what is less than a chunk is decrypted.
func (p *pass) rest(o *opening) []byte {
	switch {
	case len(o.dst) > p.done:
		return o.dst[p.done:]
	case p.done == startSize:
		return p.first[:]
	default:
		return o.dst[p.done-chunkSize:]
	}
}

func (p *pass) setGot(o *opening) {
	kdfspec.SetMsgKey((*[kdf.MsgKeySize]byte)(&o.got), p.hash[2], p.hash[3], p.hash[4], p.hash[5])
}
