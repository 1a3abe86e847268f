// Package tl parses and serialises the parts of Telegram's TL language that this module's
// drivers need, and nothing else. For secret chats these are the container of messages,
// service messages with their actions, and enough of other messages to tell what they are.
// The exchange of an authorization key is there in full.
//
// What it parses was chosen by a peer. It allocates no more than a constant factor of the
// length of the input, nothing nests, and trailing bytes are an error; slices in the results
// are parts of the input. It is lenient about strings only: they may have the long form where
// the short one would do, and their padding is not checked.
//
// See https://core.telegram.org/mtproto/TL, https://core.telegram.org/mtproto/auth_key and
// https://core.telegram.org/schema/end-to-end.
package tl

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"
)

// ErrMalformed says that bytes are not the expected object.
var ErrMalformed = errors.New("tl: malformed object")

// Constructors. The number after the name is the layer, where there are several.
const (
	idVector = 0x1cb5c415

	idLayer     = 0x1be31789 // decryptedMessageLayer
	idMessage8  = 0x1f814f1f // decryptedMessage
	idMessage17 = 0x204d3878
	idMessage45 = 0x36b091de
	idMessage73 = 0x91cc4674
	idService8  = 0xaa48327d // decryptedMessageService
	idService17 = 0x73164160
)

const (
	wordSize    = 4
	longSize    = 8
	shortString = 254 // strings of this length and above have the long form
	maxString   = 1<<24 - 1
)

// Layer is decryptedMessageLayer#1be31789, which has contained every message since layer 17.
type Layer struct {
	RandomBytes       []byte
	Layer             int32
	InSeqNo, OutSeqNo int32
	// Message is a DecryptedMessage, for ParseMessage.
	Message []byte
}

// IsLayer reports whether b begins like a decryptedMessageLayer.
func IsLayer(b []byte) bool {
	return len(b) >= wordSize && binary.LittleEndian.Uint32(b) == idLayer
}

// ParseLayer parses a decryptedMessageLayer. Its message has at least a constructor.
func ParseLayer(b []byte) (l Layer, err error) {
	r := reader{b: b}
	if r.id() != idLayer {
		return Layer{}, ErrMalformed
	}
	l.RandomBytes = r.bytes()
	l.Layer = r.int()
	l.InSeqNo = r.int()
	l.OutSeqNo = r.int()
	l.Message = r.rest()
	if r.bad || len(l.Message) < wordSize || len(l.Message)%wordSize != 0 {
		return Layer{}, ErrMalformed
	}
	return l, nil
}

// Append appends the serialised l to b.
func (l *Layer) Append(b []byte) []byte {
	b = appendID(b, idLayer)
	b = appendBytes(b, l.RandomBytes)
	b = appendInt(b, l.Layer)
	b = appendInt(b, l.InSeqNo)
	b = appendInt(b, l.OutSeqNo)
	return append(b, l.Message...)
}

// Size returns how many bytes Append appends.
func (l *Layer) Size() int {
	return wordSize + sizeOfBytes(len(l.RandomBytes)) + 3*wordSize + len(l.Message)
}

// Kind says what a DecryptedMessage is.
type Kind uint8

const (
	// Unknown is a message of a layer that this package does not know.
	Unknown Kind = iota
	// Text is decryptedMessage of layer 17 and above.
	Text
	// Service is decryptedMessageService of layer 17 and above.
	Service
	// OldText is decryptedMessage of layer 8, and OldService is decryptedMessageService of
	// layer 8. They have no container, but random bytes of their own.
	OldText
	OldService
)

// Message is what the driver needs to know about a DecryptedMessage.
type Message struct {
	Kind Kind
	// RandomID is set unless Kind is Unknown. It is also set for a service message with an
	// unknown action.
	RandomID int64
	// TTL is set if Kind is Text.
	TTL int32
	// RandomBytes is set if Kind is OldText or OldService.
	RandomBytes []byte
	// Action is set if Kind is Service or OldService.
	Action Action
}

// ParseMessage parses a DecryptedMessage. Of Text and OldText it reads only the beginning. A
// service message with an unknown action is Unknown.
func ParseMessage(b []byte) (m Message, err error) {
	r := reader{b: b}
	known := true
	switch r.id() {
	case idMessage8:
		m.Kind = OldText
		m.RandomID = r.long()
		m.RandomBytes = r.bytes()
	case idMessage17:
		m.Kind = Text
		m.RandomID = r.long()
		m.TTL = r.int()
	case idMessage45, idMessage73:
		m.Kind = Text
		r.int() // flags
		m.RandomID = r.long()
		m.TTL = r.int()
	case idService8:
		m.Kind = OldService
		m.RandomID = r.long()
		m.RandomBytes = r.bytes()
		m.Action, known = r.action()
	case idService17:
		m.Kind = Service
		m.RandomID = r.long()
		m.Action, known = r.action()
	case idLayer, idVector: // not a DecryptedMessage
		r.bad = true
	}
	if r.bad || len(b)%wordSize != 0 {
		return Message{}, ErrMalformed
	}
	if !known {
		return Message{RandomID: m.RandomID}, nil
	}
	return m, nil
}

// ReadText returns what a decryptedMessage begins with, whatever follows it. The layer may be
// unknown, as long as its messages begin like those since layer 45.
func ReadText(b []byte) (randomID int64, text []byte, ok bool) {
	r := reader{b: b}
	switch r.id() {
	case idMessage17:
	case idMessage8, idService8, idService17, idLayer, idVector:
		return 0, nil, false
	default:
		r.int() // flags
	}
	randomID = r.long()
	r.int() // ttl
	text = r.bytes()
	if r.bad || !utf8.Valid(text) {
		return 0, nil, false
	}
	return randomID, text, true
}

// hasMedia is the flag of decryptedMessage.media.
const hasMedia = 1 << 9

// Message73 returns a Text in the form of layer 73, decryptedMessage#91cc4674. That form has
// everything that the forms of older layers have, in the same order. If b already has it,
// Message73 returns b itself.
func Message73(b []byte) []byte {
	if len(b) < wordSize {
		return b
	}
	switch binary.LittleEndian.Uint32(b) {
	case idMessage45:
		return append(appendID(make([]byte, 0, len(b)), idMessage73), b[wordSize:]...)
	case idMessage17: // has no flags, and always has media
		new := appendInt(appendID(make([]byte, 0, wordSize+len(b)), idMessage73), hasMedia)
		return append(new, b[wordSize:]...)
	}
	return b
}

// Media returns the constructor of the media of a decryptedMessage#91cc4674, or 0 if it has
// none.
func Media(b []byte) uint32 {
	r := reader{b: b}
	if r.id() != idMessage73 || r.int()&hasMedia == 0 {
		return 0
	}
	r.long() // random_id
	r.int()  // ttl
	r.bytes()
	return r.id()
}

// Constructors of documents, which changed with the size of files.
const (
	Document45  = 0x7afe8ae2
	Document143 = 0x6abd9782
)

// WithDocument143 returns a decryptedMessage#91cc4674 whose media is a [Document45] with the same as
// a [Document143], whose size is a long. It reports whether it has found the size.
func WithDocument143(b []byte) (with []byte, ok bool) {
	r := reader{b: b}
	r.take(2*wordSize + longSize + wordSize) // constructor, flags, random_id, ttl
	r.bytes()
	media := len(b) - len(r.b)
	r.id()
	r.bytes()              // thumb
	r.take(2 * wordSize)   // thumb_w, thumb_h
	r.bytes()              // mime_type
	size := int64(r.int()) // which is positive, as an int of TL goes
	if r.bad || Media(b) != Document45 {
		return nil, false
	}
	with = append(make([]byte, 0, len(b)+longSize-wordSize), b...)
	binary.LittleEndian.PutUint32(with[media:], Document143)
	with = appendLong(with[:len(b)-len(r.b)-wordSize], size)
	return append(with, r.b...), true
}

// AppendText appends a decryptedMessage#91cc4674 that has nothing but text. It replies to the
// message replyTo unless that is 0.
func AppendText(b []byte, randomID int64, ttl int32, text string, silent bool, replyTo int64) []byte {
	var flags int32
	if replyTo != 0 {
		flags |= 1 << 3
	}
	if silent {
		flags |= 1 << 5
	}
	b = appendID(b, idMessage73)
	b = appendInt(b, flags)
	b = appendLong(b, randomID)
	b = appendInt(b, ttl)
	b = appendBytes(b, []byte(text))
	if replyTo != 0 {
		b = appendLong(b, replyTo)
	}
	return b
}

// AppendService appends a decryptedMessageService#73164160 to b.
func AppendService(b []byte, randomID int64, a *Action) []byte {
	b = appendID(b, idService17)
	b = appendLong(b, randomID)
	return a.append(b)
}

// reader reads values off the front of b, or sets bad and returns zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

// rest returns all that is left.
func (r *reader) rest() []byte { return r.take(len(r.b)) }

func (r *reader) id() uint32 { return uint32(r.int()) }

func (r *reader) int() int32 {
	if b := r.take(wordSize); b != nil {
		return int32(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (r *reader) long() int64 {
	if b := r.take(longSize); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// bytes reads a string: its length in one byte, or in three after 254, the string, and
// padding up to a multiple of four bytes in total.
func (r *reader) bytes() []byte {
	all := r.b
	head := r.take(wordSize)
	if head == nil {
		return nil
	}
	from, n := 1, int(head[0])
	switch {
	case n == shortString:
		from, n = wordSize, int(head[1])|int(head[2])<<8|int(head[3])<<16
	case n > shortString: // 255 has no meaning
		r.bad = true
		return nil
	}
	r.b = all
	if r.take((from+n+wordSize-1)&^(wordSize-1)) == nil {
		return nil
	}
	return all[from : from+n : from+n]
}

// longs reads a vector of long, which takes up all that is left. Its count is not trusted.
func (r *reader) longs() []int64 {
	if r.id() != idVector {
		r.bad = true
	}
	n := int64(r.int())
	if r.bad || n < 0 || n*longSize != int64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := make([]int64, n)
	for i := range v {
		v[i] = r.long()
	}
	return v
}

func appendID(b []byte, id uint32) []byte { return binary.LittleEndian.AppendUint32(b, id) }
func appendInt(b []byte, v int32) []byte  { return binary.LittleEndian.AppendUint32(b, uint32(v)) }
func appendLong(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

// appendBytes appends a string of less than 16 MiB.
func appendBytes(b, s []byte) []byte {
	n := len(s)
	if n > maxString {
		panic("tl: string too long")
	}
	if n < shortString {
		b = append(b, byte(n))
	} else {
		b = append(b, shortString, byte(n), byte(n>>8), byte(n>>16))
	}
	b = append(b, s...)
	for range sizeOfBytes(n) - headOfBytes(n) - n {
		b = append(b, 0)
	}
	return b
}

func headOfBytes(n int) int {
	if n < shortString {
		return 1
	}
	return wordSize
}

func sizeOfBytes(n int) int {
	return (headOfBytes(n) + n + wordSize - 1) &^ (wordSize - 1)
}

func appendLongs(b []byte, v []int64) []byte {
	if len(v) > math.MaxInt32 {
		panic("tl: vector too long")
	}
	b = appendID(b, idVector)
	b = appendInt(b, int32(len(v)))
	for _, x := range v {
		b = appendLong(b, x)
	}
	return b
}
