package envelope

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

func TestPaddingBounds(t *testing.T) {
	for _, tt := range []struct {
		pad            Padding
		n, least, most int
	}{
		{PadMinimal, 0, 16, 16},
		{PadMinimal, 3, 13, 13},
		{PadMinimal, 4, 12, 12},
		{PadMinimal, 5, 27, 27},
		{PadRandom, 4, 12, 12 + 240},
		{PadRandom, 5, 27, 27 + 240},
		{PadBuckets, 0, 64, 64},
		{PadBuckets, 52, 12, 12},
		{PadBuckets, 53, 75, 75},
		{PadBuckets, 1268, 12, 12},
		{PadBuckets, 1269, 459, 459},
		{PadBuckets, 1280 + 448 - 12, 12, 12},
		{PadBuckets, 1280 + 2*448 - 12, 12, 12},
		{PadBucketsRandom, 53, 75, 75 + 240},
		{PadBucketsRandom, 1269, 459, 459 + 240},
	} {
		if least, most := tt.pad.bounds(tt.n); least != tt.least || most != tt.most {
			t.Errorf("padding %d of %d bytes: %d to %d, want %d to %d", tt.pad, tt.n, least, most, tt.least, tt.most)
		}
	}
}

// TestPaddingLimits: whatever the length, the padding is one that MTProto allows, and
// random finds room for it.
func TestPaddingLimits(t *testing.T) {
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		for n := 0; n < 5000; n++ {
			least, most := pad.bounds(n)
			if least < minPadding || most > maxPadding || most > messageRoom || most > longestPadding ||
				(n+least)%blockSize != 0 || (most-least)%blockSize != 0 {
				t.Fatalf("padding %d of %d bytes: %d to %d", pad, n, least, most)
			}
		}
	}
}

// TestRoom: a packet is as long at most, and can be, and with so much room Seal allocates
// nothing.
func TestRoom(t *testing.T) {
	k := NewKey(newAuthKey(1))
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		for _, n := range []int{0, 53, 311, 1269, 5000} {
			plaintext := make([]byte, n)
			most := pad.Room(n)
			if most > n+MaxOverhead {
				t.Errorf("padding %d of %d bytes: at most %d bytes, but MaxOverhead is %d", pad, n, most, MaxOverhead)
			}
			longest := 0
			buf := make([]byte, 0, most)
			for i := 0; i < 600 && longest < most; i++ { // of 16 lengths one would be missed once in 10^16
				packet, err := k.Seal(buf, kdf.Client, plaintext, pad)
				if err != nil {
					t.Fatal(err)
				}
				if &packet[0] != &buf[:1][0] {
					t.Fatalf("padding %d of %d bytes: %d bytes are no room", pad, n, most)
				}
				longest = max(longest, len(packet))
			}
			if longest != most {
				t.Errorf("padding %d of %d bytes: %d bytes at most, want %d", pad, n, longest, most)
			}
		}
	}
}

// newRandomPadding has as much room as Seal, or as SealBatch.
func newRandomPadding(messages int) *randomPadding {
	if messages == 1 {
		return &randomPadding{room: make([]byte, messageRoom)}
	}
	return &randomPadding{room: make([]byte, groupRoom)}
}

// TestPaddingDraw: all lengths that a policy allows occur, about as often, one at a time and
// in batches.
func TestPaddingDraw(t *testing.T) {
	const draws = 16_000
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		for _, batch := range []int{1, batchSize} {
			testPaddingDraw(t, pad, batch, draws)
		}
	}
}

func testPaddingDraw(t *testing.T, pad Padding, batch, draws int) {
	const n = 100
	least, most := pad.bounds(n)
	count := map[int]int{}
	for range draws / batch {
		random := newRandomPadding(batch)
		for i := range batch {
			count[random.length(least, most, batch-i)]++
		}
	}
	for length := least; length <= most; length += blockSize {
		// Seven standard deviations, if there are 16 lengths.
		if got, want := count[length], draws/(1+(most-least)/blockSize); got < want-215 || got > want+215 {
			t.Errorf("padding %d, %d at a time: %d bytes came %d times, want about %d", pad, batch, length, got, want)
		}
		delete(count, length)
	}
	if len(count) > 0 {
		t.Errorf("padding %d, %d at a time: other lengths: %v", pad, batch, count)
	}
}

// TestPaddingOnce: no random byte becomes padding twice, nor that of another message.
func TestPaddingOnce(t *testing.T) {
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		random := newRandomPadding(batchSize)
		seen := map[[minPadding]byte]bool{}
		for i := range 1000 {
			least, most := pad.bounds(i)
			length := random.length(least, most, 1000-i)
			padding := random.take(length, (1000-i)*length)
			for ; len(padding) >= minPadding; padding = padding[minPadding:] {
				piece := [minPadding]byte(padding)
				if seen[piece] {
					t.Fatalf("padding %d: message %d has %x again", pad, i, piece)
				}
				seen[piece] = true
			}
		}
	}
}

// TestPaddingRandom: every byte of padding is random, also the last that is drawn, and none
// is the one that decides how long the padding is.
func TestPaddingRandom(t *testing.T) {
	const n, draws = 100, 4000
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		least, most := pad.bounds(n)
		for _, batch := range []int{1, batchSize} {
			seen := make([]map[byte]bool, most) // values of each byte
			for i := range seen {
				seen[i] = map[byte]bool{}
			}
			telling := 0 // how often the first byte is what the length would come from
			for range draws / batch {
				random := newRandomPadding(batch)
				lengths, left := make([]int, batch), 0
				for i := range batch {
					lengths[i] = random.length(least, most, batch-i)
					left += lengths[i]
				}
				for _, length := range lengths {
					padding := random.take(length, left)
					left -= length
					for j, b := range padding {
						seen[j][b] = true
					}
					if int(padding[0])%(maxExtraBlocks+1) == (len(padding)-least)/blockSize {
						telling++
					}
				}
			}
			for i, values := range seen {
				if len(values) < 64 {
					t.Errorf("padding %d, %d at a time: byte %d has %d values in %d draws", pad, batch, i, len(values), draws)
				}
			}
			if telling > draws/4 { // one in sixteen
				t.Errorf("padding %d, %d at a time: the first byte tells the length in %d of %d draws", pad, batch, telling, draws)
			}
		}
	}
}

// TestExpandRandom: what the key becomes is AES of the numbers from a counter on, by crypto/aes, at
// every length, and nothing beyond it.
func TestExpandRandom(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		key := [ige.KeySize]byte{1, 2, 3, ige.KeySize - 1: 4}
		block, err := aes.NewCipher(key[:])
		if err != nil {
			t.Fatal(err)
		}
		for _, counter := range []uint64{0, 1, 1 << 40, 1<<64 - 20} {
			for n := randomTurn; n <= groupRoom; n += randomTurn {
				got := guards[n/randomTurn%2].alloc(t, n)
				if !expandRandom(got, &key, counter) {
					return
				}
				want := make([]byte, n)
				for i := range n / blockSize {
					binary.LittleEndian.PutUint64(want[i*blockSize:], counter+uint64(i))
					block.Encrypt(want[i*blockSize:], want[i*blockSize:])
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%d bytes from %d on are not AES-CTR", n, counter)
				}
			}
		}
	})
}
