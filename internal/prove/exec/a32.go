package exec

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a32"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// arm is a processor of 32 bits. Numbers in registers are natural ones, below 2^32.
type arm struct {
	*Machine
	code map[int]*a32.Inst
	compared
}

// Registers that functions have to keep, besides the stack pointer: where they return to, the goroutine, and one that
// belongs to the platform.
var keptByARM = []int{a32.LR, 10, 9}

// Vectors that belong to C callers, which are D8 to D15.
const firstKeptByARM, lastKeptByARM = 4, 7

// NewARM returns a machine of arm, as New does. The stack pointer is a multiple of 64.
func NewARM(p *term.Pool, k *machine.Kernel, code map[int]*a32.Inst) *Machine {
	m := newMachine(p, k, a32.SP, 0)
	m.cpu, m.kept = &arm{Machine: m, code: code}, keptByARM
	m.Stack.word = 4
	for i := range m.Vecs {
		if clear(m.Vecs[i][16:]); i >= 16 {
			clear(m.Vecs[i][:])
		}
	}
	for i := range m.Regs {
		if clear(m.Regs[i].Bytes[4:]); i >= 16 {
			m.Regs[i] = Number(0)
		}
	}
	m.entry, m.entryVecs = m.Regs, m.Vecs
	return m
}

// CodeARM decodes a kernel of arm, by addresses.
func CodeARM(k *machine.Kernel) (map[int]*a32.Inst, error) {
	list, err := a32.Function(k.Code, k.Addr)
	if err != nil {
		return nil, err
	}
	code := map[int]*a32.Inst{}
	for i := range list {
		code[list[i].Addr] = &list[i]
	}
	return code, nil
}

func (c *arm) text(addr int) string { return fmt.Sprint(c.code[addr]) }

func (c *arm) targets(addr int) (all []int) {
	if in := c.code[addr]; in != nil && in.Op == "b" {
		all = append(all, int(in.Args[0].Disp))
	}
	return all
}

func (c *arm) checkReturn() error {
	for i := firstKeptByARM; i <= lastKeptByARM; i++ {
		if c.Vecs[i] != c.entryVecs[i] {
			return fmt.Errorf("returns with another value of vector %d, which it has to keep", i)
		}
	}
	return nil
}

func (c *arm) saved(b term.Byte) bool {
	for i := firstKeptByARM; i <= lastKeptByARM; i++ {
		for _, kept := range c.entryVecs[i][:16] {
			if b == kept {
				return true
			}
		}
	}
	return false
}

func (c *arm) forgetFlags() { c.compared = compared{} }

func (c *arm) step(addr int) int {
	in := c.code[addr]
	switch {
	case in == nil:
		panic("not an instruction of the function")
	case !c.condition(in.Cond):
		return in.Next()
	case in.Op == "b":
		return int(in.Args[0].Disp)
	}
	c.execute(in)
	if in.Op == "ldr" && in.Args[0].Reg == a32.PC {
		if c.Regs[a32.PC] != c.entry[a32.LR] {
			panic("returns to another place")
		}
		c.Regs[a32.PC] = c.entry[a32.PC]
		return returned
	}
	return in.Next()
}

func (c *arm) condition(cond int) bool {
	f := conditionsARM[a32.CondName(cond)]
	if f == nil {
		panic("no semantics")
	}
	holds, known := f(&c.compared)
	if !known {
		panic("condition is not known")
	}
	return holds
}

// conditionsARM are the conditions: whether they hold, if that is known.
var conditionsARM = map[string]func(f *compared) (holds, known bool){
	"":   func(*compared) (bool, bool) { return true, true },
	"eq": func(f *compared) (bool, bool) { return f.zero, f.zeroKnown },
	"ne": func(f *compared) (bool, bool) { return !f.zero, f.zeroKnown },
	"lt": func(f *compared) (bool, bool) { return f.less, f.lessKnown },
}

// execute executes an instruction that is no jump.
func (c *arm) execute(in *a32.Inst) {
	if f := generalARM[in.Op]; f != nil {
		f(c, in.Args)
	} else if f := memoryARM[in.Op]; f != nil {
		c.access(&in.Args[0], &in.Args[1], f)
	} else if f := vectorARM[in.Op]; f != nil {
		c.vector(in.Args, f)
	} else {
		panic(noSemantics)
	}
}

// get reads an operand that is an immediate or a register.
func (c *arm) get(a *a32.Operand) Value {
	if a.Kind == a32.Immediate {
		return Number(a.Disp)
	}
	return c.Regs[a.Reg]
}

// sum32 returns x plus scale times y, of which at most one is an address.
func (c *arm) sum32(x, y Value, scale int64) Value {
	return natural(c.sum(x, y, scale))
}

// natural makes a number one below 2^32.
func natural(v Value) Value {
	if v.number() {
		v.N = int64(uint32(v.N))
	}
	return v
}

// subtract returns x - y, and remembers what is known of the flags.
func (c *arm) subtract(x, y Value) Value {
	d, f := minus(x, y)
	c.compared = compared{zeroKnown: f.zeroKnown, zero: f.zero}
	if x.number() && y.number() {
		c.compared.lessKnown, c.compared.less = true, int32(x.N) < int32(y.N)
	}
	return natural(d)
}

// generalARM has the instructions on general registers, as far as they work on addresses and numbers, or move bytes.
var generalARM = map[string]func(*arm, []a32.Operand){
	"mov": func(c *arm, a []a32.Operand) { c.Regs[a[0].Reg] = c.get(&a[1]) },
	"add": func(c *arm, a []a32.Operand) { c.Regs[a[0].Reg] = c.sum32(c.get(&a[1]), c.get(&a[2]), 1) },
	"sub": func(c *arm, a []a32.Operand) {
		d, _ := minus(c.get(&a[1]), c.get(&a[2]))
		c.Regs[a[0].Reg] = natural(d)
	},
	"subs": func(c *arm, a []a32.Operand) { c.Regs[a[0].Reg] = c.subtract(c.get(&a[1]), c.get(&a[2])) },
	"cmp":  func(c *arm, a []a32.Operand) { c.subtract(c.get(&a[0]), c.get(&a[1])) },
}

// access executes a load or a store, f, at the address of m.
func (c *arm) access(what, m *a32.Operand, f func(c *arm, what *a32.Operand, r *Region, off int)) {
	at := c.Regs[m.Base]
	moved := c.sum32(at, Number(m.Disp), 1)
	if m.Mode != a32.Post {
		at = moved
	}
	r, off := at.place()
	f(c, what, r, off)
	if m.Mode != a32.Offset {
		c.Regs[m.Base] = moved
	}
}

var memoryARM = map[string]func(c *arm, what *a32.Operand, r *Region, off int){
	"ldr": func(c *arm, what *a32.Operand, r *Region, off int) { c.Regs[what.Reg] = r.load(off, 4) },
	"str": func(c *arm, what *a32.Operand, r *Region, off int) {
		if r == c.Stack {
			r.put(off, c.Regs[what.Reg])
		} else {
			r.store(off, 4, c.Regs[what.Reg])
		}
	},
	"vld1.8": func(c *arm, what *a32.Operand, r *Region, off int) {
		for i := range 8 * what.Count {
			*c.double(what.Reg, i) = r.At(off + i)
		}
	},
	"vst1.8": func(c *arm, what *a32.Operand, r *Region, off int) {
		for i := range 8 * what.Count {
			r.set(off+i, *c.double(what.Reg, i))
		}
	},
}

// double is byte i of the vectors of 64 bits from one on. Two of them are a vector of 128 bits.
func (c *arm) double(d, i int) *term.Byte {
	d += i / 8
	return &c.Vecs[d/2][8*(d%2)+i%8]
}

// quadOp is what an instruction on vectors works on: what is in the destination before, the sources, an immediate, and
// the result.
type quadOp struct {
	*arm
	d, x, y block128
	imm     int
	out     block128
}

// vector executes an instruction of vectorARM.
func (c *arm) vector(args []a32.Operand, f func(*quadOp)) {
	o := quadOp{arm: c}
	to := &c.Vecs[args[0].Reg]
	o.d = block128(to[:16])
	sources := []*block128{&o.x, &o.y}
	for i := range args[1:] {
		switch a := &args[1+i]; a.Kind {
		case a32.Immediate:
			o.imm = int(a.Disp)
		case a32.Element: // is the lowest word of x
			for j := range 4 {
				o.x[j] = *c.double(a.Reg, 4*int(a.Disp)+j)
			}
		default:
			*sources[i] = block128(c.Vecs[a.Reg][:16])
		}
	}
	f(&o)
	copy(to[:], o.out[:])
}

// vectorARM are the semantics of the instructions on vectors.
var vectorARM = map[string]func(*quadOp){
	"veor": func(o *quadOp) { o.out = o.Pool.XorBlock(o.x, o.y) },
	"vorr": func(o *quadOp) {
		for i := range o.out {
			o.out[i] = or(o.Pool, o.x[i], o.y[i])
		}
	},
	"vext.8": func(o *quadOp) {
		copy(o.out[:], o.x[o.imm:])
		copy(o.out[16-o.imm:], o.y[:])
	},
	"vdup.32": func(o *quadOp) {
		for i := range o.out {
			o.out[i] = o.x[i%4]
		}
	},
	"vmov.i32": func(o *quadOp) {
		for i := 0; i < 16; i += 4 {
			o.out[i] = term.Byte(o.imm)
		}
	},
	"vshl.s32": func(o *quadOp) {
		for i := 0; i < 16; i += 4 {
			copy(o.out[i:], o.Pool.Shift(o.x[i:i+4], o.imm))
		}
	},
	"aese.8":   func(o *quadOp) { o.out = o.Pool.Round(o.Pool.XorBlock(o.d, o.x), false, false) },
	"aesd.8":   func(o *quadOp) { o.out = o.Pool.Round(o.Pool.XorBlock(o.d, o.x), true, false) },
	"aesmc.8":  func(o *quadOp) { o.out = o.Pool.MixColumns(o.x, false) },
	"aesimc.8": func(o *quadOp) { o.out = o.Pool.MixColumns(o.x, true) },
}

// SemanticsARM returns whether there are semantics of an instruction of arm.
func SemanticsARM(in *a32.Inst) bool {
	return conditionsARM[a32.CondName(in.Cond)] != nil && (in.Op == "b" || generalARM[in.Op] != nil || memoryARM[in.Op] != nil || vectorARM[in.Op] != nil)
}
