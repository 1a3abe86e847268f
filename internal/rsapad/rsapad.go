// Package rsapad implements RSA_PAD, with which a Telegram client sends a server the first
// secret of an exchange, for packages that have their own key and source of random bytes. It is
// a variant of OAEP+. Let D be the data followed by random bytes, 192 bytes in all, and t a
// random key:
//
//	W = reverse( D ) || SHA256( t || D )
//	E = IGE( key = t, iv = 0, W )
//	X = (t ⊕ SHA256( E )) || E
//	encrypted_data = X^e mod n
//
// The data and t are secret: no branch and no memory address depends on them, nor on a decrypted
// X until it is known to be valid.
//
// See https://core.telegram.org/mtproto/auth_key#presenting-proof-of-work-server-authentication.
package rsapad

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"slices"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/rsa2048"
	"github.com/mtcore/mtcore/internal/stack"
)

// Sizes in bytes.
const (
	// Size is the length of encrypted data.
	Size = rsa2048.Size
	// MaxData is the maximum length of the data.
	MaxData = 144
	// PaddedSize is the length of D.
	PaddedSize = 192
	// KeySize is the length of t.
	KeySize = 32
)

var (
	// ErrData says that encrypted data is not what Seal makes for this key.
	ErrData = errors.New("rsapad: invalid encrypted data")
	// ErrRandom says that random bytes are not random.
	ErrRandom = errors.New("rsapad: random bytes are not random")
)

// maxDraws bounds how often t is drawn. At least one X in two is below n, whatever n is.
const maxDraws = 256

// Seal sets out to the encrypted data. It reads PaddedSize-len(data) bytes from random for the
// padding, and then KeySize bytes for each t that it tries. Errors are those of random, or
// ErrRandom. It panics if data is longer than MaxData.
func Seal(out *[Size]byte, key *rsa2048.PublicKey, data []byte, random io.Reader) error {
	if len(data) > MaxData {
		panic("rsapad: too much data")
	}
	stack.Reserve48K()
	var padded [PaddedSize]byte
	defer clear(padded[:])
	if _, err := io.ReadFull(random, padded[copy(padded[:], data):]); err != nil {
		return err
	}
	var m ige.Message // its key is t
	defer m.Wipe()
	e := out[KeySize:]
	m.Dst, m.Src = e, e
	for range maxDraws {
		if _, err := io.ReadFull(random, m.Key[:]); err != nil {
			clear(out[:])
			return err
		}
		hash := hashPadded(&m.Key, &padded)
		reverse(e[:PaddedSize], padded[:])
		copy(e[PaddedSize:], hash[:])
		m.Encrypt()
		hash = sha256.Sum256(e)
		subtle.XORBytes(out[:KeySize], m.Key[:], hash[:])
		clear(hash[:])
		if key.Encrypt(out, out) == nil {
			return nil
		} // or X is not below n, which says nothing about the next one
	}
	clear(out[:])
	return ErrRandom
}

// Open sets padded to the data and what followed it. It returns ErrData only at the end: whoever
// can ask whether a ciphertext is valid must not learn more than that. Its length, and whether
// it is below n, are public. Any other error means that the hardware is broken.
func Open(padded *[PaddedSize]byte, key *rsa2048.PrivateKey, data []byte) error {
	if len(data) != Size {
		return ErrData
	}
	var x [Size]byte
	if err := key.Decrypt(&x, (*[Size]byte)(data)); err == rsa2048.ErrRange {
		return ErrData
	} else if err != nil {
		return err
	}
	// Decrypt has made more room on the stack than what follows needs.
	return open(padded, &x)
}

// open is Open from X on, which it clears.
func open(padded *[PaddedSize]byte, x *[Size]byte) error {
	var m ige.Message
	e := x[KeySize:]
	hash := sha256.Sum256(e)
	subtle.XORBytes(m.Key[:], x[:KeySize], hash[:])
	m.Dst, m.Src = e, e
	if err := m.Decrypt(); err != nil {
		panic("rsapad: internal error: " + err.Error())
	}
	reverse(padded[:], e[:PaddedSize])
	hash = hashPadded(&m.Key, padded)
	ok := subtle.ConstantTimeCompare(hash[:], e[PaddedSize:])
	m.Wipe()
	clear(x[:])
	clear(hash[:])
	if ok != 1 {
		clear(padded[:])
		return ErrData
	}
	return nil
}

// hashPadded returns SHA256( t || D ).
func hashPadded(t *[KeySize]byte, padded *[PaddedSize]byte) [sha256.Size]byte {
	var b [KeySize + PaddedSize]byte
	copy(b[:], t[:])
	copy(b[KeySize:], padded[:])
	hash := sha256.Sum256(b[:])
	clear(b[:])
	return hash
}

// reverse sets dst to the bytes of src in reverse order.
func reverse(dst, src []byte) {
	copy(dst, src)
	slices.Reverse(dst)
}
