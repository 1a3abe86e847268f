// Package alloctest counts allocations in tests.
package alloctest

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// PerRun returns how many times f allocates memory, as testing.AllocsPerRun counts it,
// which counts what the runtime and goroutines of earlier tests allocate meanwhile, too.
// That happens now and then and what f does happens always, so this is the least of
// several counts.
//
// It skips the test under the race detector and the sanitizers, which move things to the
// heap that are not there otherwise.
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
