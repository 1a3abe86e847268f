package secretchat_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/secretchat"
)

// benchFileSize is a photo or a short video: 16 parts of the usual size.
const benchFileSize = 8 << 20

// BenchmarkFile encrypts and decrypts a file by each kind of stream, and, for what is
// possible at all, the same bytes in parts by package ige alone.
func BenchmarkFile(b *testing.B) {
	k := secretchat.NewFileKey()
	plain := fileContents(benchFileSize)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))

	key, iv := k.Bytes()
	c := must(ige.NewCipher(key))
	buf := make([]byte, secretchat.DefaultPartSize)
	enc, dec := ige.NewEncrypter(c, (*[ige.IVSize]byte)(iv)), ige.NewDecrypter(c, (*[ige.IVSize]byte)(iv))
	reader := bytes.NewReader(nil)

	for _, bench := range []struct {
		name string
		f    func() error
	}{
		{"op=encrypt/by=ige", func() error {
			for range benchFileSize / len(buf) {
				enc.CryptBlocks(buf, buf)
			}
			return nil
		}},
		{"op=encrypt/by=Parts", func() error {
			reader.Reset(plain)
			for _, err := range k.Parts(reader, benchFileSize) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"op=encrypt/by=Encrypter", func() error {
			w := k.Encrypter(io.Discard)
			if _, err := w.Write(plain); err != nil {
				return err
			}
			return w.Close()
		}},
		{"op=encrypt/by=EncryptReader", func() error {
			reader.Reset(plain)
			return drain(k.EncryptReader(reader), buf)
		}},
		{"op=decrypt/by=ige", func() error {
			for range benchFileSize / len(buf) {
				dec.CryptBlocks(buf, buf)
			}
			return nil
		}},
		{"op=decrypt/by=Decrypter", func() error {
			reader.Reset(encrypted)
			return drain(k.Decrypter(reader, benchFileSize), buf)
		}},
		{"op=decrypt/by=DecryptWriter", func() error {
			w := k.DecryptWriter(io.Discard, benchFileSize)
			if _, err := w.Write(encrypted); err != nil {
				return err
			}
			return w.Close()
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(benchFileSize)
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// drain reads r to its end through buf.
func drain(r io.Reader, buf []byte) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buf)
	return err
}
