// Package a64 writes Go assembly for ARMv8, for the generators of this module. It is to
// arm64 what avo is to amd64, as far as these kernels need it.
//
// A kernel is an ordinary Go function that calls one method per instruction, with the
// operands in the order of Go assembly: the destination is last. Registers are allocated and
// freed by hand. A stale register, a leaked one, and a label that is missing or defined
// twice all panic, since they are mistakes in the generator.
//
// Only instructions with a method can be emitted: the methods are the allow-list of the
// constant-time policy. Those that compute are among the ones whose time Arm promises not to
// depend on data (PSTATE.DIT), and memory is accessed only through pointers, without an
// index. What remains to be reviewed in a generator is that pointers, and the inputs of
// branches and CSEL, come only from lengths and other public values. Carries are flags too,
// and often secret, but only additions and subtractions read them.
package a64

import (
	"fmt"

	"github.com/mtcore/mtcore/gen/internal/goasm"
)

// machine has the general registers up to R25: the assembler and the runtime keep R26 to R30
// (closure context, assembler's temporary, goroutine, frame pointer, link). R18 belongs to
// the operating system.
var machine = goasm.Machine{
	GOARCH: "arm64", Load: "MOVD",
	GP:      []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25},
	Vec:     []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
	VecName: "V",

	Enter: enterDIT, Leave: leaveDIT,

	Clear:      func(f *goasm.Func, num int) { goasm.Emit(f, "", "MOVD", "ZR", fmt.Sprint("R", num)) },
	ClearFlags: func(f *goasm.Func) { goasm.Emit(f, "", "CMP", "ZR", "ZR") },
	ClearVec: func(f *goasm.Func, num int) {
		v := fmt.Sprintf("V%d.B16", num)
		goasm.Emit(f, "", "VEOR", v, v, v)
	},
}

// Arm promises that the time of the instructions here does not depend on data if PSTATE.DIT is
// set, on CPUs that have it; on Apple's, it turns off a prefetcher that takes data for addresses, too.
// Functions set it first and put it back last, since Go code around them may move to another thread at
// any moment. The variable DIT of their package says whether the CPU has it. R26, which
// nobody else uses in a function without a closure, is not zero if it has to be cleared again.

func enterDIT(f *goasm.Func) {
	f.Comment("Ask for data-independent timing, and remember whether it was off")
	goasm.Emit(f, "", "MOVBU", "·DIT(SB)", "R26")
	goasm.Branch(f, "CBZ", "timed", "R26")
	goasm.Emit(f, "", "MRS", "DIT", "R26")
	goasm.Emit(f, "", "MSR", "$1", "DIT")
	goasm.Emit(f, "", "EOR", "$(1<<24)", "R26", "R26")
	f.Label("timed")
}

func leaveDIT(f *goasm.Func, n int) {
	label := fmt.Sprint("untimed", n)
	goasm.Branch(f, "CBZ", label, "R26")
	goasm.Emit(f, "", "MSR", "$0", "DIT")
	f.Label(label)
}

// A File is a sequence of constants and of functions, to be written by Generate.
type File struct{ *goasm.File }

// NewFile returns an empty file.
func NewFile() *File { return &File{goasm.NewFile(&machine)} }

// Data is a read-only constant, from File.Words.
type Data = goasm.Data

// A Func is a function under construction. It makes no calls.
type Func struct{ *goasm.Func }

// Func begins a function. The signature, "func(…)", may use builtin types only; doc
// becomes the comment of the stub.
func (f *File) Func(name, signature, doc string) *Func {
	return &Func{goasm.NewFunc(f.File, name, signature, doc)}
}

// R is a general register of 64 bits, from Func.GP or one of the Load methods.
type R = goasm.R

// ZR reads as zero and ignores writes. It need not be allocated.
var ZR = goasm.Fixed(31)

// V is a vector register of 128 bits, from Func.Vec or Func.VecN.
type V = goasm.V

// emit appends an instruction that needs the CPU feature, if it is not empty.
func (f *Func) emit(feature, opcode string, operands ...string) {
	goasm.Emit(f.Func, feature, opcode, operands...)
}

// branch appends an instruction that may continue at a label, its last operand.
func (f *Func) branch(opcode, label string, operands ...string) {
	goasm.Branch(f.Func, opcode, label, operands...)
}

// use returns the name of r, which must be ZR or allocated in this function.
func (f *Func) use(r R) string {
	if r == ZR {
		return "ZR"
	}
	return goasm.Name(f.Func, r)
}

// useV returns the name of v, which must be allocated in this function.
func (f *Func) useV(v V) string { return goasm.NameV(f.Func, v) }

func (f *Func) panicf(format string, args ...any) { goasm.Panicf(f.Func, format, args...) }
