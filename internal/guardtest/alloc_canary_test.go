//go:build !linux && !darwin

package guardtest

import "testing"

// recorder is a test that records its failure instead of reporting it.
type recorder struct {
	testing.TB
	cleanups []func()
	failed   bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Cleanup(f func())      { r.cleanups = append(r.cleanups, f) }

// TestCanaries proves the canaries: a store to the first byte outside fails the
// test that made the buffer, one inside does not.
func TestCanaries(t *testing.T) {
	const n = 100
	for _, i := range []int{-1, 0, n - 1, n} {
		r := &recorder{TB: t}
		*beyond(Front(r, n), i) = 1
		for _, f := range r.cleanups {
			f()
		}
		if want := i < 0 || i >= n; r.failed != want {
			t.Errorf("store at %d: failed = %v, want %v", i, r.failed, want)
		}
	}
}
