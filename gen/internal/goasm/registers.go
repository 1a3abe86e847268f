package goasm

import (
	"fmt"
	"slices"
)

// R is a general register, from Func.GP or one of the Load methods.
type R struct{ reg }

// V is a vector register of 128 bits, from Func.Vec or Func.VecN.
type V struct{ reg }

type reg struct {
	owner *Func
	num   int
}

// Num is the number of the register.
func (r reg) Num() int { return r.num }

// Fixed returns a register that a64 or arm32 names itself, and that need not be allocated.
func Fixed(num int) R { return R{reg{num: num}} }

// A bank is the registers of one kind.
type bank struct {
	fn    *Func
	name  string // before the number
	order []int
	used  []int

	touched []int // those that were ever used
}

// GP allocates the first free general register.
func (f *Func) GP() R { return R{f.gp.alloc(1)[0]} }

// Vec allocates the lowest free vector register.
func (f *Func) Vec() V { return f.VecN(1)[0] }

// VecN allocates the lowest n consecutive vector registers, as loads and stores of several
// registers require.
func (f *Func) VecN(n int) []V {
	regs := make([]V, n)
	for i, r := range f.vec.alloc(n) {
		regs[i] = V{r}
	}
	return regs
}

// FreeGP gives registers back.
func (f *Func) FreeGP(regs ...R) {
	for _, r := range regs {
		f.gp.free(r.reg)
	}
}

// FreeVec gives registers back.
func (f *Func) FreeVec(regs ...V) {
	for _, v := range regs {
		f.vec.free(v.reg)
	}
}

// Name returns the name of r, which must be allocated in this function.
func Name(f *Func, r R) string { return f.gp.nameOf(r.reg) }

// NameV returns the name of v, which must be allocated in this function.
func NameV(f *Func, v V) string { return f.vec.nameOf(v.reg) }

// alloc allocates the first n registers that are adjacent.
func (b *bank) alloc(n int) []reg {
	for first := 0; first+n <= len(b.order); first++ {
		list := b.order[first : first+n]
		if slices.ContainsFunc(list, func(num int) bool { return slices.Contains(b.used, num) }) {
			continue
		}
		regs := make([]reg, n)
		for i, num := range list {
			b.used = append(b.used, num)
			if !slices.Contains(b.touched, num) {
				b.touched = append(b.touched, num)
			}
			regs[i] = reg{b.fn, num}
		}
		return regs
	}
	Panicf(b.fn, "no %d consecutive registers %s left", n, b.name)
	panic("unreachable")
}

func (b *bank) free(r reg) {
	b.nameOf(r)
	b.used = slices.DeleteFunc(b.used, func(num int) bool { return num == r.num })
}

func (b *bank) nameOf(r reg) string {
	name := fmt.Sprint(b.name, r.num)
	if r.owner != b.fn || !slices.Contains(b.used, r.num) {
		Panicf(b.fn, "%s is not allocated here", name)
	}
	return name
}

// allocated returns the names of the registers in use.
func (b *bank) allocated() (names []string) {
	for _, num := range b.order {
		if slices.Contains(b.used, num) {
			names = append(names, fmt.Sprint(b.name, num))
		}
	}
	return names
}
