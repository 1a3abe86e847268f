package ige

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
)

// This file has what the other tests share: an independent IGE to compare with,
// and the list of all ways through the API that lead to the same computation.

// referenceEncrypt is the definition of IGE over somebody else's block cipher:
// c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}.
func referenceEncrypt(b cipher.Block, iv, plaintext []byte) []byte {
	n := b.BlockSize()
	prevC, prevP := iv[:n], iv[n:]
	ciphertext := make([]byte, len(plaintext))
	for i := 0; i < len(plaintext); i += n {
		p, c := plaintext[i:i+n], ciphertext[i:i+n]
		for j := range c {
			c[j] = p[j] ^ prevC[j]
		}
		b.Encrypt(c, c)
		for j := range c {
			c[j] ^= prevP[j]
		}
		prevC, prevP = c, p
	}
	return ciphertext
}

// referenceDecrypt is p_i = D(c_i ⊕ p_{i-1}) ⊕ c_{i-1}.
func referenceDecrypt(b cipher.Block, iv, ciphertext []byte) []byte {
	n := b.BlockSize()
	prevC, prevP := iv[:n], iv[n:]
	plaintext := make([]byte, len(ciphertext))
	for i := 0; i < len(ciphertext); i += n {
		c, p := ciphertext[i:i+n], plaintext[i:i+n]
		for j := range p {
			p[j] = c[j] ^ prevP[j]
		}
		b.Decrypt(p, p)
		for j := range p {
			p[j] ^= prevC[j]
		}
		prevC, prevP = c, p
	}
	return plaintext
}

// A path is one way to encrypt or decrypt with a key and an iv. All of them
// panic on a partial block, for uniformity, also where the API has an error.
type path struct {
	name     string
	keySizes []int
	crypt    func(key, iv, dst, src []byte)
	decrypts bool
}

// want is what p should make of src.
func (p path) want(key, iv, src []byte) []byte {
	if p.decrypts {
		return referenceDecrypt(newAES(key), iv, src)
	}
	return referenceEncrypt(newAES(key), iv, src)
}

const (
	encrypts = false
	decrypts = true
)

var allKeySizes = []int{16, 24, 32}

var paths = append([]path{
	{"Message.Encrypt", []int{32}, func(key, iv, dst, src []byte) {
		m := Message{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: dst, Src: src}
		m.Encrypt()
	}, encrypts},
	{"Message.Decrypt", []int{32}, func(key, iv, dst, src []byte) {
		m := Message{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: dst, Src: src}
		if err := m.Decrypt(); err != nil {
			panic(err.Error())
		}
	}, decrypts},
	{"EncryptBatch", []int{32}, func(key, iv, dst, src []byte) {
		EncryptBatch([]Message{{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: dst, Src: src}})
	}, encrypts},
	{"DecryptBatch", []int{32}, func(key, iv, dst, src []byte) {
		err := DecryptBatch([]Message{{Key: [KeySize]byte(key), IV: [IVSize]byte(iv), Dst: dst, Src: src}})
		if err != nil {
			panic(err.Error())
		}
	}, decrypts},
	{"EncryptAES256Blocks", []int{32}, EncryptAES256Blocks, encrypts},
	{"DecryptAES256Blocks", []int{32}, DecryptAES256Blocks, decrypts},
	{"Encrypter", allKeySizes, func(key, iv, dst, src []byte) {
		NewEncrypter(newCipher(key), (*[IVSize]byte)(iv)).CryptBlocks(dst, src)
	}, encrypts},
	{"Decrypter", allKeySizes, func(key, iv, dst, src []byte) {
		NewDecrypter(newCipher(key), (*[IVSize]byte)(iv)).CryptBlocks(dst, src)
	}, decrypts},
}, blockPaths()...)

// blockPaths are those which take any cipher.Block.
func blockPaths() (paths []path) {
	for _, b := range blocks {
		paths = append(paths,
			path{"EncryptBlocks of " + b.name, allKeySizes, func(key, iv, dst, src []byte) {
				EncryptBlocks(b.new(key), iv, dst, src)
			}, encrypts},
			path{"DecryptBlocks of " + b.name, allKeySizes, func(key, iv, dst, src []byte) {
				DecryptBlocks(b.new(key), iv, dst, src)
			}, decrypts},
			path{"NewIGEEncrypter of " + b.name, allKeySizes, func(key, iv, dst, src []byte) {
				NewIGEEncrypter(b.new(key), iv).CryptBlocks(dst, src)
			}, encrypts},
			path{"NewIGEDecrypter of " + b.name, allKeySizes, func(key, iv, dst, src []byte) {
				NewIGEDecrypter(b.new(key), iv).CryptBlocks(dst, src)
			}, decrypts},
		)
	}
	return paths
}

// blocks are the kinds of AES that the package tells apart: its own, the standard
// library's, and one of which it knows nothing but the interface.
var blocks = []struct {
	name string
	new  func(key []byte) cipher.Block
}{
	{"Cipher", func(key []byte) cipher.Block { return newCipher(key) }},
	{"crypto/aes", newAES},
	{"foreign", func(key []byte) cipher.Block { return foreign{newAES(key)} }},
}

// foreign hides the type of a block.
type foreign struct{ cipher.Block }

func newCipher(key []byte) *Cipher {
	c, err := NewCipher(key)
	if err != nil {
		panic(err)
	}
	return c
}

func newAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return b
}

// newRand returns a source of test data, the same one in every run.
func newRand(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
}

// random returns n bytes, the same ones in every run for a given n.
func random(n int) []byte { return randomFrom(newRand(uint64(n)), n) }

func randomFrom(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

// panicText runs f and returns what it panicked with, or "" if it did not.
func panicText(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}
