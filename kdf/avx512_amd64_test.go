//go:build gc && !purego

package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestWide has sixteen lanes used as on CPUs of either width, whichever this one has.
func TestWide(t *testing.T) {
	defer func(lanes, blocks int) { minWide, minWideBlocks = lanes, blocks }(minWide, minWideBlocks)
	impltest.All(t, backends, func(t *testing.T) {
		for _, w := range []struct{ lanes, blocks int }{{9, 2}, {lanes, 8}} {
			minWide, minWideBlocks = w.lanes, w.blocks
			for name, lengths := range batchShapes() {
				checkBatch(t, name, newJobs(uint64(len(name)), lengths...))
			}
			r := newRand(3)
			for count := range 41 {
				lengths := make([]int, count)
				for i := range lengths {
					lengths[i] = int(r.Uint64() % 1200)
				}
				checkBatch(t, "random lengths", newJobs(uint64(count), lengths...))
			}
		}
	})
}
