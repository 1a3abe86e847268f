//go:build (amd64 || arm64) && gc && !purego

package ige

// batchWidth is how many messages to work on at a time.
func batchWidth() int {
	if !useAES {
		return slicedLanes
	}
	return kernelLanes()
}

// minBatch is how many bytes a batch must have to be worth preparing. With AES
// instructions, two messages of 512 bytes are, and 15 of 64 bytes are not.
func minBatch() int {
	if !useAES {
		return minBatchSoftware()
	}
	return 1024
}

// kernelWidth is how many lanes the kernel for so many messages works on.
func kernelWidth(live int) int {
	switch {
	case !useAES:
		return live
	case live <= 2:
		return 2
	case live <= 4:
		return 4
	case live <= 8:
		return 8
	default:
		return (live + 3) / 4 * 4
	}
}

// expandLanes expands the keys of the lanes whose bits are set.
func expandLanes(l *lanes, fresh uint) {
	if !useAES {
		expandLanesGeneric(l, fresh)
		return
	}
	expandLanesAES(l, fresh)
}

// cryptLanes takes all lanes that hold messages through n blocks, with the kernel
// of kernelWidth(live) lanes.
func cryptLanes(l *lanes, live, n int) {
	if !useAES {
		cryptLanesGeneric(l, live, n)
		return
	}
	var dst, src [batchLanes]*byte
	for j := range kernelWidth(live) {
		d, s := l.rest(j)
		dst[j], src[j] = &d[0], &s[0]
	}
	if l.decrypting {
		decryptLanesAES(l, &dst, &src, live, n)
	} else {
		encryptLanesAES(l, &dst, &src, live, n)
	}
}
