package ige

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"runtime"
	"unsafe"

	"github.com/mtcore/mtcore/internal/stack"
)

// This file has the names of github.com/gotd/ige v0.3.0. Two things differ on
// purpose: working in place gives the right result, and CryptBlocks continues
// the stream as cipher.BlockMode demands instead of starting again from the iv.
// Module compat/gotdige is for programs that need the old behaviour.

// IGE is what NewIGEEncrypter and NewIGEDecrypter return.
type IGE = cipher.BlockMode

// ErrInvalidIV is, as a string, what the functions here panic with when an iv is
// not twice as long as a block of the cipher.
var ErrInvalidIV = errors.New("ige: iv length is not twice the block size")

// NewIGEEncrypter returns a mode that encrypts with b, starting from iv, which
// it copies. It panics if len(iv) is not 2*b.BlockSize().
func NewIGEEncrypter(b cipher.Block, iv []byte) IGE {
	checkIV(b, iv)
	return &blockEncrypter{b, append([]byte(nil), iv...)}
}

// NewIGEDecrypter returns a mode that decrypts with b, starting from iv, which
// it copies. It panics if len(iv) is not 2*b.BlockSize().
func NewIGEDecrypter(b cipher.Block, iv []byte) IGE {
	checkIV(b, iv)
	return &blockDecrypter{b, append([]byte(nil), iv...)}
}

type blockEncrypter struct {
	b  cipher.Block
	iv []byte
}

func (e *blockEncrypter) BlockSize() int { return e.b.BlockSize() }

func (e *blockEncrypter) CryptBlocks(dst, src []byte) {
	checkBlocksOf(e.b, dst, src)
	encryptWith(e.b, e.iv, dst, src)
}

type blockDecrypter struct {
	b  cipher.Block
	iv []byte
}

func (d *blockDecrypter) BlockSize() int { return d.b.BlockSize() }

func (d *blockDecrypter) CryptBlocks(dst, src []byte) {
	checkBlocksOf(d.b, dst, src)
	decryptWith(d.b, d.iv, dst, src)
}

// EncryptBlocks encrypts the blocks of src to dst with b. The iv is not changed.
//
// A [Cipher], and a block of crypto/aes whose expanded key could be located (see
// stdaes.go), run at full speed and in constant time; any other block does the work
// itself, one block at a time, and in constant time only if its package sees to that. It
// panics if len(iv) is not 2*b.BlockSize(), if src is not a whole number of blocks, if dst
// is shorter, or if they overlap inexactly.
func EncryptBlocks(b cipher.Block, iv, dst, src []byte) {
	if isStdAES(b) && len(iv) == IVSize && blocksFit(dst, src) {
		nr, enc, _ := stdAES.schedules(b)
		if encryptAtOnce(nr, (*schedule)(unsafe.Pointer(enc)), (*[IVSize]byte)(iv), dst, src) {
			runtime.KeepAlive(b)
			return
		}
	}
	encryptCopy(b, iv, dst, src)
}

// encryptCopy is EncryptBlocks with a copy of the iv that moves on.
func encryptCopy(b cipher.Block, iv, dst, src []byte) {
	checkIV(b, iv)
	if len(iv) != IVSize { // a cipher of another block size
		checkBlocksOf(b, dst, src)
		running := append([]byte(nil), iv...)
		encryptWith(b, running, dst, src)
		return
	}
	checkBlocks(dst, src)
	stack.Reserve8K()
	running := [IVSize]byte(iv)
	encryptWith(b, running[:], dst, src)
	clear(running[:])
}

// DecryptBlocks decrypts the blocks of src to dst with b, in every other respect
// as EncryptBlocks.
func DecryptBlocks(b cipher.Block, iv, dst, src []byte) {
	if isStdAES(b) && len(iv) == IVSize && blocksFit(dst, src) {
		nr, _, dec := stdAES.schedules(b)
		if decryptAtOnce(nr, (*schedule)(unsafe.Pointer(dec)), (*[IVSize]byte)(iv), dst, src) {
			runtime.KeepAlive(b)
			return
		}
	}
	decryptCopy(b, iv, dst, src)
}

// decryptCopy is DecryptBlocks with a copy of the iv that moves on.
func decryptCopy(b cipher.Block, iv, dst, src []byte) {
	checkIV(b, iv)
	if len(iv) != IVSize { // a cipher of another block size
		checkBlocksOf(b, dst, src)
		running := append([]byte(nil), iv...)
		decryptWith(b, running, dst, src)
		return
	}
	checkBlocks(dst, src)
	stack.Reserve8K()
	running := [IVSize]byte(iv)
	decryptWith(b, running[:], dst, src)
	clear(running[:])
}

// EncryptAES256Blocks encrypts the blocks of src to dst under a key of 32 bytes,
// faster for one message than with a block made for it. The iv is not changed.
// It panics if a length is wrong, or if dst and src overlap inexactly.
func EncryptAES256Blocks(key, iv, dst, src []byte) {
	checkAES256(key, iv)
	checkBlocks(dst, src)
	if len(src) == 0 {
		return
	}
	backends.Ready()
	encryptMessage((*[KeySize]byte)(key), (*[IVSize]byte)(iv), dst, src)
}

// DecryptAES256Blocks decrypts the blocks of src to dst, in every other respect
// as EncryptAES256Blocks.
func DecryptAES256Blocks(key, iv, dst, src []byte) {
	checkAES256(key, iv)
	checkBlocks(dst, src)
	if len(src) == 0 {
		return
	}
	backends.Ready()
	decryptMessage((*[KeySize]byte)(key), (*[IVSize]byte)(iv), dst, src)
}

// checkBlocksOf is checkBlocks for any block size, which takes a division.
func checkBlocksOf(b cipher.Block, dst, src []byte) {
	if len(src)%b.BlockSize() != 0 {
		panicPartial()
	}
	checkBuffers(dst, src)
}

func checkIV(b cipher.Block, iv []byte) {
	if len(iv) != 2*b.BlockSize() {
		panic(ErrInvalidIV.Error())
	}
}

func checkAES256(key, iv []byte) {
	if len(key) != KeySize {
		panic("ige: " + aes.KeySizeError(len(key)).Error())
	}
	if len(iv) != IVSize {
		panic(ErrInvalidIV.Error())
	}
}

// encryptWith encrypts with the fastest implementation that has b's key, and
// moves iv on.
func encryptWith(b cipher.Block, iv, dst, src []byte) {
	if c, ok := b.(*Cipher); ok {
		c.encryptIGE((*[IVSize]byte)(iv), dst, src)
		return
	}
	if l := stdLayoutOf(b); l != nil && l.encrypt(b, (*[IVSize]byte)(iv), dst, src) {
		return
	}
	n := b.BlockSize()
	cryptForeign(b.Encrypt, iv[:n], iv[n:], dst, src)
}

// decryptWith decrypts with the fastest implementation that has b's key, and
// moves iv on.
func decryptWith(b cipher.Block, iv, dst, src []byte) {
	if c, ok := b.(*Cipher); ok {
		c.decryptIGE((*[IVSize]byte)(iv), dst, src)
		return
	}
	if l := stdLayoutOf(b); l != nil && l.decrypt(b, (*[IVSize]byte)(iv), dst, src) {
		return
	}
	n := b.BlockSize()
	cryptForeign(b.Decrypt, iv[n:], iv[:n], dst, src)
}

// cryptForeign is IGE in either direction over a block function,
//
//	out_i = crypt(in_i ⊕ out_{i-1}) ⊕ in_{i-1}
//
// with the previous output and input block, which it moves on. Only parts of dst
// go into crypt, so that nothing of ours escapes to the heap.
func cryptForeign(crypt func(dst, src []byte), prevOut, prevIn, dst, src []byte) {
	if len(src) == 0 {
		return
	}
	stack.Reserve4K()
	n := len(prevOut)
	out, in := prevOut, prevIn
	// In place, in_i is overwritten before it is needed, so it is saved, in turn
	// to scratch and to prevIn. It is not read again until one block later: the
	// xor would have to wait for a copy that is still on its way to memory.
	var buf [64]byte
	var scratch []byte
	inPlace := &dst[0] == &src[0]
	if inPlace {
		scratch = append(buf[:0], prevIn...)
	}
	free := scratch
	for len(src) > 0 {
		d, next := dst[:n:n], src[:n:n]
		if inPlace {
			next, free = free, in
			copy(next, src)
		}
		subtle.XORBytes(d, src[:n:n], out)
		crypt(d, d)
		subtle.XORBytes(d, d, in)
		out, in = d, next
		dst, src = dst[n:], src[n:]
	}
	copy(prevOut, out)
	copy(prevIn, in)
	clear(scratch)
}
