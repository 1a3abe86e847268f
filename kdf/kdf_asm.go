//go:build (amd64 || arm64) && gc && !purego

package kdf

import "github.com/mtcore/mtcore/kdf/asm"

// useSHA reports whether there are SHA-256 instructions, which the kernels that are named by
// their role need.
func useSHA() bool { return useSHANI || useArmv8 }

// msgKey sets m to SHA256(part || padded)[8:24].
func msgKey(m *MsgKey, part *[hashPartSize]byte, padded []byte) {
	if !useSHA() {
		msgKeyStream(m, part, padded)
		return
	}
	var d digest
	d.start(part, padded)
	d.finish(padded)
	d.msgKey(m)
	d.wipe()
}

// derive sets key and iv from m and part, the authorization key from byte x on.
func derive(key, iv *[32]byte, part *[96]byte, m *MsgKey) {
	if !useSHA() {
		deriveGeneric(key, iv, part, m)
		return
	}
	asm.Derive(key, iv, &part[0], (*[MsgKeySize]byte)(m))
}

func msgKeyBatch(jobs []Job) {
	switch {
	case useAVX512 && len(jobs) >= minWide:
		msgKeyBatchAVX512(jobs)
	case useSHA():
		msgKeyPairs(jobs)
	default:
		msgKeyEach(jobs)
	}
}

func deriveBatch(jobs []Job) {
	if useAVX512 {
		jobs = deriveBatchAVX512(jobs)
	}
	deriveEach(jobs)
}

const (
	// minWide is from how many hashes on the sixteen lanes of AVX-512 are faster than two
	// by two. All lanes take as long as one.
	minWide = 9
	// minWideDerive is the same for derivations, of which each needs two lanes.
	minWideDerive = 5
)
