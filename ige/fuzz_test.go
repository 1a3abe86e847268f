package ige

import (
	"bytes"
	"crypto/cipher"
	"io"
	"slices"
	"testing"
)

// The targets in this file compare every backend with the reference, on input of
// which nothing is known: also lengths that must be refused.

// maxFuzz keeps the slowest backend from ruling the rate.
const maxFuzz = 2 << 10

// eachBackend runs f with the backends of each state.
func eachBackend(f func(backend string)) {
	for _, s := range backends.States() {
		func() {
			defer s.Enter()()
			f(s.Name)
		}()
	}
}

// stretch returns n bytes: those of b, and as many zeros as it takes.
func stretch(b []byte, n int) []byte {
	return append(bytes.Clone(b), make([]byte, n)...)[:n]
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte{})
	f.Add(random(32), random(32), random(16))
	f.Add(random(32), random(32), random(17))
	f.Add(random(32), random(32), random(64))
	f.Add([]byte("short key"), []byte("short iv"), random(1024))
	f.Fuzz(func(t *testing.T, key, iv, src []byte) {
		src = src[:min(len(src), maxFuzz)]
		m := Message{Key: [KeySize]byte(stretch(key, KeySize)), IV: [IVSize]byte(stretch(iv, IVSize))}
		eachBackend(func(backend string) {
			for _, place := range []string{"apart", "in place"} {
				m.Src, m.Dst = bytes.Clone(src), make([]byte, len(src)+1)
				if place == "in place" {
					m.Dst = m.Src
				}
				before := bytes.Clone(m.Dst)

				if len(src)%BlockSize != 0 {
					if got, want := panicText(m.Encrypt), ErrPartialBlock.Error(); got != want {
						t.Errorf("%s, %d bytes: Encrypt panicked with %q, want %q", backend, len(src), got, want)
					}
					if err := m.Decrypt(); err != ErrPartialBlock {
						t.Errorf("%s, %d bytes: Decrypt = %v, want %v", backend, len(src), err, ErrPartialBlock)
					}
					if !bytes.Equal(m.Dst, before) {
						t.Errorf("%s, %d bytes: dst was written", backend, len(src))
					}
					continue
				}

				b := newAES(m.Key[:])
				m.Encrypt()
				if got, want := m.Dst[:len(src)], referenceEncrypt(b, m.IV[:], src); !bytes.Equal(got, want) {
					t.Errorf("%s, %s: Encrypt:\n%x, want\n%x", backend, place, got, want)
				}
				copy(m.Src, src)
				if err := m.Decrypt(); err != nil {
					t.Errorf("%s, %s: Decrypt: %v", backend, place, err)
				}
				if got, want := m.Dst[:len(src)], referenceDecrypt(b, m.IV[:], src); !bytes.Equal(got, want) {
					t.Errorf("%s, %s: Decrypt:\n%x, want\n%x", backend, place, got, want)
				}
				if tail := before[len(src):]; !bytes.Equal(m.Dst[len(src):], tail) {
					t.Errorf("%s, %s: wrote beyond the result", backend, place)
				}
			}
		})
	})
}

// FuzzBatch makes a message for each byte of lengths: of as many blocks, modulo 64, and
// from 192 on often a part of another.
func FuzzBatch(f *testing.F) {
	f.Add(uint64(0), []byte{})
	f.Add(uint64(1), []byte{1})
	f.Add(uint64(2), []byte{4, 4, 4, 4, 4, 4, 4, 4})
	f.Add(uint64(3), []byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0})
	f.Add(uint64(4), []byte{1, 65, 129, 200, 5, 5, 5, 193, 1, 1, 63, 64, 127, 128, 191, 192, 255, 3, 2})
	f.Fuzz(func(t *testing.T, seed uint64, lengths []byte) {
		var bytesOf []int
		for i, n := range lengths[:min(len(lengths), 40)] {
			length := BlockSize * int(n%64)
			if n >= 192 {
				length += i % BlockSize // often a partial block
			}
			bytesOf = append(bytesOf, length)
		}
		original := newBatch(bytesOf...)
		for i := range original {
			original[i].Key[0] ^= byte(seed)
			original[i].IV[0] ^= byte(seed >> 8)
		}
		var wantErr error
		if slices.ContainsFunc(bytesOf, func(n int) bool { return n%BlockSize != 0 }) {
			wantErr = ErrPartialBlock
		}

		eachBackend(func(backend string) {
			for place, ms := range map[string][]Message{"apart": clone(original), "in place": inPlace(original)} {
				before := clone(ms)
				if wantErr != nil {
					if got, want := panicText(func() { EncryptBatch(ms) }), wantErr.Error(); got != want {
						t.Errorf("%s, %s: EncryptBatch panicked with %q, want %q", backend, place, got, want)
					}
				} else {
					EncryptBatch(ms)
				}
				for i, m := range ms {
					want := before[i].Dst
					if wantErr == nil {
						copy(want, referenceEncrypt(newAES(m.Key[:]), m.IV[:], before[i].Src))
					}
					if !bytes.Equal(m.Dst, want) {
						t.Errorf("%s, %s, lengths %v: EncryptBatch: message %d:\n%x, want\n%x", backend, place, bytesOf, i, m.Dst, want)
					}
				}

				if err := DecryptBatch(ms); err != wantErr {
					t.Errorf("%s, %s: DecryptBatch = %v, want %v", backend, place, err, wantErr)
				}
				for i, m := range ms {
					src := m.Src
					if place == "in place" {
						src = before[i].Dst[:len(src)] // what EncryptBatch left there
					}
					want, wantErr := bytes.Clone(before[i].Dst), ErrPartialBlock
					if len(src)%BlockSize == 0 {
						copy(want, referenceDecrypt(newAES(m.Key[:]), m.IV[:], src))
						wantErr = nil
					}
					if m.Err != wantErr {
						t.Errorf("%s, %s: message %d: Err = %v, want %v", backend, place, i, m.Err, wantErr)
					}
					if !bytes.Equal(m.Dst, want) {
						t.Errorf("%s, %s, lengths %v: DecryptBatch: message %d:\n%x, want\n%x", backend, place, bytesOf, i, m.Dst, want)
					}
				}
			}
		})
	})
}

// FuzzCipher has the block cipher, and the modes cut into calls at any block.
func FuzzCipher(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte{}, uint16(0))
	f.Add(random(16), random(32), random(160), uint16(3))
	f.Add(random(24), random(32), random(160), uint16(10))
	f.Add(random(32), random(32), random(163), uint16(7))
	f.Add(random(33), random(32), random(16), uint16(0))
	f.Fuzz(func(t *testing.T, key, ivBytes, src []byte, cut uint16) {
		eachBackend(func(backend string) {
			c, err := NewCipher(key)
			if !slices.Contains(allKeySizes, len(key)) {
				if err == nil {
					t.Errorf("%s: NewCipher took a key of %d bytes", backend, len(key))
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", backend, err)
			}
			std := newAES(key)

			if len(src) >= BlockSize {
				var got, want [BlockSize]byte
				c.Encrypt(got[:], src)
				std.Encrypt(want[:], src)
				if got != want {
					t.Errorf("%s: Encrypt = %x, want %x", backend, got, want)
				}
				c.Decrypt(got[:], src)
				std.Decrypt(want[:], src)
				if got != want {
					t.Errorf("%s: Decrypt = %x, want %x", backend, got, want)
				}
			} else if panicText(func() { c.Encrypt(make([]byte, BlockSize), src) }) == "" {
				t.Errorf("%s: Encrypt took %d bytes", backend, len(src))
			}

			iv := [IVSize]byte(stretch(ivBytes, IVSize))
			whole := src[:min(len(src), maxFuzz)/BlockSize*BlockSize]
			at := int(cut) % (len(whole)/BlockSize + 1) * BlockSize
			got := make([]byte, len(whole))
			check := func(name string, mode cipher.BlockMode, want []byte) {
				mode.CryptBlocks(got[:at], whole[:at])
				mode.CryptBlocks(got[at:], whole[at:])
				if !bytes.Equal(got, want) {
					t.Errorf("%s: %s cut at %d:\n%x, want\n%x", backend, name, at, got, want)
				}
			}
			encrypted, decrypted := referenceEncrypt(std, iv[:], whole), referenceDecrypt(std, iv[:], whole)
			check("Encrypter", NewEncrypter(c, &iv), encrypted)
			check("Decrypter", NewDecrypter(c, &iv), decrypted)
			check("NewIGEEncrypter", NewIGEEncrypter(c, iv[:]), encrypted)
			check("NewIGEDecrypter", NewIGEDecrypter(c, iv[:]), decrypted)
		})
	})
}

// FuzzEncryptBlocks has the functions that take any block and an iv of any
// length, both directions of them.
func FuzzEncryptBlocks(f *testing.F) {
	f.Add(random(32), random(32), random(64), uint8(0))
	f.Add(random(16), random(32), random(48), uint8(1))
	f.Add(random(24), random(32), random(32), uint8(2))
	f.Add(random(24), random(16), random(24), uint8(3))
	f.Add(random(32), random(31), random(64), uint8(0))
	f.Add(random(32), random(32), random(65), uint8(1))
	f.Fuzz(func(t *testing.T, key, iv, src []byte, kind uint8) {
		src = src[:min(len(src), maxFuzz)]
		key = stretch(key, allKeySizes[len(key)%len(allKeySizes)])
		eachBackend(func(backend string) {
			b, name := newDES(t), "DES"
			if k := int(kind) % (len(blocks) + 1); k < len(blocks) {
				b, name = blocks[k].new(key), blocks[k].name
			}
			valid := len(iv) == 2*b.BlockSize() && len(src)%b.BlockSize() == 0
			for _, d := range []struct {
				f       func(b cipher.Block, iv, dst, src []byte)
				newMode func(b cipher.Block, iv []byte) IGE
				want    func(b cipher.Block, iv, src []byte) []byte
			}{
				{EncryptBlocks, NewIGEEncrypter, referenceEncrypt},
				{DecryptBlocks, NewIGEDecrypter, referenceDecrypt},
			} {
				dst, ivBefore := bytes.Clone(src), bytes.Clone(iv)
				if text := panicText(func() { d.f(b, iv, dst, dst) }); (text == "") != valid {
					t.Fatalf("%s, %s, %d bytes, iv of %d: panic %q", backend, name, len(src), len(iv), text)
				}
				if !bytes.Equal(iv, ivBefore) {
					t.Errorf("%s, %s: the iv changed", backend, name)
				}
				if !valid {
					if !bytes.Equal(dst, src) {
						t.Errorf("%s, %s: written before the panic", backend, name)
					}
					continue
				}
				want := d.want(b, iv, src)
				if !bytes.Equal(dst, want) {
					t.Errorf("%s, %s:\n%x, want\n%x", backend, name, dst, want)
				}
				d.newMode(b, iv).CryptBlocks(dst, src)
				if !bytes.Equal(dst, want) {
					t.Errorf("%s, %s, as a mode:\n%x, want\n%x", backend, name, dst, want)
				}
			}
		})
	})
}

func FuzzEncryptAES256Blocks(f *testing.F) {
	f.Add(random(32), random(32), random(64), uint16(64))
	f.Add(random(32), random(32), random(64), uint16(63))
	f.Add(random(32), random(32), random(60), uint16(99))
	f.Add(random(31), random(32), random(64), uint16(64))
	f.Add(random(32), random(33), random(64), uint16(64))
	f.Fuzz(func(t *testing.T, key, iv, src []byte, dstLen uint16) {
		src = src[:min(len(src), maxFuzz)]
		n := len(src)
		valid := len(key) == KeySize && len(iv) == IVSize && n%BlockSize == 0 && n <= int(dstLen)
		eachBackend(func(backend string) {
			for _, d := range []struct {
				name string
				f    func(key, iv, dst, src []byte)
				want func(b cipher.Block, iv, src []byte) []byte
			}{
				{"EncryptAES256Blocks", EncryptAES256Blocks, referenceEncrypt},
				{"DecryptAES256Blocks", DecryptAES256Blocks, referenceDecrypt},
			} {
				dst, want := make([]byte, dstLen), make([]byte, dstLen)
				if text := panicText(func() { d.f(key, iv, dst, src) }); (text == "") != valid {
					t.Fatalf("%s: %s, key of %d, iv of %d, %d bytes to %d: panic %q",
						backend, d.name, len(key), len(iv), n, dstLen, text)
				}
				if valid {
					copy(want, d.want(newAES(key), iv, src))
				}
				if !bytes.Equal(dst, want) {
					t.Errorf("%s: %s:\n%x, want\n%x", backend, d.name, dst, want)
				}
			}
		})
	})
}

// FuzzStream cuts data as it goes into a Writer, and the result as it comes out
// of a Reader, into parts whose sizes are the bytes of cuts, over and over.
func FuzzStream(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(random(160), []byte{1})
	f.Add(random(160), []byte{16})
	f.Add(random(163), []byte{15, 17, 0, 1, 33})
	f.Add(random(2000), []byte{200, 3})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		data = data[:min(len(data), maxFuzz)]
		if slices.Max(append(cuts, 0)) == 0 {
			cuts = []byte{16} // parts of nothing never end
		}
		next := 0
		part := func() int {
			next++
			return int(cuts[(next-1)%len(cuts)])
		}
		whole := data[:len(data)/BlockSize*BlockSize]
		wantClose, wantRead := error(nil), io.EOF
		if len(whole) != len(data) {
			wantClose, wantRead = ErrPartialBlock, ErrPartialBlock
		}
		iv, key := [IVSize]byte(random(IVSize)), random(KeySize)
		want := referenceEncrypt(newAES(key), iv[:], whole)

		eachBackend(func(backend string) {
			c := newCipher(key)
			var encrypted bytes.Buffer
			w := NewWriter(&encrypted, NewEncrypter(c, &iv))
			for rest := data; len(rest) > 0; {
				n := min(part(), len(rest))
				if written, err := w.Write(rest[:n]); written != n || err != nil {
					t.Fatalf("%s: Write of %d bytes: %d, %v", backend, n, written, err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != wantClose {
				t.Errorf("%s: Close = %v, want %v", backend, err, wantClose)
			}
			if !bytes.Equal(encrypted.Bytes(), want) {
				t.Errorf("%s: Writer:\n%x, want\n%x", backend, encrypted.Bytes(), want)
			}

			// The bytes that the Writer lost are a partial block to the Reader.
			encrypted.Write(data[len(whole):])
			r := NewReader(&encrypted, NewDecrypter(c, &iv))
			var decrypted []byte
			var err error
			for err == nil {
				buf := make([]byte, part())
				var n int
				n, err = r.Read(buf)
				decrypted = append(decrypted, buf[:n]...)
			}
			if err != wantRead {
				t.Errorf("%s: Read = %v, want %v", backend, err, wantRead)
			}
			if !bytes.Equal(decrypted, whole) {
				t.Errorf("%s: Reader:\n%x, want\n%x", backend, decrypted, whole)
			}
		})
	})
}
