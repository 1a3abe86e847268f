package exec

import (
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// block128 is a vector register of arm64.
type block128 = [16]term.Byte

// neonOp is what an instruction on vectors works on: what is in the destination before, the sources, an immediate, and
// the result, of n bytes, above which the destination becomes zero.
type neonOp struct {
	*arm64
	args    []a64.Operand
	d, x, y block128
	imm     int
	n       int
	out     block128
}

// vector executes an instruction of vectorARM64.
func (c *arm64) vector(in *a64.Inst, f func(*neonOp)) {
	c.independent()
	o := neonOp{arm64: c, args: in.Args, n: 16}
	to := &in.Args[0]
	if to.Element == a64.All {
		o.n = to.Size * to.Lanes
	}
	o.d = block128(c.Vecs[to.Reg][:16])
	sources := in.Args[1:]
	if last := len(sources) - 1; sources[last].Kind == a64.Immediate {
		o.imm, sources = int(sources[last].Disp), sources[:last]
	}
	for i, v := range []*block128{&o.x, &o.y}[:len(sources)] {
		if sources[i].Kind == a64.Vector {
			*v = block128(c.Vecs[sources[i].Reg][:16])
		} else {
			b := c.get(&sources[i]).bytes()
			copy(v[:], b[:])
		}
	}
	f(&o)
	clear(o.out[o.n:])
	copy(c.Vecs[to.Reg][:], o.out[:])
}

// vectorARM64 are the semantics of the instructions on vectors.
var vectorARM64 = map[string]func(*neonOp){
	"mov": func(o *neonOp) {
		if o.out = o.x; o.args[0].Element != a64.All {
			o.out = o.d
			n := o.args[0].Size
			from := 0 // of a general register
			if o.args[1].Kind == a64.Vector {
				from = n * o.args[1].Element
			}
			copy(o.out[n*o.args[0].Element:][:n], o.x[from:])
		}
	},
	"dup": func(o *neonOp) {
		from, n := 0, o.args[0].Size
		if o.args[1].Kind == a64.Vector {
			from = n * o.args[1].Element
		}
		for i := range o.out {
			o.out[i] = o.x[from+i%n]
		}
	},

	"eor": bytesNEON(func(p *term.Pool, _, x, y term.Byte) term.Byte { return p.Xor(x, y) }),
	"and": func(o *neonOp) {
		o.nameBytes()
		bytesNEON(func(p *term.Pool, _, x, y term.Byte) term.Byte { return p.And(x, y) })(o)
	},
	"bit": bytesNEON(func(p *term.Pool, d, x, y term.Byte) term.Byte { return p.Xor(d, p.And(p.Xor(d, x), y)) }),

	"add": func(o *neonOp) {
		if o.args[0].Size == 8 {
			o.doubles(func(x, y [8]term.Byte) Value {
				v, ok := o.plus(x, y, 1)
				if !ok {
					panic("arithmetic with secrets of 64 bits")
				}
				return v
			})
			return
		}
		for i := 0; i < 16; i += 4 {
			o.put(i, o.Pool.Add(wordAt(&o.x, i), wordAt(&o.y, i), 1))
		}
	},
	"cmeq": func(o *neonOp) {
		if o.args[0].Size != 8 {
			panic("no semantics")
		}
		o.doubles(func(x, y [8]term.Byte) Value {
			if o.same(x, y) {
				return Number(-1)
			}
			return Number(0)
		})
	},
	"shl":  func(o *neonOp) { o.shift(o.imm) },
	"ushr": func(o *neonOp) { o.nameBytes(); o.shift(-o.imm) },

	"ext": func(o *neonOp) {
		copy(o.out[:], o.x[o.imm:])
		copy(o.out[16-o.imm:], o.y[:])
	},
	"tbl": func(o *neonOp) {
		for i, from := range o.y[:o.n] {
			switch {
			case !from.IsConst():
				o.out[i] = o.Pool.Lookup(o.table, from)
			case from < 16:
				o.out[i] = o.x[from]
			}
		}
	},
	"rev32": func(o *neonOp) {
		for i := range o.out {
			o.out[i] = o.x[i^3]
		}
	},

	"aese":   func(o *neonOp) { o.out = o.Pool.Round(o.Pool.XorBlock(o.d, o.x), false, false) },
	"aesd":   func(o *neonOp) { o.out = o.Pool.Round(o.Pool.XorBlock(o.d, o.x), true, false) },
	"aesmc":  func(o *neonOp) { o.out = o.Pool.MixColumns(o.x, false) },
	"aesimc": func(o *neonOp) { o.out = o.Pool.MixColumns(o.x, true) },

	// Four rounds of SHA-256, of which one has the first half of the state, and the other the second.
	"sha256h":  func(o *neonOp) { o.rounds256(&o.d, &o.x, 0) },
	"sha256h2": func(o *neonOp) { o.rounds256(&o.x, &o.d, 4) },
	// σ0 of the following word is added to each of four.
	"sha256su0": func(o *neonOp) {
		for i := range 4 {
			next := wordAt(&o.x, 0)
			if i < 3 {
				next = wordAt(&o.d, 4*i+4)
			}
			o.put(4*i, o.Pool.Add(wordAt(&o.d, 4*i), o.Pool.LowerSigma(next, 7, 18, 3), 1))
		}
	},
	// The word seven before and σ1 of the word two before are added to each of four.
	"sha256su1": func(o *neonOp) {
		for i := range 4 {
			seven, two := wordAt(&o.y, 0), wordAt(&o.y, 8+4*(i%2))
			if i < 3 {
				seven = wordAt(&o.x, 4*i+4)
			}
			if i >= 2 {
				two = wordAt(&o.out, 4*i-8)
			}
			o.put(4*i, o.Pool.Add(o.Pool.Add(wordAt(&o.d, 4*i), seven, 1), o.Pool.LowerSigma(two, 17, 19, 10), 1))
		}
	},
}

// nameBytes gives names to bytes of which halves are taken: these are what can be looked up.
func (o *neonOp) nameBytes() {
	for i := range o.n {
		if o.args[0].Size == 1 {
			o.x[i] = o.Pool.Name(o.x[i])
		}
	}
}

// table is the byte of x with an index, or zero.
func (o *neonOp) table(i byte) byte {
	if i >= 16 {
		return 0
	}
	if !o.x[i].IsConst() {
		panic("lookup of secrets by secrets")
	}
	return byte(o.x[i])
}

func wordAt(v *block128, i int) term.Word { return term.Word(v[i : i+4]) }

func (o *neonOp) put(i int, w term.Word) { copy(o.out[i:], w[:]) }

// bytesNEON applies a function byte by byte: of the destination, and two sources.
func bytesNEON(f func(p *term.Pool, d, x, y term.Byte) term.Byte) func(*neonOp) {
	return func(o *neonOp) {
		for i := range o.n {
			o.out[i] = f(o.Pool, o.d[i], o.x[i], o.y[i])
		}
	}
}

// doubles is for elements of 64 bits.
func (o *neonOp) doubles(f func(x, y [8]term.Byte) Value) {
	for i := 0; i < 16; i += 8 {
		b := f([8]term.Byte(o.x[i:i+8]), [8]term.Byte(o.y[i:i+8])).bytes()
		copy(o.out[i:], b[:])
	}
}

// shift shifts elements left by bits, or right if they are negative.
func (o *neonOp) shift(bits int) {
	size := o.args[0].Size
	for i := 0; i < o.n; i += size {
		copy(o.out[i:], o.Pool.Shift(o.x[i:i+size], bits))
	}
}

// rounds256 does four rounds and leaves half of the state, from a word on.
func (o *neonOp) rounds256(abcd, efgh *block128, from int) {
	var s [8]term.Word
	for i := range 4 {
		s[i], s[4+i] = wordAt(abcd, 4*i), wordAt(efgh, 4*i)
	}
	for i := range 4 {
		s = o.Pool.Round256(s, wordAt(&o.y, 4*i))
	}
	for i := range 4 {
		o.put(4*i, s[from+i])
	}
}

// SemanticsARM64 returns whether there are semantics of an instruction of arm64.
func SemanticsARM64(in *a64.Inst) bool {
	switch {
	case in.Op == "ret" || jumpsARM64[in.Op] != nil || memoryARM64[in.Op] != nil:
		return true
	case len(in.Args) == 0:
		return false
	case in.Args[0].Kind == a64.Vector:
		return vectorARM64[in.Op] != nil
	}
	return generalARM64[in.Op] != nil
}
