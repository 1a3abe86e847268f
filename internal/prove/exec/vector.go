package exec

import (
	"strings"

	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// vectorOp is what an instruction on vectors works on: its sources x and y, what is in the
// destination before, an immediate, and the result.
type vectorOp struct {
	*Machine
	in      *x86.Inst
	x, y, d *Vec
	imm     int
	n       int // bytes of the result
	out     Vec
}

// vector executes an instruction of vectorOps. Its sources are the operands after the destination.
func (m *Machine) vector(in *x86.Inst) {
	var x, y Vec
	o := vectorOp{Machine: m, in: in, x: &x, y: &y, n: in.Length}
	sources := in.Args[1:]
	if last := len(sources) - 1; sources[last].Kind == x86.Immediate {
		o.imm, sources = int(sources[last].Disp), sources[:last]
	}
	for i := range in.Args {
		// The others do not mind, but for those without VEX.
		if a := &in.Args[i]; a.Kind == x86.Memory && (in.Op[0] != 'v' || strings.HasPrefix(in.Op, "vmovdqa")) {
			r, off := m.address(a)
			aligned(r, off, a.Size)
		}
	}
	for i, v := range []*Vec{&x, &y}[:min(2, len(sources))] {
		*v = m.source(&sources[i], in)
	}
	to := &in.Args[0]
	if to.Kind == x86.Vector {
		o.d = &m.Vecs[to.Reg]
	}
	element := vectorOps[in.Op](&o)
	switch to.Kind {
	case x86.Memory:
		r, off := m.address(to)
		for i, b := range o.out[:to.Size] {
			if in.Mask == 0 || m.mask(in.Mask)>>(i/element)&1 == 1 {
				r.set(off+i, b)
			}
		}
	case x86.Mask:
		o.toMask(to.Reg, element)
	case x86.Register:
		m.set(to, fromBytes([8]term.Byte(o.out[:8])))
	default:
		for i := range o.n {
			if in.Mask != 0 && m.mask(in.Mask)>>(i/element)&1 == 0 {
				if o.out[i] = o.d[i]; in.Zero {
					o.out[i] = 0
				}
			}
		}
		if in.Op[0] == 'v' { // the others leave what is above 128 bits alone
			clear(o.out[o.n:])
		} else {
			copy(o.out[16:], o.d[16:])
		}
		*o.d = o.out
	}
}

// source reads an operand, repeated if it is broadcast.
func (m *Machine) source(a *x86.Operand, in *x86.Inst) (v Vec) {
	switch {
	case a.Kind == x86.Vector:
		return m.Vecs[a.Reg]
	case a.Kind == x86.Register:
		b := m.Regs[a.Reg].bytes()
		copy(v[:], b[:])
	case a.Kind == x86.Mask:
		panic("mask as a vector")
	case in.Mask != 0:
		if in.Op != "vmovdqu64" {
			panic("masked load")
		}
		r, off := m.address(a)
		for i := range a.Size {
			if m.mask(in.Mask)>>(i/8)&1 == 1 {
				v[i] = r.At(off + i)
			}
		}
	case a.Broadcast != 0:
		b := m.loadBytes(a, a.Broadcast)
		for i := range in.Length {
			v[i] = b[i%a.Broadcast]
		}
	default:
		copy(v[:], m.loadBytes(a, a.Size))
	}
	return v
}

// toMask sets a mask register to the lowest bits of the elements of the result.
func (o *vectorOp) toMask(k, element int) {
	if o.in.Mask != 0 {
		panic("masked comparison")
	}
	bits := uint64(0)
	for i := range o.n / element {
		bits |= uint64(o.out[i*element]&1) << i
	}
	o.setMask(k, bits)
}

// vectorOps are the semantics of the instructions on vectors. They return the size of the
// elements that a mask selects, in bytes, or 0 if the instruction knows no mask.
var vectorOps map[string]func(*vectorOp) int

func init() {
	vectorOps = map[string]func(*vectorOp) int{
		"vmovdqa": move(0), "vmovdqu": move(0),
		"vmovdqa32": move(4), "vmovdqu32": move(4),
		"vmovdqa64": move(8), "vmovdqu64": move(8),
		"vmovq": func(o *vectorOp) int { copy(o.out[:8], o.x[:8]); return 0 },
		"vmovd": func(o *vectorOp) int { copy(o.out[:4], o.x[:4]); return 0 },

		"vpxor": bytewise(0, (*term.Pool).Xor), "vpxord": bytewise(4, (*term.Pool).Xor), "vpxorq": bytewise(8, (*term.Pool).Xor),
		"vpand": bytewise(0, (*term.Pool).And), "vpandq": bytewise(8, (*term.Pool).And),
		"vpor": bytewise(0, or), "vporq": bytewise(8, or),
		"vpternlogd": func(o *vectorOp) int { o.ternary(); return 4 },
		"vpternlogq": func(o *vectorOp) int { o.ternary(); return 8 },

		"vpaddd": wordwise(func(p *term.Pool, x, y term.Word) term.Word { return p.Add(x, y, 1) }),
		"vpsubd": wordwise(func(p *term.Pool, x, y term.Word) term.Word { return p.Add(x, y, 1<<32-1) }),
		"vprord": func(o *vectorOp) int {
			for i := 0; i < o.n; i += 4 {
				o.put(i, o.Pool.Rotate(word(o.x, i), o.imm&31))
			}
			return 4
		},
		"vpslld":   func(o *vectorOp) int { o.shift(4, o.imm); return 4 },
		"vpsrld":   func(o *vectorOp) int { o.shift(4, -o.imm); return 4 },
		"vpsrlq":   func(o *vectorOp) int { o.shift(8, -o.imm); return 8 },
		"vpslldq":  func(o *vectorOp) int { o.shift(16, 8*o.imm); return 0 },
		"vpaddq":   numbers(1),
		"vpsubq":   numbers(-1),
		"vpcmpeqq": equal,

		"vpshufb": shuffleBytes,
		"vpshufd": func(o *vectorOp) int {
			for i := 0; i < o.n; i += 4 {
				o.put(i, word(o.x, i&^15+4*(o.imm>>(i%16/2)&3)))
			}
			return 4
		},
		"vpalignr": func(o *vectorOp) int {
			for l := 0; l < o.n; l += 16 {
				o.window(l, 16, o.x[l:l+16], o.y[l:l+16], o.imm)
			}
			return 0
		},
		"valignq": func(o *vectorOp) int {
			o.window(0, o.n, o.x[:o.n], o.y[:o.n], 8*(o.imm&(o.n/8-1)))
			return 8
		},
		"vpunpckldq":  func(o *vectorOp) int { o.unpack(4, 0); return 4 },
		"vpunpckhdq":  func(o *vectorOp) int { o.unpack(4, 8); return 4 },
		"vpunpcklqdq": func(o *vectorOp) int { o.unpack(8, 0); return 8 },
		"vpunpckhqdq": func(o *vectorOp) int { o.unpack(8, 8); return 8 },
		"vshufi64x2": func(o *vectorOp) int {
			lanes := o.n / 16
			bits := lanes / 2 // of the immediate, for each lane
			for i := range lanes {
				from := o.x
				if i >= lanes/2 {
					from = o.y
				}
				copy(o.out[16*i:][:16], from[16*(o.imm>>(bits*i)&(lanes-1)):])
			}
			return 8
		},
		"vinserti128": insert(0), "vinserti32x4": insert(4),
		"vextracti128": extract(0), "vextractf128": extract(0), "vextracti32x4": extract(4),
		"vbroadcasti128": repeat(16, 0), "vbroadcasti32x4": repeat(16, 4),
		"vpbroadcastd": repeat(4, 4), "vpbroadcastq": repeat(8, 8),

		"vaesenc": aes(false, true), "vaesenclast": aes(false, false),
		"vaesdec": aes(true, true), "vaesdeclast": aes(true, false),
		"vaesimc": func(o *vectorOp) int {
			s := o.Pool.MixColumns([16]term.Byte(o.x[:16]), true)
			copy(o.out[:], s[:])
			return 0
		},
		"sha256rnds2": sha256rnds2, "sha256msg1": sha256msg1, "sha256msg2": sha256msg2,
	}
}

// word is the word at byte i.
func word(v *Vec, i int) term.Word { return term.Word(v[i : i+4]) }

func (o *vectorOp) put(i int, w term.Word) { copy(o.out[i:], w[:]) }

func move(element int) func(*vectorOp) int {
	return func(o *vectorOp) int { o.out = *o.x; return element }
}

func bytewise(element int, f func(p *term.Pool, x, y term.Byte) term.Byte) func(*vectorOp) int {
	return func(o *vectorOp) int {
		for i := range o.n {
			o.out[i] = f(o.Pool, o.x[i], o.y[i])
		}
		return element
	}
}

func or(p *term.Pool, x, y term.Byte) term.Byte {
	if x == y {
		return x
	}
	return p.Xor(p.Xor(x, y), p.And(x, y))
}

func wordwise(f func(p *term.Pool, x, y term.Word) term.Word) func(*vectorOp) int {
	return func(o *vectorOp) int {
		for i := 0; i < o.n; i += 4 {
			o.put(i, f(o.Pool, word(o.x, i), word(o.y, i)))
		}
		return 4
	}
}

// numbers is for elements of 64 bits that are sums: x + scale·y.
func numbers(scale int64) func(*vectorOp) int {
	return func(o *vectorOp) int {
		for i := 0; i < o.n; i += 8 {
			v, ok := o.plus([8]term.Byte(o.x[i:i+8]), [8]term.Byte(o.y[i:i+8]), scale)
			if !ok {
				panic("arithmetic with secrets of 64 bits")
			}
			b := v.bytes()
			copy(o.out[i:], b[:])
		}
		return 8
	}
}

// equal compares elements that are sums, or the same.
func equal(o *vectorOp) int {
	for i := 0; i < o.n; i += 8 {
		same := o.same([8]term.Byte(o.x[i:i+8]), [8]term.Byte(o.y[i:i+8]))
		for j := range 8 {
			if o.out[i+j] = 0; same {
				o.out[i+j] = 255
			}
		}
	}
	return 8
}

// ternary is a function of three bits, by its table of truth: bit 4d + 2x + y of the immediate.
func (o *vectorOp) ternary() {
	// The coefficients of its algebraic normal form are sums over subsets.
	anf := o.imm
	for s := range 3 {
		for i := range 8 {
			if i>>s&1 == 1 {
				anf ^= anf >> (i &^ (1 << s)) & 1 << i
			}
		}
	}
	for i := range o.n {
		for product := range 8 {
			if anf>>product&1 == 0 {
				continue
			}
			t := term.Byte(255)
			for s, b := range [3]term.Byte{o.y[i], o.x[i], o.d[i]} {
				if product>>s&1 == 1 {
					t = o.Pool.And(t, b)
				}
			}
			o.out[i] = o.Pool.Xor(o.out[i], t)
		}
	}
}

// shift shifts elements left by bits, or right if they are negative.
func (o *vectorOp) shift(element, bits int) {
	for i := 0; i < o.n; i += element {
		copy(o.out[i:], o.Pool.Shift(o.x[i:i+element], bits))
	}
}

func shuffleBytes(o *vectorOp) int {
	for i := range o.n {
		switch y := o.y[i]; {
		case !y.IsConst():
			panic("shuffle by a secret")
		case y < 128:
			o.out[i] = o.x[i&^15+int(y&15)]
		}
	}
	return 1
}

// window puts n bytes at o.out[at:] from high followed by low, from a byte on.
func (o *vectorOp) window(at, n int, high, low []term.Byte, from int) {
	for i := range n {
		switch j := i + from; {
		case j < n:
			o.out[at+i] = low[j]
		case j < 2*n:
			o.out[at+i] = high[j-n]
		}
	}
}

// unpack takes elements of x and of y in turns, from a byte of each lane on.
func (o *vectorOp) unpack(element, from int) {
	for l := 0; l < o.n; l += 16 {
		for i := 0; i < 8; i += element {
			copy(o.out[l+2*i:][:element], o.x[l+from+i:])
			copy(o.out[l+2*i+element:][:element], o.y[l+from+i:])
		}
	}
}

func insert(element int) func(*vectorOp) int {
	return func(o *vectorOp) int {
		o.out = *o.x
		copy(o.out[16*(o.imm&(o.n/16-1)):][:16], o.y[:16])
		return element
	}
}

func extract(element int) func(*vectorOp) int {
	return func(o *vectorOp) int {
		copy(o.out[:16], o.x[16*(o.imm&(o.n/16-1)):])
		o.n = 16
		return element
	}
}

func repeat(size, element int) func(*vectorOp) int {
	return func(o *vectorOp) int {
		for i := range o.n {
			o.out[i] = o.x[i%size]
		}
		return element
	}
}

func aes(inverse, mix bool) func(*vectorOp) int {
	return func(o *vectorOp) int {
		for l := 0; l < o.n; l += 16 {
			s := o.Pool.Round([16]term.Byte(o.x[l:l+16]), inverse, mix)
			s = o.Pool.XorBlock(s, [16]term.Byte(o.y[l:l+16]))
			copy(o.out[l:], s[:])
		}
		return 0
	}
}

// sha256rnds2 does two rounds. The state is c, d, g, h in the destination and a, b, e, f in x,
// the first of them highest.
func sha256rnds2(o *vectorOp) int {
	s := [8]term.Word{word(o.x, 12), word(o.x, 8), word(o.d, 12), word(o.d, 8), word(o.x, 4), word(o.x, 0), word(o.d, 4), word(o.d, 0)}
	for i := range 2 {
		s = o.Pool.Round256(s, word(o.y, 4*i))
	}
	for i, w := range []term.Word{s[5], s[4], s[1], s[0]} {
		o.put(4*i, w)
	}
	return 0
}

// sha256msg1 adds σ0 of the following word to each of four.
func sha256msg1(o *vectorOp) int {
	for i := range 4 {
		next := word(o.x, 0)
		if i < 3 {
			next = word(o.d, 4*i+4)
		}
		o.put(4*i, o.Pool.Add(word(o.d, 4*i), o.Pool.LowerSigma(next, 7, 18, 3), 1))
	}
	return 0
}

// sha256msg2 adds σ1 of the word two before to each of four.
func sha256msg2(o *vectorOp) int {
	for i := range 4 {
		before := word(o.x, 8+4*(i%2))
		if i >= 2 {
			before = word(&o.out, 4*i-8)
		}
		o.put(4*i, o.Pool.Add(word(o.d, 4*i), o.Pool.LowerSigma(before, 17, 19, 10), 1))
	}
	return 0
}

// Semantics returns whether there are semantics of a mnemonic.
func Semantics(op string) bool {
	_, jump := conditional(op, "j")
	_, move := conditional(op, "cmov")
	return general[op] != nil || vectorOps[op] != nil || jump || move || op == "jmp" || op == "ret"
}
