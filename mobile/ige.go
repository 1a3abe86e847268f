package mobile

import (
	"bytes"
	"crypto/cipher"
	"sync"

	"github.com/mtcore/mtcore/ige"
)

// EncryptIGE encrypts buf in place, with AES-256 in IGE mode. Its length is a multiple of
// 16 bytes; key and iv have 32 each. They are for a single message: to encrypt another
// one with both, or with a Stream of these, tells who listens where the two are alike.
func EncryptIGE(buf, key, iv []byte) error {
	m, err := igeMessage(buf, key, iv)
	if err != nil {
		return err
	}
	m.Encrypt()
	m.Wipe()
	return nil
}

// DecryptIGE is the inverse of EncryptIGE. IGE has no integrity: if anything was changed,
// the result is something else, without an error. Packets have a check, see AuthKey.
func DecryptIGE(buf, key, iv []byte) error {
	m, err := igeMessage(buf, key, iv)
	if err != nil {
		return err
	}
	defer m.Wipe()
	return m.Decrypt()
}

// EncryptedIGE is EncryptIGE that leaves data alone and returns the result.
func EncryptedIGE(data, key, iv []byte) ([]byte, error) {
	return inCopy(data, func(buf []byte) error { return EncryptIGE(buf, key, iv) })
}

// DecryptedIGE is DecryptIGE that leaves data alone and returns the result.
func DecryptedIGE(data, key, iv []byte) ([]byte, error) {
	return inCopy(data, func(buf []byte) error { return DecryptIGE(buf, key, iv) })
}

// inCopy returns a copy of data that f has changed.
func inCopy(data []byte, f func(buf []byte) error) ([]byte, error) {
	buf := bytes.Clone(data)
	if err := f(buf); err != nil {
		clear(buf)
		return nil, err
	}
	return buf, nil
}

func igeMessage(buf, key, iv []byte) (*ige.Message, error) {
	if err := checkKey(key, iv); err != nil {
		return nil, err
	}
	if err := checkBlocks(buf); err != nil {
		return nil, err
	}
	return &ige.Message{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: buf, Src: buf}, nil
}

func checkKey(key, iv []byte) error {
	if len(key) != KeySize {
		return errSize("key", KeySize, len(key))
	}
	if len(iv) != IVSize {
		return errSize("iv", IVSize, len(iv))
	}
	return nil
}

func checkBlocks(buf []byte) error {
	if len(buf)%BlockSize != 0 {
		return ige.ErrPartialBlock
	}
	return nil
}

// Stream encrypts or decrypts, with AES-256-IGE, what is too long to be in memory at
// once. For files there is FileKey, which is faster.
type Stream struct {
	mu   sync.Mutex
	mode cipher.BlockMode
	wipe func()
}

// EncryptStream returns a Stream that encrypts, with a key and an iv of 32 bytes each.
func EncryptStream(key, iv []byte) (*Stream, error) {
	c, err := igeCipher(key, iv)
	if err != nil {
		return nil, err
	}
	mode := ige.NewEncrypter(c, (*[IVSize]byte)(iv))
	return &Stream{mode: mode, wipe: func() { c.Wipe(); mode.Wipe() }}, nil
}

// DecryptStream returns a Stream that decrypts, with a key and an iv of 32 bytes each.
func DecryptStream(key, iv []byte) (*Stream, error) {
	c, err := igeCipher(key, iv)
	if err != nil {
		return nil, err
	}
	mode := ige.NewDecrypter(c, (*[IVSize]byte)(iv))
	return &Stream{mode: mode, wipe: func() { c.Wipe(); mode.Wipe() }}, nil
}

func igeCipher(key, iv []byte) (*ige.Cipher, error) {
	if err := checkKey(key, iv); err != nil {
		return nil, err
	}
	return ige.NewCipher(key)
}

// Crypt encrypts or decrypts the next part, in place. Its length is a multiple of 16
// bytes; some 64 KiB at a time are fast.
func (s *Stream) Crypt(buf []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode == nil {
		return errUnusable
	}
	if err := checkBlocks(buf); err != nil {
		return err
	}
	s.mode.CryptBlocks(buf, buf)
	return nil
}

// Crypted is Crypt that leaves data alone and returns the result.
func (s *Stream) Crypted(data []byte) ([]byte, error) {
	return inCopy(data, s.Crypt)
}

// Wipe erases the key and the state. The Stream cannot be used afterwards.
func (s *Stream) Wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode != nil {
		s.wipe()
		s.mode = nil
	}
}
