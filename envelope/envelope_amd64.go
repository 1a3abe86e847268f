//go:build gc && !purego

package envelope

import (
	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var (
	// The kernels use the three-operand forms of AVX.
	useStitched = cpuid.X86HasAES && cpuid.X86HasAVX && cpuid.X86HasSHA
	// useVAES is for two messages at a time, and sixteen, which need more registers than
	// AVX has.
	useVAES = useStitched && cpuid.X86HasVAES &&
		cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512VL
)

var backends = impl.New("envelope").Add("AES-NI+SHA-NI", &useStitched).Add("VAES", &useVAES)

// The kernels for one message, under the names that envelope_asm.go dispatches to on every
// architecture.

func decryptStart(xk *[240]byte, key, iv *[32]byte, dst, src *byte) {
	asm.DecryptStartAESNI(xk, key, iv, dst, src)
}

func decryptHash(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte) {
	asm.DecryptHash1AESNISHANI(xk, iv, dst, src, h, hashed)
}

func decryptTail(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte) {
	asm.DecryptTail1AESNISHANI(xk, iv, dst, src, h, hashed)
}

func hashBlocks(h *[8]uint32, p *byte, blocks int) { asm.HashSHANI(h, p, blocks) }

// minWide is from how many messages of so many bytes on two passes over all of them, in the
// lanes of packages ige and kdf, take less time than a pass over each. With VAES they never
// do.
func minWide(size int) int {
	switch {
	case useVAES:
		return batchSize + 1
	case size >= 1024:
		return 2
	default:
		return 4
	}
}

// decryptAndHashStitched is decryptAndHash for each, several at a time if there are
// registers for that.
func decryptAndHashStitched(os []opening) {
	if useVAES {
		decryptAndHashMany(os)
		return
	}
	for i := range os {
		decryptAndHash(&os[i])
	}
}

// decryptAndHashPairs is decryptAndHash for the messages of the indices in order, two at a
// time.
func decryptAndHashPairs(os []opening, order []uint8) {
	var ls [2]lane
	a, order := startNext(&ls[0], os, order)
	b, order := startNext(&ls[1], os, order)
	for a != nil && b != nil {
		n := min(ls[0].chunks(a), ls[1].chunks(b), maxCall/chunkSize/2)
		if n > 0 {
			decryptHash2(&ls, a, b, n)
		}
		if ls[0].chunks(a) == 0 {
			ls[0].finish(a)
			a, order = startNext(&ls[0], os, order)
		}
		if ls[1].chunks(b) == 0 {
			ls[1].finish(b)
			b, order = startNext(&ls[1], os, order)
		}
	}
	for i, o := range [2]*opening{a, b} {
		if o != nil {
			ls[i].run(o)
			ls[i].finish(o)
		}
	}
}

// startNext starts the first message that is long enough for a lane, and returns it and the
// indices of those that follow. What is too short is done.
func startNext(l *lane, os []opening, order []uint8) (o *opening, rest []uint8) {
	for len(order) > 0 {
		o, order = &os[order[0]], order[1:]
		if len(o.src) >= startSize {
			l.start(o)
			return o, order
		}
		decryptAndHashGeneric(o)
	}
	return nil, nil
}

// decryptHash2 decrypts the next n chunks of a, which is in the first lane, and of b.
func decryptHash2(ls *[2]lane, a, b *opening, n int) {
	la, lb := &ls[0], &ls[1]
	dstA, srcA := la.next(a, n)
	dstB, srcB := lb.next(b, n)
	asm.DecryptHash2VAESSHANI(
		&[2]*[240]byte{&la.xk, &lb.xk}, &[2]*[32]byte{&la.iv, &lb.iv},
		&[2]*byte{&dstA[0], &dstB[0]}, &[2]*byte{&srcA[0], &srcB[0]}, len(dstA),
		&[2]*[8]uint32{&la.hash, &lb.hash}, &[2]*byte{la.hashed(a), lb.hashed(b)})
	la.done += len(dstA)
	lb.done += len(dstB)
}
