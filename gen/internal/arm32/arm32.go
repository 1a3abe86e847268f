// Package arm32 writes Go assembly for the AES instructions of ARMv8 in 32-bit programs, for
// the generators of this module. It is package a64 for GOARCH=arm.
//
// The Go assembler has no vector instructions for this architecture. So the methods encode
// them as WORDs, and a test compares each encoding with GNU objdump's disassembly. General
// instructions are the assembler's own.
//
// Only instructions with a method can be emitted: the methods are the allow-list of the
// constant-time policy. All vector instructions that compute are among the ones whose time
// does not depend on data, and memory is accessed only through pointers, without an index.
package arm32

import (
	"fmt"

	"github.com/mtcore/mtcore/gen/internal/goasm"
)

// machine has the general registers R0 to R8: the assembler and the runtime keep R9 to R15
// (position-independent code, goroutine, assembler's temporary, linker, stack, link, program
// counter).
var machine = goasm.Machine{
	GOARCH: "arm", Load: "MOVW",
	GP:      []int{0, 1, 2, 3, 4, 5, 6, 7, 8},
	Vec:     []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	VecName: "Q",

	Clear: func(f *goasm.Func, num int) { goasm.Emit(f, "", "MOVW", "$0", fmt.Sprint("R", num)) },
	ClearVec: func(f *goasm.Func, num int) {
		if num < firstKept || num > lastKept {
			q := uint32(2 * num)
			goasm.Word(f, featSIMD, 0xf3000150|field(q, 12, 22)|field(q, 16, 7)|field(q, 0, 5), fmt.Sprintf("veor q%d, q%d, q%d", num, num, num))
		}
	},
	SaveSize: func(touched []int) int {
		for _, num := range touched {
			if num >= firstKept && num <= lastKept {
				return 16 * (lastKept - firstKept + 1)
			}
		}
		return 0
	},
	Save:    func(f *goasm.Func, _ []int) { moveKept(f, 0xf400000d, "vst1.8", "Keep what belongs to C callers") },
	Restore: func(f *goasm.Func, _ []int) { moveKept(f, 0xf420000d, "vld1.8", "Restore what belongs to C callers") },
}

// C callers keep values in D8 to D15. Go's cgo saves them, but not where Go was told to do
// without floating point (GOARM=5, or 7,softfloat): there C may still have them.
const firstKept, lastKept = 4, 7 // Q

// moveKept stores or loads Q4 to Q7, below the frame.
func moveKept(f *goasm.Func, opcode uint32, mnemonic, comment string) {
	f.Comment(comment)
	goasm.Emit(f, "", "MOVW", fmt.Sprintf("$frame-%d(SP)", f.FrameEnd()+16*(lastKept-firstKept+1)), "R0")
	for num := firstKept; num <= lastKept; num += 2 {
		goasm.Word(f, featSIMD, opcode|0x200|field(uint32(2*num), 12, 22), fmt.Sprintf("%s {d%d-d%d}, [r0]!", mnemonic, 2*num, 2*num+3))
	}
}

// A File is a sequence of functions, to be written by Generate.
type File struct{ *goasm.File }

// NewFile returns an empty file.
func NewFile() *File { return &File{goasm.NewFile(&machine)} }

// A Func is a function under construction. It makes no calls.
type Func struct{ *goasm.Func }

// Func begins a function. The signature, "func(…)", may use builtin types only; doc
// becomes the comment of the stub.
func (f *File) Func(name, signature, doc string) *Func {
	return &Func{goasm.NewFunc(f.File, name, signature, doc)}
}

// R is a general register, from Func.GP or one of the Load methods.
type R = goasm.R

// Q is a vector register of 128 bits, from Func.Vec or Func.VecN. It is also the pair of
// 64-bit registers D(2n) and D(2n+1), whose numbers instructions use.
type Q = goasm.V

func (f *Func) emit(feature, opcode string, operands ...string) {
	goasm.Emit(f.Func, feature, opcode, operands...)
}

// word appends a vector instruction, with Arm's syntax as a comment.
func (f *Func) word(feature string, encoding uint32, mnemonic string, args ...any) {
	goasm.Word(f.Func, feature, encoding, fmt.Sprintf(mnemonic, args...))
}

func (f *Func) branch(opcode, label string) { goasm.Branch(f.Func, opcode, label) }

// use returns the name of r, which must be allocated in this function.
func (f *Func) use(r R) string { return goasm.Name(f.Func, r) }

// vector returns the number of q, which must be allocated in this function.
func (f *Func) vector(q Q) uint32 {
	goasm.NameV(f.Func, q)
	return uint32(q.Num())
}

func (f *Func) panicf(format string, args ...any) { goasm.Panicf(f.Func, format, args...) }
