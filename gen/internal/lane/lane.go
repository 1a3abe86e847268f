// Package lane emits loads and stores of lanes of 128 bits of ZMM registers, for avo generators.
package lane

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Vector is a register, real or not.
type Vector interface {
	reg.Register
	reg.Vec
}

// Load emits a load of lane l of a register. The first to be loaded is lane 0, which clears the
// others.
func Load(m operand.Mem, l int, r Vector) {
	if l == 0 {
		build.VMOVDQU64(m, r.AsX())
	} else {
		build.VINSERTI32X4(operand.U8(l), m, r, r)
	}
}

// Store emits a store of lane l of a register.
func Store(r Vector, l int, m operand.Mem) {
	if l == 0 {
		build.VMOVDQU64(r.AsX(), m)
	} else {
		build.VEXTRACTI32X4(operand.U8(l), r, m)
	}
}
