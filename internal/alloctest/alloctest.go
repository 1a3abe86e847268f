// Package alloctest counts allocations in tests.
package alloctest

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// PerRun returns how many times f allocates memory per call. testing.AllocsPerRun also
// counts what the runtime and goroutines of earlier tests allocate in the meantime; that
// happens only now and then, whereas f allocates every time, so PerRun returns the least of
// several counts.
//
// It skips the test under the race detector and the sanitizers, which move values to the
// heap that would otherwise stay on the stack.
func PerRun(t testing.TB, runs int, f func()) float64 {
	t.Helper()
	if instrumented {
		impltest.SkipWithout(t, "a build without -race, -asan and -msan")
	}
	least := testing.AllocsPerRun(runs, f)
	for range 4 {
		if least == 0 {
			break
		}
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}
