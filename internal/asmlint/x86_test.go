package asmlint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
)

// refusedX86 are instructions that the decoder knows and kernels must not have, and why.
var refusedX86 = map[string]string{
	"div":        "its time depends on its operands",
	"bsf":        "its time depends on its operands on old CPUs",
	"pdep":       "its time depends on its mask on AMD's Zen 1 and Zen 2",
	"pext":       "its time depends on its mask on AMD's Zen 1 and Zen 2",
	"vmaskmovps": "its time depends on its mask",
	"cpuid":      "it takes long",
	"xchg":       "with memory it locks the bus",
	"int3":       "it is no part of a kernel",
}

// status is what is known before an instruction.
type status struct {
	regs  [16]fact
	flags [6]bool // whether they are secret; see flagNames
	masks [8]bool // whether they are secret
	frame frame
}

const flagNames = "CPAZSO"

func (s *status) clone() *status {
	c := *s
	c.frame = s.frame.clone()
	return &c
}

// meet lowers s to what holds in o, too, and reports whether that changed it.
func (s *status) meet(o *status) bool {
	before := s.clone()
	for i := range s.regs {
		s.regs[i] = meet(s.regs[i], o.regs[i])
	}
	for i := range s.flags {
		s.flags[i] = s.flags[i] || o.flags[i]
	}
	for i := range s.masks {
		s.masks[i] = s.masks[i] || o.masks[i]
	}
	changed := s.frame.meet(&o.frame)
	return changed || before.regs != s.regs || before.flags != s.flags || before.masks != s.masks
}

// linter goes through a function.
type linter struct {
	kernel   *machine.Kernel
	code     map[int]*x86.Inst
	flow     flow[*status]
	problems map[string]bool
	in       *x86.Inst
	s        *status
}

// lintX86 returns what is wrong with a kernel.
func lintX86(k *machine.Kernel, c *contract.Kernel) []string {
	list, err := x86.Function(k.Code, k.Addr)
	if err != nil {
		return []string{err.Error()}
	}
	l := &linter{kernel: k, code: map[int]*x86.Inst{}, flow: flow[*status]{at: map[int]*status{}}, problems: map[string]bool{}}
	for i := range list {
		l.code[list[i].Addr] = &list[i]
		if why := refusedX86[list[i].Op]; why != "" {
			l.in = &list[i]
			l.report("refused: " + why)
		}
	}
	l.arrive(k.Addr, entry(c))
	l.flow.run(func(addr int, s *status) {
		l.in, l.s = l.code[addr], s
		l.step()
	})
	return slices.Sorted(maps.Keys(l.problems))
}

func (l *linter) report(problem string) {
	l.problems[fmt.Sprintf("+%#x: %v: %s", l.in.Addr-l.kernel.Addr, l.in, problem)] = true
}

// entry is what is known when a kernel is called.
func entry(c *contract.Kernel) *status {
	s := &status{frame: entryFrame(c)}
	for i := range s.flags {
		s.flags[i] = true
	}
	for i := range s.masks {
		s.masks[i] = true
	}
	s.regs[x86.RSP], s.regs[x86.RBP] = fact{isFrame, 0}, fact{what: isPublic}
	return s
}

// arrive adds what is known at an address.
func (l *linter) arrive(addr int, s *status) {
	if l.code[addr] == nil {
		l.report("leaves the function")
		return
	}
	l.flow.arrive(addr, s)
}

// step checks an instruction and follows what it does.
func (l *linter) step() {
	in, s := l.in, l.s
	for i := range in.Args {
		if a := &in.Args[i]; a.Kind == x86.Memory && in.Op != "lea" {
			if !a.FS && l.address(a).secret() {
				l.report("address depends on a secret")
			}
			if in.Mask != 0 && s.masks[in.Mask] {
				l.report("which memory is accessed depends on a secret mask")
			}
			if i == 0 && l.isStore() {
				l.checkStore(a)
			}
		}
	}
	switch {
	case in.Op == "ret":
		return
	case in.Op == "jmp" || in.Op == "call":
		if in.Args[0].Kind != x86.Target {
			l.report("goes to where a register or memory says")
			return
		}
		if in.Op == "call" { // only to have a larger stack
			if l.kernel.Program.Symbol(int(in.Args[0].Disp)) != "runtime.morestack_noctxt.abi0" {
				l.report("calls a function")
			}
			l.arrive(in.Next(), s)
			return
		}
		l.arrive(int(in.Args[0].Disp), s)
		return
	case in.Op[0] == 'j':
		if l.conditionSecret(in.Op[1:]) {
			l.report("jump depends on a secret")
		}
		l.arrive(int(in.Args[0].Disp), s)
	default:
		l.execute()
	}
	l.arrive(in.Next(), s)
}

// conditionSecret reports whether a condition looks at a flag that is secret.
func (l *linter) conditionSecret(cc string) bool {
	reads := map[string]string{"o": "O", "b": "C", "a": "CZ", "be": "CZ", "e": "Z", "s": "S", "p": "P", "l": "SO", "g": "ZSO", "le": "ZSO", "ge": "SO", "ae": "C"}
	letters, ok := reads[cc]
	if !ok {
		letters = reads[strings.TrimPrefix(cc, "n")]
	}
	return letters == "" || l.anyFlag(letters)
}

func (l *linter) anyFlag(letters string) bool {
	for _, f := range letters {
		if l.s.flags[strings.IndexRune(flagNames, f)] {
			return true
		}
	}
	return false
}

func (l *linter) setFlags(letters string, secret bool) {
	for _, f := range letters {
		l.s.flags[strings.IndexRune(flagNames, f)] = secret
	}
}

// address is what is known of the address of a memory operand.
func (l *linter) address(a *x86.Operand) fact {
	if a.FS {
		return fact{what: isPublic}
	}
	f := fact{what: isPublic, offset: 0}
	if a.Base >= 0 {
		f = l.s.regs[a.Base].plus(int(a.Disp))
	}
	if a.Index != x86.NoRegister {
		f = add(f, l.s.regs[a.Index])
	}
	return f
}

// load is what is known of a number of bytes in memory.
func (l *linter) load(a *x86.Operand) fact {
	at := l.address(a)
	switch {
	case a.FS || a.Base == x86.RIP && l.constant(a):
		return fact{what: isPublic}
	case at.what == isTable && a.Size == 8:
		return fact{what: isAddress}
	case at.what == isCounts && a.Size == 8:
		return fact{what: isPublic}
	case a.Base == x86.RSP && a.Index != x86.NoRegister && !at.secret() && a.Size == 8 && !l.s.frame.escaped:
		return l.anySlot(l.s.regs[x86.RSP].offset + int(a.Disp))
	case at.what == isPublic && a.Base >= 0 && l.goroutine(a):
		return fact{what: isPublic}
	}
	return l.s.frame.load(at, a.Size)
}

// anySlot is what is known of all slots of the frame from one on. An index is taken to be of slots, to
// lead upwards, and not out of the frame.
func (l *linter) anySlot(from int) fact {
	f := l.s.frame.slots[from]
	for off := from + 8; off < 0; off += 8 {
		f = meet(f, l.s.frame.slots[off])
	}
	return f
}

// goroutine reports whether an operand is in the structure of the current goroutine, which the check
// of the stack's size reads.
func (l *linter) goroutine(a *x86.Operand) bool { return a.Base == 14 && a.Disp >= 0 && a.Disp < 64 }

func (l *linter) constant(a *x86.Operand) bool {
	_, err := l.kernel.Program.Constants(int(a.Disp), max(a.Size, 1))
	return err == nil
}

func (l *linter) isStore() bool {
	switch l.in.Op {
	case "cmp", "test", "push", "jmp", "call", "mul", "div":
		return false
	}
	return true
}

// checkStore checks where a store goes.
func (l *linter) checkStore(a *x86.Operand) {
	switch at := l.address(a); {
	case a.FS || a.Base == x86.RIP:
		l.report("writes to a variable of the program")
	case at.what == isTable:
		l.report("writes to a table of addresses")
	}
}

func (l *linter) store(a *x86.Operand, size int, f fact) {
	at := l.address(a)
	if at.what == isCounts && (f.what != isPublic || size != 8) {
		l.report("writes something else than a public number")
	}
	l.s.frame.store(at, size, f)
}

// read is what is known of an operand.
func (l *linter) read(a *x86.Operand) fact {
	switch a.Kind {
	case x86.Immediate:
		return fact{what: isPublic}
	case x86.Register:
		return l.s.regs[a.Reg]
	case x86.Memory:
		return l.load(a)
	case x86.Mask:
		if !l.s.masks[a.Reg] {
			return fact{what: isPublic}
		}
	}
	return fact{}
}

// write sets an operand.
func (l *linter) write(a *x86.Operand, f fact) {
	switch a.Kind {
	case x86.Register:
		if a.Size == 1 { // the rest stays
			if f.secret() || l.s.regs[a.Reg].secret() {
				f = fact{}
			} else {
				f = fact{what: isPublic}
			}
		} else if a.Size == 4 && !f.secret() {
			f = fact{what: isPublic}
		}
		l.s.regs[a.Reg] = f
	case x86.Mask:
		l.s.masks[a.Reg] = f.secret()
	case x86.Memory:
		l.store(a, a.Size, f)
	}
}

// effect says what an instruction on general registers does besides writing its first operand.
type effect struct {
	flags string // that it writes
	reads string // flags that it reads
	old   bool   // whether the first operand is a source
}

var effects = map[string]effect{
	"add": {"CPAZSO", "", true}, "sub": {"CPAZSO", "", true}, "and": {"CPAZSO", "", true}, "or": {"CPAZSO", "", true}, "xor": {"CPAZSO", "", true},
	"adc": {"CPAZSO", "C", true}, "sbb": {"CPAZSO", "C", true}, "cmp": {"CPAZSO", "", true}, "test": {"CPAZSO", "", true},
	"inc": {"PAZSO", "", true}, "dec": {"PAZSO", "", true}, "neg": {"CPAZSO", "", true}, "not": {"", "", true}, "imul": {"CPAZSO", "", true},
	"shl": {"CPAZSO", "", true}, "shr": {"CPAZSO", "", true}, "sar": {"CPAZSO", "", true}, "rol": {"CO", "", true},
	"adcx": {"C", "C", true}, "adox": {"O", "O", true}, "clc": {"C", "", false},
	"mov": {}, "movabs": {}, "movzx": {}, "movsxd": {}, "bzhi": {"CPAZSO", "", false}, "shlx": {}, "rorx": {},
	"vmovq": {}, "vmovd": {}, "vpmovmskb": {}, "kmovb": {}, "kmovw": {}, "kmovq": {}, "kandb": {}, "korb": {},
}

// execute changes what is known as an instruction does.
func (l *linter) execute() {
	in, s := l.in, l.s
	switch {
	case in.Op == "lea":
		f := l.address(&in.Args[1])
		if f.what == isFrame && f.offset != anywhere && in.Args[1].Index != x86.NoRegister {
			f.offset = anywhere
		}
		if in.Args[1].Base == x86.RIP {
			f = fact{what: isPublic}
		}
		l.write(&in.Args[0], f)
		return
	case in.Op == "push":
		s.regs[x86.RSP].offset -= 8
		l.store(&x86.Operand{Kind: x86.Memory, Base: x86.RSP, Index: x86.NoRegister}, 8, s.regs[in.Args[0].Reg])
		return
	case in.Op == "pop":
		s.regs[in.Args[0].Reg] = l.load(&x86.Operand{Kind: x86.Memory, Base: x86.RSP, Index: x86.NoRegister, Size: 8})
		s.regs[x86.RSP].offset += 8
		return
	case in.Op == "mulx":
		f := combine(l.read(&in.Args[2]), s.regs[x86.RDX])
		l.write(&in.Args[0], f)
		l.write(&in.Args[1], f)
		return
	case in.Op == "mul":
		f := combine(l.read(&in.Args[0]), s.regs[x86.RAX])
		s.regs[x86.RAX], s.regs[x86.RDX] = f, f
		l.setFlags(flagNames, f.secret())
		return
	case in.Op == "vptest":
		l.setFlags(flagNames, true)
		return
	case in.Op == "vzeroupper" || in.Op == "vzeroall":
		return
	}
	if cc, ok := strings.CutPrefix(in.Op, "cmov"); ok {
		f := meet(l.read(&in.Args[0]), l.read(&in.Args[1]))
		if l.conditionSecret(cc) {
			f = fact{}
		}
		l.write(&in.Args[0], f)
		return
	}
	if cc, ok := strings.CutPrefix(in.Op, "set"); ok {
		f := fact{what: isPublic}
		if l.conditionSecret(cc) {
			f = fact{}
		}
		l.write(&in.Args[0], f)
		return
	}
	e, ok := effects[in.Op]
	if !ok {
		if in.Op[0] != 'v' && !strings.HasPrefix(in.Op, "sha256") {
			l.report("not known to the lint")
		}
		// Vectors are secret, and so is what is made of them.
		if len(in.Args) > 0 {
			l.write(&in.Args[0], fact{})
		}
		return
	}
	l.general(e)
}

// general follows an instruction of effects.
func (l *linter) general(e effect) {
	in := l.in
	f := fact{what: isPublic}
	same := len(in.Args) == 2 && in.Args[0] == in.Args[1] && in.Args[0].Kind == x86.Register
	switch {
	case len(in.Args) == 0:
	case same && (in.Op == "xor" || in.Op == "sub" || in.Op == "sbb"): // zero, or all bits the carry
	case len(in.Args) == 2 && !e.old:
		f = l.read(&in.Args[1])
	case len(in.Args) == 2 && (in.Op == "add" || in.Op == "sub") && in.Args[1].Kind == x86.Immediate:
		n := int(in.Args[1].Disp)
		if in.Op == "sub" {
			n = -n
		}
		f = l.read(&in.Args[0]).plus(n)
	case len(in.Args) == 2 && in.Op == "add":
		f = add(l.read(&in.Args[0]), l.read(&in.Args[1]))
	case len(in.Args) == 2 && in.Op == "and" && l.read(&in.Args[0]).what == isFrame && in.Args[1].Kind == x86.Immediate:
		f = fact{isFrame, anywhere}
	default:
		for i := range in.Args {
			if i > 0 || e.old {
				f = combine(f, l.read(&in.Args[i]))
			}
		}
	}
	if e.reads != "" && l.anyFlag(e.reads) {
		f = fact{}
	}
	l.setFlags(e.flags, f.secret())
	if in.Op != "cmp" && in.Op != "test" && len(in.Args) > 0 {
		l.write(&in.Args[0], f)
	}
}
