//go:build !(amd64 || arm64) || !gc || purego

package ige

import "math"

func batchWidth() int { return slicedLanes }

// minBatch is how many bytes a batch must have besides its longest message to be worth
// preparing. Neither crypto/aes nor the kernels for 32-bit ARM have a use for batches.
func minBatch() int {
	if useArmv8 || useStdAES {
		return math.MaxInt
	}
	return 1
}

func kernelWidth(live int) int { return live }

func expandLanes(l *lanes, fresh uint) { expandLanesGeneric(l, fresh) }

func cryptLanes(l *lanes, live, n int) { cryptLanesGeneric(l, live, n) }

func runTogether([]Message) bool { return false }

func cryptGroups(*lanes, *queue) { panic("ige: internal error: no kernels") }
