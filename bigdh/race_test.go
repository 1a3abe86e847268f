//go:build race || asan || msan

package bigdh

import "testing"

// needAllocs skips a test that counts allocations: the race detector and the
// sanitizers move things to the heap that are not there otherwise.
func needAllocs(t *testing.T) {
	t.Helper()
	t.Skip("this build allocates more; the same test runs without -race and -asan")
}
