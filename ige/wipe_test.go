//go:build amd64 && gc && !race && !asan && !msan

package ige

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestWipe looks for secrets on the stack after each way through the package has
// returned: keys, ivs, round keys and plaintext, in pieces of eight bytes.
func TestWipe(t *testing.T) {
	if testing.Short() {
		t.Skip("emulators are slow, so that the runtime interrupts every call; see checkStack")
	}
	// A collection would shrink stacks: none may start, and none be on its way.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	impltest.All(t, backends, func(t *testing.T) {
		if useStdAES {
			t.Skip("what crypto/aes leaves is not ours")
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
			checkStack(t, "EncryptBlocks", secretsOf(m, m.Src), func() { EncryptBlocks(c, m.IV[:], m.Dst, m.Src) })

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
				checkStack(t, name, encrypting, func() { cryptBatch(ms, false) })
				checkStack(t, name, decrypting, func() { cryptBatch(ms, true) })
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

// checkStack calls f on a fresh stack and searches what it leaves there. The runtime
// may interrupt f at any time and put all registers on the stack, which nobody can
// clear: so only what is found again and again was left by f.
func checkStack(t *testing.T, name string, secrets [][]byte, f func()) {
	t.Helper()
	var what string
	for range 4 {
		what = leftOnStack(secrets, f)
		if what == "" {
			return
		}
	}
	t.Errorf("%s leaves %s", name, what)
}

func leftOnStack(secrets [][]byte, f func()) string {
	below := make([]byte, stackSize)
	done := make(chan bool)
	go func() {
		growStack(200)
		clear(below)
		writeStack(below)
		f()
		readStack(below)
		close(done)
	}()
	<-done
	for _, secret := range secrets {
		for ; len(secret) >= 8; secret = secret[8:] {
			if i := bytes.Index(below, secret[:8]); i >= 0 {
				return fmt.Sprintf("%x on the stack, %d bytes below", secret[:8], len(below)-i)
			}
		}
	}
	return ""
}

const stackSize = 32 << 10 // of which more than half is free at the time

// growStack makes room for f, so that the stack does not move.
//
//go:noinline
func growStack(depth int) byte {
	var frame [256]byte
	if depth > 0 {
		frame[depth] = growStack(depth - 1)
	}
	return frame[depth/2]
}

// writeStack copies src to what is below its frame.
//
//go:noinline
//go:nosplit
func writeStack(src []byte) {
	var here byte
	for i := range src {
		*(*byte)(unsafe.Add(unsafe.Pointer(&here), i-len(src)-margin)) = src[i]
	}
}

// readStack copies what is below its frame to dst.
//
//go:noinline
//go:nosplit
func readStack(dst []byte) {
	var here byte
	for i := range dst {
		dst[i] = *(*byte)(unsafe.Add(unsafe.Pointer(&here), i-len(dst)-margin))
	}
}

// margin is more than there is between a local variable and the end of its frame.
const margin = 128

// TestWipeStreams: the buffers of a Writer and a Reader hold plaintext in between.
func TestWipeStreams(t *testing.T) {
	var sink bytes.Buffer
	w := NewWriter(&sink, newStreamMode())
	w.Write(random(1000))
	w.Close()
	if bytes.ContainsFunc(w.buf, notZero) || bytes.ContainsFunc(w.in[:cap(w.in)], notZero) {
		t.Error("Writer.Close leaves bytes in its buffers")
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
