//go:build (ppc64 || ppc64le || s390x) && gc && !purego

package cpuid

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// StdlibHasAES reports whether crypto/aes has hardware support on an architecture
// for which this module has no kernels: POWER8, Go's minimum, has it always; on
// s390x it needs the CPACF functions that crypto/aes asks for.
var StdlibHasAES = runtime.GOARCH != "s390x" || cpu.S390X.HasAES && cpu.S390X.HasAESCBC
