package ige

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// The tests in this file put every buffer that a kernel is given next to memory
// which cannot be accessed, before its first byte and after its last.

// TestGuardedPaths has all four buffers at the front of their memory, and then
// all at the back.
func TestGuardedPaths(t *testing.T) {
	const maxBlocks = 70
	for _, side := range []struct {
		name  string
		alloc func(testing.TB, int) []byte
		cut   func(b []byte, n int) []byte // n bytes that still adjoin the guard
	}{
		{"front", guardtest.Front, func(b []byte, n int) []byte { return b[:n] }},
		{"back", guardtest.Back, func(b []byte, n int) []byte { return b[len(b)-n:] }},
	} {
		srcs, dsts := side.alloc(t, BlockSize*maxBlocks), side.alloc(t, BlockSize*maxBlocks)
		keys, ivs := side.alloc(t, KeySize), side.alloc(t, IVSize)
		newRand(1).Read(srcs)
		newRand(2).Read(keys)
		newRand(3).Read(ivs)

		impltest.All(t, backends, func(t *testing.T) {
			for _, p := range paths {
				for _, keySize := range p.keySizes {
					key := side.cut(keys, keySize)
					for blocks := 1; blocks <= maxBlocks; blocks++ {
						src, dst := side.cut(srcs, BlockSize*blocks), side.cut(dsts, BlockSize*blocks)
						want := p.want(key, ivs, src)

						fault := guardtest.Try(func() { p.crypt(key, ivs, dst, src) })
						if fault != nil {
							t.Fatalf("%s, AES-%d, %d blocks at the %s: %v", p.name, 8*keySize, blocks, side.name, fault)
						}
						if !bytes.Equal(dst, want) {
							t.Errorf("%s, AES-%d, %d blocks at the %s: wrong result", p.name, 8*keySize, blocks, side.name)
						}

						copy(dst, src)
						fault = guardtest.Try(func() { p.crypt(key, ivs, dst, dst) })
						if fault != nil {
							t.Fatalf("%s, AES-%d, %d blocks in place at the %s: %v", p.name, 8*keySize, blocks, side.name, fault)
						}
						if !bytes.Equal(dst, want) {
							t.Errorf("%s, AES-%d, %d blocks in place at the %s: wrong result", p.name, 8*keySize, blocks, side.name)
						}
					}
				}
			}
		})
	}
}

// TestGuardedBatches: lanes end at different places, each at its own guard.
func TestGuardedBatches(t *testing.T) {
	const count, maxBlocks = 33, 12
	for _, side := range []struct {
		name  string
		alloc func(testing.TB, int) []byte
	}{{"front", guardtest.Front}, {"back", guardtest.Back}} {
		for _, lengths := range []struct {
			name string
			of   func(i int) int
		}{
			{"equal", func(int) int { return 5 }},
			{"ascending", func(i int) int { return i % maxBlocks }},
			{"mixed", func(i int) int { return i * 7 % maxBlocks }},
		} {
			ms := make([]Message, count)
			for i := range ms {
				m, n := newMessage(uint64(i), 0), BlockSize*lengths.of(i)
				m.Src, m.Dst = side.alloc(t, n), side.alloc(t, n)
				newRand(uint64(i)).Read(m.Src)
				ms[i] = m
			}
			impltest.All(t, backends, func(t *testing.T) {
				for n := 1; n <= count; n++ {
					batch := ms[:n]
					if fault := guardtest.Try(func() { EncryptBatch(batch) }); fault != nil {
						t.Fatalf("EncryptBatch of %d, %s lengths, at the %s: %v", n, lengths.name, side.name, fault)
					}
					if fault := guardtest.Try(func() { DecryptBatch(batch) }); fault != nil {
						t.Fatalf("DecryptBatch of %d, %s lengths, at the %s: %v", n, lengths.name, side.name, fault)
					}
				}
				for i, m := range ms {
					if want := referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src); !bytes.Equal(m.Dst, want) {
						t.Errorf("DecryptBatch, %s lengths, at the %s: message %d is wrong", lengths.name, side.name, i)
					}
				}
			})
		}
	}
}

// TestGuardedCipher has the single blocks of cipher.Block.
func TestGuardedCipher(t *testing.T) {
	key := random(KeySize)
	for _, alloc := range []func(testing.TB, int) []byte{guardtest.Front, guardtest.Back} {
		src, dst := alloc(t, BlockSize), alloc(t, BlockSize)
		copy(src, random(BlockSize))
		impltest.All(t, backends, func(t *testing.T) {
			c, want := newCipher(key), make([]byte, BlockSize)
			for _, f := range []struct {
				name      string
				got, want func(dst, src []byte)
			}{
				{"Encrypt", c.Encrypt, newAES(key).Encrypt},
				{"Decrypt", c.Decrypt, newAES(key).Decrypt},
			} {
				f.want(want, src)
				if fault := guardtest.Try(func() { f.got(dst, src) }); fault != nil {
					t.Fatalf("%s: %v", f.name, fault)
				}
				if !bytes.Equal(dst, want) {
					t.Errorf("%s: %x, want %x", f.name, dst, want)
				}
			}
		})
	}
}
