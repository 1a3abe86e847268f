package alias

import "testing"

func TestOverlap(t *testing.T) {
	var a, b [100]byte
	for _, tt := range []struct {
		name         string
		x, y         []byte
		any, inexact bool
	}{
		{"different arrays", a[:], b[:], false, false},
		{"neighbours", a[0:10], a[10:20], false, false},
		{"neighbours with capacity", a[0:10:40], a[10:20:40], false, false},
		{"first empty", a[0:0], a[0:10], false, false},
		{"second empty", a[0:10], a[5:5], false, false},
		{"both nil", nil, nil, false, false},
		{"the same", a[:50], a[:50], true, false},
		{"same start", a[:50], a[:20], true, false},
		{"one byte shared", a[0:11], a[10:20], true, true},
		{"off by one", a[0:50], a[1:51], true, true},
		{"inside", a[0:50], a[20:30], true, true},
	} {
		for _, swap := range []bool{false, true} {
			x, y := tt.x, tt.y
			if swap {
				x, y = y, x
			}
			if got := AnyOverlap(x, y); got != tt.any {
				t.Errorf("%s (swap %v): AnyOverlap = %v, want %v", tt.name, swap, got, tt.any)
			}
			if got := InexactOverlap(x, y); got != tt.inexact {
				t.Errorf("%s (swap %v): InexactOverlap = %v, want %v", tt.name, swap, got, tt.inexact)
			}
		}
	}
}
