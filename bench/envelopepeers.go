package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/gotd/td/bin"
	td "github.com/gotd/td/crypto"

	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

const (
	ourSeal       = "Key.Seal"
	ourSealFree   = "Key.Seal, random bytes not counted"
	ourOpen       = "Key.Open"
	tdEncrypt     = "Cipher.Encrypt"
	tdEncryptFree = "Cipher.Encrypt, random bytes for free"
	tdDecrypt     = "Cipher.DecryptFromBuffer"
	gogramSeal    = "least padding, three hashes, aes.NewCipher"
	gogramOpen    = "three hashes, aes.NewCipher"
)

// A sealer is somebody's way to seal messages, which a client sends.
type sealer struct {
	who, how string
	prepare  func(k *kdf.AuthKey) sealFunc
}

// An opener is somebody's way to open them.
type opener struct {
	who, how string
	prepare  func(k *kdf.AuthKey) openFunc
}

// A sealFunc returns the packet of a plaintext, which is valid until the next call.
type sealFunc func(plaintext []byte) (packet []byte)

// An openFunc returns the plaintext of a packet, to its last byte or without padding.
type openFunc func(packet []byte) (plaintext []byte, err error)

func ourSealer(pad envelope.Padding) func(k *kdf.AuthKey) sealFunc {
	return func(k *kdf.AuthKey) sealFunc {
		key := envelope.NewKey(k)
		key.MaxPacket = 2 * maxSize
		var buf []byte
		return func(plaintext []byte) []byte {
			buf = must(key.Seal(buf[:0], kdf.Client, plaintext, pad))
			return buf
		}
	}
}

func ourOpener(k *kdf.AuthKey) openFunc {
	key := envelope.NewKey(k)
	key.MaxPacket = 2 * maxSize
	var buf []byte
	return func(packet []byte) ([]byte, error) {
		padded, err := key.Open(buf[:0], kdf.Client, packet)
		if err == nil {
			buf = padded
		}
		return padded, err
	}
}

// cloudHeader is the part of the plaintext before the body, in cloud chats.
const cloudHeader = 32

// makePlaintext returns a plaintext of a cloud chat whose packet has so many bytes after its
// header if its padding is the least there can be.
func makePlaintext(size int, fill io.Reader) []byte {
	p := make([]byte, size-12)
	io.ReadFull(fill, p)
	binary.LittleEndian.PutUint32(p[cloudHeader-4:], uint32(len(p)-cloudHeader))
	return p
}

// minEnvelope is the least that makePlaintext can do.
const minEnvelope = 48

func sealers() []sealer {
	return []sealer{
		{tdName, tdEncrypt, tdSealer(rand.Reader)},
		{tdName, tdEncryptFree, tdSealer(zeros{})},
		{gogramName, gogramSeal, gogramSealer},
	}
}

func openers() []opener {
	return []opener{
		{tdName, tdDecrypt, tdOpener},
		{gogramName, gogramOpen, gogramOpener},
	}
}

// zeros is a reader that costs next to nothing, and with which gotd/td adds the least
// padding.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func tdSealer(random io.Reader) func(k *kdf.AuthKey) sealFunc {
	return func(k *kdf.AuthKey) sealFunc {
		c, authKey := td.NewClientCipher(random), td.Key(*k).WithID()
		var b bin.Buffer
		return func(p []byte) []byte {
			data := td.EncryptedMessageData{
				Salt:                   int64(binary.LittleEndian.Uint64(p[0:])),
				SessionID:              int64(binary.LittleEndian.Uint64(p[8:])),
				MessageID:              int64(binary.LittleEndian.Uint64(p[16:])),
				SeqNo:                  int32(binary.LittleEndian.Uint32(p[24:])),
				MessageDataLen:         int32(binary.LittleEndian.Uint32(p[28:])),
				MessageDataWithPadding: p[cloudHeader:],
			}
			if err := c.Encrypt(authKey, data, &b); err != nil {
				panic(err)
			}
			return b.Buf
		}
	}
}

func tdOpener(k *kdf.AuthKey) openFunc {
	c, authKey := td.NewServerCipher(rand.Reader), td.Key(*k).WithID()
	return func(packet []byte) ([]byte, error) {
		data, err := c.DecryptFromBuffer(authKey, &bin.Buffer{Buf: packet})
		if err != nil {
			return nil, err
		}
		return data.Data(), nil
	}
}

// What follows is no code of gogram's, but goes about the work in the same way.

func gogramSealer(k *kdf.AuthKey) sealFunc {
	id := k.ID()
	derive, msgKey := gogramDeriver(k)
	return func(plaintext []byte) []byte {
		padding := make([]byte, 12+(16-(len(plaintext)+12)%16)%16)
		rand.Read(padding)
		padded := concat(plaintext, padding)
		m := msgKey(kdf.Client, padded)
		var key, iv [32]byte
		derive(&key, &iv, kdf.Client, &m)
		encrypted := make([]byte, len(padded))
		gogramEncrypt(&key, &iv)(encrypted, padded)
		return concat(id[:], m[:], encrypted)
	}
}

func gogramOpener(k *kdf.AuthKey) openFunc {
	id := k.ID()
	derive, msgKey := gogramDeriver(k)
	return func(packet []byte) ([]byte, error) {
		body := packet[envelope.HeaderSize:]
		if !bytes.Equal(packet[:8], id[:]) || len(body)%ige.BlockSize != 0 {
			return nil, fmt.Errorf("not for this key")
		}
		m := kdf.MsgKey(packet[8:envelope.HeaderSize])
		var key, iv [32]byte
		derive(&key, &iv, kdf.Client, &m)
		padded := make([]byte, len(body))
		gogramDecrypt(&key, &iv)(padded, body)
		if got := msgKey(kdf.Client, padded); !bytes.Equal(got[:], m[:]) {
			return nil, fmt.Errorf("wrong msg_key")
		}
		return padded, nil
	}
}
