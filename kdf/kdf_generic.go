package kdf

import "crypto/sha256"

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
	var buf [52]byte
	concat(buf[:], m[:], part[0:36])
	a := sha256.Sum256(buf[:])
	concat(buf[:], part[40:76], m[:])
	b := sha256.Sum256(buf[:])

	concat(key[:], a[0:8], b[8:24], a[24:32])
	concat(iv[:], b[0:8], a[8:24], b[24:32])

	clear(buf[:])
	clear(a[:])
	clear(b[:])
}
