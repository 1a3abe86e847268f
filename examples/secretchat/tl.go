package main

import (
	"encoding/binary"
	"errors"
)

// A client has a TL library for all of Telegram's messages, such as
// github.com/gotd/td/tg/e2e. This is the part that the example needs, in layer 144.

// message is a decryptedMessage.
type message struct {
	text string
	file *file // if there is one
}

// file is a decryptedMessageMediaDocument, without its thumbnail.
type file struct {
	size    int64
	key, iv []byte
}

const (
	idMessage  = 0x91cc4674 // decryptedMessage
	idDocument = 0x6abd9782 // decryptedMessageMediaDocument
	idVector   = 0x1cb5c415
	hasMedia   = 1 << 9 // in the flags of a message
)

func (m message) marshal(randomID int64) []byte {
	var flags uint32
	if m.file != nil {
		flags = hasMedia
	}
	b := appendInts(nil, idMessage, flags, uint32(randomID), uint32(randomID>>32), 0 /* ttl */)
	b = appendBytes(b, []byte(m.text))
	if f := m.file; f != nil {
		b = appendInts(b, idDocument)
		b = appendBytes(b, nil)                 // thumb
		b = appendInts(b, 0, 0)                 // thumb_w, thumb_h
		b = appendBytes(b, []byte("video/mp4")) // mime_type
		b = appendInts(b, uint32(f.size), uint32(f.size>>32))
		b = appendBytes(b, f.key)
		b = appendBytes(b, f.iv)
		b = appendInts(b, idVector, 0) // attributes
		b = appendBytes(b, nil)        // caption
	}
	return b
}

var errMessage = errors.New("not a message that this example knows")

func unmarshal(b []byte) (message, error) {
	r := reader{b: b}
	ok := r.int() == idMessage
	flags := r.int()
	r.take(8 + 4) // random_id, ttl
	m := message{text: string(r.bytes())}
	if flags == hasMedia {
		ok = ok && r.int() == idDocument
		r.bytes()
		r.take(8)
		r.bytes()
		m.file = &file{size: int64(r.int()) | int64(r.int())<<32}
		m.file.key, m.file.iv = r.bytes(), r.bytes()
		r.take(8)
		r.bytes()
	}
	if !ok || r.short || len(r.b) > 0 || flags&^hasMedia != 0 {
		return message{}, errMessage
	}
	return m, nil
}

func appendInts(b []byte, v ...uint32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

// appendBytes appends fewer than 254 bytes, with their length and padding.
func appendBytes(b, s []byte) []byte {
	b = append(append(b, byte(len(s))), s...)
	return append(b, make([]byte, -(1+len(s))&3)...)
}

// reader takes values off the front of b, or zeros once it is at the end.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.short = true
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) int() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

func (r *reader) bytes() []byte {
	n := int(r.take(1)[0])
	v := r.take(n)
	r.take(-(1 + n) & 3)
	return v
}
