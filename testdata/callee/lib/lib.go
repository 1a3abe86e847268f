// Package main is what main.c calls: all kernels of this architecture.
package main

import "C"

import (
	"fmt"

	_ "github.com/mtcore/mtcore/bigdh"
	_ "github.com/mtcore/mtcore/envelope"
	_ "github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impl"
	_ "github.com/mtcore/mtcore/internal/rsa2048"
	_ "github.com/mtcore/mtcore/kdf"
)

// Kernels runs the self-tests, which call every kernel, as TestBroken shows. It returns how many
// backends there are.
//
//export Kernels
func Kernels() C.int {
	n := 0
	for _, p := range impl.Packages() {
		restore := p.Again()
		for _, b := range p.Backends() { // tests them
			if b.Available {
				n++
				fmt.Print(p.Name(), ":", b.Name, " ")
			}
		}
		restore()
	}
	fmt.Println()
	return C.int(n)
}

func main() {}
