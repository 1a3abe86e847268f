// Package envelope seals and opens the messages of Telegram's MTProto, for clients, servers
// and secret chats that speak it. For anything new use an AEAD such as the one of
// crypto/cipher.NewGCM, or age for files.
//
// A message, in cloud chats and secret chats alike, is a packet of
//
//	key_id(8) || msg_key(16) || IGE( plaintext || padding )
//
// where key_id names the authorization key, and msg_key is a hash of part of that key, the
// plaintext and its padding. The key and the iv of AES-256-IGE are derived from the
// authorization key and msg_key. Package kdf has the formulas.
//
// Open releases nothing before it has compared msg_key, in constant time, with the hash of
// what it decrypted. Whatever is wrong with a packet, the error is the same, [ErrDecrypt],
// and the work before it depends only on the length of the packet. So nobody can tell
// whether the key_id or the msg_key was wrong, or where a bit was changed. What was
// decrypted is erased. [Layout.Body] is the step that follows, and has the same error.
//
// Use a [Key] to seal and open many messages under one authorization key, Seal and Open for
// single messages, and [SealBatch] and [OpenBatch] for many messages at a time, under any
// keys.
//
// The authorization key and the plaintext are secret: no branch and no memory address
// depends on them. The lengths of packets and plaintexts are public, as is whether a packet
// was refused. Whether a message is new and arrives in its turn cannot be told from one
// packet, and is not checked here; msg_key says nothing about it.
//
// With GODEBUG=fips140=only, [NewKey] panics, and so does everything that makes a Key, since
// the key_id is a hash by SHA-1.
//
// Nothing allocates if dst has room, on platforms where packages ige and kdf do not
// allocate, and everything can work in place; see [Key.Seal] and [Key.Open].
package envelope

import (
	"encoding/binary"
	"errors"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/alias"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// Sizes in bytes.
const (
	// HeaderSize is the length of key_id and msg_key together.
	HeaderSize = keyIDSize + kdf.MsgKeySize

	// MaxOverhead bounds how much longer a packet is than its plaintext.
	MaxOverhead = HeaderSize + maxPadding

	// DefaultMaxPacket is the length of the longest packet, unless a Key sets another
	// limit.
	DefaultMaxPacket = 1 << 20

	// largestPacket is more than any other: lengths can be added without a thought, also
	// where an int has 32 bits.
	largestPacket = 1 << 30
)

const (
	keyIDSize = 8
	blockSize = ige.BlockSize
)

// ErrDecrypt means that a packet is not a well-formed message under this key. It never says
// why.
var ErrDecrypt = errors.New("envelope: message cannot be decrypted")

// ErrTooLong means that a plaintext, with as much padding as there may be, does not fit a
// packet.
var ErrTooLong = errors.New("envelope: plaintext too long")

// Version is a version of MTProto.
type Version uint8

const (
	V2 Version = 2
	V1 Version = 1 // see SealV1
)

// Backend names the implementation that this machine uses for opening, such as
// "AES-NI+SHA-NI", "Armv8" or, for one pass of package ige and one of package
// kdf, "generic".
func Backend() string { return backends.String() }

// Key is an authorization key under which several messages are sealed or opened. It
// remembers the key_id, which takes longer to compute than opening a short message does. It
// is safe for concurrent use.
type Key struct {
	// MaxPacket is the length of the longest packet to seal or open, up to 1 GiB; 0 stands
	// for DefaultMaxPacket. Open refuses longer packets before doing any work.
	MaxPacket int

	auth *kdf.AuthKey
	id   [keyIDSize]byte
}

// NewKey returns a Key for auth. It keeps the pointer: auth must not be changed or wiped
// while the Key is in use.
func NewKey(auth *kdf.AuthKey) *Key {
	return &Key{auth: auth, id: auth.ID()} // Small enough to be inlined, see Seal.
}

// ID returns the key_id.
func (k *Key) ID() [8]byte { return k.id }

// Seal is Key.Seal for a single message.
func Seal(dst []byte, key *kdf.AuthKey, side kdf.Side, plaintext []byte, pad Padding) ([]byte, error) {
	return NewKey(key).Seal(dst, side, plaintext, pad)
}

// Open is Key.Open for a single message.
func Open(dst []byte, key *kdf.AuthKey, side kdf.Side, packet []byte) (padded []byte, err error) {
	return NewKey(key).Open(dst, side, packet)
}

// Seal makes a packet of MTProto 2.0 and appends it to dst. The plaintext includes its
// length field and whatever else its [Layout] has; side is who sends it. Padding is
// random, never the same twice, and as much as pad says. The only error is ErrTooLong.
//
// It does not allocate if dst has room for as many bytes more as pad.Room says. The plaintext
// may be in place, which is HeaderSize bytes after the end of dst. It must not overlap otherwise
// with the len(plaintext) + MaxOverhead bytes after that end, or Seal panics.
func (k *Key) Seal(dst []byte, side kdf.Side, plaintext []byte, pad Padding) ([]byte, error) {
	checkSeal(dst, plaintext)
	least, most := pad.bounds(len(plaintext))
	if !k.fits(len(plaintext), most) {
		return nil, ErrTooLong
	}
	backends.Ready()
	stack.Reserve16K() // more than seal does, which must not move the key of the padding
	if most <= smallRoom {
		var room [smallRoom]byte
		return k.sealIn(room[:], dst, side, plaintext, least, most), nil
	}
	var room [messageRoom]byte
	return k.sealIn(room[:], dst, side, plaintext, least, most), nil
}

// sealIn is Seal with as much padding as least and most say, which is made in room.
func (k *Key) sealIn(room, dst []byte, side kdf.Side, plaintext []byte, least, most int) []byte {
	random := randomPadding{room: room}
	n := random.length(least, most, 1)
	out := k.seal(dst, side, plaintext, random.take(n, n))
	random.wipe()
	return out
}

// seal is Seal with given padding, for a packet that is not too long.
func (k *Key) seal(dst []byte, side kdf.Side, plaintext, padding []byte) []byte {
	stack.Reserve8K()
	out, body := frame(dst, plaintext, padding)
	m := k.auth.MsgKey(side, body)
	msg := ige.Message{Dst: body, Src: body}
	k.auth.Derive(&msg.Key, &msg.IV, side, &m)
	msg.Encrypt()
	k.putHeader(out[len(dst):], &m)
	msg.Wipe()
	return out
}

// Open decrypts a packet of MTProto 2.0, which side sent, and appends the plaintext with
// its padding to dst. The only error is ErrDecrypt; nothing is returned then, and what
// was written after the end of dst is erased.
//
// It does not allocate if dst has room for as much as the packet has after its header.
// The packet may be decrypted in place, where the plaintext begins either at
// the packet's first byte, for which dst is packet[:0], or HeaderSize bytes after it,
// which is faster. It must not overlap otherwise, or Open panics. In place, a packet
// that is refused is lost.
func (k *Key) Open(dst []byte, side kdf.Side, packet []byte) (padded []byte, err error) {
	checkOpen(dst, packet)
	if !k.wellSized(packet) {
		return nil, ErrDecrypt
	}
	backends.Ready()
	stack.Reserve8K()
	var o opening
	o.start(k, side, dst, packet)
	decryptAndHash(&o)
	if out := o.finish(); out != nil {
		return out, nil
	}
	return nil, ErrDecrypt
}

// OpenBody opens a packet of MTProto 2.0 whose header was parsed already, and whose key_id
// the caller has compared: it is [Key.Open] without these, for clients that have a type of
// their own for packets. What side sent is ciphertext under key, with the message key
// msgKey; the plaintext with its padding is appended to dst.
//
// The only error is ErrDecrypt, also for a ciphertext that is empty or not whole blocks.
// There is no limit of its length. It may be decrypted in place, where dst ends at its first
// byte, and must not overlap the result otherwise, or OpenBody panics.
func OpenBody(dst []byte, key *kdf.AuthKey, side kdf.Side, msgKey *kdf.MsgKey, ciphertext []byte) (padded []byte, err error) {
	n := len(ciphertext)
	if n == 0 || n%blockSize != 0 {
		return nil, ErrDecrypt
	}
	if n <= cap(dst)-len(dst) && alias.InexactOverlap(dst[len(dst):len(dst)+n], ciphertext) {
		panic("envelope: invalid buffer overlap")
	}
	backends.Ready()
	stack.Reserve8K()
	var o opening
	o.auth, o.side, o.msgKey, o.src = key, side, *msgKey, ciphertext
	o.out, o.dst = extend(dst, n)
	o.ok = 1
	decryptAndHash(&o)
	if out := o.finish(); out != nil {
		return out, nil
	}
	return nil, ErrDecrypt
}

// frame appends room for a packet to dst, and fills in the plaintext and the padding.
// It returns dst with the packet, and what is to be encrypted.
func frame(dst, plaintext, padding []byte) (out, body []byte) {
	out, packet := extend(dst, HeaderSize+len(plaintext)+len(padding))
	body = packet[HeaderSize:]
	if len(plaintext) > 0 && &body[0] != &plaintext[0] {
		copy(body, plaintext)
	}
	copy(body[len(plaintext):], padding)
	return out, body
}

// fits reports whether there is room in a packet for a plaintext of n bytes and the most
// padding: whether it is refused must not depend on chance.
func (k *Key) fits(n, most int) bool {
	room := k.maxPacket() - HeaderSize
	return n <= room && n+most <= room
}

func (k *Key) putHeader(packet []byte, m *kdf.MsgKey) {
	copy(packet[:keyIDSize], k.id[:])
	copy(packet[keyIDSize:HeaderSize], m[:])
}

func (k *Key) maxPacket() int {
	if k.MaxPacket != 0 {
		return min(k.MaxPacket, largestPacket)
	}
	return DefaultMaxPacket
}

// wellSized tells whether packet can be one, of what is public.
func (k *Key) wellSized(packet []byte) bool {
	n := len(packet)
	return n > HeaderSize && n <= k.maxPacket() && (n-HeaderSize)%blockSize == 0
}

// opening is a packet that is being opened.
type opening struct {
	auth   *kdf.AuthKey
	side   kdf.Side
	msgKey kdf.MsgKey // as the packet has it

	// The ciphertext src is decrypted to dst, which is src or does not overlap it. It is at
	// the end of out, or HeaderSize bytes after it, and then finish moves it there.
	dst, src, out []byte
	got           kdf.MsgKey // of dst

	// ok is 0 if something is wrong. No one looks before all of the work is done.
	ok int
}

// start sets o to what is to be done for a packet that is wellSized, the plaintext of which
// is to be appended to dst.
//
// It sets one field after the other: a literal would be built elsewhere and copied, by loads
// that are wider than the stores just before, for which CPUs wait.
func (o *opening) start(k *Key, side kdf.Side, dst, packet []byte) {
	o.auth, o.side = k.auth, side
	o.msgKey = kdf.MsgKey(packet[keyIDSize:HeaderSize]) // a copy, which the plaintext may replace
	o.src = packet[HeaderSize:]
	o.out, o.dst = extend(dst, len(o.src))
	if &o.dst[0] == &packet[0] {
		o.dst = o.src
	}
	o.ok = isZero(different(packet, k.id[:]))
}

// different returns the bits in which the first eight bytes of a and of b differ.
func different(a, b []byte) uint64 {
	return binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b)
}

// isZero returns 1 if x is 0, and else 0, in constant time and less of it than a comparison by
// package subtle takes.
func isZero(x uint64) int { return int((x|-x)>>63 ^ 1) }

// finish returns the result when dst and got are there, or nil, and erases it, if something is
// wrong.
//
// A branch on ok can be predicted, and then, for the hundreds of instructions until the hash is
// there, the CPU goes on with a plaintext that may be refused: what callers look up by it would
// show in the cache. So ok chooses the result as an index, which is not predicted, and the
// branch is on what was chosen. A caller has nothing to read before that.
func (o *opening) finish() []byte {
	o.ok &= isZero(different(o.msgKey[:], o.got[:]) | different(o.msgKey[8:], o.got[8:]))
	chosen := [2][]byte{1: o.out}[o.ok&1]
	result := o.out[len(o.out)-len(o.dst):]
	if chosen == nil {
		clear(o.dst)
		clear(result)
		return nil
	}
	if &o.dst[0] != &result[0] {
		copy(result, o.dst)
		clear(o.dst[max(0, len(o.dst)-HeaderSize):]) // the rest of it is in the result's place
	}
	return chosen
}

// extend returns dst with n bytes more, and those.
func extend(dst []byte, n int) (out, more []byte) {
	if n <= cap(dst)-len(dst) {
		out = dst[:len(dst)+n]
	} else {
		out = make([]byte, len(dst)+n)
		copy(out, dst)
	}
	return out, out[len(dst):]
}

// checkSeal panics on what only the programmer can have got wrong. Whether it does must
// not depend on how much padding there will be: it assumes the most.
func checkSeal(dst, plaintext []byte) {
	n := cap(dst) - len(dst)
	if len(plaintext) < n-MaxOverhead {
		n = len(plaintext) + MaxOverhead
	}
	more := dst[len(dst) : len(dst)+n]
	inPlace := len(plaintext) > 0 && len(more) > HeaderSize && &more[HeaderSize] == &plaintext[0]
	if !inPlace && alias.AnyOverlap(more, plaintext) {
		panic("envelope: invalid buffer overlap")
	}
}

// checkOpen is checkSeal for Open.
func checkOpen(dst, packet []byte) {
	n := len(packet) - HeaderSize
	if n <= 0 || n > cap(dst)-len(dst) {
		return // There will be nothing, or a new slice.
	}
	result := dst[len(dst) : len(dst)+n]
	inPlace := &result[0] == &packet[0] || &result[0] == &packet[HeaderSize]
	if !inPlace && alias.AnyOverlap(result, packet) {
		panic("envelope: invalid buffer overlap")
	}
}
