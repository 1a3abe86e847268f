// Command amd64 generates the probe of package bench/internal/limit for AES-NI.
package main

import (
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

//go:generate go run main.go -out ../../../bench/internal/limit/limit_amd64.s -stubs ../../../bench/internal/limit/limit_amd64.go -pkg limit

const rounds = 14 // of AES-256

func main() {
	// The output must not depend on the host (avo issue 450).
	os.Setenv("GOOS", "linux")
	os.Setenv("GOARCH", "amd64")
	ConstraintExpr("gc,!purego")

	TEXT("chain", attr.NOSPLIT, "func(n int)")
	Doc("chain takes n blocks, at least one, through the rounds of AES-256, each waiting for",
		"the result of the one before.")
	n := Load(Param("n"), GP64())
	key, x := XMM(), XMM()
	VPXOR(key, key, key)
	VPXOR(x, x, x)

	// A CPU that reorders counts while it waits for the rounds: the loop costs no time.
	Label("block")
	for range rounds - 1 {
		VAESENC(key, x, x)
	}
	VAESENCLAST(key, x, x)
	DECQ(n)
	JNZ(LabelRef("block"))
	RET()

	Generate()
}
