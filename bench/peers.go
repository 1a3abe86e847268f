package main

import (
	"crypto/cipher"

	gotd "github.com/gotd/ige"

	"github.com/mtcore/mtcore/ige"
)

const (
	gotdName   = "gotd/ige"
	gogramName = "like gogram"
	gogramHow  = "aes.NewCipher, xors of bytes"
)

// A peer is somebody else's way. Peers are wrong in place, without a warning.
type peer struct {
	who string
	way
}

// peers returns the other implementations of IGE in Go. The first is the one that
// all others are checked against.
func peers(d direction) []peer {
	if d == encrypt {
		return []peer{
			{gotdName, way{how: newCipher, prepare: withNewCipher(gotd.EncryptBlocks)}},
			{gotdName, way{how: blockReused, prepare: withBlock(gotd.EncryptBlocks)}},
			{gogramName, way{how: gogramHow, prepare: gogramEncrypt}},
		}
	}
	return []peer{
		{gotdName, way{how: newCipher, prepare: withNewCipher(gotd.DecryptBlocks)}},
		{gotdName, way{how: decryptAES256, prepare: withKey(gotd.DecryptAES256Blocks)}},
		{gotdName, way{how: blockReused, prepare: withBlock(gotd.DecryptBlocks)}},
		{gogramName, way{how: gogramHow, prepare: gogramDecrypt}},
	}
}

// gogram has its IGE in an internal package and under another licence. What follows
// is not its code, but goes about the work in the same way: with a block of
// crypto/aes for each message, and xors of single bytes.

func gogramEncrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	return func(dst, src []byte) {
		b := newBlock(key)
		cryptByBytes(b, b.Encrypt, iv[:ige.BlockSize], iv[ige.BlockSize:], dst, src)
	}
}

func gogramDecrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	return func(dst, src []byte) {
		b := newBlock(key)
		cryptByBytes(b, b.Decrypt, iv[ige.BlockSize:], iv[:ige.BlockSize], dst, src)
	}
}

// cryptByBytes sets out_i = crypt(in_i ⊕ out_{i-1}) ⊕ in_{i-1}.
func cryptByBytes(b cipher.Block, crypt func(dst, src []byte), prevOut, prevIn, dst, src []byte) {
	n := b.BlockSize()
	x := make([]byte, n)
	for len(src) > 0 {
		in, out := src[:n], dst[:n]
		xorByBytes(x, in, prevOut)
		crypt(x, x)
		xorByBytes(out, x, prevIn)
		prevOut, prevIn = out, in
		dst, src = dst[n:], src[n:]
	}
}

func xorByBytes(dst, x, y []byte) {
	for i := range dst {
		dst[i] = x[i] ^ y[i]
	}
}
