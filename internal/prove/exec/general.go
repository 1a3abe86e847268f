package exec

import (
	"github.com/mtcore/mtcore/internal/machine/x86"
)

// step executes an instruction and returns the address of the next one.
func (m *Machine) step(in *x86.Inst) int {
	if f, ok := general[in.Op]; ok {
		f(m, in)
		return in.Next()
	}
	if cc, ok := conditional(in.Op, "j"); ok {
		if m.condition(cc) {
			return int(in.Args[0].Disp)
		}
		return in.Next()
	}
	switch {
	case in.Op == "jmp" && in.Args[0].Kind == x86.Target:
		return int(in.Args[0].Disp)
	case vectorOps[in.Op] != nil:
		m.vector(in)
	default:
		if cc, ok := conditional(in.Op, "cmov"); ok && in.Args[0].Size == 8 {
			if m.condition(cc) {
				m.set(&in.Args[0], m.get(&in.Args[1]))
			}
			break
		}
		panic(noSemantics)
	}
	return in.Next()
}

// conditional returns the condition of an instruction of that name.
func conditional(op, name string) (cc string, ok bool) {
	if len(op) <= len(name) || op[:len(name)] != name {
		return "", false
	}
	switch cc = op[len(name):]; cc {
	case "b", "ae", "e", "ne", "be", "a":
		return cc, true
	}
	return "", false
}

func (m *Machine) condition(cc string) bool {
	f := m.flags
	if f.stackIsEnough {
		return cc == "a" || cc == "ae"
	}
	needCarry, needZero := cc != "e" && cc != "ne", cc != "b" && cc != "ae"
	if needCarry && !f.carryKnown || needZero && !f.zeroKnown {
		panic("condition is not known")
	}
	switch cc {
	case "b":
		return f.carry
	case "ae":
		return !f.carry
	case "e":
		return f.zero
	case "ne":
		return !f.zero
	case "be":
		return f.carry || f.zero
	}
	return !f.carry && !f.zero
}

// general has the instructions on general registers, as far as they work on addresses and
// numbers, or move bytes.
var general = map[string]func(*Machine, *x86.Inst){
	"mov": func(m *Machine, in *x86.Inst) { m.set(&in.Args[0], m.get(&in.Args[1])) },
	"movabs": func(m *Machine, in *x86.Inst) {
		m.set(&in.Args[0], m.get(&in.Args[1]))
	},
	"movzx": func(m *Machine, in *x86.Inst) { m.set(&in.Args[0], m.get(&in.Args[1])) },
	"lea": func(m *Machine, in *x86.Inst) {
		m.set(&in.Args[0], m.effective(&in.Args[1]))
	},
	"push": func(m *Machine, in *x86.Inst) {
		v := m.Regs[in.Args[0].Reg]
		m.Regs[x86.RSP].N -= 8
		m.Stack.put(int(m.Regs[x86.RSP].N), v)
	},
	"pop": func(m *Machine, in *x86.Inst) {
		v, ok := m.Stack.Values[int(m.Regs[x86.RSP].N)]
		if !ok {
			panic("pop of what was not pushed")
		}
		m.Regs[x86.RSP].N += 8
		m.Regs[in.Args[0].Reg] = v
	},
	"add": func(m *Machine, in *x86.Inst) {
		m.flags = flags{}
		m.set(&in.Args[0], truncate(m.sum(m.get(&in.Args[0]), m.get(&in.Args[1]), 1), in))
	},
	"sub": func(m *Machine, in *x86.Inst) {
		m.set(&in.Args[0], truncate(m.compare(in, m.get(&in.Args[0]), m.get(&in.Args[1])), in))
	},
	"cmp": func(m *Machine, in *x86.Inst) { m.compare(in, m.get(&in.Args[0]), m.get(&in.Args[1])) },
	"dec": func(m *Machine, in *x86.Inst) {
		before := m.flags
		m.set(&in.Args[0], truncate(m.compare(in, m.get(&in.Args[0]), Number(1)), in))
		m.flags.carryKnown, m.flags.carry = before.carryKnown, before.carry // which it leaves alone
	},
	"and":  and,
	"test": test,
	"xor":  xor,
	"shl": func(m *Machine, in *x86.Inst) {
		m.arithmetic(in, func(x int64, n int64) int64 { return x << n })
	},
	"shr": func(m *Machine, in *x86.Inst) {
		m.arithmetic(in, func(x int64, n int64) int64 { return int64(uint64(x) >> n) })
	},
	"bzhi": func(m *Machine, in *x86.Inst) {
		x, n := m.get(&in.Args[1]), m.get(&in.Args[2])
		if !x.number() || !n.number() || in.Args[0].Size != 8 {
			panic("arithmetic with what is not a number")
		}
		if n := n.N & 255; n < 64 {
			x.N &= 1<<n - 1
		}
		m.flags = flags{}
		m.set(&in.Args[0], x)
	},
	"kmovb": kmov,
	"kmovw": kmov,
	"kmovq": kmov,
	"vzeroupper": func(m *Machine, in *x86.Inst) {
		for i := range 16 {
			clear(m.Vecs[i][16:])
		}
	},
	"vzeroall": func(m *Machine, in *x86.Inst) {
		for i := range 16 {
			clear(m.Vecs[i][:])
		}
	},
}

// truncate makes a result as wide as its destination.
func truncate(v Value, in *x86.Inst) Value {
	if in.Args[0].Size == 4 {
		if !v.number() {
			panic("32 bits of what is not known")
		}
		v.N = int64(uint32(v.N))
	}
	return v
}

// arithmetic is a function of numbers, after which the flags are not known.
func (m *Machine) arithmetic(in *x86.Inst, f func(x, y int64) int64) {
	x, y := m.get(&in.Args[0]), m.get(&in.Args[1])
	if !x.number() || !y.number() {
		panic("arithmetic with what is not a number")
	}
	m.flags = flags{}
	x.N = f(x.N, y.N)
	m.set(&in.Args[0], truncate(x, in))
}

// compare returns x - y, and sets the flags as far as they are known. x and y are numbers,
// or at least x is an address.
func (m *Machine) compare(in *x86.Inst, x, y Value) Value {
	m.flags = flags{}
	if x.Region == m.Stack && y == (Value{Region: m.Stack, N: stackLimit}) {
		m.flags.stackIsEnough = true
		return x
	}
	if x.number() && y.number() && in.Args[0].Size != 8 {
		bits := 8 * in.Args[0].Size
		a, b := uint64(x.N)&(1<<bits-1), uint64(y.N)&(1<<bits-1)
		m.flags = flags{carryKnown: true, zeroKnown: true, carry: a < b, zero: a == b}
		return Number(x.N - y.N)
	}
	if in.Args[0].Size != 8 {
		panic("comparison of parts of what is no number")
	}
	d, f := minus(x, y)
	m.flags = f
	if x.Region == m.Stack && y.number() && 0 <= y.N && y.N < 1<<16 {
		m.flags.carryKnown = true // no stack is that near to address 0; it is what a function with a large frame checks
	}
	return d
}

// minus is x - y, with what is known of its flags, of which carry is set if x is less than y. What
// has T is compared as natural numbers: it is a length, or an address in a region.
func minus(x, y Value) (d Value, f flags) {
	d = Value{Region: x.Region, N: x.N - y.N, T: x.T - y.T, I: x.I - y.I}
	if y.Region != nil {
		d.Region = nil
	}
	switch {
	case x.Secret || y.Secret:
		panic("difference of secrets")
	case y.Region != nil && x.Region != y.Region:
		panic("difference of addresses in two regions")
	case x.Region != y.Region || d.I != 0: // a difference without flags
	case x.number() && y.number():
		f = flags{carryKnown: true, zeroKnown: true, carry: uint64(x.N) < uint64(y.N), zero: x.N == y.N}
	case x.Region == nil && (x.N < 0 || y.N < 0): // may be less than zero
	case d.T == 0 || d.T > 0 && d.N > 0 || d.T < 0 && d.N < 0:
		f = flags{carryKnown: true, zeroKnown: true, carry: d.N < 0, zero: d.N == 0}
	case d.T > 0 && d.N == 0:
		f = flags{carryKnown: true}
	}
	return d, f
}

// and masks numbers, the low bits of an address, and bytes.
func and(m *Machine, in *x86.Inst) {
	x, y := m.get(&in.Args[0]), m.get(&in.Args[1])
	m.flags = flags{}
	switch {
	case x.number() && y.number():
		x.N &= y.N
		m.flags = flags{carryKnown: true, zeroKnown: true, zero: x.N == 0}
	case x.Region != nil && y.number() && x.Region.Align > 0 && x.T == 0 && x.I == 0:
		low := (x.Region.AlignOffset + x.N) & (x.Region.Align - 1)
		switch a := -y.N; {
		case a > 0 && a <= x.Region.Align && a&(a-1) == 0: // rounds down
			x.N -= low & (a - 1)
		case y.N >= 0 && y.N < x.Region.Align:
			x = Number(low & y.N)
		default:
			panic("mask of an address")
		}
	default:
		panic("and of what is not known")
	}
	m.set(&in.Args[0], truncate(x, in))
}

func test(m *Machine, in *x86.Inst) {
	x, y := m.get(&in.Args[0]), m.get(&in.Args[1])
	switch {
	case x.number() && y.number():
		m.flags = flags{carryKnown: true, zeroKnown: true, zero: x.N&y.N == 0}
	case x == y && x.Region == nil && !x.Secret && x.I == 0 && x.T > 0 && x.N >= 0: // is it zero?
		m.flags = flags{carryKnown: true, zeroKnown: x.N > 0}
	default:
		panic("test of what is not a number")
	}
}

// xor of a register with itself is zero; else it is of bytes, or of numbers.
func xor(m *Machine, in *x86.Inst) {
	if in.Args[0] == in.Args[1] {
		m.Regs[in.Args[0].Reg] = Number(0)
		m.flags = flags{carryKnown: true, zeroKnown: true, zero: true}
		return
	}
	x, y := m.get(&in.Args[0]).bytes(), m.get(&in.Args[1]).bytes()
	for i := range x {
		x[i] = m.Pool.Xor(x[i], y[i])
	}
	m.flags = flags{}
	m.set(&in.Args[0], fromBytes(x))
}

// kmov moves a number between a general and a mask register.
func kmov(m *Machine, in *x86.Inst) {
	bits := map[string]int{"kmovb": 8, "kmovw": 16, "kmovq": 64}[in.Op]
	if in.Args[0].Kind == x86.Mask {
		v := m.get(&in.Args[1])
		if !v.number() {
			panic("mask is not known")
		}
		m.setMask(in.Args[0].Reg, uint64(v.N)&(1<<bits-1))
		return
	}
	m.Regs[in.Args[0].Reg] = Number(int64(m.mask(in.Args[1].Reg) & (1<<bits - 1)))
}
