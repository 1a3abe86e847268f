//go:build gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/kdf/asm"
)

var useSHA = cpuid.ARM64HasSHA2

var backends = impl.New("kdf").Add("Armv8", &useSHA)

// The kernels for SHA-256, under the names that kdf_asm.go and lane_asm.go dispatch to
// on every architecture.

func blocksSHA(h *[8]uint32, p *byte, blocks int) {
	asm.BlocksArmv8(h, p, blocks)
}

func blocks2SHA(h0, h1 *[8]uint32, p0, p1 *byte, blocks int) {
	asm.Blocks2Armv8(h0, h1, p0, p1, blocks)
}

func deriveSHA(key, iv *[32]byte, part *[96]byte, m *MsgKey) {
	asm.DeriveArmv8(key, iv, &part[0], (*[MsgKeySize]byte)(m))
}

func msgKeyBatchSHA(jobs []Job) { msgKeyPairs(jobs) }

func deriveBatchSHA(jobs []Job) { deriveEach(jobs) }
