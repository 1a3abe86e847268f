package sha1

import (
	"crypto/sha1"
	"testing"
)

// TestSumPrefix compares every prefix with crypto/sha1, for every length of text that makes
// a difference.
func TestSumPrefix(t *testing.T) {
	text := make([]byte, 700)
	for i := range text {
		text[i] = byte(7*i + 1)
	}
	for end := range len(text) + 1 {
		for least := max(0, end-30); least <= end; least += 6 {
			for n := least; n <= end; n++ {
				var got [Size]byte
				SumPrefix(&got, text[:end], n, least)
				if want := sha1.Sum(text[:n]); got != want {
					t.Fatalf("SumPrefix(%d bytes, %d, %d) = %x, want %x", end, n, least, got, want)
				}
			}
		}
	}
}

func BenchmarkSum(b *testing.B) {
	var digest [Size]byte
	for _, n := range []string{"own", "std"} {
		for _, size := range []int{48, 256, 4096} {
			text := make([]byte, size)
			b.Run(n, func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					if n == "own" {
						Sum(&digest, text)
					} else {
						digest = sha1.Sum(text)
					}
				}
			})
		}
	}
}
