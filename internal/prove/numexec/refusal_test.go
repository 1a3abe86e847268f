package numexec

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// TestRefusals executes a return after a kernel has left something, most of which it must not leave.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(m *Machine, secret number.Poly)
		want  string
	}{
		{"nothing", func(*Machine, number.Poly) {}, ""},
		{"zeros", func(m *Machine, _ number.Poly) {
			m.Regs[x86.RAX], m.Vecs[1], m.masks[1] = Int(0), Vec{Int(0), Int(0), Int(0), Int(0), Int(0), Int(0), Int(0), Int(0)}, new([8]number.Poly)
			m.Stack.Words[-8], m.Stack.Bytes[-16] = Int(0), nil
		}, ""},
		{"register", func(m *Machine, s number.Poly) { m.Regs[x86.RAX] = Poly(s) }, "in register 0"},
		{"byte of a register", func(m *Machine, s number.Poly) { m.Regs[x86.RAX] = Value{Kind: Low, P: s} }, "in register 0"},
		{"vector", func(m *Machine, s number.Poly) { m.Vecs[17][0] = Poly(s) }, "in vector 17"},
		{"upper half", func(m *Machine, _ number.Poly) { m.Vecs[1][2] = Int(1) }, "upper half of vector 1"},
		{"mask", func(m *Machine, s number.Poly) { m.masks[1] = &[8]number.Poly{7: s} }, "in mask 1"},
		{"frame", func(m *Machine, s number.Poly) { m.Stack.Words[-8] = Poly(s) }, "in its frame, at -8"},
		{"byte of the frame", func(m *Machine, s number.Poly) { m.Stack.Bytes[-8] = s }, "in its frame, at -8"},
		{"stack pointer", func(m *Machine, _ number.Poly) { m.Regs[x86.RSP].N = 8 }, "another stack pointer"},
		{"frame pointer", func(m *Machine, _ number.Poly) { m.Regs[x86.RBP] = Int(0) }, "another frame pointer"},
	} {
		k := &machine.Kernel{Addr: 0x1000, Code: []byte("\xc3")} // ret
		list, err := x86.Function(k.Code, k.Addr)
		if err != nil {
			t.Fatal(err)
		}
		f := number.New()
		m := New(f, map[int]*x86.Inst{k.Addr: &list[0]}, 0)
		tt.leave(m, f.Var("secret", number.Max(1)))
		if _, err := m.Run(k.Addr); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
