// Package cpuid tells which CPU features the kernels of this module may use.
//
// A flag is true only if the CPU has the instructions and the operating system keeps their
// registers. GODEBUG=cpu.NAME=off turns a feature off, with the names given beside the
// flags. With the purego build tag, and on architectures other than the flag's own, every
// flag is the constant false, so that dispatch on it disappears at compile time.
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
