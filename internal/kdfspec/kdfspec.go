// Package kdfspec holds what packages kdf and envelope, and the generators of their kernels, need
// to know about MTProto 2.0's key derivation: where the secret parts of an authorization key K
// are, and how SHA-256 begins and ends. With x = 0 or 8, depending on the side that sent the
// message T,
//
//	msg_key = SHA256( K[88+x : 120+x] || T )[8:24]
//	A       = SHA256( msg_key || K[x : x+36] )
//	B       = SHA256( K[40+x : 76+x] || msg_key )
package kdfspec

import "encoding/binary"

// Sizes in bytes.
const (
	AuthKeySize   = 256
	MsgKeySize    = 16
	HashBlockSize = 64 // of SHA-256
)

// Parts of an authorization key; x is added to the offsets.
const (
	HashOffset = 88 // of what is hashed before the message
	HashSize   = 32
	OffsetA    = 0
	OffsetB    = 40
	PartSize   = 36 // of A and of B
)

// HashPart returns what is hashed before the message.
func HashPart(key *[AuthKeySize]byte, x int) *[HashSize]byte {
	return (*[HashSize]byte)(key[HashOffset+x:])
}

// Initial is the state of SHA-256 before the first block, FIPS 180-4, 5.3.3.
var Initial = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// Pad appends the padding of FIPS 180-4, 5.1.1, to the first n bytes of end, which are the last
// of a message of the given length; the rest of end must be zero. It returns the number of blocks
// in end: one or two if n is less than HashBlockSize.
func Pad(end []byte, n, length int) (blocks int) {
	blocks = (n + 1 + 8 + HashBlockSize - 1) / HashBlockSize
	end[n] = 0x80
	binary.BigEndian.PutUint64(end[blocks*HashBlockSize-8:], 8*uint64(length))
	return blocks
}

// SetMsgKey sets m to bytes 8 to 24 of the digest: words 2 to 5 of the last state. It does so by
// halves, as m is loaded next: a CPU waits when a load is wider than the stores just before.
func SetMsgKey(m *[MsgKeySize]byte, h2, h3, h4, h5 uint32) {
	binary.BigEndian.PutUint64(m[0:], uint64(h2)<<32|uint64(h3))
	binary.BigEndian.PutUint64(m[8:], uint64(h4)<<32|uint64(h5))
}
