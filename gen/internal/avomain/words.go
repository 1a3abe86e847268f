package avomain

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

var constants = map[string]operand.Mem{}

// Words returns the read-only constant of that name, which consists of the given words. It
// emits it once.
func Words(name string, words ...uint32) operand.Mem {
	m, ok := constants[name]
	if !ok {
		m = build.GLOBL(name, attr.RODATA|attr.NOPTR)
		for i, w := range words {
			build.DATA(4*i, operand.U32(w))
		}
		constants[name] = m
	}
	return m
}
