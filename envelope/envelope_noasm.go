//go:build !(amd64 || arm64) || !gc || purego

package envelope

import (
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impl"
)

var backends = impl.New("envelope")

func decryptAndHash(o *opening) { decryptAndHashGeneric(o) }

func decryptAndHashBatch(os []opening) { decryptAndHashWide(os) }

func decryptAndHashMost(os []opening) { decryptAndHashWide(os) }

func expandRandom(dst []byte, _ *[ige.KeySize]byte, _ uint64) bool { return expandRandomGeneric(dst) }
