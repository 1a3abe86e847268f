package ige

import (
	"fmt"
	"testing"
)

// Sizes that occur: an acknowledgement, a message, a small file part, a large one.
var benchSizes = []struct {
	name  string
	bytes int
}{{"64", 64}, {"1K", 1 << 10}, {"16K", 16 << 10}, {"512K", 512 << 10}}

// benchmark runs f for every backend and size, with a buffer to work on in place.
func benchmark(b *testing.B, f func(buf []byte)) {
	for _, s := range backends.States() {
		for _, size := range benchSizes {
			b.Run("backend="+s.Name+"/size="+size.name, func(b *testing.B) {
				defer s.Enter()()
				buf := random(size.bytes)
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					f(buf)
				}
			})
		}
	}
}

// A message, as MTProto has them: with the expansion of its key.

func BenchmarkEncrypt(b *testing.B) {
	m := newMessage(1, 0)
	benchmark(b, func(buf []byte) {
		m.Dst, m.Src = buf, buf
		m.Encrypt()
	})
}

func BenchmarkDecrypt(b *testing.B) {
	m := newMessage(1, 0)
	benchmark(b, func(buf []byte) {
		m.Dst, m.Src = buf, buf
		if err := m.Decrypt(); err != nil {
			b.Fatal(err)
		}
	})
}

// A stream under a key that has been expanded.

func BenchmarkEncrypter(b *testing.B) {
	iv := [IVSize]byte(random(IVSize))
	enc := NewEncrypter(newCipher(random(KeySize)), &iv)
	benchmark(b, func(buf []byte) { enc.CryptBlocks(buf, buf) })
}

func BenchmarkDecrypter(b *testing.B) {
	iv := [IVSize]byte(random(IVSize))
	dec := NewDecrypter(newCipher(random(KeySize)), &iv)
	benchmark(b, func(buf []byte) { dec.CryptBlocks(buf, buf) })
}

// The functions of github.com/gotd/ige, over each kind of block.

func BenchmarkEncryptBlocks(b *testing.B) {
	key, iv := random(KeySize), random(IVSize)
	for _, kind := range blocks {
		b.Run("block="+kind.name, func(b *testing.B) {
			block := kind.new(key)
			benchmark(b, func(buf []byte) { EncryptBlocks(block, iv, buf, buf) })
		})
	}
}

func BenchmarkDecryptBlocks(b *testing.B) {
	key, iv := random(KeySize), random(IVSize)
	for _, kind := range blocks {
		b.Run("block="+kind.name, func(b *testing.B) {
			block := kind.new(key)
			benchmark(b, func(buf []byte) { DecryptBlocks(block, iv, buf, buf) })
		})
	}
}

// Sixteen messages under different keys; size is that of each.

func BenchmarkEncryptBatch(b *testing.B) { benchmarkBatch(b, EncryptBatch) }

func BenchmarkDecryptBatch(b *testing.B) {
	benchmarkBatch(b, func(ms []Message) {
		if err := DecryptBatch(ms); err != nil {
			b.Fatal(err)
		}
	})
}

func benchmarkBatch(b *testing.B, f func([]Message)) {
	const count = 16
	for _, s := range backends.States() {
		for _, size := range []int{64, 256, 1 << 10, 4 << 10} {
			b.Run(fmt.Sprintf("backend=%s/messages=%d/size=%d", s.Name, count, size), func(b *testing.B) {
				defer s.Enter()()
				ms := make([]Message, count)
				for i := range ms {
					ms[i] = newMessage(uint64(i), size)
					ms[i].Src = ms[i].Dst[:size]
				}
				b.SetBytes(count * int64(size))
				b.ReportAllocs()
				for b.Loop() {
					f(ms)
				}
			})
		}
	}
}

func BenchmarkNewCipher(b *testing.B) {
	for _, s := range backends.States() {
		for _, keySize := range allKeySizes {
			b.Run(fmt.Sprintf("backend=%s/key=%d", s.Name, 8*keySize), func(b *testing.B) {
				defer s.Enter()()
				key := random(keySize)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := NewCipher(key); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
