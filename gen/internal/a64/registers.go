package a64

import (
	"fmt"
	"slices"
)

// R is a general register of 64 bits, from Func.GP or one of the Load methods.
type R struct {
	owner *Func
	num   int
}

// ZR reads as zero and ignores what is written to it. It need not be allocated.
var ZR = R{num: 31}

// V is a vector register of 128 bits, from Func.Vec or Func.VecN.
type V struct {
	owner *Func
	num   int
}

// lastGP is the highest general register that we hand out: the assembler and the
// runtime keep R26 to R30 (closure context, assembler's temporary, goroutine,
// frame pointer, link). R18 belongs to the operating system.
const lastGP = 25

const platformGP = 18

// GP allocates the lowest free general register.
func (f *Func) GP() R {
	for num := range lastGP + 1 {
		if num != platformGP && !f.gp[num] {
			f.gp[num] = true
			return R{f, num}
		}
	}
	f.panicf("out of general registers")
	panic("unreachable")
}

// Vec allocates the lowest free vector register.
func (f *Func) Vec() V { return f.VecN(1)[0] }

// VecN allocates the lowest n consecutive vector registers, as VLD1 and VST1 need
// for their lists.
func (f *Func) VecN(n int) []V {
	for first := 0; first+n <= len(f.vec); first++ {
		if !slices.Contains(f.vec[first:first+n], true) {
			regs := make([]V, n)
			for i := range regs {
				f.vec[first+i] = true
				regs[i] = V{f, first + i}
			}
			return regs
		}
	}
	f.panicf("no %d consecutive vector registers left", n)
	panic("unreachable")
}

// FreeGP gives registers back.
func (f *Func) FreeGP(regs ...R) {
	for _, r := range regs {
		f.use(r)
		f.gp[r.num] = false
	}
}

// FreeVec gives registers back.
func (f *Func) FreeVec(regs ...V) {
	for _, v := range regs {
		f.useV(v)
		f.vec[v.num] = false
	}
}

// use returns the name of r, which must be ZR or allocated in this function.
func (f *Func) use(r R) string {
	if r == ZR {
		return "ZR"
	}
	if r.owner != f || !f.gp[r.num] {
		f.panicf("R%d is not allocated here", r.num)
	}
	return fmt.Sprintf("R%d", r.num)
}

// useV returns the name of v, which must be allocated in this function.
func (f *Func) useV(v V) string {
	if v.owner != f || !f.vec[v.num] {
		f.panicf("V%d is not allocated here", v.num)
	}
	return fmt.Sprintf("V%d", v.num)
}
