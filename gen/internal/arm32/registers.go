package arm32

import (
	"fmt"
	"slices"
)

// R is a general register, from Func.GP or one of the Load methods: R0 to R8. The
// assembler and the runtime keep R9 to R15 (position-independent code, goroutine,
// assembler's temporary, linker, stack, link, program counter).
type R struct {
	owner *Func
	num   int
}

// Q is a vector register of 128 bits, from Func.Vec or Func.VecN. It is also the pair
// of the 64-bit registers D(2n) and D(2n+1), by which instructions number it.
type Q struct {
	owner *Func
	num   int
}

// GP allocates the lowest free general register.
func (f *Func) GP() R {
	num := slices.Index(f.gp[:], false)
	if num < 0 {
		f.panicf("out of general registers")
	}
	f.gp[num] = true
	return R{f, num}
}

// Vec allocates the lowest free vector register.
func (f *Func) Vec() Q { return f.VecN(1)[0] }

// VecN allocates the lowest n consecutive vector registers.
func (f *Func) VecN(n int) []Q {
	for first := 0; first+n <= len(f.vec); first++ {
		if !slices.Contains(f.vec[first:first+n], true) {
			regs := make([]Q, n)
			for i := range regs {
				f.vec[first+i] = true
				regs[i] = Q{f, first + i}
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
func (f *Func) FreeVec(regs ...Q) {
	for _, q := range regs {
		f.vector(q)
		f.vec[q.num] = false
	}
}

// use returns the name of r, which must be allocated in this function.
func (f *Func) use(r R) string {
	if r.owner != f || !f.gp[r.num] {
		f.panicf("R%d is not allocated here", r.num)
	}
	return fmt.Sprintf("R%d", r.num)
}

// vector returns the number of q, which must be allocated in this function.
func (f *Func) vector(q Q) uint32 {
	if q.owner != f || !f.vec[q.num] {
		f.panicf("Q%d is not allocated here", q.num)
	}
	return uint32(q.num)
}

// allocated returns the registers in use.
func (f *Func) allocated() []string {
	var names []string
	for num, used := range f.gp {
		if used {
			names = append(names, fmt.Sprintf("R%d", num))
		}
	}
	for num, used := range f.vec {
		if used {
			names = append(names, fmt.Sprintf("Q%d", num))
		}
	}
	return names
}
