// Package avomain is the main function of generators that use avo.
package avomain

import (
	"flag"
	"os"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"

	"github.com/mtcore/mtcore/gen/internal/mirror"
)

// Generate runs kernels and writes what it emits to the two files of the running generator.
// Builds of Go without assembly exclude them.
func Generate(kernels func()) { GenerateFor("gc,!purego", kernels) }

// GenerateFor is Generate with another build constraint, in avo's syntax.
func GenerateFor(constraint string, kernels func()) {
	// The output must not depend on the host (avo issue 450).
	os.Setenv("GOOS", "linux")
	os.Setenv("GOARCH", "amd64")

	out := mirror.Find()
	for name, value := range map[string]string{"out": out.Assembly, "stubs": out.Stubs, "pkg": out.Package} {
		must(flag.Set(name, value))
	}
	build.ConstraintExpr(constraint)
	kernels()
	pass.Compile = pass.Concat(pass.Compile, pass.FunctionPass(wipe), pass.FunctionPass(pass.RequiredISAExtensions))
	build.Generate()
	for _, file := range []string{out.Assembly, out.Stubs} {
		setCommand(file, out.Command)
	}
}

// setCommand makes the header of a file name a command that works at the root of the
// repository. avo's own would have to be run in the right directory.
func setCommand(file, command string) {
	const written = "go run main.go"
	text, err := os.ReadFile(file)
	must(err)
	before, after, ok := strings.Cut(string(text), written)
	if !ok || strings.Contains(before, "\n") {
		panic("avomain: " + file + " does not begin with a command")
	}
	must(os.WriteFile(file, []byte(before+command+after), 0o666))
}

func must(err error) {
	if err != nil {
		panic("avomain: " + err.Error())
	}
}
