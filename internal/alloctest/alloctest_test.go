package alloctest

import "testing"

var sink *[64]byte

func TestPerRun(t *testing.T) {
	if got, want := PerRun(t, 10, func() {}), 0.0; got != want {
		t.Errorf("nothing: %v allocations, want %v", got, want)
	}
	if got, want := PerRun(t, 10, func() { sink = new([64]byte) }), 1.0; got != want {
		t.Errorf("new: %v allocations, want %v", got, want)
	}
	calls := 0
	once := func() { // in the first count only
		if calls++; calls <= 11 {
			sink = new([64]byte)
		}
	}
	if got, want := PerRun(t, 10, once), 0.0; got != want {
		t.Errorf("disturbed: %v allocations, want %v", got, want)
	}
}
