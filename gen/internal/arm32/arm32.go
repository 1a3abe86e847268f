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
