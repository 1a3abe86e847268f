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
	if useSHA() {
		msgKeyLanes(jobs)
	} else {
		msgKeyEach(jobs)
	}
}

func deriveBatch(jobs []Job) {
	if useAVX512 {
		jobs = deriveBatchAVX512(jobs)
	}
	deriveEach(jobs)
}

// minWideDerive is from how many derivations on the sixteen lanes of AVX-512 are faster than one
// by one. Each needs two lanes, and all lanes take as long as one.
const minWideDerive = 5
