// Command leaf_amd64 generates the CPUID instruction for package internal/cpuid.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../../.. run ./internal/cpuid/leaf_amd64

func main() { avomain.Generate(kernels) }

func kernels() {
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
}
