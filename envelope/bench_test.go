package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/kdf"
)

// Sizes that occur: an acknowledgement, messages, a file part, the longest packet. They are
// those of the encrypted part.
var benchSizes = []struct {
	name  string
	bytes int
}{{"64", 64}, {"256", 256}, {"1K", 1 << 10}, {"16K", 16 << 10}, {"128K", 128 << 10}, {"1M", 1<<20 - 64}}

func BenchmarkOpen(b *testing.B) {
	k := NewKey(newAuthKey(1))
	for _, size := range benchSizes {
		packet := benchPacket(k, size.bytes)
		dst := make([]byte, 0, size.bytes)
		for _, s := range backends.States() {
			b.Run("size="+size.name+"/backend="+s.Name, func(b *testing.B) {
				defer s.Enter()()
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := k.Open(dst, kdf.Client, packet); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		// The cipher alone, without a hash and with the key at hand.
		b.Run("size="+size.name+"/of=ige", func(b *testing.B) {
			m := ige.Message{Dst: dst[:size.bytes], Src: packet[HeaderSize:]}
			b.SetBytes(int64(size.bytes))
			for b.Loop() {
				if err := m.Decrypt(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("size="+size.name+"/by=std", func(b *testing.B) {
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if !stdOpen(dst[:size.bytes], k.auth, packet) {
					b.Fatal(ErrDecrypt)
				}
			}
		})
	}
}

// BenchmarkOpenWithoutKey computes the key_id each time.
func BenchmarkOpenWithoutKey(b *testing.B) {
	auth := newAuthKey(1)
	packet := benchPacket(NewKey(auth), 64)
	dst := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(dst, auth, kdf.Client, packet); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeal counts random bytes unless it says padding=none.
func BenchmarkSeal(b *testing.B) {
	k := NewKey(newAuthKey(1))
	for _, size := range benchSizes {
		plaintext := random(size.bytes - minPadding)
		padding := random(minPadding)
		dst := make([]byte, 0, size.bytes+MaxOverhead)
		for _, tt := range []struct {
			name string
			f    func() ([]byte, error)
		}{
			{"none", func() ([]byte, error) { return k.seal(dst, kdf.Client, plaintext, padding), nil }},
			{"minimal", func() ([]byte, error) { return k.Seal(dst, kdf.Client, plaintext, PadMinimal) }},
			{"random", func() ([]byte, error) { return k.Seal(dst, kdf.Client, plaintext, PadRandom) }},
		} {
			if size.bytes > 1<<17 && tt.name == "random" {
				continue // longer than a packet may be
			}
			b.Run("size="+size.name+"/padding="+tt.name, func(b *testing.B) {
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := tt.f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("size="+size.name+"/by=std", func(b *testing.B) {
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				stdSeal(dst[:size.bytes+HeaderSize], k.auth, plaintext, padding)
			}
		})
	}
}

// Batches of messages under different keys; size is that of each.

func BenchmarkOpenBatch(b *testing.B) {
	benchmarkBatches(b, true, func(b *testing.B, jobs []Job) {
		if err := OpenBatch(jobs); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkOpenEach(b *testing.B) {
	benchmarkBatches(b, true, func(b *testing.B, jobs []Job) {
		for i := range jobs {
			j := &jobs[i]
			if _, err := j.Key.Open(j.Dst, j.Side, j.Src); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSealBatch(b *testing.B) {
	benchmarkBatches(b, false, func(b *testing.B, jobs []Job) {
		if err := SealBatch(jobs); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkSealEach(b *testing.B) {
	benchmarkBatches(b, false, func(b *testing.B, jobs []Job) {
		for i := range jobs {
			j := &jobs[i]
			if _, err := j.Key.Seal(j.Dst, j.Side, j.Src, j.Padding); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// benchmarkBatches has the backends only if packets are to be opened: the kernels of this
// package are for that.
func benchmarkBatches(b *testing.B, packets bool, f func(b *testing.B, jobs []Job)) {
	states := backends.States()
	if !packets {
		states = states[len(states)-1:]
	}
	for _, size := range []int{64, 256, 1 << 10, 4 << 10} {
		for _, count := range []int{2, 8, 16, 64} {
			jobs := make([]Job, count)
			dsts := make([][]byte, count)
			for i := range jobs {
				k := NewKey(newAuthKey(uint64(i)))
				jobs[i] = Job{Key: k, Padding: PadMinimal, Src: random(size - minPadding)}
				if packets {
					jobs[i].Src = benchPacket(k, size)
				}
				dsts[i] = make([]byte, 0, size+MaxOverhead)
			}
			for _, s := range states {
				b.Run(fmt.Sprintf("size=%d/messages=%d/backend=%s", size, count, s.Name), func(b *testing.B) {
					defer s.Enter()()
					b.SetBytes(int64(count * size))
					b.ReportAllocs()
					for b.Loop() {
						for i := range jobs {
							jobs[i].Dst = dsts[i]
						}
						f(b, jobs)
					}
				})
			}
		}
	}
}

// benchPacket returns a packet of the client with n bytes after the header.
func benchPacket(k *Key, n int) []byte {
	return k.seal(nil, kdf.Client, random(n), nil)
}

// stdOpen and stdSeal are what clients in Go do today: three hashes, and a loop over
// crypto/aes.

func stdOpen(dst []byte, k *kdf.AuthKey, packet []byte) bool {
	m := packet[8:24]
	block, c, p := stdKeys(k, m)
	x := make([]byte, blockSize)
	for n := 0; n < len(dst); n += blockSize {
		src := packet[HeaderSize+n:][:blockSize]
		subtle.XORBytes(x, src, p)
		block.Decrypt(x, x)
		subtle.XORBytes(dst[n:], x, c)
		c, p = src, dst[n:][:blockSize]
	}
	return string(stdMsgKey(k, dst)) == string(m)
}

func stdSeal(dst []byte, k *kdf.AuthKey, plaintext, padding []byte) {
	body := dst[HeaderSize:]
	padded := make([]byte, len(body))
	copy(padded[copy(padded, plaintext):], padding)
	m := stdMsgKey(k, padded)
	copy(dst[8:], m)
	block, c, p := stdKeys(k, m)
	for n := 0; n < len(body); n += blockSize {
		src, x := padded[n:][:blockSize], body[n:][:blockSize]
		subtle.XORBytes(x, src, c)
		block.Encrypt(x, x)
		subtle.XORBytes(x, x, p)
		c, p = x, src
	}
}

func stdMsgKey(k *kdf.AuthKey, padded []byte) []byte {
	h := sha256.New()
	h.Write(k[88:120])
	h.Write(padded)
	return h.Sum(nil)[8:24]
}

func stdKeys(k *kdf.AuthKey, m []byte) (block cipher.Block, c, p []byte) {
	h := sha256.New()
	h.Write(m)
	h.Write(k[0:36])
	a := h.Sum(nil)
	h.Reset()
	h.Write(k[40:76])
	h.Write(m)
	b := h.Sum(nil)
	var key, iv [32]byte
	copy(key[:], a[0:8])
	copy(key[8:], b[8:24])
	copy(key[24:], a[24:32])
	copy(iv[:], b[0:8])
	copy(iv[8:], a[8:24])
	copy(iv[24:], b[24:32])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	return block, iv[:blockSize], iv[blockSize:]
}
