// Package ige implements AES-256 in Infinite Garble Extension mode, the cipher
// of Telegram's MTProto, for clients, servers and tools that speak it.
//
// For anything new use an AEAD such as the one of crypto/cipher.NewGCM: IGE has
// no integrity. A changed ciphertext decrypts, without an error, to something
// else; MTProto compares a hash of the plaintext (msg_key) afterwards, and so
// must every caller of this package.
//
// There are four ways to use it:
//
//   - [Message] encrypts or decrypts one message under a key of its own, as all
//     of MTProto's messages are, and batches of messages at once;
//   - [Cipher] with [Encrypter] and [Decrypter] is for many messages, or one long
//     stream in parts, under one key;
//   - [Reader] and [Writer] are streams for io;
//   - [EncryptBlocks], [DecryptBlocks] and the functions around them have the
//     names of github.com/gotd/ige and take any [cipher.Block].
//
// Keys, plaintexts and ivs are secret: no branch and no memory address depends
// on them, on any platform. Where the CPU has no AES instructions a software AES runs,
// bitsliced or, on arm64, with table lookups in registers, which is slower but as
// constant-time. Lengths are public. A
// block of another package is as constant-time as that package makes it, except for those
// of crypto/aes: only their key is used, which [crypto/aes.NewCipher] has expanded by tables
// where the CPU has no AES instructions.
//
// GODEBUG can turn CPU features off by name, as in cpu.aes=off, so that [Backend] is another
// one; fips140=only changes nothing but that blocks of crypto/aes are called as they are.
//
// All functions work in place, with dst and src starting at the same byte; any
// other overlap panics. None allocates, except for constructors, and for a Message
// where [Backend] is "crypto/aes", which allocates for every key.
//
// The mode, with c_{-1} and p_{-1} the two halves of the iv:
//
//	encrypt: c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
//	decrypt: p_i = D(c_i ⊕ p_{i-1}) ⊕ c_{i-1}
package ige

import (
	"errors"

	"github.com/mtcore/mtcore/internal/alias"
)

// Sizes in bytes.
const (
	BlockSize = 16 // of AES
	KeySize   = 32 // of AES-256
	// IVSize is two blocks: the "previous ciphertext block" followed by the
	// "previous plaintext block" of the first one. The last blocks of a message
	// in this order are the iv that continues it.
	IVSize = 2 * BlockSize
)

// ErrPartialBlock says that an input is not a whole number of blocks.
var ErrPartialBlock = errors.New("ige: input is not a whole number of blocks")

// Backend names the implementation that this machine uses, such as "VAES-512+AES-NI",
// "Armv8" or, for the constant-time software AES, "NEON" or "generic".
func Backend() string { return backends.String() }

// Message is one message to encrypt or decrypt with AES-256 under its own key.
// Its methods change nothing but Dst's contents, so that a Message can be used
// again; [Message.Wipe] erases the secrets when it is no longer needed.
type Message struct {
	Key [KeySize]byte
	IV  [IVSize]byte
	// Dst receives the result and is at least as long as Src. It may start at
	// Src's first byte, or must not overlap it.
	Dst, Src []byte
	// Err is set by DecryptBatch only.
	Err error
}

// Encrypt encrypts Src to Dst. It panics if Src is not a whole number of blocks,
// if Dst is shorter, or if they overlap inexactly.
func (m *Message) Encrypt() {
	checkBlocks(m.Dst, m.Src)
	m.encrypt()
}

func (m *Message) encrypt() {
	backends.Ready()
	if len(m.Src) > 0 {
		encryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
	}
}

// Decrypt decrypts Src to Dst. The sender chose Src: it returns ErrPartialBlock,
// and writes nothing, if that is not a whole number of blocks. It panics if Dst
// is shorter or if they overlap inexactly.
func (m *Message) Decrypt() error {
	checkBuffers(m.Dst, m.Src)
	if len(m.Src)%BlockSize != 0 {
		return ErrPartialBlock
	}
	m.decrypt()
	return nil
}

func (m *Message) decrypt() {
	backends.Ready()
	if len(m.Src) > 0 {
		decryptMessage(&m.Key, &m.IV, m.Dst, m.Src)
	}
}

// Wipe erases the key and the iv. It leaves the buffers alone, which the caller
// owns.
func (m *Message) Wipe() {
	clear(m.Key[:])
	clear(m.IV[:])
}

// checkBlocks panics on what only the programmer can have got wrong.
func checkBlocks(dst, src []byte) {
	if len(src)%BlockSize != 0 {
		panicPartial()
	}
	checkBuffers(dst, src)
}

// blocksFit reports whether checkBlocks would not panic. It is small enough to be inlined.
func blocksFit(dst, src []byte) bool {
	return len(src)%BlockSize == 0 && len(dst) >= len(src) && !alias.InexactOverlap(dst[:len(src)], src)
}

// panicPartial is apart, so that checkBlocks is small enough to be inlined.
func panicPartial() { panic(ErrPartialBlock.Error()) }

// checkBuffers is checkBlocks where a peer chose the length of src.
func checkBuffers(dst, src []byte) {
	if len(dst) < len(src) {
		panic("ige: output smaller than input")
	}
	if alias.InexactOverlap(dst[:len(src)], src) {
		panic("ige: invalid buffer overlap")
	}
}
