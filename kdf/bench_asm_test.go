//go:build (amd64 || arm64) && gc && !purego

package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/kdf/asm"
)

// BenchmarkBlock is one block of one hash, and one block of each of two: what the KDF's
// hashes would take without and with interleaving, before it does anything else. Each
// block waits for the one before.
func BenchmarkBlock(b *testing.B) {
	if !useSHA() {
		impltest.SkipWithout(b, "SHA instructions")
	}
	block := random(2 * blockSize)
	b.Run("hashes=1", func(b *testing.B) {
		h := kdfspec.Initial
		for b.Loop() {
			asm.Blocks(&h, &block[0], 1)
		}
	})
	b.Run("hashes=2", func(b *testing.B) {
		h0, h1 := kdfspec.Initial, kdfspec.Initial
		for b.Loop() {
			asm.Blocks2(&h0, &h1, &block[0], &block[blockSize], 1)
		}
	})
}
