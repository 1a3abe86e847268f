package authkey

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/rsa2048"
)

// RSA_PAD, a variant of OAEP+. With D the data and random bytes after it, 192 in all, and t
// a random key:
//
//	W = reverse( D ) || SHA256( t || D )
//	E = IGE( key = t, iv = 0, W )
//	X = (t ⊕ SHA256( E )) || E
//	encrypted_data = X^e mod n

const (
	maxRSAPadData = 144
	paddedSize    = 192
	tempKeySize   = 32
)

// rsaPad sets out to the encrypted data.
func (k *PublicKey) rsaPad(out *[rsaSize]byte, data []byte) {
	if len(data) > maxRSAPadData {
		panic("authkey: internal error: too much data for RSA")
	}
	var padded [paddedSize]byte
	rand.Read(padded[copy(padded[:], data):])
	var m ige.Message // whose key is t
	e := out[tempKeySize:]
	m.Dst, m.Src = e, e
	for {
		rand.Read(m.Key[:])
		hash := hashPadded(&m.Key, &padded)
		reverse(e[:paddedSize], padded[:])
		copy(e[paddedSize:], hash[:])
		m.Encrypt()
		hash = sha256.Sum256(e)
		subtle.XORBytes(out[:tempKeySize], m.Key[:], hash[:])
		clear(hash[:])
		if k.rsa.Encrypt(out, out) == nil {
			break
		} // or X is not below n, which says nothing about the next one
	}
	m.Wipe()
	clear(padded[:])
}

// openRSAPad sets padded to the data with what followed it. There is one error, and it
// comes at the end: who may ask whether a ciphertext is good must not learn more. That
// its length is, and that it is below n, everybody knows.
func (k *PrivateKey) openRSAPad(padded *[paddedSize]byte, data []byte) error {
	if len(data) != rsaSize {
		return ErrPeer
	}
	var x [rsaSize]byte
	if err := k.rsa.Decrypt(&x, (*[rsaSize]byte)(data)); err == rsa2048.ErrRange {
		return ErrPeer
	} else if err != nil {
		return fmt.Errorf("authkey: %w", err) // the computer is broken
	}
	var m ige.Message
	e := x[tempKeySize:]
	hash := sha256.Sum256(e)
	subtle.XORBytes(m.Key[:], x[:tempKeySize], hash[:])
	m.Dst, m.Src = e, e
	if err := m.Decrypt(); err != nil {
		panic("authkey: internal error: " + err.Error())
	}
	reverse(padded[:], e[:paddedSize])
	hash = hashPadded(&m.Key, padded)
	ok := subtle.ConstantTimeCompare(hash[:], e[paddedSize:])
	m.Wipe()
	clear(x[:])
	clear(hash[:])
	if ok != 1 {
		clear(padded[:])
		return ErrPeer
	}
	return nil
}

// hashPadded returns SHA256( t || D ).
func hashPadded(t *[tempKeySize]byte, padded *[paddedSize]byte) [sha256.Size]byte {
	var b [tempKeySize + paddedSize]byte
	copy(b[:], t[:])
	copy(b[tempKeySize:], padded[:])
	hash := sha256.Sum256(b[:])
	clear(b[:])
	return hash
}

// reverse sets dst to the bytes of src in the other order.
func reverse(dst, src []byte) {
	copy(dst, src)
	slices.Reverse(dst)
}
