package numexec

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// ARM64 is the state of a CPU of arm64, as Machine is that of one of amd64. Its kernels have no frames.
type ARM64 struct {
	Facts *number.Facts
	Regs  [33]Value // to ZR and SP
	Stack *Region   // offset 0 is where the stack pointer is
	Steps int

	carry, zero flag // the carry after a difference is one if there was no borrow

	// After is called after an instruction, with the number that is its result if it is one.
	After func(in *a64.Inst, result number.Poly)
	// Carry, if it is not nil, is the carry of a comparison of x with one, which is one unless x is zero.
	Carry func(x number.Poly) number.Poly

	code map[int]*a64.Inst
	// isDIT reports whether a variable is at an address that says whether there is PSTATE.DIT.
	isDIT func(addr int64) bool
	// timing is what PSTATE.DIT is, and before what it was.
	timing, before exec.Timing
	constants      *Region
}

// NewARM64 returns a machine whose registers hold anything.
func NewARM64(f *number.Facts, k *machine.Kernel, code map[int]*a64.Inst, timing exec.Timing) *ARM64 {
	m := &ARM64{Facts: f, code: code, timing: timing, before: timing}
	m.constants = NewRegion("what does not change", 0, false, nil)
	m.isDIT = func(addr int64) bool { return exec.IsDIT(k.Program, int(addr)) }
	m.Stack = NewRegion(stack, 0, true, nil)
	for i := range m.Regs {
		m.Regs[i] = Value{Kind: Entry, N: int64(i)}
	}
	m.Regs[a64.SP] = Value{Kind: Address, Region: m.Stack}
	return m
}

// SetArgument sets a word of the arguments.
func (m *ARM64) SetArgument(word int, v Value) { m.Stack.Words[argument+8*int64(word)] = v }

// Run executes from an address on until the function returns.
func (m *ARM64) Run(addr int) (err error) {
	var in *a64.Inst
	defer func() {
		switch r := recover().(type) {
		case nil:
		case string:
			err = fmt.Errorf("%#x: %v: %s", addr, in, r)
		default:
			panic(r)
		}
	}()
	for {
		if in = m.code[addr]; in == nil {
			panic("not an instruction of the function")
		}
		if m.Steps++; m.Steps > maxSteps {
			panic("does not end")
		}
		if in.Op == "ret" {
			return m.checkReturn()
		}
		addr = m.step(in)
		if r := &in.Args[0]; m.After != nil && r.Kind == a64.Register && m.Regs[r.Reg].Kind == Number {
			m.After(in, m.Regs[r.Reg].P)
		}
	}
}

// checkReturn checks what Go wants of registers, and that nothing that depends on inputs is left in them.
func (m *ARM64) checkReturn() error {
	if sp := m.Regs[a64.SP]; sp.Region != m.Stack || sp.N != 0 {
		return fmt.Errorf("returns with another stack pointer")
	}
	if m.timing != m.before {
		return fmt.Errorf("returns with another PSTATE.DIT")
	}
	for _, r := range []int{18, 28, 29, 30} {
		if v := m.Regs[r]; v.Kind != Entry || v.N != int64(r) {
			return fmt.Errorf("returns with another value of register %d, which it has to keep", r)
		}
	}
	for i, v := range m.Regs {
		if !harmless(v) {
			return fmt.Errorf("leaves what depends on inputs in register %d", i)
		}
	}
	return nil
}

// step executes an instruction and returns the address of the next one.
func (m *ARM64) step(in *a64.Inst) int {
	last := len(in.Args) - 1
	if jump := jumpsARM64[in.Op]; jump != nil {
		if jump(m, in.Args) {
			return int(in.Args[last].Disp)
		}
		return in.Next()
	}
	if f := generalARM64[in.Op]; f != nil && (in.Args[0].Kind == a64.Register || in.Args[0].Kind == a64.Timing) {
		f(m, in.Args)
	} else if f := memoryARM64[in.Op]; f != nil && in.Args[0].Kind == a64.Register && in.Args[last].Index == a64.NoRegister {
		m.access(in.Args[:last], &in.Args[last], f)
	} else {
		panic(noSemantics)
	}
	return in.Next()
}

// jumpsARM64 are the jumps, and whether they are taken, which has to be known.
var jumpsARM64 = map[string]func(*ARM64, []a64.Operand) bool{
	"b":    func(*ARM64, []a64.Operand) bool { return true },
	"b.eq": func(m *ARM64, _ []a64.Operand) bool { return m.isZero() },
	"b.ne": func(m *ARM64, _ []a64.Operand) bool { return !m.isZero() },
	"cbz":  func(m *ARM64, a []a64.Operand) bool { return m.known(&a[0]) == 0 },
	"cbnz": func(m *ARM64, a []a64.Operand) bool { return m.known(&a[0]) != 0 },
}

// known is an operand that has to be known.
func (m *ARM64) known(a *a64.Operand) uint64 {
	n, ok := m.get(a).constant()
	if !ok {
		panic("what is looked at is not known")
	}
	return n
}

func (m *ARM64) isZero() bool {
	zero, ok := m.zero.bit.Constant()
	if !m.zero.known || !ok {
		panic("condition is not known")
	}
	return zero.Sign() != 0
}

// get reads an operand that is an immediate or a general register.
func (m *ARM64) get(a *a64.Operand) Value {
	switch {
	case a.Kind == a64.Immediate:
		return Int(uint64(a.Disp) << a.Shift)
	case a.Kind != a64.Register || a.Size != 8:
		panic("no semantics")
	case a.Reg == a64.ZR:
		return Int(0)
	case a.Shift == 0:
		return m.Regs[a.Reg]
	}
	n, ok := m.Regs[a.Reg].constant()
	if !ok {
		panic("shift of what is not known")
	}
	return Int(n << a.Shift)
}

func (m *ARM64) set(a *a64.Operand, v Value) {
	if a.Kind != a64.Register || a.Size != 8 && !(v.Kind == Number && m.Facts.Below(v.P, 32)) {
		panic("no semantics")
	}
	if a.Reg != a64.ZR {
		m.Regs[a.Reg] = v
	}
}

// number reads an operand that is a number.
func (m *ARM64) number(a *a64.Operand) number.Poly {
	v := m.get(a)
	if v.Kind != Number {
		panic("arithmetic with what is not a number")
	}
	return v.P
}

func (m *ARM64) carryBit() number.Poly {
	if !m.carry.known {
		panic("carry is not known")
	}
	return m.carry.bit
}

// add returns x + y + carry, and sets the flags if that is asked for.
func (m *ARM64) add(x, y, carry number.Poly, flags bool) Value {
	v, c := m.Facts.Split(x.Plus(y, one).Plus(carry, one), 64)
	if flags {
		m.setFlags(v, c)
	}
	return Poly(v)
}

// subtract returns x - y - borrow, and sets the flags if that is asked for.
func (m *ARM64) subtract(x, y, borrow number.Poly, flags bool) Value {
	v, c := m.Facts.Borrow(x.Plus(y, minusOne).Plus(borrow, minusOne), 64)
	if flags {
		m.setFlags(v, not(c))
	}
	return Poly(v)
}

// not is one minus a bit.
func not(b number.Poly) number.Poly { return number.Int(1).Plus(b, minusOne) }

func (m *ARM64) setFlags(v, carry number.Poly) {
	m.carry, m.zero = flag{true, carry}, noFlag
	if n, ok := v.Constant(); ok {
		m.zero = isZero(n.Sign() == 0)
	}
}

// generalARM64 has the instructions on general registers.
var generalARM64 map[string]func(*ARM64, []a64.Operand)

func init() {
	generalARM64 = map[string]func(*ARM64, []a64.Operand){
		"mov": func(m *ARM64, a []a64.Operand) { m.set(&a[0], m.get(&a[1])) },
		"add": func(m *ARM64, a []a64.Operand) {
			x, y := m.get(&a[1]), m.get(&a[2])
			if x.Kind == Address {
				n, ok := y.constant()
				if !ok {
					panic("sum of addresses")
				}
				x.N += int64(n)
				m.set(&a[0], x)
				return
			}
			m.set(&a[0], m.add(m.number(&a[1]), m.number(&a[2]), nil, false))
		},
		"adds": func(m *ARM64, a []a64.Operand) {
			m.Facts.Mark()
			m.set(&a[0], m.add(m.number(&a[1]), m.number(&a[2]), nil, true))
		},
		"cmn": func(m *ARM64, a []a64.Operand) {
			m.Facts.Mark()
			m.add(m.number(&a[0]), m.number(&a[1]), nil, true)
		},
		"adc": func(m *ARM64, a []a64.Operand) {
			m.set(&a[0], m.add(m.number(&a[1]), m.number(&a[2]), m.carryBit(), false))
		},
		"adcs": func(m *ARM64, a []a64.Operand) {
			m.set(&a[0], m.add(m.number(&a[1]), m.number(&a[2]), m.carryBit(), true))
		},
		"sub": func(m *ARM64, a []a64.Operand) {
			m.set(&a[0], m.subtract(m.number(&a[1]), m.number(&a[2]), nil, false))
		},
		"sbcs": func(m *ARM64, a []a64.Operand) {
			m.set(&a[0], m.subtract(m.number(&a[1]), m.number(&a[2]), not(m.carryBit()), true))
		},
		"cmp": compareARM64,
		"neg": func(m *ARM64, a []a64.Operand) { // of a bit
			b := m.number(&a[1])
			if !m.Facts.Below(b, 1) {
				panic("negative of more than a bit")
			}
			m.set(&a[0], mask(b))
		},
		"mul": func(m *ARM64, a []a64.Operand) {
			lo, _ := m.multiply(m.number(&a[1]), m.number(&a[2]))
			m.set(&a[0], Poly(lo))
		},
		"umulh": func(m *ARM64, a []a64.Operand) {
			_, hi := m.multiply(m.number(&a[1]), m.number(&a[2]))
			m.set(&a[0], Poly(hi))
		},
		// extr by 63 is twice x and the highest bit of y.
		"extr": func(m *ARM64, a []a64.Operand) {
			if a[3].Disp != 63 {
				panic("no semantics")
			}
			x, _ := m.Facts.Split(m.number(&a[1]), 63)
			_, y := m.Facts.Split(m.number(&a[2]), 63)
			m.set(&a[0], Poly(y.Plus(x, number.Small(2))))
		},
		"and": func(m *ARM64, a []a64.Operand) { // with a mask
			x, y := m.number(&a[1]), m.number(&a[2])
			b, ok := asMask(m.Facts, y)
			if !ok {
				panic("and without a mask")
			}
			m.set(&a[0], Poly(m.Facts.Mul(m.Facts.Name(x, number.Max(64)), m.Facts.Name(b, one))))
		},
		"orr": func(m *ARM64, a []a64.Operand) { m.set(&a[0], Int(m.known(&a[1])|m.known(&a[2]))) },
		"eor": func(m *ARM64, a []a64.Operand) { m.set(&a[0], Int(m.known(&a[1])^m.known(&a[2]))) },
		"tst": func(m *ARM64, a []a64.Operand) {
			m.carry, m.zero = clearFlag, isZero(m.known(&a[0])&m.known(&a[1]) == 0)
		},
		"adrp": func(m *ARM64, a []a64.Operand) {
			m.set(&a[0], Value{Kind: Address, Region: m.constants, N: a[1].Disp})
		},
		"mrs": func(m *ARM64, a []a64.Operand) {
			if m.timing == exec.NoTiming {
				panic("no PSTATE.DIT")
			}
			m.set(&a[0], Int(uint64(m.timing-exec.TimingOff)<<24))
		},
		// to an immediate, or to bit 24 of a register
		"msr": func(m *ARM64, a []a64.Operand) {
			if m.timing == exec.NoTiming {
				panic("no PSTATE.DIT")
			}
			bit := m.known(&a[1])
			if a[1].Kind == a64.Register {
				bit >>= 24
			}
			m.timing = exec.TimingOff + exec.Timing(bit&1)
		},
	}
}

// multiply returns the lower and the upper half of a product.
func (m *ARM64) multiply(x, y number.Poly) (lo, hi number.Poly) {
	return m.Facts.Split(m.Facts.Mul(m.Facts.Name(x, number.Max(64)), m.Facts.Name(y, number.Max(64))), 64)
}

// asMask returns the bit that p consists of, if it is a mask.
func asMask(f *number.Facts, p number.Poly) (b number.Poly, ok bool) {
	if n, known := p.Constant(); known {
		return number.Uint(n.Uint64() & 1), n.Sign() == 0 || n.Uint64() == 1<<64-1
	}
	b, ok = p.Divide(number.Max(64))
	return b, ok && f.Below(b, 1)
}

// compareARM64 sets the carry if x is at least y, and zero if they are equal and both known.
func compareARM64(m *ARM64, a []a64.Operand) {
	m.Facts.Mark()
	x, y := m.get(&a[0]), m.get(&a[1])
	n, ok := y.constant()
	if _, known := x.constant(); ok && !known {
		switch {
		case n == 0 && (x.Kind == Address || x.Kind == Number): // anything is
			m.carry, m.zero = flag{true, number.Int(1)}, noFlag
			return
		case n == 1 && x.Kind == Number && m.Facts.Below(x.P, 1): // x is a bit
			m.carry, m.zero = flag{true, x.P}, noFlag
			return
		case n == 1 && x.Kind == Number && m.Carry != nil:
			m.carry, m.zero = flag{true, m.Carry(x.P)}, noFlag
			return
		}
	}
	m.subtract(m.number(&a[0]), m.number(&a[1]), nil, true)
}

// access executes a load or a store, f, at the address of m, a word after the other.
func (m *ARM64) access(regs []a64.Operand, at *a64.Operand, f func(m *ARM64, reg *a64.Operand, r *Region, off int64)) {
	v := m.Regs[at.Base]
	if v.Kind != Address {
		panic("address is in no region")
	}
	moved := v
	moved.N += at.Disp
	if at.Mode != a64.Post {
		v = moved
	}
	if v.Region != m.Stack && v.Region != m.constants && m.timing == exec.TimingOff {
		panic("without data-independent timing")
	}
	for i := range regs {
		f(m, &regs[i], v.Region, v.N+8*int64(i))
	}
	if at.Mode != a64.Offset {
		m.Regs[at.Base] = moved
	}
}

var memoryARM64 = map[string]func(m *ARM64, reg *a64.Operand, r *Region, off int64){
	"ldr": loadARM64, "ldp": loadARM64, "str": storeARM64, "stp": storeARM64,
	"ldrb": func(m *ARM64, reg *a64.Operand, r *Region, off int64) {
		if r != m.constants || !m.isDIT(off) {
			panic("no semantics")
		}
		m.set(reg, Int(uint64(min(m.timing, 1))))
	},
}

func loadARM64(m *ARM64, reg *a64.Operand, r *Region, off int64) { m.set(reg, r.At(off)) }

func storeARM64(m *ARM64, reg *a64.Operand, r *Region, off int64) {
	v := m.get(reg)
	if v.Kind != Number {
		panic("what is no number is stored")
	}
	r.store(off, v)
}

// SemanticsARM64 returns whether there are semantics of an instruction of arm64.
func SemanticsARM64(in *a64.Inst) bool {
	if in.Op == "ret" || jumpsARM64[in.Op] != nil {
		return true
	}
	return len(in.Args) > 0 && (in.Args[0].Kind == a64.Register || in.Args[0].Kind == a64.Timing) && (generalARM64[in.Op] != nil || memoryARM64[in.Op] != nil)
}
