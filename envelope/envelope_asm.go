//go:build (amd64 || arm64) && gc && !purego

package envelope

import "encoding/binary"

// maxCall bounds one call of a kernel: the scheduler cannot preempt assembly, and
// 64 KiB take some 60 µs.
const maxCall = 64 << 10

const (
	// chunkSize is what a turn of the stitched kernels decrypts, and what it hashes.
	chunkSize = 64

	// hashPartSize is how much of an authorization key is hashed before the plaintext.
	hashPartSize = 32

	// startSize is how much of a plaintext makes the first block of the hash, together
	// with the part of the key. It is decrypted before there is anything to hash.
	startSize = chunkSize - hashPartSize
)

// initialHash is the state before the first block, FIPS 180-4, 5.3.3.
var initialHash = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// decryptAndHash sets o.dst and o.got, in one pass.
func decryptAndHash(o *opening) {
	if !useStitched || len(o.src) < startSize {
		decryptAndHashGeneric(o)
		return
	}
	var l lane
	l.start(o)
	l.run(o)
	l.finish(o)
}

// decryptAndHashBatch is decryptAndHash for up to batchSize messages.
func decryptAndHashBatch(os []opening) {
	if !useStitched || worthWide(os) {
		decryptAndHashWide(os)
		return
	}
	decryptAndHashStitched(os)
}

// worthWide reports whether there are so many messages, of about the same length, that two
// passes over all of them take less time than one pass over each.
func worthWide(os []opening) bool {
	sum, longest := 0, 0
	for i := range os {
		n := len(os[i].src)
		sum += n
		longest = max(longest, n)
	}
	return sum >= minWide(longest)*longest
}

// lane is a message on its way through the stitched kernels. Of the blocks of its hash,
//
//	K[88+x : 120+x] || dst[0:32],  dst[32:96],  dst[96:160],  …
//
// the second and the following ones are chunks of the message, if these are counted from
// byte 32 on. Each is hashed while the next is decrypted.
type lane struct {
	xk    [240]byte
	iv    [32]byte
	hash  [8]uint32
	first [chunkSize]byte // block of the hash
	done  int             // how much has been decrypted
}

// start decrypts the first 32 bytes.
func (l *lane) start(o *opening) {
	l.hash = initialHash
	var key [32]byte
	o.auth.Derive(&key, &l.iv, o.side, &o.msgKey)
	decryptStart(&l.xk, &key, &l.iv, &o.dst[0], &o.src[0])
	clear(key[:])
	l.done = startSize

	x := 8 * int(o.side)
	copy(l.first[:hashPartSize], o.auth[88+x:])
	copy(l.first[hashPartSize:], o.dst)
}

// run decrypts all chunks that are left.
func (l *lane) run(o *opening) {
	for n := l.chunks(o); n > 0; n = l.chunks(o) {
		n = min(n, maxCall/chunkSize)
		dst, src := l.next(o, n)
		decryptHash(&l.xk, &l.iv, dst, src, &l.hash, l.hashed(o))
		l.done += len(dst)
	}
}

// chunks returns how many chunks a kernel can do at once: those for which the blocks to
// be hashed are in a row. That is all, but for the first block, which is not in dst.
func (l *lane) chunks(o *opening) int {
	n := (len(o.src) - l.done) / chunkSize
	if l.done == startSize {
		return min(n, 1)
	}
	return n
}

// next returns the next n chunks.
func (l *lane) next(o *opening, n int) (dst, src []byte) {
	end := l.done + n*chunkSize
	return o.dst[l.done:end], o.src[l.done:end]
}

// hashed returns the address of the block to be hashed next: the one that has been
// decrypted last.
func (l *lane) hashed(o *opening) *byte {
	if l.done == startSize {
		return &l.first[0]
	}
	return &o.dst[l.done-chunkSize]
}

// finish decrypts what is less than a chunk, sets o.got and wipes the lane.
func (l *lane) finish(o *opening) {
	// What is still to be hashed: 16 to 64 bytes, then the padding of FIPS 180-4, 5.1.1.
	var end [2 * chunkSize]byte
	n := copy(end[:], l.tail(o))
	end[n] = 0x80
	blocks := (n + 1 + 8 + chunkSize - 1) / chunkSize
	length := hashPartSize + len(o.dst)
	binary.BigEndian.PutUint64(end[blocks*chunkSize-8:], 8*uint64(length))
	hashBlocks(&l.hash, &end[0], blocks)
	for i, word := range l.hash[2:6] {
		binary.BigEndian.PutUint32(o.got[4*i:], word)
	}
	clear(end[:])
	*l = lane{}
}

// tail decrypts what is less than a chunk, and returns what has not been hashed yet.
func (l *lane) tail(o *opening) []byte {
	dst, src := o.dst[l.done:], o.src[l.done:]
	switch {
	case len(src) > 0:
		decryptTail(&l.xk, &l.iv, dst, src, &l.hash, l.hashed(o))
		return dst
	case l.done == startSize:
		return l.first[:]
	default:
		return o.dst[l.done-chunkSize:]
	}
}
