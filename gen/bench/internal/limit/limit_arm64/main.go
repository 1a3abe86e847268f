// Command limit_arm64 generates the probes of package bench/internal/limit for the AES
// instructions of ARMv8.
package main

import "github.com/mtcore/mtcore/gen/internal/a64"

//go:generate go -C ../../../.. run ./bench/internal/limit/limit_arm64

const (
	rounds = 14 // of AES-256
	chains = 15 // as on amd64
)

func main() {
	file := a64.NewFile()
	file.Public()
	probe(file.Func("chain", "func(n int)",
		"chain takes n blocks, at least one, through the rounds of AES-256, each waiting for\n"+
			"the result of the one before."), 1)
	probe(file.Func("chains", "func(n int)",
		"chains does what chain does for 15 chains side by side, with n blocks each."), chains)
	file.Generate()
}

// probe runs that many registers through n blocks.
func probe(f *a64.Func, registers int) {
	n := f.LoadParam("n")
	key, xs := f.Vec(), f.VecN(registers)
	f.VEOR(key, key, key)
	for _, x := range xs {
		f.VEOR(x, x, x)
	}

	// AESE adds its key first: AES-256 is 13 pairs, one AESE and the last round key,
	// which a chaining mode can add to the first key of the next block.
	f.Label("block")
	for round := range rounds - 1 {
		for _, x := range xs {
			f.AESE(key, x)
			f.AESMC(x, x)
		}
		if round == 0 {
			// Between two pairs, where an in-order CPU has time to count.
			f.SUBS(1, n, n)
		}
	}
	for _, x := range xs {
		f.AESE(key, x)
	}
	f.BNE("block")
	f.RET()

	f.FreeGP(n)
	f.FreeVec(key)
	f.FreeVec(xs...)
}
