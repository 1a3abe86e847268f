package numexec

import (
	"strings"

	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// vector executes an instruction on vectors of 64-bit words.
func (m *Machine) vector(in *x86.Inst) {
	a, imm := in.Args, 0
	if last := a[len(a)-1]; last.Kind == x86.Immediate {
		imm, a = int(last.Disp), a[:len(a)-1]
	}
	f, ok := vectorOps[in.Op]
	if !ok {
		panic(noSemantics)
	}
	if a[0].Kind == x86.Memory && strings.HasPrefix(in.Op, "vmovdqa") {
		r, off := m.address(&a[0])
		if r != m.Stack || (off+m.alignment)%int64(a[0].Size) != 0 {
			panic("not known to be aligned")
		}
	}
	o := op{Machine: m, n: in.Length / 8, imm: imm, same: len(a) == 3 && a[1] == a[2]}
	for i, s := range a[1:] {
		v := m.source(&s)
		*[]*Vec{&o.x, &o.y}[i] = v
	}
	if a[0].Kind == x86.Vector {
		o.d = m.Vecs[a[0].Reg]
	}
	f(&o)
	switch a[0].Kind {
	case x86.Memory:
		if in.Mask != 0 {
			panic("masked store")
		}
		r, off := m.address(&a[0])
		for i := range a[0].Size / 8 {
			if o.out[i].Kind != Number {
				panic("what is not known is stored")
			}
			r.store(off+int64(8*i), o.out[i])
		}
	case x86.Mask:
		if in.Mask != 0 {
			panic("masked comparison")
		}
		var k [8]number.Poly
		for i := range o.n {
			k[i] = o.out[i].P
		}
		m.masks[a[0].Reg] = &k
	default:
		for i := range 8 {
			switch {
			case i >= o.n:
				o.out[i] = Int(0)
			case in.Mask != 0:
				o.out[i] = m.choose(m.mask(in.Mask)[i], o.out[i], o.d[i], in.Zero)
			}
		}
		m.Vecs[a[0].Reg] = o.out
	}
}

// choose is x if the bit b is one, else y, or zero.
func (m *Machine) choose(b number.Poly, x, y Value, zero bool) Value {
	if zero {
		y = Int(0)
	}
	if n, ok := b.Constant(); ok {
		if n.Sign() == 0 {
			return y
		}
		return x
	}
	if x.Kind != Number || y.Kind != Number {
		panic("choice of what is not known")
	}
	d := x.P.Plus(y.P, minusOne)
	out := y.P.Plus(m.Facts.Mul(b, d), one)
	if d.Same(number.Int(1)) {
		m.incremented[out.Key()] = [2]number.Poly{y.P, b}
	}
	return Poly(out)
}

// source reads an operand.
func (m *Machine) source(a *x86.Operand) (v Vec) {
	switch a.Kind {
	case x86.Register:
		if v[0] = m.Regs[a.Reg]; v[0].Kind != Number {
			panic("not a number")
		}
	case x86.Vector:
		return m.Vecs[a.Reg]
	case x86.Memory:
		r, off := m.address(a)
		for i := range a.Size / 8 {
			if v[i] = r.At(off + int64(8*i)); v[i].Kind != Number {
				panic("not a number")
			}
		}
	default:
		panic("mask as a vector")
	}
	return v
}

// op is what an instruction on vectors works on: sources x and y, what is in the destination before, an
// immediate, and n words of a result.
type op struct {
	*Machine
	x, y, d, out Vec
	imm, n       int
	same         bool // both sources are the same
}

var vectorOps = map[string]func(*op){
	"vmovdqu": moveAll, "vmovdqu64": moveAll, "vmovdqa64": moveAll,
	"vmovq":        func(o *op) { o.out[0], o.out[1] = o.x[0], Int(0); o.n = 2 },
	"vpxor":        clearVector,
	"vpxord":       clearVector,
	"vpxorq":       clearVector,
	"vpbroadcastq": func(o *op) { o.each(func(i int) Value { return o.x[0] }) },
	"vbroadcasti32x4": func(o *op) {
		o.each(func(i int) Value { return o.x[i%2] })
	},
	"vshufi64x2": func(o *op) {
		if o.imm != 0 || o.n != 8 {
			panic("another shuffle")
		}
		o.each(func(i int) Value {
			if i < 4 {
				return o.x[i%2]
			}
			return o.y[i%2]
		})
	},
	"valignq": func(o *op) {
		both := append(append([]Value{}, o.y[:o.n]...), o.x[:o.n]...)
		copy(o.out[:o.n], both[o.imm&(o.n-1):])
	},
	"vpaddq": func(o *op) {
		o.each(func(i int) Value {
			v, _ := o.Facts.Split(o.number(o.x[i]).Plus(o.number(o.y[i]), one), 64)
			return Poly(v)
		})
	},
	"vpsubq": func(o *op) {
		o.each(func(i int) Value { return o.difference(o.x[i], o.y[i]) })
	},
	"vpsrlq": func(o *op) {
		if o.imm != digit {
			panic("shift by another number")
		}
		o.each(func(i int) Value {
			_, hi := o.Facts.Split(o.number(o.x[i]), digit)
			return Poly(hi)
		})
	},
	"vpandq":      andVector,
	"vpmadd52luq": func(o *op) { o.multiplyAdd(false) },
	"vpmadd52huq": func(o *op) { o.multiplyAdd(true) },
	"vpcmpuq": func(o *op) {
		if o.imm != 6 { // x is greater than y
			panic("another comparison")
		}
		o.each(func(i int) Value {
			if n, ok := o.y[i].constant(); !ok || n != 1<<digit-1 {
				panic("comparison with another number")
			}
			return Poly(o.greater(o.number(o.x[i])))
		})
	},
	"vpcmpeqq": func(o *op) { o.each(o.equal) },
}

func (o *op) number(v Value) number.Poly {
	if v.Kind != Number {
		panic("not a number")
	}
	return v.P
}

// difference is x - y, as a name, so that it can be a factor.
func (o *op) difference(x, y Value) Value {
	n, ok := x.constant()
	k, ok2 := y.constant()
	if ok && ok2 {
		return Int(n - k)
	}
	d := o.number(x).Plus(o.number(y), minusOne)
	if lo, _ := o.Facts.Bounds(d); lo.Less(number.Small(0)) {
		if o.Natural == nil || !o.Natural(d) {
			panic("difference that may be negative")
		}
	}
	_, hi := o.Facts.Bounds(d)
	if !hi.Less(number.Pow2(64)) {
		panic("difference that may be too large")
	}
	return Poly(o.Facts.Name(d, hi))
}

func (o *op) each(f func(i int) Value) {
	for i := range o.n {
		o.out[i] = f(i)
	}
}

func moveAll(o *op) { o.out = o.x }

// clearVector is the xor of a vector with itself, or zero with zero.
func clearVector(o *op) {
	o.each(func(i int) Value {
		if o.same {
			return Int(0)
		}
		x, ok := o.x[i].constant()
		y, ok2 := o.y[i].constant()
		if ok && ok2 {
			return Int(x ^ y)
		}
		panic("xor")
	})
}

// multiplyAdd adds the lower or the upper 52 bits of the products of the lowest 52 bits.
func (o *op) multiplyAdd(upper bool) {
	o.each(func(i int) Value {
		p, hi := o.Facts.Split(o.Facts.Mul(o.low(o.number(o.x[i])), o.low(o.number(o.y[i]))), digit)
		if upper {
			p = hi
		}
		v, _ := o.Facts.Split(o.number(o.d[i]).Plus(p, one), 64)
		return Poly(v)
	})
}

// andVector is the lowest 52 bits, or else it is kept what it is of.
func andVector(o *op) {
	o.each(func(i int) Value {
		x, y := o.x[i], o.y[i]
		n, ok := x.constant()
		k, ok2 := y.constant()
		switch {
		case ok && ok2:
			return Int(n & k)
		case ok2:
			x, y, n, ok = y, x, k, true
		}
		if ok {
			if n != 1<<digit-1 {
				panic("and with another number")
			}
			return Poly(o.lowOrIncremented(o.number(y)))
		}
		return Value{Kind: All, And: append(o.parts(x), o.parts(y)...)}
	})
}

func (o *op) parts(v Value) []number.Poly {
	if v.Kind == All {
		return append([]number.Poly{}, v.And...)
	}
	return []number.Poly{o.number(v)}
}

// lowOrIncremented returns the lowest 52 bits of a word.
func (o *op) lowOrIncremented(p number.Poly) number.Poly {
	if s, ok := o.incremented[p.Key()]; ok {
		return o.increment(s[0], s[1])
	}
	return o.low(p)
}

// equal compares with 2^52 - 1: all bits of a word, or those that several words have in common, one of which at least
// is not greater.
func (o *op) equal(i int) Value {
	x, y := o.x[i], o.y[i]
	n, ok := x.constant()
	k, ok2 := y.constant()
	switch {
	case ok && ok2 && n == k:
		return Int(1)
	case ok && ok2:
		return Int(0)
	case ok2:
		x, y, n, ok = y, x, k, true
	}
	if !ok || n != 1<<digit-1 {
		panic("comparison with another number")
	}
	bit, bounded := number.Int(1), false
	for _, p := range o.parts(y) {
		bit = o.Facts.Mul(bit, o.ones(p))
		bounded = bounded || o.Facts.Below(p, digit)
	}
	if !bounded {
		panic("comparison of what may be too large")
	}
	return Poly(bit)
}
