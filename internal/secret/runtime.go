//go:build goexperiment.runtimesecret

package secret

import (
	"runtime"
	"runtime/secret"
)

// Enabled says that Do erases what f leaves.
const Enabled = runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")

// Do calls f, and erases the registers and the stack that f has used, and, when the garbage
// collector next finds them to be unreachable, its allocations.
func Do(f func()) { secret.Do(f) }
