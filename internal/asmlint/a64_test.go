package asmlint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a64"
)

// refusedA64 are instructions that the decoder knows and kernels must not have, and why.
var refusedA64 = map[string]string{
	"udiv": "its time depends on its operands",
	"sdiv": "its time depends on its operands",
}

// statusA64 is what is known before an instruction.
type statusA64 struct {
	regs  [33]fact // to ZR and SP
	flags [4]bool  // whether they are secret; see flagNamesA64
	frame frame
}

const flagNamesA64 = "NZCV"

func (s *statusA64) clone() *statusA64 {
	c := *s
	c.frame = s.frame.clone()
	return &c
}

func (s *statusA64) meet(o *statusA64) bool {
	before := s.clone()
	for i := range s.regs {
		s.regs[i] = meet(s.regs[i], o.regs[i])
	}
	for i := range s.flags {
		s.flags[i] = s.flags[i] || o.flags[i]
	}
	changed := s.frame.meet(&o.frame)
	return changed || before.regs != s.regs || before.flags != s.flags
}

// linterA64 goes through a function.
type linterA64 struct {
	kernel   *machine.Kernel
	code     map[int]*a64.Inst
	flow     flow[*statusA64]
	problems map[string]bool
	in       *a64.Inst
	s        *statusA64
}

// Registers with a role, besides those of a64.
const (
	platformRegister = 18 // belongs to the operating system
	goroutine        = 28
	linkRegister     = 30 // where RET goes to
)

// lintA64 returns what is wrong with a kernel.
func lintA64(k *machine.Kernel, c *contract.Kernel) []string {
	list, err := a64.Function(k.Code, k.Addr)
	if err != nil {
		return []string{err.Error()}
	}
	l := &linterA64{kernel: k, code: map[int]*a64.Inst{}, flow: flow[*statusA64]{at: map[int]*statusA64{}}, problems: map[string]bool{}}
	for i := range list {
		l.code[list[i].Addr] = &list[i]
		if why := refusedA64[list[i].Op]; why != "" {
			l.in = &list[i]
			l.report("refused: " + why)
		}
	}
	s := &statusA64{flags: [4]bool{true, true, true, true}, frame: entryFrame(c)}
	s.regs[a64.SP] = fact{what: isFrame}
	for _, r := range []int{a64.ZR, 29, linkRegister} {
		s.regs[r] = fact{what: isPublic}
	}
	l.arrive(k.Addr, s)
	l.flow.run(func(addr int, s *statusA64) {
		l.in, l.s = l.code[addr], s
		l.step()
	})
	return slices.Sorted(maps.Keys(l.problems))
}

func (l *linterA64) report(problem string) {
	l.problems[fmt.Sprintf("+%#x: %v: %s", l.in.Addr-l.kernel.Addr, l.in, problem)] = true
}

// arrive adds what is known at an address.
func (l *linterA64) arrive(addr int, s *statusA64) {
	if l.code[addr] == nil {
		l.report("leaves the function")
		return
	}
	l.flow.arrive(addr, s)
}

// step checks an instruction and follows what it does.
func (l *linterA64) step() {
	in, s := l.in, l.s
	switch op, cc, _ := strings.Cut(in.Op, "."); {
	case op == "ret":
		if s.regs[linkRegister].secret() {
			l.report("returns to where a secret says")
		}
		if s.regs[a64.SP] != (fact{what: isFrame}) {
			l.report("returns with another stack pointer")
		}
		return
	case op == "br" || op == "blr":
		l.report("goes to where a register says")
		return
	case op == "bl":
		l.report("calls a function")
		return
	case op == "b" && cc == "":
		l.arrive(int(in.Args[0].Disp), s)
		return
	case op == "b":
		if l.conditionSecret(cc) {
			l.report("jump depends on a secret")
		}
		l.arrive(int(in.Args[0].Disp), s)
	case op == "cbz" || op == "cbnz" || op == "tbz" || op == "tbnz":
		if s.regs[in.Args[0].Reg].secret() {
			l.report("jump depends on a secret")
		}
		l.arrive(int(in.Args[len(in.Args)-1].Disp), s)
	default:
		if last := len(in.Args) - 1; in.Args[last].Kind == a64.Memory {
			l.access(in.Args[:last], &in.Args[last])
		} else {
			l.execute()
		}
	}
	l.arrive(in.Next(), s)
}

// conditionSecret reports whether a condition looks at a flag that is secret.
func (l *linterA64) conditionSecret(cc string) bool {
	reads := map[string]string{"eq": "Z", "ne": "Z", "cs": "C", "cc": "C", "mi": "N", "pl": "N", "vs": "V", "vc": "V",
		"hi": "CZ", "ls": "CZ", "ge": "NV", "lt": "NV", "gt": "ZNV", "le": "ZNV"}
	for _, f := range reads[cc] {
		if l.s.flags[strings.IndexRune(flagNamesA64, f)] {
			return true
		}
	}
	return false
}

// access follows loads and stores.
func (l *linterA64) access(regs []a64.Operand, m *a64.Operand) {
	at := l.s.regs[m.Base]
	moved := at.plus(int(m.Disp))
	switch {
	case m.Index != a64.NoRegister:
		at = add(at, l.s.regs[m.Index])
	case m.Mode != a64.Post:
		at = moved
	}
	if at.secret() {
		l.report("address depends on a secret")
	}
	store := in(l.in.Op, "str", "stur", "strb", "stp", "st1")
	if store {
		l.checkStore(at)
	}
	size := m.Size / len(regs)
	for i := range regs {
		r, here := &regs[i], at.plus(i*size)
		switch {
		case store && r.Kind == a64.Vector:
			l.s.frame.store(here, size, fact{})
		case store:
			l.s.frame.store(here, size, l.s.regs[r.Reg])
		case r.Kind == a64.Register:
			l.write(r, l.load(here, size))
		}
	}
	if m.Mode != a64.Offset {
		l.write(&a64.Operand{Kind: a64.Register, Reg: m.Base, Size: 8}, moved)
	}
}

func in(op string, list ...string) bool { return slices.Contains(list, op) }

// load is what is known of a number of bytes in memory.
func (l *linterA64) load(at fact, size int) fact {
	switch {
	case at.what == isTable && size == 8:
		return fact{what: isAddress}
	case at.what == isGlobal && at.offset != anywhere:
		if _, err := l.kernel.Program.Constants(at.offset, size); err == nil {
			return fact{what: isPublic}
		}
		if strings.HasSuffix(l.kernel.Program.Symbol(at.offset), "/asm.DIT") {
			return fact{what: isPublic}
		}
	}
	return l.s.frame.load(at, size)
}

// checkStore checks where a store goes.
func (l *linterA64) checkStore(at fact) {
	switch at.what {
	case isGlobal, isPublic:
		l.report("writes to a variable of the program")
	case isTable:
		l.report("writes to a table of addresses")
	}
}

// write sets a register.
func (l *linterA64) write(a *a64.Operand, f fact) {
	switch a.Reg {
	case a64.ZR:
		return
	case platformRegister, goroutine:
		l.report("writes a register that is not a kernel's")
	}
	if a.Size == 4 && !f.secret() {
		f = fact{what: isPublic}
	}
	l.s.regs[a.Reg] = f
}

// read is what is known of an operand.
func (l *linterA64) read(a *a64.Operand) fact {
	switch a.Kind {
	case a64.Register:
		if f := l.s.regs[a.Reg]; a.Shift == 0 || f.secret() {
			return f
		}
	case a64.Vector:
		return fact{}
	case a64.Condition:
		if l.conditionSecret(a64.CondName(a.Cond)) {
			return fact{}
		}
	}
	return fact{what: isPublic}
}

// flagSetters are the instructions that set all flags; those that take bits from two numbers set carry
// and overflow to zero.
var flagSetters = map[string]string{
	"adds": "NZCV", "subs": "NZCV", "cmp": "NZCV", "cmn": "NZCV", "negs": "NZCV", "adcs": "NZCV", "sbcs": "NZCV", "ngcs": "NZCV",
	"ands": "NZ", "tst": "NZ",
}

// carryReaders are the instructions whose result depends on the carry.
var carryReaders = []string{"adc", "adcs", "sbc", "sbcs", "ngc", "ngcs"}

// execute follows an instruction that does not access memory.
func (l *linterA64) execute() {
	to, sources := &l.in.Args[0], l.in.Args[1:]
	compares := in(l.in.Op, "cmp", "cmn", "tst")
	if compares || l.in.Op == "movk" {
		sources = l.in.Args
	}
	f := l.result(sources)
	if in(l.in.Op, carryReaders...) && l.conditionSecret("cs") {
		f = fact{}
	}
	if set := flagSetters[l.in.Op]; set != "" {
		for i, name := range flagNamesA64 {
			l.s.flags[i] = strings.ContainsRune(set, name) && f.secret()
		}
	}
	if !compares && to.Kind == a64.Register {
		l.write(to, f)
	}
}

// result is what is known of what is computed from operands.
func (l *linterA64) result(sources []a64.Operand) fact {
	op, first := l.in.Op, l.read(&sources[0])
	same := len(sources) == 2 && sources[0] == sources[1] && sources[0].Shift == 0
	switch {
	case op == "adrp":
		return fact{isGlobal, int(sources[0].Disp)}
	case same && in(op, "eor", "sub", "subs", "sbc", "sbcs", "cmp"): // zero, or all bits the borrow
		return fact{what: isPublic}
	case op == "mov" && len(sources) == 1:
		return first
	case (op == "add" || op == "sub") && sources[1].Kind == a64.Immediate:
		n := int(sources[1].Disp)
		if op == "sub" {
			n = -n
		}
		return first.plus(n)
	case op == "add":
		return add(first, l.read(&sources[1]))
	case op == "csel":
		f := meet(first, l.read(&sources[1]))
		if l.read(&sources[2]).secret() {
			f = fact{}
		}
		return f
	}
	f := fact{what: isPublic}
	for i := range sources {
		f = combine(f, l.read(&sources[i]))
	}
	return f
}
