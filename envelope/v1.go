package envelope

import (
	"crypto/rand"
	"crypto/subtle"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/sha1"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// MTProto 1.0 is broken: msg_key leaves the padding out, so that somebody who has seen a
// packet can make others of it that open as well. It is here for two uses: a server asks
// for it when a temporary key is bound, in auth.bindTempAuthKey, and old secret chats sent
// it.

const maxPaddingV1 = 15

// SealV1 is Key.SealV1 for a single message.
func SealV1(dst []byte, key *kdf.AuthKey, side kdf.Side, plaintext []byte) ([]byte, error) {
	return NewKey(key).SealV1(dst, side, plaintext)
}

// OpenV1 is Key.OpenV1 for a single message.
func OpenV1(dst []byte, key *kdf.AuthKey, side kdf.Side, packet []byte, layout Layout) (plaintext []byte, err error) {
	return NewKey(key).OpenV1(dst, side, packet, layout)
}

// SealV1 is Seal for MTProto 1.0. DO NOT USE IT, except for the one message that servers
// ask for, in auth.bindTempAuthKey, or where a peer understands nothing else: 1.0 is not
// secure against anyone who changes packets, and does not hide lengths. In secret chats,
// side is Client for both.
//
// The padding is random and the least there can be. It is not covered by msg_key.
func (k *Key) SealV1(dst []byte, side kdf.Side, plaintext []byte) ([]byte, error) {
	checkSeal(dst, plaintext)
	var random [maxPaddingV1]byte
	padding := random[:-len(plaintext)&(blockSize-1)]
	if len(plaintext) > k.maxPacket()-HeaderSize-len(padding) {
		return nil, ErrTooLong
	}
	rand.Read(padding) // which never fails
	return k.sealV1(dst, side, plaintext, padding), nil
}

// sealV1 is SealV1 with given padding, for a packet that is not too long.
func (k *Key) sealV1(dst []byte, side kdf.Side, plaintext, padding []byte) []byte {
	stack.Reserve8K()
	out, body := frame(dst, plaintext, padding)
	m := k.auth.MsgKeyV1(body[:len(plaintext)])
	msg := ige.Message{Dst: body, Src: body}
	k.auth.DeriveV1(&msg.Key, &msg.IV, side, &m)
	msg.Encrypt()
	k.putHeader(out[len(dst):], &m)
	msg.Wipe()
	return out
}

// OpenV1 is Open for MTProto 1.0, which should be left to peers who cannot do better: see
// SealV1. In secret chats, side is Client for both. It returns the plaintext without its
// padding, which nothing authenticates.
//
// The layout is needed because the hash ends where the body does. That place must stay secret
// until the hash has been compared: clients that acted on it earlier were broken in 2021. Here
// no branch and no address depends on it, and neither does the number of blocks that SHA-1
// hashes.
func (k *Key) OpenV1(dst []byte, side kdf.Side, packet []byte, layout Layout) (plaintext []byte, err error) {
	checkOpen(dst, packet)
	header := layout.header()
	if !k.wellSized(packet) || len(packet) < HeaderSize+header {
		return nil, ErrDecrypt
	}
	stack.Reserve8K()
	var o opening
	o.start(k, side, dst, packet)
	msg := ige.Message{Dst: o.dst, Src: o.src}
	k.auth.DeriveV1(&msg.Key, &msg.IV, side, &o.msgKey)
	if err := msg.Decrypt(); err != nil {
		panic("envelope: internal error: " + err.Error())
	}
	msg.Wipe()

	// Of a malformed plaintext all is hashed, for nothing.
	n, ok := bodyLength(o.dst, header, 0, maxPaddingV1)
	n = subtle.ConstantTimeSelect(ok, header+n, len(o.dst))
	var hash [sha1.Size]byte
	sha1.SumPrefix(&hash, o.dst, n, len(o.dst)-maxPaddingV1)
	o.got = kdf.MsgKey(hash[4:20])
	o.ok &= ok
	out := o.finish()
	if out == nil {
		return nil, ErrDecrypt
	}
	return trim(out, len(dst)+n), nil
}

// trim erases what is after the first n bytes, when n is no longer secret. It is a function of
// its own so that TestMemcheck knows what may depend on n.
//
//go:noinline
func trim(out []byte, n int) []byte {
	for i := n; i < len(out); i++ {
		out[i] = 0
	}
	return out[:n]
}
