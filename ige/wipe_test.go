//go:build amd64 && gc && !race && !asan && !msan

package ige

import (
	"bytes"
	"crypto/cipher"
	"fmt"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipe looks for secrets on the stack after each way through the package has
// returned: keys, ivs, round keys and plaintext, in pieces of eight bytes.
func TestWipe(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	impltest.All(t, backends, func(t *testing.T) {
		if useStdAES {
			return // what crypto/aes leaves is not ours
		}
		for _, blocks := range []int{1, 2, 40} {
			m := newMessage(77, blocks*BlockSize)
			plaintext := referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src)
			c := newCipher(m.Key[:])
			e, d := NewEncrypter(c, &m.IV), NewDecrypter(c, &m.IV)
			checkStack(t, "NewCipher", secretsOf(m, m.Src), func() { c.expand(m.Key[:]) })
			checkStack(t, "Message.Encrypt", secretsOf(m, m.Src), m.Encrypt)
			checkStack(t, "Message.Decrypt", secretsOf(m, plaintext), func() { m.Decrypt() })
			checkStack(t, "Encrypter", secretsOf(m, m.Src), func() { e.CryptBlocks(m.Dst, m.Src) })
			checkStack(t, "Decrypter", secretsOf(m, plaintext), func() { d.CryptBlocks(m.Dst, m.Src) })
			checkStack(t, "Cipher.Encrypt", secretsOf(m, m.Src), func() { c.Encrypt(m.Dst, m.Src) })
			checkStack(t, "EncryptAES256Blocks", secretsOf(m, m.Src), func() {
				EncryptAES256Blocks(m.Key[:], m.IV[:], m.Dst, m.Src)
			})
			for _, b := range []cipher.Block{c, newStdBlock(t, m.Key[:])} {
				checkStack(t, "EncryptBlocks", secretsOf(m, m.Src), func() { EncryptBlocks(b, m.IV[:], m.Dst, m.Src) })
				checkStack(t, "DecryptBlocks", secretsOf(m, plaintext), func() { DecryptBlocks(b, m.IV[:], m.Dst, m.Src) })
			}

			for _, count := range []int{2, 3, 5, 9, 17} {
				var encrypting, decrypting [][]byte
				ms := newBatch(make([]int, count)...)
				for i := range ms {
					ms[i] = newMessage(uint64(i), (blocks+i%3)*BlockSize)
					plaintext := referenceDecrypt(newAES(ms[i].Key[:]), ms[i].IV[:], ms[i].Src)
					encrypting = append(encrypting, secretsOf(ms[i], ms[i].Src)...)
					decrypting = append(decrypting, secretsOf(ms[i], plaintext)...)
				}
				name := fmt.Sprintf("batch of %d", count)
				checkStack(t, name, encrypting, func() { cryptBatch(ms, sizesOf(ms), false) })
				checkStack(t, name, decrypting, func() { cryptBatch(ms, sizesOf(ms), true) })
			}
			for _, count := range []int{2, 4, 7, 12} {
				ms := newBatch(slices.Repeat([]int{blocks * BlockSize}, count)...)
				var encrypting, decrypting [][]byte
				for _, m := range ms {
					plaintext := referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src)
					encrypting = append(encrypting, secretsOf(m, m.Src)...)
					decrypting = append(decrypting, secretsOf(m, plaintext)...)
				}
				name := fmt.Sprintf("batch of %d, of one length", count)
				checkStack(t, name, encrypting, func() { EncryptBatch(ms) })
				checkStack(t, name, decrypting, func() { DecryptBatch(ms) })
			}
		}
	})
}

// secretsOf returns what must not be left of a message.
func secretsOf(m Message, plaintext []byte) [][]byte {
	var enc, dec schedule
	expandGeneric(&enc, &dec, m.Key[:])
	return [][]byte{m.Key[:], m.IV[:], enc[:], dec[:], plaintext}
}

func checkStack(t *testing.T, name string, secrets [][]byte, f func()) {
	t.Helper()
	wipetest.Stack(t, name, f, func() [][]byte { return secrets })
}

// TestWipeStreams: the buffers of a Writer and a Reader hold plaintext in between.
func TestWipeStreams(t *testing.T) {
	var sink bytes.Buffer
	w := NewWriter(&sink, newStreamMode())
	w.Write(random(1000))
	w.Close()
	if bytes.ContainsFunc(w.buf, notZero) || bytes.ContainsFunc(w.in[:cap(w.in)], notZero) {
		t.Error("Writer.Close leaves bytes in its buffers")
	}

	w = NewWriter(&sink, newStreamMode())
	w.Write(random(BlockSize - 1))
	w.Write(random(1))
	if bytes.ContainsFunc(w.in[:cap(w.in)], notZero) {
		t.Error("Writer leaves a block in its buffer that it has passed on")
	}

	r := NewReader(bytes.NewReader(random(1024)), newStreamMode())
	for one := make([]byte, 1); ; {
		if n, err := r.Read(one); n == 0 || err != nil {
			break
		}
		if len(r.out) == 0 && bytes.ContainsFunc(r.block, notZero) {
			t.Fatal("Reader leaves bytes in its buffer that it has given out")
		}
	}
}

func notZero(r rune) bool { return r != 0 }
