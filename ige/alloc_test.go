package ige

import (
	"crypto/cipher"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestAllocs: nothing but constructors allocates.
func TestAllocs(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		key, iv := random(KeySize), [IVSize]byte(random(IVSize))
		c, std := newCipher(key), newAES(key)
		var outside cipher.Block = foreign{std}
		enc, dec := NewEncrypter(c, &iv), NewDecrypter(c, &iv)
		buf := random(9 * BlockSize)
		m := newMessage(1, 9*BlockSize)
		batch := newBatch(inBytes(batchShapes()["mixed"])...)

		// Where crypto/aes does the work it allocates its expanded key, and every
		// message has its own.
		perMessage := 0.0
		if Backend() == "crypto/aes" {
			perMessage = 1
		}
		// Where it may do the work, the compiler cannot see that buffers stay local.
		buffers := 0.0
		switch runtime.GOARCH {
		case "ppc64", "ppc64le", "s390x":
			buffers = 1
		}
		nonEmpty := 0.0
		for _, m := range batch {
			if len(m.Src) > 0 {
				nonEmpty++
			}
		}

		for _, tt := range []struct {
			name string
			want float64
			f    func()
		}{
			{"Message.Encrypt", perMessage, func() { m.Encrypt() }},
			{"Message.Decrypt", perMessage, func() { m.Decrypt() }},
			{"EncryptBatch", nonEmpty * perMessage, func() { EncryptBatch(batch) }},
			{"EncryptBatch of local messages", buffers + 4*perMessage, func() {
				var ms [4]Message
				var buf [4][512]byte
				for i := range ms {
					ms[i].Dst, ms[i].Src = buf[i][:], buf[i][:]
				}
				EncryptBatch(ms[:])
			}},
			{"DecryptBatch", nonEmpty * perMessage, func() { DecryptBatch(batch) }},
			{"EncryptAES256Blocks", perMessage, func() { EncryptAES256Blocks(key, iv[:], buf, buf) }},
			{"DecryptAES256Blocks", perMessage, func() { DecryptAES256Blocks(key, iv[:], buf, buf) }},

			{"Cipher.Encrypt", 0, func() { c.Encrypt(buf, buf) }},
			{"Cipher.Decrypt", 0, func() { c.Decrypt(buf, buf) }},
			{"Encrypter.CryptBlocks", 0, func() { enc.CryptBlocks(buf, buf) }},
			{"Decrypter.CryptBlocks", 0, func() { dec.CryptBlocks(buf, buf) }},
			{"Encrypter.Reset", 0, func() { enc.Reset(c, &iv); enc.CryptBlocks(buf, buf) }},
			{"Decrypter.Reset", 0, func() { dec.Reset(c, &iv); dec.CryptBlocks(buf, buf) }},

			{"EncryptBlocks of a Cipher", 0, func() { EncryptBlocks(c, iv[:], buf, buf) }},
			{"DecryptBlocks of a Cipher", 0, func() { DecryptBlocks(c, iv[:], buf, buf) }},
			{"EncryptBlocks of crypto/aes", 0, func() { EncryptBlocks(std, iv[:], buf, buf) }},
			{"DecryptBlocks of crypto/aes", 0, func() { DecryptBlocks(std, iv[:], buf, buf) }},
			{"EncryptBlocks of a foreign block", 0, func() { EncryptBlocks(outside, iv[:], buf, buf) }},
			{"DecryptBlocks of a foreign block", 0, func() { DecryptBlocks(outside, iv[:], buf, buf) }},

			// A Cipher that stays in the function which made it is on its stack.
			{"NewCipher", perMessage, func() {
				c, err := NewCipher(key)
				if err != nil {
					panic(err)
				}
				c.Encrypt(buf, buf)
			}},
		} {
			if got := alloctest.PerRun(t, 20, tt.f); got != tt.want {
				t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
			}
		}
	})
}

// TestStreamAllocs: a stream allocates its buffers once.
func TestStreamAllocs(t *testing.T) {
	w := NewWriter(nothing{}, newStreamMode())
	p := random(100_001)
	if got := alloctest.PerRun(t, 20, func() { w.Write(p) }); got != 0 {
		t.Errorf("Writer.Write: %v allocations", got)
	}
	r := NewReader(nothing{}, newStreamMode())
	if got := alloctest.PerRun(t, 20, func() { r.Read(p) }); got != 0 {
		t.Errorf("Reader.Read: %v allocations", got)
	}
}

// nothing is a source and a sink of everything.
type nothing struct{}

func (nothing) Read(p []byte) (int, error)  { return len(p), nil }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
