// Package contract says, as data, what each assembly function may be given and what it may do:
// what its arguments point to, which of them are secret, what it reads and writes, and what may
// overlap. All checks of machine code rely on it, so it is stated once.
//
// What holds for every kernel is not repeated: the memory that an argument points to is
// secret, except for the pointers in a table and for counts; regions overlap only where a contract says so;
// besides its regions, a kernel reads nothing but constants and its own frame, and writes
// nothing but the frame.
package contract

import (
	"slices"
	"strings"
)

// Kernel is the contract of an assembly function, on every architecture that has it.
type Kernel struct {
	Package, Name string
	Args          []Arg
	Overlaps      []Overlap
}

func (k *Kernel) String() string { return k.Package + "." + k.Name }

// Kind says what an argument is.
type Kind int

const (
	Public  Kind = iota + 1 // a number that jumps and addresses may depend on
	Secret                  // a number that they must not depend on
	Pointer                 // to a region
	Slice                   // a region with its length and capacity
	Table                   // a pointer to pointers, each to a region
	Counts                  // a pointer to public numbers, one for each lane of the tables, none larger than the one before
)

// Access says what may be done to a region.
type Access int

const (
	Reads   Access = iota + 1
	Writes         // its previous contents are not read
	Updates        // both
)

// Arg is an argument.
type Arg struct {
	Name   string
	Kind   Kind
	Access Access
	Bytes  int    // size of the region, or of each that a table points to
	Per    string // the public argument that Bytes has to be multiplied by, or "": a number, or counts
	Lanes  int    // how many pointers of a table, or counts, are used
	// Idle allows that lanes whose results are of no interest share one region, for all such arguments. Without
	// it, they may only repeat the first lane.
	Idle bool
	// Numbers are what the region must hold, or the argument must be, when the kernel is called.
	Numbers []Number
}

// Number is a natural number, stored as digits.
type Number struct {
	Name  string
	Words []int // those words of the region that hold its digits, the lowest first; nil if it is the argument itself
	Digit int   // every digit is below 2^Digit
	Bits  int   // the number is below 2^Bits
	Sum   int   // if it is not 0, digits are below 2^Sum instead, and the number may be larger
	// What it has to do with another number n, the one of that name: n times it is -1 modulo 2^Digit, or
	// 2^Shift times it is 1 modulo n, and it is below n. n is at least 3.
	Inverse string
	Shift   int
	Of      string
}

// Blocks is the Per of a slice: all slices of a kernel have the same number of blocks, of
// Bytes each.
const Blocks = "len"

// Overlap allows that the region of A begins Offset bytes after that of B, lane by lane.
type Overlap struct {
	A, B   string
	Offset int
}

// Find returns the contract of a kernel, or nil.
func Find(pkg, name string) *Kernel {
	for i := range Kernels {
		if k := &Kernels[i]; k.Package == pkg && k.Name == name {
			return k
		}
	}
	return nil
}

// Backend returns which of its package's backends a kernel belongs to: without that one nobody
// calls it. The backends are those of one architecture, in the order of registration. A kernel is
// named after its backend, and if it is named after several, the last counts; those that are named
// by their role belong to the first backend that no kernel is named after. Exceptions are in
// kernels.go.
func (k *Kernel) Backend(backends []string) string {
	if b, ok := otherBackend[k.String()]; ok {
		return b
	}
	for _, b := range slices.Backward(backends) {
		if k.namedAfter(b) {
			return b
		}
	}
	for _, b := range backends {
		named := func(other Kernel) bool { return other.Package == k.Package && other.namedAfter(b) }
		if !slices.ContainsFunc(Kernels, named) {
			return b
		}
	}
	return ""
}

func (k *Kernel) namedAfter(backend string) bool {
	return strings.Contains(k.Name, strings.NewReplacer("-", "", "+", "").Replace(backend))
}

// Arg returns the argument of that name, or nil.
func (k *Kernel) Arg(name string) *Arg {
	for i := range k.Args {
		if k.Args[i].Name == name {
			return &k.Args[i]
		}
	}
	return nil
}

// Words is how many machine words an argument takes on the stack.
func (a *Arg) Words() int {
	if a.Kind == Slice {
		return 3
	}
	return 1
}
