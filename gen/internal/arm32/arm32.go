// Package arm32 writes Go assembly for the AES instructions of ARMv8 in 32-bit
// programs, for the generators of this module. It is package a64 once more, for
// GOARCH=arm.
//
// The Go assembler has no vector instructions for this architecture. So methods
// encode theirs, as WORDs, and a test compares each encoding with what GNU objdump
// makes of it. General instructions are the assembler's own.
//
// Only instructions that have a method can be emitted: the methods are the
// allow-list of the constant-time policy. All of those that compute on vectors are
// among the ones whose time does not depend on data, and memory is reached through
// pointers alone, without an index.
package arm32

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"github.com/mtcore/mtcore/gen/internal/goasm"
)

// A File is a sequence of functions, to be written by Generate.
type File struct {
	file goasm.File
}

// NewFile returns an empty file.
func NewFile() *File { return &File{} }

// Generate writes the two files of the generator that is running.
func (f *File) Generate() { f.file.Generate() }

// A Func is a function under construction. It has no stack frame and makes no calls.
type Func struct {
	fn     goasm.Func
	params map[string]param
	gp     [9]bool  // general registers in use
	vec    [16]bool // vector registers in use
}

// param is where an argument of one word is.
type param struct {
	name   string // as the assembler wants it, "dst_base" for the address of a slice
	offset int64
}

var sizes = types.SizesFor("gc", "arm")

// Func begins a function. The signature, "func(…)", may use builtin types only; doc
// becomes the comment of the stub.
func (f *File) Func(name, signature, doc string) *Func {
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, signature)
	if err != nil {
		panic(fmt.Sprintf("arm32: signature of %s: %v", name, err))
	}
	sig, ok := tv.Type.(*types.Signature)
	if !ok || sig.Results().Len() > 0 {
		panic(fmt.Sprintf("arm32: signature of %s: want a function without results", name))
	}
	fn := &Func{params: map[string]param{}}
	fn.fn = goasm.Func{
		Name: name, Doc: doc, Allocated: fn.allocated,
		Signature: strings.TrimPrefix(sig.String(), "func"),
		Args:      fn.layOut(sig),
	}
	f.file.Add(&fn.fn)
	return fn
}

const wordSize = 4

// layOut records the parameters of one word, and the first two words of slices, and
// returns the size of all parameters.
func (f *Func) layOut(sig *types.Signature) (size int) {
	vars := make([]*types.Var, sig.Params().Len())
	for i := range vars {
		vars[i] = sig.Params().At(i)
	}
	offsets := sizes.Offsetsof(vars)
	for i, v := range vars {
		name, offset := v.Name(), offsets[i]
		bytes := sizes.Sizeof(v.Type())
		if _, ok := v.Type().(*types.Slice); ok {
			f.params[name+"_base"] = param{name + "_base", offset}
			f.params[name+"_len"] = param{name + "_len", offset + wordSize}
		} else if bytes == wordSize {
			f.params[name] = param{name, offset}
		}
		size = int(offset + bytes)
	}
	return (size + wordSize - 1) &^ (wordSize - 1)
}

// Label marks the next instruction as a target for branches of this function.
func (f *Func) Label(name string) { f.fn.Label(name) }

// Comment writes a comment for the readers of the assembly.
func (f *Func) Comment(text string) { f.fn.Comment(text) }

// LoadParam returns a new register with the parameter called name, a pointer or
// an integer of 32 bits.
func (f *Func) LoadParam(name string) R {
	p, ok := f.params[name]
	if !ok {
		f.panicf("no parameter %s of one word", name)
	}
	r := f.GP()
	f.emit("", "MOVW", fmt.Sprintf("%s+%d(FP)", p.name, p.offset), f.use(r))
	return r
}

// LoadBase returns a new register with the address of the slice parameter called name.
func (f *Func) LoadBase(name string) R { return f.LoadParam(name + "_base") }

// LoadLen returns a new register with the length of the slice parameter called name.
func (f *Func) LoadLen(name string) R { return f.LoadParam(name + "_len") }

func (f *Func) emit(feature, opcode string, operands ...string) {
	f.fn.Emit(feature, opcode, operands...)
}

// word appends a vector instruction, with the syntax of Arm as a comment.
func (f *Func) word(feature string, encoding uint32, mnemonic string, args ...any) {
	f.fn.Word(feature, encoding, fmt.Sprintf(mnemonic, args...))
}

func (f *Func) branch(opcode, label string) { f.fn.Branch(opcode, label) }

func (f *Func) panicf(format string, args ...any) { f.fn.Panicf(format, args...) }
