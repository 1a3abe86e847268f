// Command cpuid generates the CPUID instruction for package internal/cpuid.
package main

import (
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

//go:generate go run main.go -out ../../internal/cpuid/leaf_amd64.s -stubs ../../internal/cpuid/leaf_amd64.go -pkg cpuid

func main() {
	// The output must not depend on the host (avo issue 450).
	os.Setenv("GOOS", "linux")
	os.Setenv("GOARCH", "amd64")
	ConstraintExpr("gc,!purego")

	TEXT("cpuid", attr.NOSPLIT, "func(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)")
	Doc("cpuid executes CPUID.")
	Load(Param("leaf"), EAX)
	Load(Param("subleaf"), ECX)
	CPUID()
	Store(EAX, Return("eax"))
	Store(EBX, Return("ebx"))
	Store(ECX, Return("ecx"))
	Store(EDX, Return("edx"))
	RET()

	Generate()
}
