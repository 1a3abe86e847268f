//go:build (amd64 || arm64) && gc && !purego

package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// BenchmarkBlock is one block of one hash, and one block of each of two: what the KDF's
// hashes would take without and with interleaving, before it does anything else. Each
// block waits for the one before.
func BenchmarkBlock(b *testing.B) {
	if !useSHA {
		impltest.SkipWithout(b, "SHA instructions")
	}
	block := random(2 * blockSize)
	b.Run("hashes=1", func(b *testing.B) {
		h := initial
		for b.Loop() {
			blocksSHA(&h, &block[0], 1)
		}
	})
	b.Run("hashes=2", func(b *testing.B) {
		h0, h1 := initial, initial
		for b.Loop() {
			blocks2SHA(&h0, &h1, &block[0], &block[blockSize], 1)
		}
	})
}
