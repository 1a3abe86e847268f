package numexec

import (
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/number"
)

var one, minusOne, minusTwo = number.Small(1), number.Small(-1), number.Small(-2)

// digit is how many bits of a word IFMA multiplies.
const digit = 52

// step executes an instruction and returns the address of the next one.
func (m *Machine) step(in *x86.Inst) int {
	if f, ok := general[in.Op]; ok {
		f(m, in.Args)
		return in.Next()
	}
	switch in.Op {
	case "jmp":
		return int(in.Args[0].Disp)
	case "je", "jne", "ja", "jae", "jb", "jbe":
		if m.condition(in.Op) {
			return int(in.Args[0].Disp)
		}
		return in.Next()
	}
	m.vector(in)
	return in.Next()
}

// condition decides a jump, which has to be by what is known.
func (m *Machine) condition(op string) bool {
	if m.stackIsEnough {
		return op == "ja" || op == "jae"
	}
	if op != "je" && op != "jne" {
		panic("condition is not known")
	}
	zero, ok := m.zero.bit.Constant()
	if !m.zero.known || !ok {
		panic("condition is not known")
	}
	return (zero.Sign() != 0) == (op == "je")
}

// general has the instructions on general registers.
var general map[string]func(*Machine, []x86.Operand)

func init() {
	general = map[string]func(*Machine, []x86.Operand){
		"mov": move, "movabs": move, "movzx": move,
		"lea": lea,
		"push": func(m *Machine, a []x86.Operand) {
			m.Regs[x86.RSP].N -= 8
			m.Stack.store(m.Regs[x86.RSP].N, m.Regs[a[0].Reg])
		},
		"pop": func(m *Machine, a []x86.Operand) {
			v := m.Stack.At(m.Regs[x86.RSP].N)
			m.Regs[x86.RSP].N += 8
			m.Regs[a[0].Reg] = v
		},
		"add": add,
		"adc": func(m *Machine, a []x86.Operand) { m.set(&a[0], m.arithmetic(a, m.bit(m.carry), false)) },
		"sub": func(m *Machine, a []x86.Operand) {
			m.Facts.Mark()
			m.set(&a[0], m.arithmetic(a, nil, true))
		},
		"sbb": func(m *Machine, a []x86.Operand) {
			c := m.bit(m.carry)
			if a[0] == a[1] {
				m.set(&a[0], mask(c))
				m.setFlags(m.carry, noFlag, noFlag)
				return
			}
			m.set(&a[0], m.arithmetic(a, c, true))
		},
		"cmp":  compare,
		"adcx": func(m *Machine, a []x86.Operand) { m.chain(a, &m.carry) },
		"adox": func(m *Machine, a []x86.Operand) { m.chain(a, &m.overflow) },
		"mulx": func(m *Machine, a []x86.Operand) {
			lo, hi := m.multiply(m.Regs[x86.RDX], m.get(&a[2]))
			m.set(&a[1], Poly(lo)) // the upper half stays if both are one register
			m.set(&a[0], Poly(hi))
		},
		"imul": func(m *Machine, a []x86.Operand) {
			if len(a) != 2 {
				panic("no semantics")
			}
			x, y := m.get(&a[0]), m.get(&a[1])
			lo, hi := m.multiply(x, y)
			if _, ok := lo.Constant(); !ok && len(hi) > 0 {
				m.factors[lo.Key()] = [2]number.Poly{x.P, y.P}
				m.Facts.Freeze(lo)
			}
			m.set(&a[0], Poly(lo))
			m.setFlags(noFlag, noFlag, noFlag)
		},
		"neg": func(m *Machine, a []x86.Operand) { // of a bit, for its carry
			x := m.get(&a[0])
			if !m.fits(x, 1) || x.Kind != Number {
				panic("negative of more than a bit")
			}
			m.setFlags(flag{true, x.P}, noFlag, noFlag)
			m.set(&a[0], Poly(x.P.Times(number.Max(8*a[0].Size))))
		},
		"setb": func(m *Machine, a []x86.Operand) { m.set(&a[0], Poly(m.bit(m.carry))) },
		"dec": func(m *Machine, a []x86.Operand) {
			v, carry := m.get(&a[0]), m.carry
			if v.Kind == Counter {
				v.N--
				m.set(&a[0], v)
				m.setFlags(carry, noFlag, isZero(v.N == 0))
				return
			}
			m.set(&a[0], m.difference(v, Int(1), nil))
			m.carry, m.overflow = carry, noFlag // the carry is left alone
		},
		"test": func(m *Machine, a []x86.Operand) {
			x, ok := m.get(&a[0]).constant()
			y, ok2 := m.get(&a[1]).constant()
			if !ok || !ok2 {
				panic("test of what is not known")
			}
			m.setFlags(clearFlag, clearFlag, isZero(x&y == 0))
		},
		"xor":   xor,
		"and":   and,
		"or":    or,
		"shr":   shiftRight,
		"kmovb": moveMask,
		"kmovq": moveMask,
		"kandb": func(m *Machine, a []x86.Operand) {
			x, y, out := m.mask(a[1].Reg), m.mask(a[2].Reg), [8]number.Poly{}
			for i := range out {
				out[i] = m.Facts.Mul(x[i], y[i])
			}
			m.masks[a[0].Reg] = &out
		},
		"vzeroupper": func(m *Machine, a []x86.Operand) {
			for i := range 16 {
				for j := 2; j < 8; j++ {
					m.Vecs[i][j] = Int(0)
				}
			}
		},
	}
}

func move(m *Machine, a []x86.Operand) { m.set(&a[0], m.get(&a[1])) }

// bit returns a flag, which has to be known.
func (m *Machine) bit(f flag) number.Poly {
	if !f.known {
		panic("flag is not known")
	}
	return f.bit
}

// mask returns the word whose bits all are b.
func mask(b number.Poly) Value { return Poly(b.Times(number.Max(64))) }

// asMask returns the bit that v consists of, if it is a mask.
func (m *Machine) asMask(v Value) (b number.Poly, ok bool) {
	if v.Kind != Number {
		return nil, false
	}
	if n, ok := v.constant(); ok {
		return number.Uint(n & 1), n == 0 || n == 1<<64-1
	}
	b, ok = v.P.Divide(number.Max(64))
	return b, ok && m.Facts.Below(b, 1)
}

func add(m *Machine, a []x86.Operand) {
	m.Facts.Mark()
	if a[0].Size != 1 {
		m.set(&a[0], m.arithmetic(a, nil, false))
		return
	}
	x, y := m.get(&a[0]), m.get(&a[1])
	if n, ok := x.constant(); !ok || n != 127 || !m.fits(y, 1) || y.Kind != Number {
		panic("sum of bytes")
	}
	m.set(&a[0], Poly(x.P.Plus(y.P, one))) // 127 + 1 overflows
	m.setFlags(clearFlag, flag{true, y.P}, noFlag)
}

// arithmetic returns a[0] ± (a[1] + carry), and sets the flags.
func (m *Machine) arithmetic(a []x86.Operand, carry number.Poly, minus bool) Value {
	x, y := m.get(&a[0]), m.get(&a[1])
	switch {
	case x.Kind == Address || y.Kind == Address:
		if x.Kind != Address && !minus {
			x, y = y, x
		}
		n, ok := y.constant()
		if !ok || len(carry) != 0 || x.Kind != Address || a[0].Size != 8 {
			panic("sum of addresses")
		}
		if minus {
			n = -n
		}
		x.N += int64(n)
		m.setFlags(noFlag, noFlag, noFlag)
		return x
	case x.Kind != Number || y.Kind != Number || a[0].Size != 8:
		panic("sum of what is not known")
	case minus:
		return m.difference(x, y, carry)
	}
	var v, c number.Poly
	if b, ok := m.asMask(x); ok && x.P.Same(y.P) && len(carry) == 0 { // twice a mask carries its bit
		v, c = b.Times(number.Max(64).Plus(minusOne)), b
	} else {
		v, c = m.Facts.Split(x.P.Plus(y.P, one).Plus(carry, one), 64)
	}
	m.result(v, c)
	return Poly(v)
}

func (m *Machine) setFlags(carry, overflow, zero flag) {
	m.carry, m.overflow, m.zero, m.stackIsEnough = carry, overflow, zero, false
}

// isZero is the zero flag of a result that is known.
func isZero(yes bool) flag {
	if yes {
		return flag{true, number.Int(1)}
	}
	return clearFlag
}

// result sets the flags after v, of which c was carried.
func (m *Machine) result(v, c number.Poly) {
	zero := noFlag
	if n, ok := v.Constant(); ok {
		zero = isZero(n.Sign() == 0)
	}
	m.setFlags(flag{true, c}, noFlag, zero)
}

// difference returns x - y - borrow, and sets the flags.
func (m *Machine) difference(x, y Value, borrow number.Poly) Value {
	if x.Kind != Number || y.Kind != Number {
		panic("difference of what is not known")
	}
	v, c := m.Facts.Borrow(x.P.Plus(y.P, minusOne).Plus(borrow, minusOne), 64)
	m.result(v, c)
	return Poly(v)
}

func compare(m *Machine, a []x86.Operand) {
	x, y := m.get(&a[0]), m.get(&a[1])
	if x.Kind == Address && x.Region == m.Stack && y.Kind == Address && y.N == stackLimit {
		m.stackIsEnough = true
		return
	}
	m.difference(x, y, nil)
}

// chain adds with a carry that is one of two, and leaves the other flags alone.
func (m *Machine) chain(a []x86.Operand, f *flag) {
	x, y := m.get(&a[0]), m.get(&a[1])
	if x.Kind != Number || y.Kind != Number {
		panic("sum of what is not known")
	}
	v, c := m.Facts.Split(x.P.Plus(y.P, one).Plus(m.bit(*f), one), 64)
	m.set(&a[0], Poly(v))
	*f, m.stackIsEnough = flag{true, c}, false
}

// multiply returns the lower and the upper half of a product.
func (m *Machine) multiply(x, y Value) (lo, hi number.Poly) {
	if x.Kind != Number || y.Kind != Number {
		panic("product of what is not known")
	}
	p, q := m.Facts.Name(x.P, number.Max(64)), m.Facts.Name(y.P, number.Max(64))
	return m.Facts.Split(m.Facts.Mul(p, q), 64)
}

func lea(m *Machine, a []x86.Operand) {
	at := &a[1]
	if at.Base >= 0 && m.Regs[at.Base].Kind == Address {
		r, off := m.address(at)
		if a[0].Size != 8 {
			panic("part of an address")
		}
		m.set(&a[0], Value{Kind: Address, Region: r, N: off})
		return
	}
	if at.Base < 0 || at.Index == x86.NoRegister || at.Disp != 0 {
		panic("address of what is not known")
	}
	x, y := m.Regs[at.Base], m.Regs[at.Index]
	if x.Kind == Bits || y.Kind == Bits {
		m.set(&a[0], m.combine(x, y, func(x, y uint64) uint64 { return x + uint64(at.Scale)*y }))
		return
	}
	if x.Kind != Number || y.Kind != Number {
		panic("sum of what is not known")
	}
	sum := x.P.Plus(y.P, number.Small(int64(at.Scale)))
	if !m.Facts.Below(sum, 8*a[0].Size) {
		panic("sum that is too large")
	}
	m.set(&a[0], Poly(sum))
}

// xor of a register with itself is zero; else it is of a number with a mask, or of bits.
func xor(m *Machine, a []x86.Operand) {
	m.setFlags(clearFlag, clearFlag, noFlag)
	if a[0] == a[1] {
		m.Facts.Mark()
		m.zero = isZero(true)
		m.Regs[a[0].Reg] = Int(0)
		return
	}
	x, y := m.get(&a[0]), m.get(&a[1])
	if x.Kind == Bits || y.Kind == Bits {
		m.set(&a[0], m.combine(x, y, func(x, y uint64) uint64 { return x ^ y }))
		return
	}
	if n, ok := x.constant(); ok {
		if k, ok := y.constant(); ok {
			m.set(&a[0], Int(n^k))
			return
		}
	}
	b, ok := m.asMask(y)
	if !ok || x.Kind != Number || a[0].Size != 8 {
		panic("xor without a mask")
	}
	// x is what it was, or 2^64 - 1 - x.
	if c, ok := m.asMask(x); ok {
		m.set(&a[0], mask(m.Facts.Name(m.either(c, b, one), one)))
		return
	}
	p := m.Facts.Name(x.P, number.Max(64))
	m.set(&a[0], Poly(m.Facts.Name(m.either(p, b, number.Max(64)), number.Max(64))))
}

// either is p, or max - p if the bit b is one.
func (m *Machine) either(p, b number.Poly, max number.Coefficient) number.Poly {
	return p.Plus(b, max).Plus(m.Facts.Mul(p, b), minusTwo)
}

// and rounds the stack pointer, and is else of bits, of a mask with a number, or the lowest 52.
func and(m *Machine, a []x86.Operand) {
	x, y := m.get(&a[0]), m.get(&a[1])
	m.setFlags(clearFlag, clearFlag, noFlag)
	n, known := y.constant()
	k, both := x.constant()
	switch {
	case x.Kind == Address && x.Region == m.Stack && known && int64(n) == -64:
		x.N -= (x.N + m.alignment) & 63
		m.set(&a[0], x)
	case x.Kind == Bits || y.Kind == Bits:
		m.set(&a[0], m.combine(x, y, func(x, y uint64) uint64 { return x & y }))
	case known && both:
		m.set(&a[0], Int(n&k))
	case known && n == 1<<digit-1 && x.Kind == Number:
		m.set(&a[0], Poly(m.low(x.P)))
	default:
		b, ok := m.asMask(x)
		if !ok || y.Kind != Number || a[0].Size != 8 {
			panic("and without a mask")
		}
		p := m.Facts.Name(y.P, number.Max(64))
		m.set(&a[0], Poly(m.Facts.Name(m.Facts.Mul(p, b), number.Max(64)))) // the number, or zero
	}
}

func or(m *Machine, a []x86.Operand) {
	x, y := m.get(&a[0]), m.get(&a[1])
	m.setFlags(clearFlag, clearFlag, noFlag)
	m.set(&a[0], m.combine(x, y, func(x, y uint64) uint64 { return x | y }))
}

func shiftRight(m *Machine, a []x86.Operand) {
	x := m.get(&a[0])
	n, ok := m.get(&a[1]).constant()
	if !ok || n != digit || x.Kind != Number || a[0].Size != 8 {
		panic("shift by another number")
	}
	m.setFlags(noFlag, noFlag, noFlag)
	lo, hi := m.Facts.Split(x.P, digit)
	m.Facts.Freeze(lo)
	m.set(&a[0], Poly(hi))
}

// low returns the lowest 52 bits. Those of a product are those of the product of those of the factors.
func (m *Machine) low(p number.Poly) number.Poly {
	if f, ok := m.factors[p.Key()]; ok {
		p = m.Facts.Mul(m.low(f[0]), m.low(f[1]))
	}
	lo, _ := m.Facts.Split(p, digit)
	return lo
}

// moveMask moves eight bits between a general and a mask register.
func moveMask(m *Machine, a []x86.Operand) {
	if a[0].Kind == x86.Register {
		if a[0].Size != 4 {
			panic("more bits than a mask has")
		}
		m.Regs[a[0].Reg] = m.bits(m.mask(a[1].Reg))
		return
	}
	v := m.get(&a[1])
	if n, ok := v.constant(); ok && n > 255 {
		panic("more bits than a mask has")
	}
	k := m.asBits(v)
	m.masks[a[0].Reg] = &k
}

func (m *Machine) mask(k int) *[8]number.Poly {
	if m.masks[k] == nil {
		panic("mask is not known")
	}
	return m.masks[k]
}
