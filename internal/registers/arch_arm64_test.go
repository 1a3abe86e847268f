//go:build linux && gc && !purego

package registers

import (
	"encoding/binary"
	"testing"

	"github.com/mtcore/mtcore/internal/cpuid"
)

func isWide() bool { return false }

// lacks reports whether this CPU has not got an instruction set.
func lacks(set string) bool {
	has, known := map[string]bool{"AES": cpuid.ARM64HasAES, "SHA2": cpuid.ARM64HasSHA2}[set]
	return known && !has
}

// clearings are runs of VEOR of registers with themselves that end with a return.
func clearings(_ *testing.T, entry uintptr) (all []clearing) {
	const (
		veor, registers = 0x6e201c00, 31<<16 | 31<<5 | 31
		movzr           = 0xaa1f03e0
		compare         = 0xeb1f03ff // CMP ZR, ZR
		noDIT           = 0xd51b42bf // MSR $0, DIT
		ret             = 0xd65f03c0
	)
	nop := binary.LittleEndian.AppendUint32(nil, 0xd503201f)
	var run []clearing
	function := code(entry)
	for at := 0; at+4 <= len(function); at += 4 {
		word := binary.LittleEndian.Uint32(function[at:])
		switch r := word & 31; {
		case word&^registers == veor && word&registers == r<<16|r<<5|r:
			run = append(run, clearing{entry + uintptr(at), nop, true})
		case word == ret:
			all = append(all, run...)
			run = nil
		case word&^31 == movzr, word == compare, word>>24 == 0xb4 /* CBZ */, word == noDIT:
		default:
			run = nil
		}
	}
	return all
}
