// Package avomain is what generators that use avo have in common.
package avomain

import (
	"flag"
	"os"
	"strings"

	"github.com/mmcloughlin/avo/build"

	"github.com/mtcore/mtcore/gen/internal/mirror"
)

// Generate writes the two files of the generator that is running, with what kernels emits. Go
// without assembly leaves them out.
func Generate(kernels func()) { GenerateFor("gc,!purego", kernels) }

// GenerateFor is Generate with another build constraint, in the form of avo.
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
	build.Generate()
	for _, file := range []string{out.Assembly, out.Stubs} {
		setCommand(file, out.Command)
	}
}

// setCommand makes the header of a file name a command that works. The one that avo writes
// would have to be run in the right directory.
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
