// Command ct generates the instructions with which package internal/ct speaks to
// valgrind.
package main

import (
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

//go:generate go run main.go -out ../../internal/ct/request_amd64.s -stubs ../../internal/ct/request_amd64.go -pkg ct

func main() {
	// The output must not depend on the host (avo issue 450).
	os.Setenv("GOOS", "linux")
	os.Setenv("GOARCH", "amd64")
	ConstraintExpr("gc")

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

	Generate()
}
