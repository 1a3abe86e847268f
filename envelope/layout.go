package envelope

import (
	"crypto/subtle"
	"encoding/binary"
)

// Layout says how a plaintext is laid out: where the length of its body is. What follows
// the body is padding.
type Layout uint8

const (
	// SecretChat is length(4) || body.
	SecretChat Layout = iota
	// CloudChat is salt(8) || session_id(8) || msg_id(8) || seq_no(4) || length(4) || body.
	CloudChat
)

// header returns the number of bytes before the body. The last four are the length.
func (l Layout) header() int {
	switch l {
	case SecretChat:
		return 4
	case CloudChat:
		return 32
	}
	panic("envelope: invalid layout")
}

// Body returns the body of a plaintext that was opened, as a part of it. A body is a
// multiple of four bytes and not empty. The padding has 12 to 1024 bytes, and up to 15 in
// MTProto 1.0. If anything does not fit, Body returns ErrDecrypt, and what was opened must
// not be used for anything.
func (l Layout) Body(v Version, padded []byte) (body []byte, err error) {
	least, most := minPadding, maxPadding
	switch v {
	case V2:
	case V1:
		least, most = 0, maxPaddingV1
	default:
		panic("envelope: invalid version")
	}
	header := l.header()
	if len(padded) < header {
		return nil, ErrDecrypt
	}
	n, ok := bodyLength(padded, header, least, most)
	if ok != 1 {
		return nil, ErrDecrypt
	}
	return padded[header : header+n], nil
}

// bodyLength returns the length of the body, and 1 in ok if body and padding are
// well-formed. It does not branch on the length, which for MTProto 1.0 is secret still:
//
//	0 < length,  4 | length,  least ≤ len(padded) - header - length ≤ most
func bodyLength(padded []byte, header, least, most int) (n, ok int) {
	length := uint64(binary.LittleEndian.Uint32(padded[header-4:]))
	room := uint64(len(padded) - header)
	ok = 1
	ok &= atMost(1, length)
	ok &= subtle.ConstantTimeByteEq(byte(length%4), 0)
	ok &= atMost(length+uint64(least), room)
	ok &= atMost(room, length+uint64(most))
	return int(length), ok
}

// atMost returns 1 if x ≤ y and 0 otherwise, of numbers below 2^63.
func atMost(x, y uint64) int { return int((x - y - 1) >> 63) }
