// Package adapter is what clients call after the command compat/mtpatch has put their crypto on
// mtcore. It offers the clients' own functions in terms of the standard library, so that a
// patched body is a single call. A new program should use packages envelope, authkey and srp
// directly, which leave less to get wrong.
//
// Byte slices and big numbers that a peer chose lead to errors. Buffers that the client
// sized wrongly lead to panics, as in package ige.
//
// Keys, plaintexts, passwords, exponents and shared secrets are secret: no branch and no memory
// address depends on them, nor on whether a message is authentic before that is known. Lengths,
// primes, moduli, generators, pq, everything that is sent, and errors are public.
//
// That ends where math/big begins: numbers that a client passes as *big.Int were computed by it
// in variable time, and math/big converts them to bytes and back in a time that shows how many
// leading zeros they have. The powers and products in between are constant-time.
package adapter

import (
	"errors"
	"io"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/stack"
	"github.com/mtcore/mtcore/kdf"
)

// Lengths in bytes.
const (
	// HeaderSize is the length of key_id and msg_key together.
	HeaderSize = envelope.HeaderSize
	// MaxPadding is the most that Seal adds.
	MaxPadding = minPadding + 15*blockSize + blockSize - 1
)

// ErrDecrypt says that a message, or an answer in the auth-key exchange, was not made with the
// given key, or was changed. It does not say why.
var ErrDecrypt = errors.New("adapter: message cannot be decrypted")

// side returns the sender. Clients have their own types for it.
func side(fromServer bool) kdf.Side {
	if fromServer {
		return kdf.Server
	}
	return kdf.Client
}

// MessageKey returns the msg_key of MTProto 2.0 for a plaintext with its padding.
func MessageKey(authKey *[256]byte, padded []byte, fromServer bool) [16]byte {
	return (*kdf.AuthKey)(authKey).MsgKey(side(fromServer), padded)
}

// Keys sets key and iv to those of AES-256-IGE for the message with the given msg_key, in
// MTProto 2.0.
func Keys(key, iv *[32]byte, authKey *[256]byte, msgKey *[16]byte, fromServer bool) {
	(*kdf.AuthKey)(authKey).Derive(key, iv, side(fromServer), (*kdf.MsgKey)(msgKey))
}

// MessageKeyV1 returns the msg_key of MTProto 1.0 for a plaintext without padding.
func MessageKeyV1(plaintext []byte) [16]byte {
	// The message key of MTProto 1.0 does not depend on the auth key.
	return (*kdf.AuthKey)(nil).MsgKeyV1(plaintext)
}

// KeysV1 is Keys for MTProto 1.0.
func KeysV1(key, iv *[32]byte, authKey *[256]byte, msgKey *[16]byte, fromServer bool) {
	(*kdf.AuthKey)(authKey).DeriveV1(key, iv, side(fromServer), (*kdf.MsgKey)(msgKey))
}

// EncryptIGE encrypts the blocks of src to dst with AES-256-IGE under a key of 32 bytes,
// starting from an iv of 32 bytes, which is not changed. It panics as package ige does.
func EncryptIGE(key, iv, dst, src []byte) { ige.EncryptAES256Blocks(key, iv, dst, src) }

// DecryptIGE is EncryptIGE for decryption.
func DecryptIGE(key, iv, dst, src []byte) { ige.DecryptAES256Blocks(key, iv, dst, src) }

// Seal makes a packet of MTProto 2.0 in place. On entry buf holds HeaderSize bytes, whose
// values do not matter, and the plaintext. The result is key_id, msg_key and the ciphertext. It
// is in buf's array if there is room for the padding, which has 12 to MaxPadding bytes: up to a
// whole block, plus a random number of blocks, as in Telegram Desktop.
//
// The padding is read from random, after one byte that determines its length. The only errors
// are those of random.
func Seal(buf []byte, keyID *[8]byte, authKey *[256]byte, fromServer bool, random io.Reader) ([]byte, error) {
	buf, err := pad(buf, random)
	if err != nil {
		return nil, err
	}
	stack.Reserve8K()
	body := buf[HeaderSize:]
	s := side(fromServer)
	k := (*kdf.AuthKey)(authKey)
	m := k.MsgKey(s, body)
	msg := ige.Message{Dst: body, Src: body}
	k.Derive(&msg.Key, &msg.IV, s, &m)
	msg.Encrypt()
	msg.Wipe()
	copy(buf, keyID[:])
	copy(buf[len(keyID):], m[:])
	return buf, nil
}

const (
	minPadding = 12 // what MTProto 2.0 allows
	blockSize  = ige.BlockSize
)

// pad appends padding to a plaintext that begins after HeaderSize bytes.
func pad(buf []byte, random io.Reader) ([]byte, error) {
	var blocks [1]byte
	if _, err := io.ReadFull(random, blocks[:]); err != nil {
		return nil, err
	}
	n := len(buf) - HeaderSize
	length := minPadding + (-n-minPadding)&(blockSize-1) + int(blocks[0]&15)*blockSize
	end := len(buf)
	buf = append(buf, make([]byte, length)...)
	if _, err := io.ReadFull(random, buf[end:]); err != nil {
		return nil, err
	}
	return buf, nil
}

// Open decrypts the ciphertext of a packet of MTProto 2.0 and returns the plaintext with its
// padding, in new memory. The only error is ErrDecrypt, after the same work whatever is wrong.
// The caller must have compared key_id.
func Open(authKey *[256]byte, fromServer bool, msgKey *[16]byte, ciphertext []byte) ([]byte, error) {
	padded, err := envelope.OpenBody(nil, (*kdf.AuthKey)(authKey), side(fromServer), (*kdf.MsgKey)(msgKey), ciphertext)
	if err != nil {
		return nil, ErrDecrypt
	}
	return padded, nil
}

// AuthKey returns a key that a client has as a slice. A key shorter than 256 bytes has lost
// zeros on the left; they are restored, in new memory. AuthKey panics if a key is longer.
func AuthKey(key []byte) *[256]byte {
	if len(key) == 256 {
		return (*[256]byte)(key)
	}
	var padded [256]byte
	if len(key) > len(padded) {
		panic("adapter: key of more than 256 bytes")
	}
	copy(padded[len(padded)-len(key):], key)
	return &padded
}
