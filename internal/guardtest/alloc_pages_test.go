//go:build linux || darwin

package guardtest

import "testing"

// TestFaults proves the guards: the first byte outside faults, for a load and for
// a store.
func TestFaults(t *testing.T) {
	for _, n := range []int{1, 16, 4096, 5000, 1 << 16} {
		front, back := Front(t, n), Back(t, n)
		for _, tt := range []struct {
			name string
			p    *byte
		}{
			{"before Front", beyond(front, -1)},
			{"after Back", beyond(back, n)},
		} {
			if Try(func() { sink = *tt.p }) == nil {
				t.Errorf("n = %d: load %s does not fault", n, tt.name)
			}
			if Try(func() { *tt.p = 1 }) == nil {
				t.Errorf("n = %d: store %s does not fault", n, tt.name)
			}
		}
	}
}
