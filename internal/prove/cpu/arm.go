package cpu

import (
	"testing"

	"github.com/mtcore/mtcore/internal/machine/a32"
)

// RegistersARM are what an instruction of 32-bit arm can change, and the memory that it can access. They are those of
// testdata/cpu_arm.
type RegistersARM struct {
	General  [16]uint32 // of which the program takes 0 to 8, 12, the stack pointer and 14
	Word     uint32     // its number among the words
	Base     uint32     // a register that gets the address of Memory plus its own value, as the stack pointer does, or 15
	MemoryAt uint32     // this address, afterwards
	Taken    uint32     // whether a jump was taken, afterwards
	Flags    uint32
	Saved    [7]uint32
	Vectors  [16][16]byte
	Memory   [512]byte
}

// WordARM is an instruction, as the program is given it.
type WordARM struct {
	Word    uint32
	Jump    int32  // how many words further it jumps to; or 0
	Returns uint32 // 1 if it jumps to what is at Accessed in Memory
}

// NewWordARM returns an instruction to be executed.
func NewWordARM(t testing.TB, word uint32, in *a32.Inst) WordARM {
	w := WordARM{Word: word}
	for _, a := range in.Args {
		switch {
		case a.Kind == a32.Register && a.Reg == a32.PC:
			w.Jump, w.Returns = 2, 1
		case a.Kind == a32.Register && a.Reg > 8 && a.Reg < 12 || a.Kind == a32.Memory && a.Base > 8 && a.Base != a32.SP:
			t.Fatalf("%v: a register that the program does not take", in)
		case a.Kind == a32.Target:
			if w.Jump = int32(a.Disp-int64(in.Addr)) / 4; w.Jump == 0 || w.Jump == 1 {
				t.Fatalf("%v: a jump to itself, or to the next instruction", in)
			}
		}
	}
	return w
}

// SetBase sets the base of an instruction, if it accesses memory, and the stack pointer. It returns their values relative to
// Memory.
func (r *RegistersARM) SetBase(in *a32.Inst) (values map[int]int64) {
	values = map[int]int64{a32.SP: Accessed}
	r.Base, r.General[a32.SP] = a32.PC, Accessed
	if a := &in.Args[len(in.Args)-1]; a.Kind == a32.Memory {
		values[a.Base] = Accessed
		if a.Mode != a32.Post {
			values[a.Base] -= a.Disp
		}
		r.Base, r.General[a.Base] = uint32(a.Base), uint32(values[a.Base])
	}
	return values
}

// RunARM executes words, each as often as there are registers for it, on this CPU or under qemu.
func RunARM(t testing.TB, words []WordARM, before []RegistersARM) (after []RegistersARM) {
	t.Helper()
	after = make([]RegistersARM, len(before))
	run(t, "arm", []string{"qemu-arm", "-cpu", "max"}, []any{uint32(len(words)), words, before}, after)
	return after
}
