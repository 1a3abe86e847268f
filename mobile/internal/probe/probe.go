// Package probe lets the tests on a JVM look at the Go side of the binding, and set its
// clock. Only they bind it.
package probe

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/mtcore/mtcore/mobile/internal/clock"
)

// Now returns the time of all chats, in seconds since 1970.
func Now() int64 { return clock.Now().Unix() }

// AdvanceClock makes that many seconds pass for all chats.
func AdvanceClock(seconds int64) { clock.Advance(time.Duration(seconds) * time.Second) }

// HeapObjects returns how many objects are alive in Go.
func HeapObjects() int64 {
	// Twice: what the first collection finalizes, the second one frees.
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapObjects)
}

// Goroutines returns how many goroutines there are.
func Goroutines() int { return runtime.NumGoroutine() }

// ResidentKiB returns how much memory the process occupies, or -1 if the system does not say.
func ResidentKiB() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return -1
}
