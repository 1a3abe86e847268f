package envelope

import (
	"crypto/rand"

	"github.com/mtcore/mtcore/ige"
)

// Padding is how much random padding Seal adds, which hides the length of the
// plaintext, to some degree. Lengths are for packets without their headers.
type Padding uint8

const (
	// PadRandom is PadMinimal and a random number of blocks more, 0 to 15, as Telegram
	// Desktop does. It is the default.
	PadRandom Padding = iota
	// PadMinimal is the least that MTProto 2.0 allows: 12 to 27 bytes.
	PadMinimal
	// PadBuckets is up to the next of a few lengths, as TDLib does: 64, 128, 192,
	// 256, 384, 512, 768, 1024 and 1280 bytes, from where on each is 448 more.
	PadBuckets
	// PadBucketsRandom is PadBuckets and a random number of blocks more, 0 to 15.
	PadBucketsRandom
)

const (
	minPadding = 12   // what MTProto 2.0 allows
	maxPadding = 1024 // as well

	maxExtraBlocks = 15
	bucketStep     = 448 // above the largest bucket, where steps are widest
)

var buckets = [...]int{64, 128, 192, 256, 384, 512, 768, 1024, 1280}

// Room returns how long the packet can be that [Key.Seal] makes of a plaintext of n bytes. It is
// n + [MaxOverhead] at most, and usually much less.
func (p Padding) Room(n int) int {
	_, most := p.bounds(n)
	return HeaderSize + n + most
}

// bounds returns the least and the most padding of a plaintext of n bytes.
func (p Padding) bounds(n int) (least, most int) {
	p.check()
	least = minPadding + (-n-minPadding)&(blockSize-1)
	if p == PadBuckets || p == PadBucketsRandom {
		least = bucket(n+minPadding) - n
	}
	if p == PadRandom || p == PadBucketsRandom {
		return least, least + maxExtraBlocks*blockSize
	}
	return least, least
}

// check panics if there is no such padding.
func (p Padding) check() {
	if p > PadBucketsRandom {
		panic("envelope: invalid padding")
	}
}

// bucket returns the smallest of PadBuckets' lengths that is not less than n.
func bucket(n int) int {
	for _, b := range buckets {
		if n <= b {
			return b
		}
	}
	largest := buckets[len(buckets)-1]
	steps := (n - largest + bucketStep - 1) / bucketStep
	return largest + steps*bucketStep
}

// randomPadding makes the padding of the messages of one call, whose buffer it gets in room
// and which wipes it.
//
// It reads a key from crypto/rand, with a byte for each message that decides how long its
// padding is, and expands the key to the padding itself. To read all of it from crypto/rand
// takes about 10 cycles a byte, more than sealing a short message does, and the cores of a
// machine have to take turns. The key ends with the call: a fork or a snapshot of a virtual
// machine finds no state that would repeat, and memory that is read later does not tell what
// was padding before.
//
// The expansion is AES-256 of a counter, which nobody without the key can tell from random bytes:
// as many blocks as a call can make, which are different ones, give that away with a probability
// of less than 2^-100.
type randomPadding struct {
	seed   [ige.KeySize + batchSize]byte
	read   int    // bytes of seed, or 0 if there is none yet
	next   int    // the first byte of seed that has not decided on a length yet
	blocks uint64 // that the key has been expanded to

	room       []byte // whole turns, and no less than the longest padding that is taken
	used, made int    // bytes of room that have become padding, and that can
	dirty      int    // the most bytes of room there have been
}

const (
	// longestPadding is that of PadBucketsRandom: a step between buckets, and 15 blocks.
	longestPadding = minPadding - 1 + bucketStep + maxExtraBlocks*blockSize
	// randomTurn divides the number of bytes that expandRandom makes.
	randomTurn = 8 * blockSize
	// smallRoom is for the padding of one message, unless it is up to the next bucket.
	smallRoom = 3 * randomTurn
	// messageRoom is for the padding of one message, and groupRoom for that of sixteen under
	// PadRandom, of average length.
	messageRoom = (longestPadding + randomTurn - 1) &^ (randomTurn - 1)
	groupRoom   = 16 * 144
	// worthKey is up to how many bytes are read faster than a key is read and expanded.
	worthKey = 64
)

// length returns how much padding a plaintext gets, within its bounds. There are so many messages
// to ask for, this one and those that follow.
func (r *randomPadding) length(least, most, messages int) int {
	if most == least {
		return least
	}
	if r.next == r.read {
		r.readSeed(messages)
	}
	extra := int(r.seed[r.next]) % (maxExtraBlocks + 1)
	r.next++
	return least + extra*blockSize
}

// take returns n bytes of padding, which are good until the next call. So many are left to be
// taken, these among them, and are made at once, as far as there is room.
func (r *randomPadding) take(n, left int) []byte {
	if r.made-r.used < n {
		r.fill(min(left, len(r.room)))
	}
	r.used += n
	return r.room[r.used-n : r.used]
}

func (r *randomPadding) readSeed(messages int) {
	r.read = ige.KeySize + min(messages, batchSize)
	r.next, r.blocks = ige.KeySize, 0
	rand.Read(r.seed[:r.read]) // which never fails
}

// fill makes n bytes of padding, or some more.
func (r *randomPadding) fill(n int) {
	if r.read == 0 && n <= worthKey {
		rand.Read(r.room[:n])
	} else {
		if r.read == 0 {
			r.readSeed(0)
		}
		n = (n + randomTurn - 1) &^ (randomTurn - 1)
		expandRandom(r.room[:n], (*[ige.KeySize]byte)(r.seed[:]), r.blocks)
		r.blocks += uint64(n / blockSize)
	}
	r.used, r.made, r.dirty = 0, n, max(r.dirty, n)
}

func (r *randomPadding) wipe() {
	clear(r.seed[:r.read])
	clear(r.room[:r.dirty])
}
