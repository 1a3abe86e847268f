package envelope

import "testing"

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
	var random randomPadding
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		for n := 0; n < 5000; n++ {
			least, most := pad.bounds(n)
			if least < minPadding || most > maxPadding || most > len(random)-1 ||
				(n+least)%blockSize != 0 || (most-least)%blockSize != 0 {
				t.Fatalf("padding %d of %d bytes: %d to %d", pad, n, least, most)
			}
		}
	}
}

// TestPaddingDraw: all lengths that a policy allows occur, about as often.
func TestPaddingDraw(t *testing.T) {
	const draws = 16_000
	for pad := PadRandom; pad <= PadBucketsRandom; pad++ {
		const n = 100
		least, most := pad.bounds(n)
		count := map[int]int{}
		for range draws {
			var random randomPadding
			count[len(random.draw(pad, n))]++
		}
		for length := least; length <= most; length += blockSize {
			// Seven standard deviations, if there are 16 lengths.
			if got, want := count[length], draws/(1+(most-least)/blockSize); got < want-215 || got > want+215 {
				t.Errorf("padding %d: %d bytes came %d times, want about %d", pad, length, got, want)
			}
			delete(count, length)
		}
		if len(count) > 0 {
			t.Errorf("padding %d: other lengths: %v", pad, count)
		}
	}
}
