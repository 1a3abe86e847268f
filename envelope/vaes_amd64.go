//go:build gc && !purego

package envelope

import (
	"encoding/binary"
	"unsafe"

	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/kdf"
)

// The kernels for sixteen messages decrypt a chunk of each and hash the one before, all
// in about three times what the kernel for one message takes. The messages begin together.
// Of one that has come to its last chunk the state is put aside while the others go on,
// and in the end all finish together.

// width is how many messages these kernels take.
const width = 16

// worthWidth is how many chunks there have to be, on average, for a turn of sixteen to be worth it.
// On Zen 5 the turn takes about as long as eight chunks do, four at a time. On CPUs that split
// instructions of 512 bits it takes as long as sixteen, but what comes before and after the turns is
// faster for all messages at once.
var worthWidth = leastWidth()

func leastWidth() int {
	if cpuid.X86HalfAVX512 {
		return width - 1
	}
	return 9
}

// maxTurns bounds one call of a kernel to 64 KiB, and idleTurns one in which lanes are
// idle, to what these can write.
const (
	maxTurns  = maxCall / chunkSize / width
	idleTurns = 8
)

// decryptAndHashVAES is decryptAndHash for up to batchSize messages. Sixteen at a time, the
// longest first, it takes those that are of about the same length, and then four at a time. It
// does the others two by two.
//
// Messages are referred to by their index. Pointers to them in a slice or behind a pointer
// would make the compiler believe that they outlive the call, and move them to the heap.
func decryptAndHashVAES(os []opening) {
	var order, order4 [batchSize]uint8
	sorted := longestFirst(order[:0], os)
	if len(os) > 2 && len(os[sorted[0]].src) < startSize {
		decryptAndHashWide(os) // as no kernel here is for so little
		return
	}
	few, fours := sorted[:0], order4[:0]
	for rest := sorted; len(rest) > 0; {
		n := 1
		if next := rest[:min(len(rest), width)]; worthAll(os, next) {
			decryptAndHash16(os, next)
			n = len(next)
		} else if next := rest[:min(len(rest), fourWidth)]; worthFour(os, next) {
			fours = append(fours, next...)
			n = len(next)
		} else {
			few = append(few, rest[0])
		}
		rest = rest[n:]
	}
	if len(fours) > 0 {
		decryptAndHash4(os, fours)
	}
	if len(few) > 0 {
		decryptAndHashPairs(os, few)
	}
}

func keystreamVAES(xk *[240]byte, key *[ige.KeySize]byte, dst []byte, counter uint64) {
	asm.KeystreamVAES512(xk, key, &dst[0], len(dst)/randomTurn, counter)
}

// longestFirst appends the indices of messages to order, those of the longest first.
func longestFirst(order []uint8, os []opening) []uint8 {
	for i := range os {
		order = append(order, uint8(i))
		j := i
		for ; j > 0 && len(os[order[j-1]].src) < len(os[i].src); j-- {
			order[j] = order[j-1]
		}
		order[j] = uint8(i)
	}
	return order
}

// worthAll reports whether some messages, the longest of which comes first, take less time
// all at once than four by four.
func worthAll(os []opening, order []uint8) bool {
	if len(order) < worthWidth {
		return false
	}
	longest, shortest := len(os[order[0]].src), len(os[order[len(order)-1]].src)
	if shortest < startSize {
		return false
	}
	if shortest == longest {
		return true
	}
	sum := 0
	for _, i := range order {
		sum += len(os[i].src)
	}
	return sum >= worthWidth*longest
}

// decryptAndHashPairs is decryptAndHash for the messages of the indices in order, the longest
// first, two at a time: two of the same length from their beginning to their end.
func decryptAndHashPairs(os []opening, order []uint8) {
	var pair pair
	ps := &pair.passes
	for len(order) >= 2 {
		a, b := &os[order[0]], &os[order[1]]
		if len(a.src) != len(b.src) || len(a.src) < startSize {
			break
		}
		start2(ps, a, b)
		for n := ps[0].chunks(a); n > 0; n = ps[0].chunks(a) {
			decryptHash2(ps, a, b, min(n, maxCall/chunkSize/2))
		}
		finish2(ps, a, b)
		order = order[2:]
	}
	if len(order) > 0 {
		decryptAndHashAny(ps, os, order)
	}
	asm.WipeAVX512((*byte)(unsafe.Pointer(&pair)), int(unsafe.Sizeof(pair)))
}

// pair is two messages on their way, in whole cache lines, as WipeAVX512 needs it.
type pair struct {
	passes [2]pass
	_      [chunkSize - unsafe.Sizeof([2]pass{})%chunkSize]byte
}

// decryptAndHashAny is decryptAndHashPairs for messages of different lengths: when one is done,
// the next takes its place.
func decryptAndHashAny(ps *[2]pass, os []opening, order []uint8) {
	var a, b *opening
	if len(order) >= 2 && len(os[order[1]].src) >= startSize {
		a, b, order = &os[order[0]], &os[order[1]], order[2:]
		start2(ps, a, b)
	} else {
		a, order = startNext(&ps[0], os, order)
		b, order = startNext(&ps[1], os, order)
	}
	for a != nil && b != nil {
		n := min(ps[0].chunks(a), ps[1].chunks(b), maxCall/chunkSize/2)
		if n > 0 {
			decryptHash2(ps, a, b, n)
		}
		if ps[0].chunks(a) == 0 {
			ps[0].finish(a)
			a, order = startNext(&ps[0], os, order)
		}
		if ps[1].chunks(b) == 0 {
			ps[1].finish(b)
			b, order = startNext(&ps[1], os, order)
		}
	}
	for i, o := range [2]*opening{a, b} {
		if o != nil {
			ps[i].run(o)
			ps[i].finish(o)
		}
	}
}

// startNext starts the first message that is long enough for a pass, and returns it and the
// indices of those that follow. What is too short is done.
func startNext(p *pass, os []opening, order []uint8) (o *opening, rest []uint8) {
	for len(order) > 0 {
		o, order = &os[order[0]], order[1:]
		if len(o.src) >= startSize {
			p.start(o)
			return o, order
		}
		decryptAndHashGeneric(o)
	}
	return nil, nil
}

// start2 is pass.start for two messages.
func start2(ps *[2]pass, a, b *opening) {
	var keys [2][32]byte
	for i, o := range [2]*opening{a, b} {
		ps[i].hash = kdfspec.Initial
		ps[i].done = startSize
		o.setPadding(&ps[i].ends)
		o.auth.Derive(&keys[i], &ps[i].iv, o.side, &o.msgKey)
	}
	pa, pb := &ps[0], &ps[1]
	asm.DecryptStart2VAES(&[2]*[240]byte{&pa.xk, &pb.xk}, &[2]*[32]byte{&keys[0], &keys[1]},
		&[2]*[32]byte{&pa.iv, &pb.iv}, &[2]*byte{&a.dst[0], &b.dst[0]}, &[2]*byte{&a.src[0], &b.src[0]})
	clear(keys[:])
	a.setFirst(&pa.ends)
	b.setFirst(&pb.ends)
}

// finish2 is pass.finish for two messages of which the same number of bytes is left, and wipes nothing.
func finish2(ps *[2]pass, a, b *opening) {
	pa, pb := &ps[0], &ps[1]
	hashes := [2]*[8]uint32{&pa.hash, &pb.hash}
	if n := len(a.src) - pa.done; n > 0 {
		asm.DecryptTail2VAESSHANI(&[2]*[240]byte{&pa.xk, &pb.xk}, &[2]*[32]byte{&pa.iv, &pb.iv},
			&[2]*byte{&a.dst[pa.done], &b.dst[pb.done]}, &[2]*byte{&a.src[pa.done], &b.src[pb.done]}, n,
			&hashes, &[2]*byte{pa.hashed(a), pb.hashed(b)})
	}
	lastA, blocks := a.setLast(&pa.ends)
	lastB, _ := b.setLast(&pb.ends)
	asm.Hash2SHANI(&hashes, &[2]*byte{lastA, lastB}, blocks)
	a.setGot(&pa.hash)
	b.setGot(&pb.hash)
}

// decryptHash2 decrypts the next n chunks of a, whose pass is the first, and of b.
func decryptHash2(ps *[2]pass, a, b *opening, n int) {
	pa, pb := &ps[0], &ps[1]
	dstA, srcA := pa.next(a, n)
	dstB, srcB := pb.next(b, n)
	asm.DecryptHash2VAESSHANI(
		&[2]*[240]byte{&pa.xk, &pb.xk}, &[2]*[32]byte{&pa.iv, &pb.iv},
		&[2]*byte{&dstA[0], &dstB[0]}, &[2]*byte{&srcA[0], &srcB[0]}, len(dstA),
		&[2]*[8]uint32{&pa.hash, &pb.hash}, &[2]*byte{pa.hashed(a), pb.hashed(b)})
	pa.done += len(dstA)
	pb.done += len(dstB)
}

// sixteen is messages on their way through the kernels. Lanes that have no message, or
// none any more, are idle: they work on a buffer that nobody looks at.
type sixteen struct {
	messages [width]*opening // in the lanes, the longest first
	n        int             // of them
	*secrets
}

// secrets is what the kernels work on, and other secrets. It is to be aligned, else each
// load of a register would be from two cache lines.
type secrets struct {
	keys  [3840]byte
	state [512]byte
	h     [8][width]uint32

	// For each lane, what it must not lose while others go on, then the end of its hash.
	aside [width][chunkSize]byte
	// What idle lanes work on.
	nothing [idleTurns * chunkSize]byte
}

// It is whole cache lines, as WipeAVX512 needs it.
var _ [0]byte = [unsafe.Sizeof(secrets{}) % chunkSize]byte{}

// decryptAndHash16 is decryptAndHash for up to sixteen messages of startSize at least, the
// longest first.
func decryptAndHash16(os []opening, order []uint8) {
	var space [unsafe.Sizeof(secrets{}) + chunkSize]byte
	offset := -uintptr(unsafe.Pointer(&space)) % chunkSize
	s := sixteen{n: len(order), secrets: (*secrets)(unsafe.Pointer(&space[offset]))}
	for l, i := range order {
		s.messages[l] = &os[i]
	}
	s.start()
	s.run()
	s.finish()
	asm.WipeAVX512(&space[offset], int(unsafe.Sizeof(secrets{})))
}

// start decrypts the first 32 bytes.
func (s *sixteen) start() {
	var jobs [width]kdf.Job
	for l, o := range s.messages[:s.n] {
		j := &jobs[l]
		j.AuthKey, j.Side, j.MsgKey = o.auth, o.side, o.msgKey
	}
	kdf.DeriveBatch(jobs[:s.n])
	var keys, ivs [width]*[32]byte
	for l := range width {
		keys[l], ivs[l] = &jobs[l].Key, &jobs[l].IV
	}
	asm.ExpandDecrypt16VAES512(&s.keys, &s.state, &keys, &ivs)
	clear(jobs[:])

	s.h = initialHashes
	var dst, src [width]*byte
	for l := range width {
		if l < s.n {
			dst[l], src[l] = s.at(l, 0)
		} else {
			dst[l], src[l] = s.idle()
		}
	}
	asm.Decrypt16VAES512(&s.keys, &s.state, &dst, &src, startSize/blockSize)
}

// run decrypts all chunks.
func (s *sixteen) run() {
	done, turns := 0, chunks(s.messages[0])
	live := s.n
	for done < turns {
		for ; chunks(s.messages[live-1]) == done; live-- {
			s.putAside(live - 1)
		}
		n := min(chunks(s.messages[live-1])-done, maxTurns)
		if live < width {
			n = min(n, idleTurns)
		}
		var dst, src, half0, half1 [width]*byte
		for l := range width {
			if l < live {
				dst[l], src[l] = s.at(l, startSize+done*chunkSize)
				half0[l], half1[l] = s.hashed(l, done)
			} else {
				dst[l], src[l] = s.idle()
				half0[l], half1[l] = s.idle()
			}
		}
		asm.DecryptHash16VAES512(&s.keys, &s.state, &s.h, &dst, &src, &half0, &half1, n)
		done += n
	}
	for l := live; l < s.n; l++ {
		s.takeBack(l)
	}
}

// finish decrypts what is less than a chunk, and sets got of each message.
func (s *sixteen) finish() {
	var dst, src [width]*byte
	most := 0 // blocks
	for _, o := range s.messages[:s.n] {
		most = max(most, tail(o))
	}
	for at, n := 0, 0; at < most; at += n {
		n = most - at
		for l := range width {
			dst[l], src[l] = s.idle()
			if l >= s.n {
				continue
			}
			if o := s.messages[l]; tail(o) > at {
				dst[l], src[l] = s.at(l, end(o)+at*blockSize)
				n = min(n, tail(o)-at)
			}
		}
		asm.Decrypt16VAES512(&s.keys, &s.state, &dst, &src, n)
	}

	var chunk0, chunk1, last0, last1 [width]*byte
	for l := range width {
		if l < s.n {
			chunk0[l], chunk1[l] = s.hashed(l, chunks(s.messages[l]))
			last0[l], last1[l] = s.padded(l)
		} else {
			chunk0[l], chunk1[l] = s.idle()
			last0[l], last1[l] = s.idle()
		}
	}
	asm.Hash16AVX512(&s.h, &chunk0, &chunk1)
	asm.Hash16AVX512(&s.h, &last0, &last1)
	for l, o := range s.messages[:s.n] {
		c := column(l)
		kdfspec.SetMsgKey((*[kdf.MsgKeySize]byte)(&o.got), s.h[2][c], s.h[3][c], s.h[4][c], s.h[5][c])
	}
}

// at returns the addresses of a byte of the message in lane l.
func (s *sixteen) at(l, from int) (dst, src *byte) {
	o := s.messages[l]
	return &o.dst[from], &o.src[from]
}

// hashed returns the addresses of the halves of block i of the hash of lane l. The blocks
// after it follow, as far as they are chunks.
func (s *sixteen) hashed(l, i int) (half0, half1 *byte) {
	o := s.messages[l]
	if i == 0 {
		return &o.hashPart()[0], &o.dst[0]
	}
	return &o.dst[i*chunkSize-chunkSize/2], &o.dst[i*chunkSize]
}

// padded returns the addresses of the halves of the last block of the hash of lane l: up to
// 48 bytes that are left, then the padding.
func (s *sixteen) padded(l int) (half0, half1 *byte) {
	o, last := s.messages[l], &s.aside[l]
	*last = [chunkSize]byte{}
	copyBlocks(last[:], o.dst[end(o):], tail(o))
	kdfspec.Pad(last[:], tail(o)*blockSize, hashPartSize+len(o.dst))
	return &last[0], &last[chunkSize/2]
}

// idle returns the addresses for an idle lane.
func (s *sixteen) idle() (a, b *byte) { return &s.nothing[0], &s.nothing[0] }

// putAside saves the state of lane l.
func (s *sixteen) putAside(l int) {
	aside := &s.aside[l]
	for i := range s.h {
		binary.NativeEndian.PutUint32(aside[4*i:], s.h[i][column(l)])
	}
	out, in := s.chaining(l)
	copy(aside[32:], out[:])
	copy(aside[48:], in[:])
}

// takeBack restores it.
func (s *sixteen) takeBack(l int) {
	aside := &s.aside[l]
	for i := range s.h {
		s.h[i][column(l)] = binary.NativeEndian.Uint32(aside[4*i:])
	}
	out, in := s.chaining(l)
	copy(out[:], aside[32:])
	copy(in[:], aside[48:])
}

// chaining returns where the last block of plaintext and the last of ciphertext are.
func (s *sixteen) chaining(l int) (out, in *[blockSize]byte) {
	return (*[blockSize]byte)(s.state[l*blockSize:]), (*[blockSize]byte)(s.state[(width+l)*blockSize:])
}

// column is where the kernels have the words of the hash of lane l.
func column(l int) int { return l%4*4 + l/4 }

// initialHashes is the initial state in all lanes.
var initialHashes = func() (h [8][width]uint32) {
	for i, word := range kdfspec.Initial {
		for l := range h[i] {
			h[i][l] = word
		}
	}
	return h
}()
