package envelope

import "crypto/rand"

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

// bounds returns the least and the most padding of a plaintext of n bytes.
func (p Padding) bounds(n int) (least, most int) {
	switch p {
	case PadRandom, PadMinimal:
		least = minPadding + (-n-minPadding)&(blockSize-1)
	case PadBuckets, PadBucketsRandom:
		least = bucket(n+minPadding) - n
	default:
		panic("envelope: invalid padding")
	}
	if p == PadRandom || p == PadBucketsRandom {
		return least, least + maxExtraBlocks*blockSize
	}
	return least, least
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

// randomPadding is random bytes that are to become padding. There is room for the longest
// padding of any policy and, first, for the byte that decides how long it is.
type randomPadding struct {
	bytes [768]byte
	// Those from used on, up to drawn, have not become padding yet.
	used, drawn int
}

// draw returns padding for a plaintext of n bytes, which is good until the next call.
//
// It draws for so many messages at once, this one and those that follow, as far as there is
// room: a read of crypto/rand takes longer than to seal a short message, however few bytes
// are read.
func (r *randomPadding) draw(p Padding, n, messages int) []byte {
	least, most := p.bounds(n)
	if need := 1 + most; r.drawn-r.used < need {
		r.used, r.drawn = 0, min(messages*need, len(r.bytes))
		rand.Read(r.bytes[:r.drawn]) // which never fails
	}
	length := least
	if most > least {
		length += int(r.bytes[r.used]) % (maxExtraBlocks + 1) * blockSize
	}
	start := r.used + 1
	r.used = start + length
	return r.bytes[start:r.used]
}
