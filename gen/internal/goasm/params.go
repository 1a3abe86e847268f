package goasm

import (
	"fmt"
	"go/types"
)

// param is the location of an argument of one word.
type param struct {
	name   string // in the assembler's form, "dst_base" for the address of a slice
	offset int64
}

// layOut records the parameters of one word, the first two words of slices, and the size of
// all parameters.
func (f *Func) layOut(sig *types.Signature) {
	sizes := types.SizesFor("gc", f.machine.GOARCH)
	word := sizes.Sizeof(types.Typ[types.Uintptr])
	vars := make([]*types.Var, sig.Params().Len())
	for i := range vars {
		vars[i] = sig.Params().At(i)
	}
	f.params = map[string]param{}
	offsets := sizes.Offsetsof(vars)
	end := int64(0)
	for i, v := range vars {
		name, offset := v.Name(), offsets[i]
		bytes := sizes.Sizeof(v.Type())
		if _, ok := v.Type().(*types.Slice); ok {
			f.params[name+"_base"] = param{name + "_base", offset}
			f.params[name+"_len"] = param{name + "_len", offset + word}
		} else if bytes == word {
			f.params[name] = param{name, offset}
		}
		end = offset + bytes
	}
	f.args = int((end + word - 1) &^ (word - 1))
}

// LoadParam returns a new register with the named parameter, a pointer or an integer of one
// word.
func (f *Func) LoadParam(name string) R {
	r := f.GP()
	f.ReloadParam(name, r)
	return r
}

// ReloadParam sets d to the named parameter.
func (f *Func) ReloadParam(name string, d R) {
	p, ok := f.params[name]
	if !ok {
		Panicf(f, "no parameter %s of one word", name)
	}
	Emit(f, "", f.machine.Load, fmt.Sprintf("%s+%d(FP)", p.name, p.offset), Name(f, d))
}

// LoadBase returns a new register with the address of the named slice parameter.
func (f *Func) LoadBase(name string) R { return f.LoadParam(name + "_base") }

// LoadLen returns a new register with the length of the named slice parameter.
func (f *Func) LoadLen(name string) R { return f.LoadParam(name + "_len") }

// LoadFrame returns a new register with the address of the function's frame, which has size
// bytes. They are not cleared beforehand.
func (f *Func) LoadFrame(size int) R {
	r := f.GP()
	f.ReloadFrame(size, r)
	return r
}

// ReloadFrame sets d to the address that LoadFrame returns.
func (f *Func) ReloadFrame(size int, d R) {
	if f.frame != 0 && f.frame != size {
		Panicf(f, "frames of %d and %d bytes", f.frame, size)
	}
	f.frame = size
	Emit(f, "", f.machine.Load, fmt.Sprintf("$frame-%d(SP)", size), Name(f, d))
}
