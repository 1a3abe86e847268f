// Package ige replaces package github.com/gotd/ige v0.3.0 by the accelerated AES-IGE of
// github.com/mtcore/mtcore/ige. A client, such as one built on github.com/gotd/td, adopts it
// with a replace directive in its go.mod. New programs should use mtcore's package directly: its
// API takes keys rather than blocks, its modes chain, and it returns errors for input that a
// peer chose.
//
// It exports everything that gotd/ige does. Results are the same wherever those of
// gotd/ige are right; what happens elsewhere was decided case by case:
//
//	case                            gotd/ige v0.3.0        here
//	iv of a wrong length            panics                 panics with the same value
//	src is not whole blocks         panics                 panics with the same value
//	dst shorter than src            panics                 panics with the same value
//	key is not of 32 bytes          panics                 panics with the same value
//	several of these at once        the first, in this     the same
//	                                order, key before all
//	src empty                       nothing happens        the same
//	dst longer than src             the rest is kept       the same
//	iv                              is not written to      the same
//	second call of CryptBlocks      starts from the iv     the same: programs may rely on
//	                                again, unlike a        it, so this is no
//	                                cipher.BlockMode       cipher.BlockMode either
//	dst and src start at one byte   wrong result           right result
//	dst and src overlap otherwise   wrong result           panics: no result would be right
//	iv overlaps dst                 wrong result           right result
//
// As with gotd/ige, nothing here authenticates: the caller has to compare msg_key.
// EncryptBlocks and DecryptBlocks run at full speed and in constant time with a block from
// crypto/aes, and otherwise as the block's own methods do. The documentation of mtcore's package
// ige says more, including what is constant-time.
package ige

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	mtcore "github.com/mtcore/mtcore/ige"
)

// ErrInvalidIV means that an iv is not twice as long as a block. Functions that take a
// block panic with its text; DecryptAES256Blocks panics with the error itself.
var ErrInvalidIV = errors.New("iv length must be: (block size * 2)")

// IGE is what NewIGEEncrypter and NewIGEDecrypter return. Every call of
// CryptBlocks starts from the iv given to them.
type IGE interface {
	// BlockSize returns the block size of the cipher.
	BlockSize() int
	// CryptBlocks encrypts or decrypts the blocks of src to dst.
	CryptBlocks(dst, src []byte)
}

// NewIGEEncrypter returns an IGE that encrypts with b, starting from a copy of iv. It
// panics with the text of ErrInvalidIV if len(iv) is not 2*b.BlockSize().
func NewIGEEncrypter(b cipher.Block, iv []byte) IGE {
	checkIV(b, iv)
	return &encrypter{b, append([]byte(nil), iv...)}
}

// NewIGEDecrypter returns an IGE that decrypts with b, starting from a copy of iv. It
// panics with the text of ErrInvalidIV if len(iv) is not 2*b.BlockSize().
func NewIGEDecrypter(b cipher.Block, iv []byte) IGE {
	checkIV(b, iv)
	return &decrypter{b, append([]byte(nil), iv...)}
}

type encrypter struct {
	b  cipher.Block
	iv []byte
}

func (e *encrypter) BlockSize() int { return e.b.BlockSize() }

func (e *encrypter) CryptBlocks(dst, src []byte) { EncryptBlocks(e.b, e.iv, dst, src) }

type decrypter struct {
	b  cipher.Block
	iv []byte
}

func (d *decrypter) BlockSize() int { return d.b.BlockSize() }

func (d *decrypter) CryptBlocks(dst, src []byte) { DecryptBlocks(d.b, d.iv, dst, src) }

// EncryptBlocks encrypts the blocks of src to dst, starting from iv, which is not
// changed.
func EncryptBlocks(block cipher.Block, iv, dst, src []byte) {
	checkIV(block, iv)
	checkLengths(block.BlockSize(), dst, src)
	mtcore.EncryptBlocks(block, iv, dst, src)
}

// DecryptBlocks decrypts the blocks of src to dst, starting from iv, which is not
// changed.
func DecryptBlocks(block cipher.Block, iv, dst, src []byte) {
	checkIV(block, iv)
	checkLengths(block.BlockSize(), dst, src)
	mtcore.DecryptBlocks(block, iv, dst, src)
}

// DecryptAES256Blocks decrypts the blocks of src to dst under a key of 32 bytes,
// starting from iv, which is not changed.
func DecryptAES256Blocks(key, iv, dst, src []byte) {
	if len(key) != mtcore.KeySize {
		panic(aes.KeySizeError(len(key)))
	}
	if len(iv) != mtcore.IVSize {
		panic(ErrInvalidIV)
	}
	checkLengths(mtcore.BlockSize, dst, src)
	mtcore.DecryptAES256Blocks(key, iv, dst, src)
}

func checkIV(b cipher.Block, iv []byte) {
	if len(iv) != 2*b.BlockSize() {
		panic(ErrInvalidIV.Error())
	}
}

func checkLengths(blockSize int, dst, src []byte) {
	if len(src)%blockSize != 0 {
		panic("src not full blocks")
	}
	if len(dst) < len(src) {
		panic("len(dst) < len(src)")
	}
}
