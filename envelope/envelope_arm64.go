//go:build gc && !purego

package envelope

import (
	"github.com/mtcore/mtcore/envelope/asm"
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
)

var useStitched = cpuid.ARM64HasAES && cpuid.ARM64HasSHA2

var backends = impl.New("envelope").Add("Armv8", &useStitched)

// The kernels for one message, under the names that envelope_asm.go dispatches to on every
// architecture.

func decryptStart(xk *[240]byte, key, iv *[32]byte, dst, src *byte) {
	asm.DecryptStartArmv8(xk, key, iv, dst, src)
}

func decryptHash(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte) {
	asm.DecryptHash1Armv8(xk, iv, dst, src, h, hashed)
}

func decryptTail(xk *[240]byte, iv *[32]byte, dst, src []byte, h *[8]uint32, hashed *byte) {
	asm.DecryptTail1Armv8(xk, iv, dst, src, h, hashed)
}

func hashBlocks(h *[8]uint32, p *byte, blocks int) { asm.HashArmv8(h, p, blocks) }

// minWide is from how many messages of so many bytes on two passes over all of them, in the
// lanes of packages ige and kdf, take less time than a pass over each. That follows from
// the latencies of the instructions; it was not measured.
func minWide(size int) int { return 4 }

// decryptAndHashStitched is decryptAndHash for each.
func decryptAndHashStitched(os []opening) {
	for i := range os {
		decryptAndHash(&os[i])
	}
}
