package envelope

import (
	"bytes"
	"encoding/binary"
	"testing"
)

var layouts = []struct {
	name   string
	layout Layout
	header int
}{{"secret chat", SecretChat, 4}, {"cloud chat", CloudChat, 32}}

// TestBody has plaintexts of many lengths, and in each all lengths of the body that are
// near to right and some that are far from it.
func TestBody(t *testing.T) {
	for _, l := range layouts {
		for _, total := range []int{0, 1, 3, 4, 16, 31, 32, 48, 64, 1024, 1040, 1072, 2048} {
			for length := int64(-40); length <= int64(total)+40; length++ {
				checkBody(t, l.layout, l.header, total, uint32(length))
			}
			for _, length := range []uint32{0x7ffffffc, 0x7fffffff, 0x80000000, 0x80000004, 0xffffff00, 0x01000000} {
				checkBody(t, l.layout, l.header, total, length)
			}
		}
	}
}

func checkBody(t *testing.T, l Layout, header, total int, length uint32) {
	t.Helper()
	padded := random(total)
	if total >= header {
		binary.LittleEndian.PutUint32(padded[header-4:], length)
	}
	for _, v := range []struct {
		version     Version
		least, most int64
	}{{V2, 12, 1024}, {V1, 0, 15}} {
		padding := int64(total-header) - int64(length)
		want := total >= header && int64(length) > 0 && length%4 == 0 && padding >= v.least && padding <= v.most

		body, err := l.Body(v.version, padded)
		if !want {
			if body != nil || err != ErrDecrypt {
				t.Errorf("version %d, layout %d, %d bytes, length %d: %d bytes, %v", v.version, l, total, length, len(body), err)
			}
			continue
		}
		if err != nil || !bytes.Equal(body, padded[header:header+int(length)]) {
			t.Errorf("version %d, layout %d, %d bytes, length %d: %x, %v", v.version, l, total, length, body, err)
		}
	}
}

func TestAtMost(t *testing.T) {
	for _, x := range []uint64{0, 1, 2, 1 << 20, 1<<32 - 1, 1 << 32, 1<<33 + 5} {
		for _, y := range []uint64{0, 1, 2, 1 << 20, 1<<32 - 1, 1 << 32, 1<<33 + 5} {
			want := 0
			if x <= y {
				want = 1
			}
			if got := atMost(x, y); got != want {
				t.Errorf("atMost(%d, %d) = %d, want %d", x, y, got, want)
			}
		}
	}
}
