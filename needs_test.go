package mtcore

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
)

// TestNeeds compares the instruction sets that kernels for amd64 need, as avo finds them in
// their instructions, with the features that their backends ask for: GODEBUG can turn off each
// of these alone, and a hypervisor or an emulator as well. Which kernel belongs to which backend,
// package contract knows, and the tests of the self-tests see.
func TestNeeds(t *testing.T) {
	for _, dir := range []string{"ige", "kdf", "envelope", "bigdh", "internal/rsa2048"} {
		asm := dir + "/asm"
		if dir == "internal/rsa2048" {
			asm = "bigdh/asm"
		}
		requires, here := map[string][]string{}, map[string]bool{}
		files, err := filepath.Glob(asm + "/*_amd64.s")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			text := readFile(t, file)
			maps.Copy(requires, requirements(text))
			for _, m := range textDirective.FindAllStringSubmatch(text, -1) {
				here[m[1]] = true
			}
		}
		var source string
		toggles, err := filepath.Glob(dir + "/*_amd64.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range toggles {
			if text := readFile(t, file); strings.Contains(text, "impl.New(") {
				source = text
			}
		}
		backends := kernelsByBackend(t, dir, here)
		if len(backends) == 0 {
			t.Fatalf("%s: no kernels", dir)
		}
		for _, problem := range missingNeeds(t, source, backends, requires) {
			t.Errorf("%s: %s", dir, problem)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var textDirective = regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`)

var requiresText = regexp.MustCompile(`(?m)^// Requires: (.*)\nTEXT ·(\w+)\(SB\)`)

// requirements returns what each function of an assembly file needs.
func requirements(text string) map[string][]string {
	all := map[string][]string{}
	for _, m := range requiresText.FindAllStringSubmatch(text, -1) {
		all[m[2]] = strings.Split(m[1], ", ")
	}
	return all
}

// featureOf has the flag of package cpuid for each instruction set that not every CPU has that
// Go runs on. A PSHUFB comes with each of them.
var featureOf = map[string]string{
	"ADX": "X86HasADX", "AES": "X86HasAES", "AVX": "X86HasAVX", "AVX2": "X86HasAVX2", "AVX512F": "X86HasAVX512F",
	"AVX512BW": "X86HasAVX512BW", "AVX512DQ": "X86HasAVX512DQ", "AVX512IFMA": "X86HasAVX512IFMA", "AVX512VL": "X86HasAVX512VL",
	"BMI2": "X86HasBMI2", "SHA": "X86HasSHA", "VAES": "X86HasVAES",
}

// missingNeeds says which backends have kernels that need what the toggles do not ask for.
func missingNeeds(t *testing.T, source string, backends map[string][]string, requires map[string][]string) (problems []string) {
	t.Helper()
	asked := featuresAsked(t, source)
	for _, backend := range slices.Sorted(maps.Keys(backends)) {
		if backend == "" {
			continue // whose kernels are called together with others
		}
		for _, kernel := range backends[backend] {
			if requires[kernel] == nil {
				problems = append(problems, fmt.Sprintf("%s: %s needs nothing", backend, kernel))
			}
			for _, set := range requires[kernel] {
				feature := featureOf[set]
				if feature == "" && !strings.HasPrefix(set, "SSE") && set != "CMOV" && set != "BMI" {
					problems = append(problems, fmt.Sprintf("%s: %s needs %s, which has no feature", backend, kernel, set))
				}
				if feature != "" && !asked[backend][feature] {
					problems = append(problems, fmt.Sprintf("%s: %s needs %s, and the toggle does not ask for %s", backend, kernel, set, feature))
				}
			}
		}
	}
	return problems
}

// featuresAsked returns the flags of cpuid that each backend's toggle is made of.
func featuresAsked(t *testing.T, source string) map[string]map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "toggles.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]ast.Expr{}
	names := map[string]string{} // of toggles, by backend
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					values[name.Name] = n.Values[i]
				}
			}
		case *ast.CallExpr:
			if len(n.Args) != 2 {
				break
			}
			if text, ok := n.Args[0].(*ast.BasicLit); ok {
				backend, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				names[backend] = n.Args[1].(*ast.UnaryExpr).X.(*ast.Ident).Name
			}
		}
		return true
	})
	asked := map[string]map[string]bool{}
	for backend, name := range names {
		asked[backend] = map[string]bool{}
		var add func(e ast.Expr)
		add = func(e ast.Expr) {
			switch e := e.(type) {
			case *ast.BinaryExpr:
				if e.Op == token.LAND {
					add(e.X)
					add(e.Y)
				}
			case *ast.SelectorExpr:
				asked[backend][e.Sel.Name] = true
			case *ast.Ident:
				add(values[e.Name])
			}
		}
		add(values[name])
	}
	return asked
}

// kernelsByBackend returns those of the kernels here, on amd64, that a package calls.
func kernelsByBackend(t *testing.T, dir string, here map[string]bool) map[string][]string {
	t.Helper()
	p := newKernelPackage(t, dir)
	all := map[string][]string{}
	for path := range p.called {
		pkg, name, _ := strings.Cut(path, "/asm.")
		if !here[name] {
			continue
		}
		k := contract.Find(pkg, name)
		if k == nil {
			t.Errorf("%s.%s has no contract: write one in internal/contract/kernels.go", pkg, name)
			continue
		}
		backend := k.Backend(p.names("amd64"))
		all[backend] = append(all[backend], name)
	}
	return all
}

// TestPlantedNeeds shows that missingNeeds would notice.
func TestPlantedNeeds(t *testing.T) {
	backends := map[string][]string{"A": {"F"}, "B": {"G"}}
	for _, tt := range []struct{ name, a, b, f, g, want string }{
		{"enough", "cpuid.X86HasAVX", "useA && cpuid.X86HasAVX2", "AVX, SSE2", "AVX, AVX2", ""},
		{"too little", "cpuid.X86HasAVX", "useA", "AVX", "AVX, AVX2", "B: G needs AVX2"},
		{"not of the other", "cpuid.X86HasAVX", "cpuid.X86HasAVX2", "AVX", "AVX, AVX2", "B: G needs AVX, and"},
		{"one or the other", "cpuid.X86HasAVX || cpuid.X86HasAES", "useA", "AVX", "SSE2", "A: F needs AVX"},
		{"unknown", "cpuid.X86HasAVX", "useA", "AVX", "GFNI", "GFNI, which has no feature"},
	} {
		source := "package p\n\nvar (\n\tuseA = " + tt.a + "\n\tuseB = " + tt.b + "\n)\n\n" +
			"var backends = impl.New(\"p\").Add(\"A\", &useA).Add(\"B\", &useB)\n"
		requires := requirements("// Requires: " + tt.f + "\nTEXT ·F(SB)\n// Requires: " + tt.g + "\nTEXT ·G(SB)\n")
		got := strings.Join(missingNeeds(t, source, backends, requires), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
