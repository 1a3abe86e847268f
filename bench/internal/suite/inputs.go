package suite

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

const (
	// MaxSize is the longest message: enough to exceed every cache, and little enough for any
	// machine.
	MaxSize = 64 << 20
	// MaxBatch bounds the total length of the messages in a batch, so that -size does not ask for
	// gigabytes.
	MaxBatch = 4 << 20
)

// Must returns x. It is for setup, and for what has been checked before.
func Must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// AuthKey returns one of 65536 authorization keys.
func AuthKey(seed uint64) *kdf.AuthKey {
	var k kdf.AuthKey
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 2}).Read(k[:])
	return &k
}

// Telegram returns the group of Telegram's prime and generator 3.
var Telegram = sync.OnceValue(func() *bigdh.Group { return Must(bigdh.Telegram(3)) })

// RandomPower returns a base below Telegram's prime and an exponent of all bits.
func RandomPower(seed byte) (base, exp *[bigdh.Size]byte) {
	random := rand.NewChaCha8([32]byte{seed})
	base, exp = new([bigdh.Size]byte), new([bigdh.Size]byte)
	random.Read(base[:])
	random.Read(exp[:])
	base[0] &= 0x7f
	exp[0] |= 0x80
	return base, exp
}

// FirstDifference returns an error that tells where got is not want, or nil.
func FirstDifference(got, want []byte) error {
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("byte %d is %#02x, want %#02x", i, got[i], want[i])
		}
	}
	return nil
}

// LimitAES is the row of the latency of AES, which no implementation of one stream can beat.
var LimitAES = Label{results.LimitAES, LimitWho, "14 dependent AES rounds a block"}

// LimitBlocks is how many blocks a probe of package limit runs in one go, since short runs overlap.
// All probes can run exactly this many.
const LimitBlocks = 3840

// NewLimit returns a contender that does the work of run for the blocks of size bytes.
func NewLimit(l Label, run func(blocks int), size int) Contender {
	return Contender{Label: l, Op: func() { run(LimitBlocks) }, Worth: LimitBlocks / (float64(size) / ige.BlockSize)}
}

// LimitHashed is how many blocks of SHA-256 a probe runs in one go.
const LimitHashed = 256

// SHA256Blocks returns the number of blocks in the hash of n bytes.
func SHA256Blocks(n int) int { return (n + 1 + 8 + 63) / 64 }

// NewSHA256Limit returns a contender that hashes that many blocks, if there are instructions for it.
func NewSHA256Limit(l Label, blocks int) []Contender {
	if !limit.SHA256Available() {
		return nil
	}
	return []Contender{{Label: l, Op: func() { limit.SHA256(LimitHashed) }, Worth: LimitHashed / float64(blocks)}}
}
