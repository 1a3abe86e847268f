// Command limit_amd64 generates the probes of package bench/internal/limit for AES-NI and
// VAES.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/mtcore/mtcore/gen/internal/avomain"
)

//go:generate go -C ../../../.. run ./bench/internal/limit/limit_amd64

const (
	rounds = 14 // of AES-256
	// chains is how many registers of AVX there are beside a key: more than enough to fill
	// the AES units of any CPU so far, 4 cycles of 2 each.
	chains = 15
)

func main() { avomain.Generate(kernels) }

func kernels() {
	TEXT("chain", attr.NOSPLIT, "func(n int)")
	Doc("chain takes n blocks, at least one, through the rounds of AES-256, each waiting for",
		"the result of the one before.")
	probe(1, xmm)
	RET()

	TEXT("chains", attr.NOSPLIT, "func(n int)")
	Doc("chains does what chain does for 15 chains side by side, with n blocks each.")
	probe(chains, xmm)
	RET()

	TEXT("chainsVAES256", attr.NOSPLIT, "func(n int)")
	Doc("chainsVAES256 does what chain does for 30 chains side by side, two in a register,",
		"with n blocks each.")
	probe(chains, ymm)
	VZEROUPPER()
	RET()

	TEXT("chainsVAES512", attr.NOSPLIT, "func(n int)")
	Doc("chainsVAES512 does what chain does for 60 chains side by side, four in a register,",
		"with n blocks each.")
	probe(chains, zmm)
	VZEROUPPER()
	RET()
}

// xmm returns a register that is zero.
func xmm() Op {
	x := XMM()
	VPXOR(x, x, x)
	return x
}

// ymm is xmm for two lanes.
func ymm() Op {
	x := YMM()
	VPXOR(x, x, x)
	return x
}

// zmm is xmm for four lanes.
func zmm() Op {
	x := ZMM()
	VPXORQ(x, x, x)
	return x
}

// probe runs that many registers through n blocks.
func probe(registers int, zeroed func() Op) {
	n := Load(Param("n"), GP64())
	key := zeroed()
	var xs []Op
	for range registers {
		xs = append(xs, zeroed())
	}

	// An out-of-order CPU counts while it waits for the rounds: the loop costs no time.
	Label("block")
	for range rounds - 1 {
		for _, x := range xs {
			VAESENC(key, x, x)
		}
	}
	for _, x := range xs {
		VAESENCLAST(key, x, x)
	}
	DECQ(n)
	JNZ(LabelRef("block"))
}
