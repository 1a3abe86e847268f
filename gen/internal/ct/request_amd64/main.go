// Command request_amd64 generates the instructions with which package internal/ct speaks to
// valgrind.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../../.. run ./internal/ct/request_amd64

func main() { avomain.GenerateFor("gc", kernels) }

func kernels() {
	TEXT("request", attr.NOSPLIT, "func(args *[6]uint64) (result uint64)")
	Doc("request is a client request (valgrind manual, 3.1): four rotations that amount to none, and an",
		"exchange of a register with itself. A CPU does nothing; valgrind looks for this sequence. The result",
		"is 0 outside valgrind.")
	Pragma("noescape")
	Load(Param("args"), RAX)
	XORL(EDX, EDX)
	for _, bits := range []uint64{3, 13, 61, 51} {
		ROLQ(Imm(bits), RDI)
	}
	XCHGQ(RBX, RBX)
	Store(RDX, Return("result"))
	RET()
}
