package ige

import (
	"crypto/subtle"

	"github.com/mtcore/mtcore/internal/stack"
)

// lane is one of up to four messages that are processed side by side. As
// everywhere, iv is the last ciphertext block followed by the last plaintext
// block and moves on, and dst is src or shares no memory with it.
type lane struct {
	xk       *schedule
	iv       *[IVSize]byte
	dst, src []byte
}

// encryptGeneric encrypts the whole blocks of src with nr rounds and the schedule
// xk, and moves iv on.
func encryptGeneric(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	encryptLanesGeneric(nr, []lane{{xk, iv, dst, src}})
}

// decryptGeneric decrypts the whole blocks of src with nr rounds and the schedule
// xk of the equivalent inverse cipher, and moves iv on.
func decryptGeneric(nr int, xk *schedule, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	decryptLanesGeneric(nr, []lane{{xk, iv, dst, src}})
}

// encryptMessageGeneric expands key and encrypts the whole blocks of src with it. It leaves iv
// as it is.
func encryptMessageGeneric(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc schedule
	nr := expandEncGeneric(&enc, key[:])
	encryptLanesGeneric(nr, []lane{{&enc, &running, dst, src}})
	clear(running[:])
	clear(enc[:])
}

// decryptMessageGeneric expands key and decrypts the whole blocks of src with it. It leaves iv
// as it is.
func decryptMessageGeneric(key *[KeySize]byte, iv *[IVSize]byte, dst, src []byte) {
	stack.Reserve4K()
	running := *iv
	var enc, dec schedule
	nr := expandGeneric(&enc, &dec, key[:])
	decryptLanesGeneric(nr, []lane{{&dec, &running, dst, src}})
	clear(running[:])
	clear(enc[:])
	clear(dec[:])
}

// encryptLanesGeneric encrypts one to four messages of equal length, in the time
// of one:
//
//	c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
func encryptLanesGeneric(nr int, lanes []lane) {
	var k slicedKeys
	k.loadLanes(nr, lanes)
	var x [slicedLanes][BlockSize]byte
	for n := 0; n < len(lanes[0].src); n += BlockSize {
		for j, l := range lanes {
			subtle.XORBytes(x[j][:], l.src[n:], l.iv[:BlockSize])
		}
		k.encrypt(&x)
		for j, l := range lanes {
			c, p := l.iv[:BlockSize], l.iv[BlockSize:]
			subtle.XORBytes(c, x[j][:], p)
			copy(p, l.src[n:]) // before dst, which may be src
			copy(l.dst[n:], c)
		}
	}
	clear(x[:])
	clear(k.rk[:])
}

// decryptLanesGeneric decrypts one to four messages of equal length, in the time
// of one:
//
//	p_i = D(c_i ⊕ p_{i-1}) ⊕ c_{i-1}
func decryptLanesGeneric(nr int, lanes []lane) {
	var k slicedKeys
	k.loadLanes(nr, lanes)
	var x [slicedLanes][BlockSize]byte
	for n := 0; n < len(lanes[0].src); n += BlockSize {
		for j, l := range lanes {
			subtle.XORBytes(x[j][:], l.src[n:], l.iv[BlockSize:])
		}
		k.decrypt(&x)
		for j, l := range lanes {
			c, p := l.iv[:BlockSize], l.iv[BlockSize:]
			subtle.XORBytes(p, x[j][:], c)
			copy(c, l.src[n:]) // before dst, which may be src
			copy(l.dst[n:], p)
		}
	}
	clear(x[:])
	clear(k.rk[:])
}

func (k *slicedKeys) loadLanes(nr int, lanes []lane) {
	var xk [slicedLanes]*schedule
	for j, l := range lanes {
		xk[j] = l.xk
	}
	k.load(nr, xk[:len(lanes)])
}
