//go:build purego

package kdf

// msgKeyStream avoids sha256-simd, for whose assembly purego is no obstacle.
func msgKeyStream(m *MsgKey, part *[hashPartSize]byte, padded []byte) {
	msgKeyGeneric(m, part, padded)
}
