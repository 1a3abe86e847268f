//go:build gc && !purego

package registers

// dump is what a function leaves in registers.
type dump struct {
	general [26]uint64 // R0 to R17, R19 to R26
	flags   uint64
	masks   [5]uint64 // none
	vectors [32][16]byte
}

var generalNames = []string{"R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14",
	"R15", "R16", "R17", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "R26"}

// arithmetic are the flags that instructions set.
const arithmetic = 0xf0000000

// call calls a function that takes its arguments on the stack.
//
//go:noescape
func call(fn uintptr, args *[16]uintptr, d *dump, wide bool)
