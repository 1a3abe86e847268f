package envelope

import (
	"math"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/kdf"
)

// huge returns a slice of n bytes of which only the first exists: for code that must look
// at the length before anything else. It is not made by unsafe.Slice, which the race
// detector and the address sanitizer have check that there is so much memory.
func huge(n int) []byte {
	header := struct {
		data     *byte
		len, cap int
	}{new(byte), n, n}
	return *(*[]byte)(unsafe.Pointer(&header))
}

// TestHugeLengths has lengths to which nothing can be added where an int has 32 bits.
func TestHugeLengths(t *testing.T) {
	auth := newAuthKey(1)
	for _, maxPacket := range []int{0, math.MaxInt32, math.MaxInt} {
		k := NewKey(auth)
		k.MaxPacket = maxPacket
		for n := math.MaxInt32 - 2*MaxOverhead; n > 0 && n < math.MaxInt32; n += 61 {
			s := huge(n)
			for _, pad := range []Padding{PadRandom, PadMinimal, PadBuckets, PadBucketsRandom} {
				if out, err := k.Seal(nil, kdf.Client, s, pad); out != nil || err != ErrTooLong {
					t.Fatalf("MaxPacket %d: Seal of %d bytes, padding %d: %d bytes, %v", maxPacket, n, pad, len(out), err)
				}
				jobs := []Job{{Key: k, Src: s, Padding: pad}}
				if err := SealBatch(jobs); jobs[0].Dst != nil || err != ErrTooLong {
					t.Fatalf("MaxPacket %d: SealBatch of %d bytes, padding %d: %v", maxPacket, n, pad, err)
				}
			}
			if out, err := k.SealV1(nil, kdf.Client, s); out != nil || err != ErrTooLong {
				t.Fatalf("MaxPacket %d: SealV1 of %d bytes: %d bytes, %v", maxPacket, n, len(out), err)
			}
			if out, err := k.Open(nil, kdf.Client, s); out != nil || err != ErrDecrypt {
				t.Fatalf("MaxPacket %d: Open of %d bytes: %d bytes, %v", maxPacket, n, len(out), err)
			}
			if out, err := k.OpenV1(nil, kdf.Client, s, CloudChat); out != nil || err != ErrDecrypt {
				t.Fatalf("MaxPacket %d: OpenV1 of %d bytes: %d bytes, %v", maxPacket, n, len(out), err)
			}
			jobs := []Job{{Key: k, Src: s}}
			if err := OpenBatch(jobs); jobs[0].Dst != nil || err != ErrDecrypt {
				t.Fatalf("MaxPacket %d: OpenBatch of %d bytes: %v", maxPacket, n, err)
			}
		}
	}
}
