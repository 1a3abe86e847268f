// Package goasm builds functions in Go assembly, and prints them with their stubs, in avo's
// layout. It is the shared part of packages a64 and arm32, which know the instructions:
// functions, their parameters and labels, and the allocation of registers.
//
// Generators use methods of types, most of which a64 and arm32 embed. The functions of this
// package are for a64 and arm32: emitting is not a method, so that a generator has no
// instructions except those of its architecture.
package goasm

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A Machine is what differs between architectures.
type Machine struct {
	GOARCH string // for the layout of arguments
	Load   string // the instruction that loads a general register

	GP, Vec []int  // the registers to allocate, in this order
	VecName string // of vector registers, before the number

	// Enter and Leave emit what comes first and what comes last, before return number n, in
	// functions that handle secrets. They may be nil.
	Enter func(f *Func)
	Leave func(f *Func, n int)
	// Clear and ClearVec emit what clears a register, before functions return.
	Clear, ClearVec func(f *Func, num int)
	// ClearFlags, if it is there, emits what sets the flags to those of no secret.
	ClearFlags func(f *Func)
	// Save and Restore emit, at the beginning and the end, what keeps vector registers that
	// belong to C callers, if f has touched any; SaveSize is what they need of the frame, below
	// what LoadFrame returns. They may use the first general register. They may be nil.
	Save, Restore func(f *Func, touched []int)
	SaveSize      func(touched []int) int
}

// A File is a sequence of constants and of functions, to be written by Generate.
type File struct {
	machine *Machine
	data    []*Data
	funcs   []*Func

	secretGeneral, public bool
}

// NewFile returns an empty file.
func NewFile(m *Machine) *File { return &File{machine: m} }

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

// A Func is a function under construction. It makes no calls.
type Func struct {
	machine   *Machine
	name, doc string
	signature string // from the opening parenthesis on
	args      int    // size of the arguments
	frame     int    // size of the frame
	params    map[string]param

	gp, vec bank // registers

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

// NewFunc begins a function. The signature, "func(…)", may use builtin types only; doc
// becomes the comment of the stub.
func NewFunc(f *File, name, signature, doc string) *Func {
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, signature)
	if err != nil {
		panic(fmt.Sprintf("goasm: signature of %s: %v", name, err))
	}
	sig, ok := tv.Type.(*types.Signature)
	if !ok || sig.Results().Len() > 0 {
		panic(fmt.Sprintf("goasm: signature of %s: want a function without results", name))
	}
	fn := &Func{
		machine: f.machine, name: name, doc: doc,
		signature: strings.TrimPrefix(sig.String(), "func"),
		labels:    map[string]bool{},
	}
	fn.gp = bank{fn: fn, name: "R", order: f.machine.GP}
	fn.vec = bank{fn: fn, name: f.machine.VecName, order: f.machine.Vec}
	fn.layOut(sig)
	f.funcs = append(f.funcs, fn)
	return fn
}

// SecretGeneral has functions clear the general registers that they have used before they
// return, as they do with vector registers. By default general registers are taken to have addresses,
// counters and lengths.
func (f *File) SecretGeneral() { f.secretGeneral = true }

// Public says that the functions handle no secrets: they go without Enter and Leave.
func (f *File) Public() { f.public = true }

// surround adds what the machine has come first and last.
func (f *Func) surround() {
	m, body := f.machine, f.lines
	if m.Enter == nil {
		return
	}
	f.lines = nil
	m.Enter(f)
	n := 0
	for _, l := range body {
		if l.opcode == "RET" {
			m.Leave(f, n)
			n++
		}
		f.lines = append(f.lines, l)
	}
}

// wipe clears the registers that f has used wherever it returns, as whoever is interrupted
// afterwards has all registers stored somewhere, and keeps those that belong to C callers.
func (f *Func) wipe(general bool) {
	body := f.lines
	vectors := slices.Sorted(slices.Values(f.vec.touched))
	m := f.machine
	f.lines = nil
	size := 0
	if m.Save != nil {
		size = m.SaveSize(vectors)
	}
	if size > 0 {
		m.Save(f, vectors)
	}
	for _, l := range body {
		if l.opcode == "RET" && len(vectors) > 0 {
			f.Comment("Wipe the registers")
			for _, num := range vectors {
				m.ClearVec(f, num)
			}
		}
		if l.opcode == "RET" && general {
			for _, num := range slices.Sorted(slices.Values(f.gp.touched)) {
				m.Clear(f, num)
			}
			if m.ClearFlags != nil {
				m.ClearFlags(f)
			}
		}
		if l.opcode == "RET" && size > 0 {
			m.Restore(f, vectors)
		}
		f.lines = append(f.lines, l)
	}
	f.frame += size
}

// FrameEnd is the size of the frame without what Save needs.
func (f *Func) FrameEnd() int { return f.frame }

// Label marks the next instruction as a target for branches of this function.
func (f *Func) Label(name string) {
	if f.labels[name] {
		Panicf(f, "duplicate label %s", name)
	}
	f.labels[name] = true
	f.lines = append(f.lines, line{label: name})
}

// Comment writes a comment for the readers of the assembly.
func (f *Func) Comment(text string) {
	f.lines = append(f.lines, line{comment: text})
}

// Emit appends an instruction that needs the CPU feature, if it is not empty.
func Emit(f *Func, feature, opcode string, operands ...string) {
	f.lines = append(f.lines, line{opcode: opcode, operands: operands})
	if i, found := slices.BinarySearch(f.features, feature); feature != "" && !found {
		f.features = slices.Insert(f.features, i, feature)
	}
}

// Word appends an instruction that the Go assembler does not know, by its encoding.
func Word(f *Func, feature string, encoding uint32, mnemonic string) {
	Emit(f, feature, "WORD", fmt.Sprintf("$%#08x", encoding))
	f.lines[len(f.lines)-1].note = mnemonic
}

// Branch appends an instruction that may continue at a label, its last operand.
func Branch(f *Func, opcode, label string, operands ...string) {
	f.lines = append(f.lines, line{opcode: opcode, operands: append(operands, label), target: label})
}

// check panics unless the function is complete.
func (f *Func) check() {
	for _, l := range f.lines {
		if l.target != "" && !f.labels[l.target] {
			Panicf(f, "undefined label %s", l.target)
		}
	}
	if len(f.lines) == 0 || f.lines[len(f.lines)-1].opcode != "RET" {
		Panicf(f, "does not end in RET")
	}
	if leaked := append(f.gp.allocated(), f.vec.allocated()...); leaked != nil {
		Panicf(f, "leaked registers: %s", strings.Join(leaked, " "))
	}
}

// Panicf panics with a complaint about the function.
func Panicf(f *Func, format string, args ...any) {
	panic("goasm: " + f.name + ": " + fmt.Sprintf(format, args...))
}
