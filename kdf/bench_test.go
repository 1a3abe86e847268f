package kdf

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// BenchmarkDerive is the KDF of a message, from the message key to the key and the iv,
// with nothing going on beside it: each message key is out of the key before. To
// compare: one block of SHA-256 in BenchmarkBlock, of which it should take 1.3 at most
// where a SHA256RNDS2 can begin every two cycles, as on Zen 5 (with three, as on recent
// Xeons, 1.5 is the limit); and crypto/sha256.
func BenchmarkDerive(b *testing.B) {
	k, m := randomKey(newRand(1)), MsgKey(random(MsgKeySize))
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var key, iv [32]byte
		for b.Loop() {
			k.Derive(&key, &iv, Client, &m)
			m = MsgKey(key[:])
		}
	})
	b.Run("of=one-block-by-crypto-sha256", func(b *testing.B) {
		var hash [sha256.Size]byte
		for b.Loop() {
			hash = sha256.Sum256(hash[:])
		}
	})
}

// BenchmarkDeriveByThree is a message key and the two hashes of the KDF, each by a
// crypto/sha256 that is used again, as clients in Go do it. The message key is
// that of the shortest message.
func BenchmarkDeriveByThree(b *testing.B) {
	k, padded := randomKey(newRand(1)), random(16)
	h := sha256.New()
	var large, a, c [sha256.Size]byte
	sum := func(h hash.Hash, dst *[sha256.Size]byte, parts ...[]byte) {
		h.Reset()
		for _, part := range parts {
			h.Write(part)
		}
		h.Sum(dst[:0])
	}
	b.ReportAllocs()
	for b.Loop() {
		sum(h, &large, k[88:120], padded)
		m := large[8:24]
		sum(h, &a, m, k[0:36])
		sum(h, &c, k[40:76], m)
	}
}

// BenchmarkMsgKeyAndDerive is what BenchmarkDeriveByThree is to be compared with.
func BenchmarkMsgKeyAndDerive(b *testing.B) {
	k, padded := randomKey(newRand(1)), random(16)
	impltest.Benchmark(b, backends, func(b *testing.B) {
		var key, iv [32]byte
		for b.Loop() {
			m := k.MsgKey(Client, padded)
			k.Derive(&key, &iv, Client, &m)
		}
	})
}

func BenchmarkDeriveV1(b *testing.B) {
	k, m := randomKey(newRand(1)), MsgKey(random(MsgKeySize))
	var key, iv [32]byte
	b.ReportAllocs()
	for b.Loop() {
		k.DeriveV1(&key, &iv, Client, &m)
	}
}

func BenchmarkMsgKey(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 16 << 10, 512 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			k, padded := randomKey(newRand(1)), random(size)
			impltest.Benchmark(b, backends, func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					k.MsgKey(Client, padded)
				}
			})
		})
	}
}

// Sixteen messages; size is that of each.

func BenchmarkMsgKeyBatch(b *testing.B) {
	const count = 16
	for _, size := range []int{64, 256, 1 << 10, 4 << 10} {
		b.Run(fmt.Sprintf("messages=%d/size=%d", count, size), func(b *testing.B) {
			jobs := newJobs(1, repeated(count, size)...)
			impltest.Benchmark(b, backends, func(b *testing.B) {
				b.SetBytes(int64(count * size))
				for b.Loop() {
					MsgKeyBatch(jobs)
				}
			})
		})
	}
	// Of all lengths.
	b.Run("messages=100/size=mixed", func(b *testing.B) {
		r := newRand(1)
		lengths, total := make([]int, 100), 0
		for i := range lengths {
			lengths[i] = 16 * int(r.Uint64()%100)
			total += lengths[i]
		}
		jobs := newJobs(1, lengths...)
		impltest.Benchmark(b, backends, func(b *testing.B) {
			b.SetBytes(int64(total))
			for b.Loop() {
				MsgKeyBatch(jobs)
			}
		})
	})
}

func BenchmarkDeriveBatch(b *testing.B) {
	for _, count := range []int{4, 8, 16} {
		b.Run(fmt.Sprintf("messages=%d", count), func(b *testing.B) {
			jobs := newJobs(1, repeated(count, 0)...)
			impltest.Benchmark(b, backends, func(b *testing.B) {
				for b.Loop() {
					DeriveBatch(jobs)
				}
			})
		})
	}
}

func repeated(count, size int) []int {
	lengths := make([]int, count)
	for i := range lengths {
		lengths[i] = size
	}
	return lengths
}
