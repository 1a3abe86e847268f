package peers

import (
	"crypto/sha256"
	"hash"

	sha256simd "github.com/minio/sha256-simd"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

// Implementations of SHA-256, which have nothing to do with Telegram.
var (
	stdSHA256 = hasher("std-sha256", "crypto/sha256", "", sha256.New)
	simd      = hasher("sha256-simd", "sha256-simd", "github.com/minio/sha256-simd", sha256simd.New)
)

func hasher(id, name, module string, newHash func() hash.Hash) *Peer {
	return &Peer{ID: id, Module: module, KDF: []KDF{{
		MsgKey:  suite.Label{Way: results.Way(id + ".reused"), Who: name, How: "Reset, Write, Sum"},
		Prepare: func(k *kdf.AuthKey) (DeriveFunc, MsgKeyFunc) { return nil, reusedHash(k, newHash()) },
	}}}
}

func reusedHash(k *kdf.AuthKey, h hash.Hash) MsgKeyFunc {
	var large [sha256.Size]byte
	return func(side kdf.Side, padded []byte) kdf.MsgKey {
		h.Reset()
		h.Write(k[88+sideOffset(side):][:32])
		h.Write(padded)
		h.Sum(large[:0])
		return kdf.MsgKey(large[8:24])
	}
}
