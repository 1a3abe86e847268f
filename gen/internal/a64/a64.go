// Package a64 writes Go assembly for ARMv8, for the generators of this module. It
// is to arm64 what avo is to amd64, as far as our kernels need it.
//
// A kernel is an ordinary Go function that calls one method per instruction, with
// the operands in the order of Go assembly: the destination is last. Registers are
// allocated and freed by hand; a stale register, one that leaks, a label that
// is missing or given twice, all panic, for they are mistakes in the generator.
//
// Only instructions that have a method can be emitted: the methods are the
// allow-list of the constant-time policy. Those that compute are among the ones
// whose time Arm promises not to depend on data (PSTATE.DIT), and memory is reached
// through pointers alone, without an index. What remains to be reviewed in a
// generator is that pointers, and whatever branches and CSEL depend on, come from
// lengths and other public values only. Carries are flags too, and often secret, but
// only additions and subtractions read them.
package a64

import (
	"fmt"

	"github.com/mmcloughlin/avo/gotypes"

	"github.com/mtcore/mtcore/gen/internal/goasm"
)

// A File is a sequence of constants and of functions, to be written by Generate.
type File struct {
	file goasm.File
}

// NewFile returns an empty file.
func NewFile() *File { return &File{} }

// Data is a read-only constant, from File.Words.
type Data = goasm.Data

// Words adds a constant to the file.
func (f *File) Words(name string, words ...uint32) *Data { return f.file.Words(name, words...) }

// Generate writes the two files of the generator that is running.
func (f *File) Generate() { f.file.Generate() }

// A Func is a function under construction. It has no stack frame and makes no calls.
type Func struct {
	fn        goasm.Func
	signature *gotypes.Signature
	gp        [31]bool // general registers in use
	vec       [32]bool // vector registers in use
}

// Func begins a function. The signature, "func(…)", may use builtin types only; doc
// becomes the comment of the stub.
func (f *File) Func(name, signature, doc string) *Func {
	sig, err := gotypes.ParseSignature(signature)
	if err != nil {
		panic(fmt.Sprintf("a64: signature of %s: %v", name, err))
	}
	fn := &Func{signature: sig}
	fn.fn = goasm.Func{Name: name, Doc: doc, Signature: sig.String(), Args: sig.Bytes(), Allocated: fn.allocated}
	f.file.Add(&fn.fn)
	return fn
}

// Label marks the next instruction as a target for branches of this function.
func (f *Func) Label(name string) { f.fn.Label(name) }

// Comment writes a comment for the readers of the assembly.
func (f *Func) Comment(text string) { f.fn.Comment(text) }

// LoadParam returns a new register with the parameter called name, a pointer or
// an integer of 64 bits.
func (f *Func) LoadParam(name string) R {
	return f.load(f.signature.Params().Lookup(name))
}

// ReloadParam sets d to the parameter called name.
func (f *Func) ReloadParam(name string, d R) {
	f.loadTo(f.signature.Params().Lookup(name), d)
}

// LoadBase returns a new register with the address of the slice parameter called name.
func (f *Func) LoadBase(name string) R {
	return f.load(f.signature.Params().Lookup(name).Base())
}

// LoadLen returns a new register with the length of the slice parameter called name.
func (f *Func) LoadLen(name string) R {
	return f.load(f.signature.Params().Lookup(name).Len())
}

func (f *Func) load(param gotypes.Component) R {
	r := f.GP()
	f.loadTo(param, r)
	return r
}

func (f *Func) loadTo(param gotypes.Component, d R) {
	basic, err := param.Resolve()
	if err != nil {
		f.panicf("%v", err)
	}
	// gotypes lays parameters out as on amd64, which arm64 does as well.
	if size := gotypes.Sizes.Sizeof(basic.Type); size != 8 {
		f.panicf("parameter %s has %d bytes, want 8", basic.Addr.Asm(), size)
	}
	f.emit("", "MOVD", basic.Addr.Asm(), f.use(d))
}

// emit appends an instruction that needs the CPU feature, if it is not empty.
func (f *Func) emit(feature, opcode string, operands ...string) {
	f.fn.Emit(feature, opcode, operands...)
}

// branch appends an instruction that may continue at a label, its last operand.
func (f *Func) branch(opcode, label string, operands ...string) {
	f.fn.Branch(opcode, label, operands...)
}

// allocated returns the registers in use.
func (f *Func) allocated() []string {
	var names []string
	for num, used := range f.gp {
		if used {
			names = append(names, fmt.Sprintf("R%d", num))
		}
	}
	for num, used := range f.vec {
		if used {
			names = append(names, fmt.Sprintf("V%d", num))
		}
	}
	return names
}

func (f *Func) panicf(format string, args ...any) { f.fn.Panicf(format, args...) }
