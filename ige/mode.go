package ige

// Encrypter is IGE encryption as a [crypto/cipher.BlockMode]. Consecutive calls of
// CryptBlocks continue one stream, so that a message can be encrypted in parts.
// An Encrypter must not be used by several goroutines at once.
type Encrypter struct {
	c  *Cipher
	iv [IVSize]byte
}

// NewEncrypter returns an Encrypter that starts with iv, which it copies.
func NewEncrypter(c *Cipher, iv *[IVSize]byte) *Encrypter {
	e := new(Encrypter)
	e.Reset(c, iv)
	return e
}

// Reset makes e what NewEncrypter(c, iv) returns, without an allocation.
func (e *Encrypter) Reset(c *Cipher, iv *[IVSize]byte) {
	e.c = c
	e.iv = *iv // an assignment of both would leave a copy on the stack
}

// Wipe erases the state, which has a block of plaintext in it. The Encrypter panics
// when used before the next Reset.
func (e *Encrypter) Wipe() { *e = Encrypter{} }

// BlockSize returns 16.
func (e *Encrypter) BlockSize() int { return BlockSize }

// CryptBlocks encrypts the blocks of src to dst. It panics if src is not a whole
// number of blocks, if dst is shorter, or if they overlap inexactly.
func (e *Encrypter) CryptBlocks(dst, src []byte) {
	checkBlocks(dst, src)
	e.c.encryptIGE(&e.iv, dst, src)
}

// Decrypter is IGE decryption as a [crypto/cipher.BlockMode]. Consecutive calls of
// CryptBlocks continue one stream, so that a message can be decrypted in parts.
// A Decrypter must not be used by several goroutines at once.
type Decrypter struct {
	c  *Cipher
	iv [IVSize]byte
}

// NewDecrypter returns a Decrypter that starts with iv, which it copies.
func NewDecrypter(c *Cipher, iv *[IVSize]byte) *Decrypter {
	d := new(Decrypter)
	d.Reset(c, iv)
	return d
}

// Reset makes d what NewDecrypter(c, iv) returns, without an allocation.
func (d *Decrypter) Reset(c *Cipher, iv *[IVSize]byte) {
	d.c = c
	d.iv = *iv
}

// Wipe erases the state, which has a block of plaintext in it. The Decrypter panics
// when used before the next Reset.
func (d *Decrypter) Wipe() { *d = Decrypter{} }

// BlockSize returns 16.
func (d *Decrypter) BlockSize() int { return BlockSize }

// CryptBlocks decrypts the blocks of src to dst. It panics if src is not a whole
// number of blocks, if dst is shorter, or if they overlap inexactly.
func (d *Decrypter) CryptBlocks(dst, src []byte) {
	checkBlocks(dst, src)
	d.c.decryptIGE(&d.iv, dst, src)
}
