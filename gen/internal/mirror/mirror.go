// Package mirror tells a generator where its output belongs. The generators mirror the
// repository:
//
//	gen/ige/batch_amd64             writes   ige/asm/batch_amd64.s and .go
//	gen/internal/cpuid/leaf_amd64   writes   internal/cpuid/leaf_amd64.s and .go
//
// So each can be found by the name of the other. The element asm, which stands for packages
// with nothing but kernels, is left out.
package mirror

import (
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// module is the path of the module of generators.
const module = "github.com/mtcore/mtcore/gen"

// An Output is the two files that a generator writes.
type Output struct {
	Assembly, Stubs string // their paths, from the root of the generators' module
	Package         string // the name of the package that they belong to
	Command         string // the command that makes them, at the root of the repository
}

// Find returns the output of the running generator, which must have been started at the root
// of its module.
func Find() Output {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		panic("mirror: no build information")
	}
	name, ok := strings.CutPrefix(info.Path, module+"/")
	if !ok {
		panic("mirror: " + info.Path + " is not the package of a generator")
	}
	return of(name, "..")
}

// of returns the output of the named generator; root is the root of the repository.
func of(name, root string) Output {
	dir := path.Join(root, path.Dir(name))
	if stat, err := os.Stat(filepath.Join(dir, "asm")); err == nil && stat.IsDir() {
		dir = path.Join(dir, "asm")
	}
	file := path.Join(dir, path.Base(name))
	return Output{
		Assembly: file + ".s",
		Stubs:    file + ".go",
		Package:  path.Base(dir),
		Command:  "go -C gen run ./" + name,
	}
}
