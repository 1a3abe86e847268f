//go:build linux && gc && !purego

package registers

import (
	"encoding/binary"
	"testing"

	"github.com/mtcore/mtcore/internal/cpuid"
)

func isWide() bool { return false }

// lacks reports whether this CPU has not got an instruction set.
func lacks(set string) bool { return set == "AES" && !cpuid.ARMHasAES }

// clearings are runs of veor of registers with themselves that end with what restores those of C
// callers and returns.
func clearings(_ *testing.T, entry uintptr) (all []clearing) {
	const (
		veor  = 0xf3000150
		frame = 0xe28d0000 // ADD $n, R13, R0
	)
	nop := binary.LittleEndian.AppendUint32(nil, 0xe320f000)
	var run []clearing
	function := code(entry)
	for at := 0; at+4 <= len(function); at += 4 {
		word := binary.LittleEndian.Uint32(function[at:])
		d := word>>22&1<<4 | word>>12&15
		n := word>>7&1<<4 | word>>16&15
		m := word>>5&1<<4 | word&15
		switch {
		case word&^(1<<22|15<<12|1<<7|15<<16|1<<5|15) == veor && d == n && n == m:
			run = append(run, clearing{entry + uintptr(at), nop, true})
		case word&^0xfff == frame:
			all = append(all, run...)
			run = nil
		default:
			run = nil
		}
	}
	return all
}
