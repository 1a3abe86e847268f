//go:build !(amd64 || arm64) || !gc || purego

package ige

import "math"

func batchWidth() int { return slicedLanes }

// minBatch is how many bytes a batch must have to be worth preparing. crypto/aes has
// no use for batches.
func minBatch() int {
	if useStdAES {
		return math.MaxInt
	}
	return 1
}

func kernelWidth(live int) int { return live }

func expandLanes(l *lanes, fresh uint) { expandLanesGeneric(l, fresh) }

func cryptLanes(l *lanes, live, n int) { cryptLanesGeneric(l, live, n) }
