// Package goasm prints Go assembly files and their stubs, in the layout of avo. It is
// what packages a64 and arm32, which know instructions and registers, have in common.
package goasm

import (
	"fmt"
	"slices"
	"strings"
)

// A File is a sequence of constants and of functions.
type File struct {
	data  []*Data
	funcs []*Func
}

// Data is a read-only constant, from File.Words.
type Data struct {
	name  string
	words []uint32
}

// Words adds a constant to the file.
func (f *File) Words(name string, words ...uint32) *Data {
	for _, d := range f.data {
		if d.name == name {
			panic("goasm: duplicate constant " + name)
		}
	}
	d := &Data{name, words}
	f.data = append(f.data, d)
	return d
}

// Address is the operand that stands for the address of d.
func (d *Data) Address() string { return "$" + d.name + "<>(SB)" }

// A Func is a function under construction. It has no stack frame and makes no calls.
type Func struct {
	Name      string
	Doc       string          // becomes the comment of the stub
	Signature string          // from the opening parenthesis on
	Args      int             // size of the arguments
	Allocated func() []string // the registers in use, which is a mistake at the end

	features []string // for the "Requires:" line, sorted
	lines    []line
	labels   map[string]bool // given by Label
}

// A line is a label, a comment or an instruction.
type line struct {
	label, comment string
	opcode         string
	operands       []string
	note           string // comment on the line of the instruction
	target         string // label that the instruction may branch to
}

// Add adds a function.
func (f *File) Add(fn *Func) {
	fn.labels = map[string]bool{}
	f.funcs = append(f.funcs, fn)
}

// Label marks the next instruction as a target for branches of this function.
func (f *Func) Label(name string) {
	if f.labels[name] {
		f.Panicf("duplicate label %s", name)
	}
	f.labels[name] = true
	f.lines = append(f.lines, line{label: name})
}

// Comment writes a comment for the readers of the assembly.
func (f *Func) Comment(text string) {
	f.lines = append(f.lines, line{comment: text})
}

// Emit appends an instruction that needs the CPU feature, if it is not empty.
func (f *Func) Emit(feature, opcode string, operands ...string) {
	f.lines = append(f.lines, line{opcode: opcode, operands: operands})
	if i, found := slices.BinarySearch(f.features, feature); feature != "" && !found {
		f.features = slices.Insert(f.features, i, feature)
	}
}

// Word appends an instruction that the Go assembler does not know, by its encoding.
func (f *Func) Word(feature string, encoding uint32, mnemonic string) {
	f.Emit(feature, "WORD", fmt.Sprintf("$%#08x", encoding))
	f.lines[len(f.lines)-1].note = mnemonic
}

// Branch appends an instruction that may continue at a label, its last operand.
func (f *Func) Branch(opcode, label string, operands ...string) {
	f.lines = append(f.lines, line{opcode: opcode, operands: append(operands, label), target: label})
}

// check panics unless the function is complete.
func (f *Func) check() {
	for _, l := range f.lines {
		if l.target != "" && !f.labels[l.target] {
			f.Panicf("undefined label %s", l.target)
		}
	}
	if len(f.lines) == 0 || f.lines[len(f.lines)-1].opcode != "RET" {
		f.Panicf("does not end in RET")
	}
	if leaked := f.Allocated(); leaked != nil {
		f.Panicf("leaked registers: %s", strings.Join(leaked, " "))
	}
}

// Panicf panics with what is wrong with the function.
func (f *Func) Panicf(format string, args ...any) {
	panic("goasm: " + f.Name + ": " + fmt.Sprintf(format, args...))
}
