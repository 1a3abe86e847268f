//go:build !purego

package kdf

import sha256simd "github.com/minio/sha256-simd"

const (
	// streamMin is the length in bytes from which on msgKeyStream leaves crypto/sha256:
	// what it allocates is some hundredth of the time then.
	streamMin = 4 << 10
	// streamChunk is how much it copies at a time.
	streamChunk = 1 << 10
)

// msgKeyStream is msgKeyGeneric by sha256-simd, if padded is long. It is for CPUs on
// which our kernels do not run. Of those it makes a difference to Intel's Atoms
// before 2021, which have SHA instructions, but no AVX. crypto/sha256 as well as our
// kernels use the two together; sha256-simd has code without.
//
// The price is that its state is on the heap, and that GODEBUG cannot switch it off.
// What its Write is given would be on the heap, too, for as much as the compiler can
// see: the copy keeps our callers' keys and plaintexts where they are.
func msgKeyStream(m *MsgKey, part *[hashPartSize]byte, padded []byte) {
	if len(padded) < streamMin {
		msgKeyGeneric(m, part, padded)
		return
	}
	h := sha256simd.New()
	buf := make([]byte, streamChunk)
	h.Write(buf[:copy(buf, part[:])])
	for len(padded) > 0 {
		n := copy(buf, padded)
		h.Write(buf[:n])
		padded = padded[n:]
	}
	copy(m[:], h.Sum(buf[:0])[8:24])
	clear(buf)
	h.Reset()
}
