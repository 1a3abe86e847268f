package asmlint

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// leak is a function that TestMachineCodeLeaks plants, of a pointer, a table, a public number and a
// secret one, with a part of what the lint has to say about it, or "" where it has to be silent.
type leak struct{ name, code, want string }

const (
	anAddress = "address depends on a secret"
	aJump     = "jump depends on a secret"
	aMask     = "which memory is accessed depends on a secret mask"
)

func TestMachineCodeLeaks(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	for arch, planted := range map[string][]leak{"amd64": plantedX86, "arm64": plantedA64} {
		t.Run(arch, func(t *testing.T) { lintPlanted(t, arch, planted) })
	}
}

// TestCounted: SECURITY.md says how many leaks are planted.
func TestCounted(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d kinds of them in machine code of amd64 and %d in that of arm64", leaks(plantedX86), leaks(plantedA64))
	if !strings.Contains(string(text), want) {
		t.Errorf("SECURITY.md does not have %q", want)
	}
}

// leaks counts those that the lint has to find.
func leaks(planted []leak) (n int) {
	for _, l := range planted {
		if l.want != "" {
			n++
		}
	}
	return n
}

func lintPlanted(t *testing.T, arch string, planted []leak) {
	c := &contract.Kernel{Args: []contract.Arg{
		{Name: "p", Kind: contract.Pointer}, {Name: "table", Kind: contract.Table}, {Name: "n", Kind: contract.Public}, {Name: "s", Kind: contract.Secret},
		{Name: "counts", Kind: contract.Counts},
	}}
	kernels := assemble(t, arch, planted)
	for i, tt := range planted {
		k := kernels[fmt.Sprint("F", i)]
		if k == nil {
			t.Fatalf("%s was not assembled", tt.name)
		}
		got := strings.Join(lints[arch](k, c), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// assemble links a program of what is planted, F0 and so on.
func assemble(t *testing.T, arch string, planted []leak) map[string]*machine.Kernel {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text := "#include \"textflag.h\"\nDATA ·constant+0(SB)/8, $1\nGLOBL ·constant(SB), RODATA, $8\nGLOBL ·variable(SB), NOPTR, $8\nTEXT ·other(SB), NOSPLIT, $0-0\nRET\n"
	declarations, all := "", ""
	for i, tt := range planted {
		text += fmt.Sprintf("TEXT ·F%d(SB), NOSPLIT, $64-40\n%s\n", i, tt.code)
		declarations += fmt.Sprintf("func F%d(p, table *byte, n, s int, counts *byte)\n", i)
		all += fmt.Sprintf("F%d, ", i)
	}
	write("go.mod", "module github.com/mtcore/mtcore/leaks\n")
	write("asm/leaks_"+arch+".s", text)
	write("asm/leaks.go", "package asm\n\n"+declarations+"\nvar All = []func(p, table *byte, n, s int, counts *byte){"+all+"}\n")
	write("main.go", "package main\n\nimport \"github.com/mtcore/mtcore/leaks/asm\"\n\nfunc main() { println(len(asm.All), asm.All[0] == nil) }\n")
	cmd := exec.Command("go", "build", "-o", "leaks", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	p, err := machine.Open(filepath.Join(dir, "leaks"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	kernels := map[string]*machine.Kernel{}
	for _, k := range list {
		kernels[k.Name] = k
	}
	return kernels
}
