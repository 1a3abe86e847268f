package guardtest

import (
	"os"
	"testing"
	"unsafe"
)

var sink byte

// beyond returns the address i bytes from the first of b, in b or not.
func beyond(b []byte, i int) *byte {
	return (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

func TestBuffers(t *testing.T) {
	page := os.Getpagesize()
	for _, n := range []int{0, 1, 16, page - 1, page, page + 1, 3 * page} {
		for _, tt := range []struct {
			name  string
			alloc func(testing.TB, int) []byte
		}{{"Front", Front}, {"Back", Back}} {
			b := tt.alloc(t, n)
			if len(b) != n {
				t.Errorf("%s(%d): len = %d", tt.name, n, len(b))
			}
			if tt.name == "Front" && cap(b) != n {
				t.Errorf("Front(%d): cap = %d, must not reach further", n, cap(b))
			}
			for i := range b {
				if b[i] != 0 {
					t.Errorf("%s(%d)[%d] = %#x, want 0", tt.name, n, i, b[i])
				}
			}
			fault := Try(func() {
				for i := range b {
					b[i] = byte(i)
				}
			})
			if fault != nil {
				t.Errorf("%s(%d): %v on writing to the buffer itself", tt.name, n, fault)
			}
		}
	}
}

func TestTryPassesPanics(t *testing.T) {
	defer func() {
		if got, want := recover(), "not a fault"; got != want {
			t.Errorf("panic = %v, want %v", got, want)
		}
	}()
	Try(func() { panic("not a fault") })
}
