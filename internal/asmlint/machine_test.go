package asmlint

import (
	"maps"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// The same rules for machine code, by the contracts of kernels: what is secret is not only what comes
// from memory, but also what a contract says is, as the index of an entry that is selected. Flags are
// followed one by one, registers and the frame byte by byte where they are written in parts, and
// whatever is not known is secret.

// lints has the architectures whose machine code is checked.
var lints = map[string]func(*machine.Kernel, *contract.Kernel) []string{"amd64": lintX86, "arm64": lintA64}

func TestMachineCode(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	for arch, lint := range lints {
		kernels, err := machine.Build(t.TempDir(), arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kernels {
			c := contract.Find(k.Package, k.Name)
			if c == nil {
				t.Errorf("%v has no contract: write one in internal/contract/kernels.go", k)
				continue
			}
			for _, problem := range lint(k, c) {
				t.Errorf("%s: %v: %s", arch, k, problem)
			}
		}
	}
}

// what is known of eight bytes.
type what int

const (
	isSecret  what = iota // or unknown
	isPublic              // a number
	isAddress             // of memory whose contents are secret
	isTable               // of a table of addresses
	isCounts              // of public numbers
	isFrame               // of the frame or the arguments, at fact.offset from where the stack pointer was
	isGlobal              // of what is in the program, at fact.offset
)

type fact struct {
	what
	offset int // of isFrame and isGlobal, or anywhere
}

const anywhere = 1 << 30

func (f fact) secret() bool { return f.what == isSecret }

// located reports whether f has an offset.
func (f fact) located() bool { return f.what == isFrame || f.what == isGlobal }

// plus is what is known of f plus a number.
func (f fact) plus(n int) fact {
	if f.located() && f.offset != anywhere {
		f.offset += n
	}
	return f
}

// meet is what is known of a value that is one or the other.
func meet(a, b fact) fact {
	switch {
	case a == b:
		return a
	case a.secret() || b.secret():
		return fact{}
	case a.what == isFrame || b.what == isFrame:
		return fact{isFrame, anywhere}
	}
	return fact{what: isPublic}
}

// add is what is known of a sum with a number that is not known by itself.
func add(a, b fact) fact {
	switch {
	case a.secret() || b.secret():
		return fact{}
	case a.what == isFrame || b.what == isFrame:
		return fact{isFrame, anywhere}
	case a.what == isGlobal || b.what == isGlobal:
		return fact{isGlobal, anywhere}
	case a.what == isPublic:
		return b
	case b.what == isPublic:
		return a
	}
	return fact{what: isPublic}
}

// combine is what is known of what is computed from two values.
func combine(a, b fact) fact {
	switch {
	case a.secret() || b.secret():
		return fact{}
	case a.what == isFrame || b.what == isFrame:
		return fact{isFrame, anywhere}
	}
	return fact{what: isPublic}
}

// frame is what is known of the frame and of the arguments.
type frame struct {
	slots   map[int]fact // bytes, each what the value of eight bytes from there on is
	escaped bool         // whether what is in the frame is not known any more
}

// entryFrame is what is known when a kernel is called, on all architectures that have Go's older
// calling convention and 64 bits.
func entryFrame(c *contract.Kernel) frame {
	f := frame{slots: map[int]fact{}}
	off := 8
	put := func(w what) {
		f.slots[off] = fact{what: w}
		off += 8
	}
	for i := range c.Args {
		switch a := &c.Args[i]; a.Kind {
		case contract.Public:
			put(isPublic)
		case contract.Secret:
			put(isSecret)
		case contract.Table:
			put(isTable)
		case contract.Counts:
			put(isCounts)
		case contract.Pointer:
			put(isAddress)
		case contract.Slice:
			put(isAddress)
			put(isPublic)
			put(isPublic)
		}
	}
	return f
}

func (f frame) clone() frame { return frame{maps.Clone(f.slots), f.escaped} }

// meet lowers f to what holds in o, too, and reports whether that changed it.
func (f *frame) meet(o *frame) bool {
	before := f.clone()
	for off, v := range f.slots {
		if low := meet(v, o.slots[off]); low.secret() {
			delete(f.slots, off)
		} else {
			f.slots[off] = low
		}
	}
	f.escaped = f.escaped || o.escaped
	return before.escaped != f.escaped || !maps.Equal(before.slots, f.slots)
}

// load is what is known of size bytes at an address.
func (f *frame) load(at fact, size int) fact {
	if at.what != isFrame || at.offset == anywhere || at.offset <= 0 && f.escaped || size > 8 {
		return fact{}
	}
	v := f.slots[at.offset]
	if size < 8 && v.what != isPublic { // a part of a number is one
		return fact{}
	}
	return v
}

// store follows what memory holds.
func (f *frame) store(at fact, size int, v fact) {
	if at.what != isFrame {
		return
	}
	if at.offset == anywhere {
		f.escaped = true
		return
	}
	for off := at.offset - 7; off < at.offset+size; off++ {
		delete(f.slots, off)
	}
	if size == 8 && !v.secret() && !f.escaped {
		f.slots[at.offset] = v
	}
}

// known is what is known before an instruction.
type known[S any] interface {
	clone() S
	meet(S) bool // see frame.meet
}

// flow follows a function along all paths, until nothing new is known.
type flow[S known[S]] struct {
	at   map[int]S // by the addresses of instructions
	work []int
}

// arrive adds what is known at an address.
func (f *flow[S]) arrive(addr int, s S) {
	if before, ok := f.at[addr]; !ok {
		f.at[addr] = s.clone()
	} else if !before.meet(s) {
		return
	}
	if !slices.Contains(f.work, addr) {
		f.work = append(f.work, addr)
	}
}

// run calls step, which calls arrive, for every instruction whose state has changed.
func (f *flow[S]) run(step func(addr int, s S)) {
	for len(f.work) > 0 {
		addr := f.work[0]
		f.work = f.work[1:]
		step(addr, f.at[addr].clone())
	}
}
