package exec

import (
	"fmt"
	"strings"
	"sync"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// arm64 is a processor.
type arm64 struct {
	*Machine
	code   map[int]*a64.Inst
	isDIT  func(addr int) bool // whether a variable is at an address that says whether there is PSTATE.DIT
	timing Timing              // now, and at first
	before Timing
	compared
}

// Timing says of PSTATE.DIT, by which a program asks for data-independent timing, whether there is one, and whether
// it is set.
type Timing int

const (
	NoTiming Timing = iota
	TimingOff
	TimingOn
)

// compared is what is known of the last comparison, of x with y: whether x is y, and whether it is less, as
// signed numbers.
type compared struct{ zeroKnown, zero, lessKnown, less bool }

// Registers that kernels have to keep, besides the stack pointer: the frame pointer, the operating
// system's, Go's, and where RET goes to.
var keptByARM64 = []int{29, 18, 28, 30}

// NewARM64 returns a machine of arm64, as New does. The stack pointer is a multiple of 64.
func NewARM64(p *term.Pool, k *machine.Kernel, code map[int]*a64.Inst, timing Timing) *Machine {
	m := newMachine(p, k, a64.SP, 0)
	m.cpu, m.kept = &arm64{Machine: m, code: code, timing: timing, before: timing}, keptByARM64
	m.cpu.(*arm64).isDIT = func(addr int) bool { return IsDIT(k.Program, addr) }
	for i := range m.Vecs {
		clear(m.Vecs[i][16:])
	}
	m.entryVecs = m.Vecs
	return m
}

// CodeARM64 decodes a kernel of arm64, by addresses.
func CodeARM64(k *machine.Kernel) (map[int]*a64.Inst, error) {
	list, err := a64.Function(k.Code, k.Addr)
	if err != nil {
		return nil, err
	}
	code := map[int]*a64.Inst{}
	for i := range list {
		code[list[i].Addr] = &list[i]
	}
	return code, nil
}

func (c *arm64) text(addr int) string { return fmt.Sprint(c.code[addr]) }

func (c *arm64) targets(addr int) (all []int) {
	if in := c.code[addr]; in != nil && jumpsARM64[in.Op] != nil {
		all = append(all, int(in.Args[len(in.Args)-1].Disp))
	}
	return all
}

func (c *arm64) checkReturn() error {
	if c.timing != c.before {
		return fmt.Errorf("returns with another PSTATE.DIT")
	}
	return nil
}

func (c *arm64) saved(term.Byte) bool { return false }

func (c *arm64) forgetFlags() { c.compared = compared{} }

func (c *arm64) step(addr int) int {
	in := c.code[addr]
	if in == nil {
		panic("not an instruction of the function")
	}
	if in.Op == "ret" {
		return returned
	}
	if jump := jumpsARM64[in.Op]; jump != nil {
		if jump(c, in) {
			return int(in.Args[len(in.Args)-1].Disp)
		}
		return in.Next()
	}
	c.execute(in)
	return in.Next()
}

// jumpsARM64 are the jumps, and whether they are taken.
var jumpsARM64 = map[string]func(*arm64, *a64.Inst) bool{
	"b":    func(*arm64, *a64.Inst) bool { return true },
	"b.eq": func(c *arm64, _ *a64.Inst) bool { return c.condition("eq") },
	"b.ne": func(c *arm64, _ *a64.Inst) bool { return c.condition("ne") },
	"b.lt": func(c *arm64, _ *a64.Inst) bool { return c.condition("lt") },
	"cbz": func(c *arm64, in *a64.Inst) bool {
		v := c.get(&in.Args[0])
		if !v.number() {
			panic("condition is not known")
		}
		return v.N == 0
	},
}

func (c *arm64) condition(cc string) bool {
	f := &c.compared
	switch {
	case cc == "lt" && f.lessKnown:
		return f.less
	case cc == "eq" && f.zeroKnown:
		return f.zero
	case cc == "ne" && f.zeroKnown:
		return !f.zero
	}
	panic("condition is not known")
}

// execute executes an instruction that is no jump.
func (c *arm64) execute(in *a64.Inst) {
	if f := generalARM64[in.Op]; f != nil && (in.Args[0].Kind == a64.Register || in.Args[0].Kind == a64.Timing) {
		f(c, in.Args)
	} else if f := memoryARM64[in.Op]; f != nil {
		c.access(in, f)
	} else if f := vectorARM64[in.Op]; f != nil && in.Args[0].Kind == a64.Vector {
		c.vector(in, f)
	} else {
		panic(noSemantics)
	}
}

// independent checks that data-independent timing has been asked for, where there is one.
func (c *arm64) independent() {
	if c.timing == TimingOff {
		panic("without data-independent timing")
	}
}

// get reads an operand that is an immediate or a general register.
func (c *arm64) get(a *a64.Operand) Value {
	if a.Kind == a64.Immediate {
		return Number(a.Disp << a.Shift)
	}
	if a.Kind != a64.Register {
		panic("no semantics")
	}
	v := Number(0)
	if a.Reg != a64.ZR {
		v = c.Regs[a.Reg]
	}
	if a.Shift != 0 {
		if !v.number() {
			panic("shift of what is not a number")
		}
		v.N <<= a.Shift
	}
	if a.Size == 4 {
		b := v.bytes()
		clear(b[4:])
		v = fromBytes(b)
	}
	return v
}

func (c *arm64) set(a *a64.Operand, v Value) {
	if a.Size != 8 && !(v.number() && v.N>>32 == 0) {
		panic("half a register is written")
	}
	if a.Reg != a64.ZR {
		c.Regs[a.Reg] = v
	}
}

// subtract returns x - y, and remembers what is known of the flags.
func (c *arm64) subtract(x, y Value) Value {
	d, f := minus(x, y)
	c.forgetFlags()
	c.compared.zeroKnown, c.compared.zero = f.zeroKnown, f.zero
	if x.number() && y.number() {
		c.compared.lessKnown, c.compared.less = true, x.N < y.N
	}
	return d
}

// generalARM64 has the instructions on general registers, as far as they work on addresses and numbers, or
// move bytes.
var generalARM64 map[string]func(*arm64, []a64.Operand)

func init() {
	generalARM64 = map[string]func(*arm64, []a64.Operand){
		"mov": func(c *arm64, a []a64.Operand) { c.set(&a[0], c.get(&a[1])) },
		"movk": func(c *arm64, a []a64.Operand) {
			v := c.get(&a[0])
			if !v.number() {
				panic("part of what is not a number")
			}
			c.set(&a[0], Number(v.N&^(0xffff<<a[1].Shift)|a[1].Disp<<a[1].Shift))
		},
		"adrp": func(c *arm64, a []a64.Operand) { c.set(&a[0], Value{Region: c.Constants, N: a[1].Disp}) },
		"add":  func(c *arm64, a []a64.Operand) { c.set(&a[0], c.sum(c.get(&a[1]), c.get(&a[2]), 1)) },
		"sub": func(c *arm64, a []a64.Operand) {
			d, _ := minus(c.get(&a[1]), c.get(&a[2]))
			c.set(&a[0], d)
		},
		"subs": func(c *arm64, a []a64.Operand) { c.set(&a[0], c.subtract(c.get(&a[1]), c.get(&a[2]))) },
		"cmp":  func(c *arm64, a []a64.Operand) { c.subtract(c.get(&a[0]), c.get(&a[1])) },
		"csel": func(c *arm64, a []a64.Operand) {
			v := c.get(&a[2])
			if c.condition(a64.CondName(a[3].Cond)) {
				v = c.get(&a[1])
			}
			c.set(&a[0], v)
		},
		"eor": func(c *arm64, a []a64.Operand) {
			x, y := c.get(&a[1]), c.get(&a[2])
			if !x.number() || !y.number() {
				panic("exclusive or of what is not a number")
			}
			c.set(&a[0], Number(x.N^y.N))
		},
		"mrs": func(c *arm64, a []a64.Operand) {
			if c.timing == NoTiming {
				panic("no PSTATE.DIT")
			}
			c.set(&a[0], Number(int64(c.timing-TimingOff)<<24))
		},
		// to an immediate, or to bit 24 of a register
		"msr": func(c *arm64, a []a64.Operand) {
			v := c.get(&a[1])
			if c.timing == NoTiming || !v.number() {
				panic("no PSTATE.DIT")
			}
			bit := v.N
			if a[1].Kind == a64.Register {
				bit >>= 24
			}
			c.timing = TimingOff + Timing(bit&1)
		},
		"orr": func(c *arm64, a []a64.Operand) {
			x, y := c.get(&a[1]), c.get(&a[2])
			if !x.number() || !y.number() {
				panic("or of what is not a number")
			}
			c.set(&a[0], Number(x.N|y.N))
		},
	}
}

// access executes a load or a store, f, at the address of the last operand.
func (c *arm64) access(in *a64.Inst, f func(c *arm64, regs []a64.Operand, r *Region, off int)) {
	last := len(in.Args) - 1
	m := &in.Args[last]
	at := c.Regs[m.Base]
	if m.Index != a64.NoRegister {
		panic("no semantics")
	}
	moved := c.sum(at, Number(m.Disp), 1)
	if m.Mode != a64.Post {
		at = moved
	}
	r, off := at.place()
	if r != c.Stack && r != c.Constants {
		c.independent()
	}
	f(c, in.Args[:last], r, off)
	if m.Mode != a64.Offset {
		c.Regs[m.Base] = moved
	}
}

// variables remembers what IsDIT has found, by address and program.
var variables sync.Map

// IsDIT reports whether a variable DIT of a package asm is at an address.
func IsDIT(p *machine.Program, addr int) bool {
	type key struct {
		p    *machine.Program
		addr int
	}
	is, ok := variables.Load(key{p, addr})
	if !ok {
		is = strings.HasSuffix(p.Symbol(addr), "/asm.DIT")
		variables.Store(key{p, addr}, is)
	}
	return is.(bool)
}

var memoryARM64 = map[string]func(c *arm64, regs []a64.Operand, r *Region, off int){
	"ldr": func(c *arm64, regs []a64.Operand, r *Region, off int) {
		if regs[0].Kind != a64.Register {
			panic("no semantics")
		}
		c.set(&regs[0], r.load(off, 8))
	},
	// of a variable DIT, which says whether there is a PSTATE.DIT
	"ldrb": func(c *arm64, regs []a64.Operand, r *Region, off int) {
		if r != c.Constants || !c.isDIT(off) {
			panic("no semantics")
		}
		c.set(&regs[0], Number(int64(min(c.timing, 1))))
	},
	"ld1": func(c *arm64, regs []a64.Operand, r *Region, off int) {
		n := regs[0].Lanes
		for i := range regs[0].Count {
			v := &c.Vecs[(regs[0].Reg+i)%32]
			for j := range 16 {
				if v[j] = 0; j < n {
					v[j] = r.At(off + i*n + j)
				}
			}
		}
	},
	"st1": func(c *arm64, regs []a64.Operand, r *Region, off int) {
		n := regs[0].Lanes
		for i := range regs[0].Count {
			for j := range n {
				r.set(off+i*n+j, c.Vecs[(regs[0].Reg+i)%32][j])
			}
		}
	},
}
