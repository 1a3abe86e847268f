// Package cpuid tells which CPU features the kernels of this module may use.
//
// A flag is true only if the CPU has the instructions and the operating system keeps their
// registers. GODEBUG=cpu.NAME=off turns a feature off, with the names given beside the flags.
// Go's runtime and golang.org/x/sys/cpu read the same variable and do not know all of these
// names. For each that they do not know they print a line on standard error,
//
//	GODEBUG: unknown cpu feature "vaes"
//	GODEBUG sys/cpu: unknown cpu feature "sha"
//
// and the setting holds all the same. On Windows it holds for this module and x/sys only, as Go's own
// packages read it too late there. With the purego build tag, and on other architectures
// than the one a flag names, every flag is the constant false, so that dispatch on it
// disappears at compile time.
package cpuid

import (
	"os"
	"strings"
)

// turnedOff reports whether GODEBUG holds cpu.name=off or cpu.all=off. The last
// setting wins, as in golang.org/x/sys/cpu, which does the same for its flags.
func turnedOff(name string) bool {
	return off(os.Getenv("GODEBUG"), name)
}

func off(godebug, name string) (off bool) {
	for setting := range strings.SplitSeq(godebug, ",") {
		switch setting {
		case "cpu." + name + "=off", "cpu.all=off":
			off = true
		case "cpu." + name + "=on", "cpu.all=on":
			off = false
		}
	}
	return off
}
