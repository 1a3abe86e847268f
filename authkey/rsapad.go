package authkey

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"math/bits"
	"slices"

	"github.com/mtcore/mtcore/ige"
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
		// That one was too large says nothing about the next.
		if less(out, &k.rsa.n) {
			break
		}
	}
	m.Wipe()
	clear(padded[:])
	k.rsa.apply(out)
}

// openRSAPad sets padded to the data with what followed it. There is one error, and it
// comes at the end: who may ask whether a ciphertext is good must not learn more. That
// its length is, and that it is below n, everybody knows.
func (k *PrivateKey) openRSAPad(padded *[paddedSize]byte, data []byte) error {
	if len(data) != rsaSize {
		return ErrPeer
	}
	x := [rsaSize]byte(data)
	if !less(&x, &k.public.rsa.n) {
		return ErrPeer
	}
	if err := k.rsa.apply(&x); err != nil {
		return err
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

// less reports whether x < y. The time does not depend on x and y.
func less(x, y *[rsaSize]byte) bool {
	var borrow uint64
	for i := rsaSize - 1; i >= 0; i-- {
		_, borrow = bits.Sub64(uint64(x[i]), uint64(y[i]), borrow)
	}
	return borrow == 1
}
