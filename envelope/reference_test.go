package envelope

import (
	"crypto/aes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/mtcore/mtcore/kdf"
)

// This file has what the other tests share: the formulas of MTProto, as they are
// written, over the standard library.

// referenceSeal is a packet of a plaintext and its padding.
func referenceSeal(k *kdf.AuthKey, side kdf.Side, padded []byte) []byte {
	x := 8 * int(side)
	hash := sha256.Sum256(slices.Concat(k[88+x:120+x], padded))
	m := hash[8:24]
	a := sha256.Sum256(slices.Concat(m, k[x:x+36]))
	b := sha256.Sum256(slices.Concat(k[40+x:76+x], m))
	key := slices.Concat(a[0:8], b[8:24], a[24:32])
	iv := slices.Concat(b[0:8], a[8:24], b[24:32])
	return slices.Concat(referenceID(k), m, referenceIGE(key, iv, padded))
}

// referenceSealV1 is the same for MTProto 1.0.
func referenceSealV1(k *kdf.AuthKey, side kdf.Side, plaintext, padding []byte) []byte {
	x := 8 * int(side)
	hash := sha1.Sum(plaintext)
	m := hash[4:20]
	a := sha1.Sum(slices.Concat(m, k[x:x+32]))
	b := sha1.Sum(slices.Concat(k[32+x:48+x], m, k[48+x:64+x]))
	c := sha1.Sum(slices.Concat(k[64+x:96+x], m))
	d := sha1.Sum(slices.Concat(m, k[96+x:128+x]))
	key := slices.Concat(a[0:8], b[8:20], c[4:16])
	iv := slices.Concat(a[8:20], b[0:8], c[16:20], d[0:8])
	return slices.Concat(referenceID(k), m, referenceIGE(key, iv, slices.Concat(plaintext, padding)))
}

func referenceID(k *kdf.AuthKey) []byte {
	hash := sha1.Sum(k[:])
	return hash[12:20]
}

// referenceIGE encrypts: c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}.
func referenceIGE(key, iv, plaintext []byte) (ciphertext []byte) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	c, p := iv[:blockSize], iv[blockSize:]
	for ; len(plaintext) > 0; plaintext = plaintext[blockSize:] {
		x := make([]byte, blockSize)
		subtle.XORBytes(x, plaintext[:blockSize], c)
		block.Encrypt(x, x)
		subtle.XORBytes(x, x, p)
		c, p = x, plaintext[:blockSize]
		ciphertext = append(ciphertext, x...)
	}
	return ciphertext
}

var sides = []kdf.Side{kdf.Client, kdf.Server}

func newRand(seed uint64) *rand.ChaCha8 {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	return rand.NewChaCha8(s)
}

// random returns n bytes, the same in every run.
func random(n int) []byte { return randomFrom(newRand(uint64(n)), n) }

func randomFrom(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

func newAuthKey(seed uint64) *kdf.AuthKey {
	return (*kdf.AuthKey)(randomFrom(newRand(seed), kdf.AuthKeySize))
}

// firstDifference returns the first index at which a and b differ.
func firstDifference(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// panicText returns what f panics with, or "".
func panicText(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = r.(string)
		}
	}()
	f()
	return ""
}
