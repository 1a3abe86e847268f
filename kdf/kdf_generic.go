package kdf

import (
	"crypto/sha256"

	"github.com/mtcore/mtcore/internal/kdfspec"
)

// msgKeyGeneric sets m to SHA256(part || padded)[8:24].
func msgKeyGeneric(m *MsgKey, part *[hashPartSize]byte, padded []byte) {
	h := sha256.New() // on the stack, since the compiler sees what is behind the interface
	h.Write(part[:])
	h.Write(padded)
	var hash [sha256.Size]byte
	h.Sum(hash[:0])
	copy(m[:], hash[8:24])
	clear(hash[:])
}

// deriveGeneric sets key and iv from m and part, the authorization key from byte x on.
func deriveGeneric(key, iv *[32]byte, part *[96]byte, m *MsgKey) {
	const a0, b0, size = kdfspec.OffsetA, kdfspec.OffsetB, kdfspec.PartSize
	var buf [MsgKeySize + size]byte
	concat(buf[:], m[:], part[a0:a0+size])
	a := sha256.Sum256(buf[:])
	concat(buf[:], part[b0:b0+size], m[:])
	b := sha256.Sum256(buf[:])

	concat(key[:], a[0:8], b[8:24], a[24:32])
	concat(iv[:], b[0:8], a[8:24], b[24:32])

	clear(buf[:])
	clear(a[:])
	clear(b[:])
}
