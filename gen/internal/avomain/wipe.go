package avomain

import (
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
)

// secretGeneral says that general registers and masks hold secrets, too.
var secretGeneral bool

// SecretGeneral has kernels clear general registers and masks as well. By default these are
// taken to have addresses, counters and lengths.
func SecretGeneral() { secretGeneral = true }

// wipe has fn clear, before it returns, the registers that it has written, as whoever is
// interrupted afterwards has all registers stored somewhere. What clears a register with itself
// takes no time but that of decoding. Vectors that are cleared as 128 bits are cleared
// as a whole.
func wipe(fn *ir.Function) error {
	fn.ISA = nil                      // to be found again
	var written [3]map[reg.Index]bool // by kind
	kinds := [3]reg.Kind{reg.KindVector, reg.KindGP, reg.KindOpmask}
	for k, kind := range kinds {
		written[k] = map[reg.Index]bool{}
		for _, i := range fn.Instructions() {
			for _, r := range i.OutputRegisters() {
				if p := reg.ToPhysical(r); p != nil && p.Kind() == kind && p.Info()&(reg.Restricted|reg.BasePointer) == 0 {
					written[k][p.PhysicalIndex()] = true
				}
			}
		}
	}

	var clears []ir.Node
	add := func(i *ir.Instruction, err error) {
		must(err)
		clears = append(clears, i)
	}
	for n := range reg.Index(32) {
		x := reg.FamilyOfKind(reg.KindVector).Lookup(n, reg.S128)
		switch {
		case !written[0][n]:
		case n < 16:
			add(x86.VPXOR(x, x, x))
		default:
			add(x86.VPXORD(x, x, x))
		}
	}
	if secretGeneral {
		for n := range reg.Index(16) {
			if written[1][n] {
				r := reg.FamilyOfKind(reg.KindGP).Lookup(n, reg.S32)
				add(x86.XORL(r, r))
			}
		}
		for n := range reg.Index(8) {
			if written[2][n] {
				add(x86.KMOVQ(reg.RAX, reg.FamilyOfKind(reg.KindOpmask).Lookup(n, reg.S64)))
			}
		}
		if len(written[2]) > 0 && !written[1][0] {
			panic("avomain: " + fn.Name + " clears masks by AX, which it has not cleared")
		}
	}
	if len(clears) == 0 {
		return nil
	}

	var nodes []ir.Node
	for _, n := range fn.Nodes {
		if i, ok := n.(*ir.Instruction); ok && i.Opcode == "RET" {
			nodes = append(append(nodes, ir.NewComment("Wipe the registers")), clears...)
		}
		nodes = append(nodes, n)
	}
	fn.Nodes = nodes
	return nil
}
