//go:build gc && !purego

package registers

// dump is what a function leaves in registers.
type dump struct {
	general [14]uint64 // see generalNames
	flags   uint64
	_       uint64
	masks   [8]uint64
	vectors [32][64]byte
}

// generalNames are all general registers but SP and BP. R14 has the goroutine where Go was compiled.
var generalNames = []string{"AX", "BX", "CX", "DX", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}

// arithmetic are the flags that instructions set: carry, parity, auxiliary carry, zero, sign, overflow.
const arithmetic = 0x8d5

// call calls a function that takes its arguments on the stack. Only if wide, the CPU has AVX-512 and
// masks of 64 bits.
//
//go:noescape
func call(fn uintptr, args *[16]uintptr, d *dump, wide bool)
