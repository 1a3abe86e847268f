package mobile

import (
	"bytes"
	"crypto/cipher"
	"sync"

	"github.com/mtcore/mtcore/ige"
)

// EncryptIGE encrypts buf in place with AES-256 in IGE mode. The length of buf is a
// multiple of 16 bytes; key and iv have 32 bytes each and are for a single message. Using
// both for a second one, or for a Stream too, shows an eavesdropper where the two are
// alike.
func EncryptIGE(buf, key, iv []byte) error {
	m, err := igeMessage(buf, key, iv)
	if err != nil {
		return err
	}
	m.Encrypt()
	m.Wipe()
	return nil
}

// DecryptIGE is the inverse of EncryptIGE. IGE has no integrity: changed input gives
// changed output, without an error. Packets are authenticated: see AuthKey.
func DecryptIGE(buf, key, iv []byte) error {
	m, err := igeMessage(buf, key, iv)
	if err != nil {
		return err
	}
	defer m.Wipe()
	return m.Decrypt()
}

// EncryptedIGE is like EncryptIGE, but leaves data alone and returns the result.
func EncryptedIGE(data, key, iv []byte) ([]byte, error) {
	return inCopy(data, func(buf []byte) error { return EncryptIGE(buf, key, iv) })
}

// DecryptedIGE is like DecryptIGE, but leaves data alone and returns the result.
func DecryptedIGE(data, key, iv []byte) ([]byte, error) {
	return inCopy(data, func(buf []byte) error { return DecryptIGE(buf, key, iv) })
}

// inCopy returns a copy of data, as changed by f.
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

// Stream encrypts or decrypts data that does not fit in memory, with AES-256-IGE. For files
// use FileKey, which is faster.
type Stream struct {
	mu   sync.Mutex
	mode cipher.BlockMode
	wipe func()
}

// EncryptStream returns a Stream that encrypts with a key and an iv of 32 bytes each.
func EncryptStream(key, iv []byte) (*Stream, error) {
	c, err := igeCipher(key, iv)
	if err != nil {
		return nil, err
	}
	mode := ige.NewEncrypter(c, (*[IVSize]byte)(iv))
	return &Stream{mode: mode, wipe: func() { c.Wipe(); mode.Wipe() }}, nil
}

// DecryptStream returns a Stream that decrypts with a key and an iv of 32 bytes each.
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

// Crypt encrypts or decrypts the next part of the data in place. The length of buf is a
// multiple of 16 bytes; parts of 64 KiB are fast.
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

// Crypted is like Crypt, but leaves data alone and returns the result.
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
