//go:build gc && !purego

package registers

// dump is what a function leaves in registers.
type dump struct {
	general [10]uint32 // R0 to R9
	flags   uint32
	masks   [5]uint32    // none
	vectors [16][16]byte // Q0 to Q15
}

var generalNames = []string{"R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"}

// arithmetic are the flags that instructions set.
const arithmetic = 0xf0000000

// call calls a function that takes its arguments on the stack.
//
//go:noescape
func call(fn uintptr, args *[16]uintptr, d *dump, wide bool)
