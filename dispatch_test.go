package mtcore

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDispatch holds the packages with kernels to one shape. The _asm.go files decide what
// runs, and call the kernels directly: no function of a file that is compiled with kernels just
// calls another with its own arguments.
//
// The _noasm.go files are left out. They are the complement, where there is nothing to decide
// and only the name differs.
func TestDispatch(t *testing.T) {
	for _, pkg := range []string{"ige", "kdf", "envelope", "bigdh", "internal/rsa2048"} {
		names, err := filepath.Glob(pkg + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files := 0
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") || !withKernels(string(text)) {
				continue
			}
			files++
			for _, problem := range renames(t, name, string(text)) {
				t.Error(problem)
			}
		}
		if files < 3 {
			t.Errorf("%s has %d files that are compiled with kernels, want the dispatch and two architectures", pkg, files)
		}
	}
}

// withKernels reports whether a file is compiled only where there are kernels.
func withKernels(text string) bool {
	for line := range strings.Lines(text) {
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			return false
		}
		compiled := func(off ...string) bool {
			return expr.Eval(func(tag string) bool { return !slices.Contains(off, tag) && tag != "purego" })
		}
		return compiled() && !expr.Eval(func(string) bool { return true }) && !compiled("gc")
	}
	return false
}

// renames returns the functions of a file whose body is one call with their own parameters, in
// order, perhaps converted, dereferenced or addressed.
func renames(t *testing.T, name, text string) (problems []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil || len(f.Body.List) != 1 {
			continue
		}
		call := onlyCall(f.Body.List[0])
		if call == nil {
			continue
		}
		// A method may pass its receiver on as the first argument, or call one of its methods.
		var parameters, passed []string
		receiver := ""
		if f.Recv != nil && len(f.Recv.List[0].Names) == 1 {
			receiver = f.Recv.List[0].Names[0].Name
		}
		for _, field := range f.Type.Params.List {
			for _, name := range field.Names {
				parameters = append(parameters, name.Name)
			}
		}
		for _, arg := range call.Args {
			passed = append(passed, variable(arg))
		}
		if receiver != "" && len(passed) > 0 && passed[0] == receiver {
			passed = passed[1:]
		}
		if slices.Equal(parameters, passed) {
			problems = append(problems, fmt.Sprintf("%s: %s only calls %s", files.Position(f.Pos()), f.Name.Name, callee(text, call)))
		}
	}
	return problems
}

// onlyCall returns the call that a statement consists of, or whose result it returns.
func onlyCall(s ast.Stmt) *ast.CallExpr {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, _ := s.X.(*ast.CallExpr)
		return call
	case *ast.ReturnStmt:
		if len(s.Results) == 1 {
			call, _ := s.Results[0].(*ast.CallExpr)
			return call
		}
	}
	return nil
}

// variable returns the name of the variable in an argument, under conversions, a slice or an
// index of it, or its address. It is "" for anything else.
func variable(arg ast.Expr) string {
	switch arg := arg.(type) {
	case *ast.Ident:
		return arg.Name
	case *ast.ParenExpr:
		return variable(arg.X)
	case *ast.StarExpr:
		return variable(arg.X)
	case *ast.UnaryExpr:
		return variable(arg.X)
	case *ast.SliceExpr:
		return variable(arg.X)
	case *ast.IndexExpr:
		if index, ok := arg.Index.(*ast.BasicLit); ok && index.Value == "0" {
			return variable(arg.X)
		}
	case *ast.CallExpr:
		if len(arg.Args) == 1 {
			return variable(arg.Args[0])
		}
	}
	return ""
}

// callee returns what call calls, as written in the file.
func callee(text string, call *ast.CallExpr) string { return text[call.Fun.Pos()-1 : call.Fun.End()-1] }

// TestPlantedRenames checks what renames notices, and what it leaves alone.
func TestPlantedRenames(t *testing.T) {
	const head = "//go:build (amd64 || arm64) && gc && !purego\n\npackage p\n\n"
	for _, tt := range []struct{ code, want string }{
		{"func encryptAES(nr int, xk *schedule, dst, src []byte) { asm.EncryptAESNI(nr, xk, dst, src) }", "encryptAES only calls asm.EncryptAESNI"},
		{"func encryptAES(nr int, xk *schedule) {\n\tasm.EncryptAESNI(nr, (*[240]byte)(xk))\n}", "encryptAES only calls asm.EncryptAESNI"},
		{"func deriveSHA(key *[32]byte, part *[96]byte) { asm.Derive(key, &part[0]) }", "deriveSHA only calls asm.Derive"},
		{"func mul(z, x *nat) bool { return asm.MulArmv8(z[:], x[:]) }", "mul only calls asm.MulArmv8"},
		{"func selectEntry(z *nat, i uint64) { asm.Select(z, int(i)) }", "selectEntry only calls asm.Select"},
		{"func (m *modulus) mul(z, x *nat) { m.mulADX(z, x) }", "mul only calls m.mulADX"},
		{"func (m *modulus) mul(z, x *nat) { mulADX(m, z, x) }", "mul only calls mulADX"},
		{"func backends() { register() }", "backends only calls register"},

		{"func encrypt(nr int, xk *schedule) {\n\tif useAES {\n\t\tasm.Encrypt(nr, xk)\n\t}\n}", ""},
		{"func encryptNone(nr int, xk *schedule) { panic(errNone) }", ""},
		{"func square(z, x *nat) { asm.Mul(z, x, x) }", ""},
		{"func swapped(z, x *nat) { asm.Mul(x, z) }", ""},
		{"func useAES() bool { return useAESNI || useArmv8 }", ""},
		{"func end(o *opening) int { return startSize + chunks(o) }", ""},
	} {
		got := strings.Join(renames(t, "p.go", head+tt.code), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s\ngot %q, want %q", tt.code, got, tt.want)
		}
	}
	for _, tt := range []struct {
		line string
		want bool
	}{
		{"//go:build gc && !purego", true},
		{"//go:build (amd64 || arm64) && gc && !purego", true},
		{"//go:build arm64 && gc && !purego", true},
		{"//go:build !(amd64 || arm64) || !gc || purego", false},
		{"//go:build !purego", false},
		{"//go:build amd64 || arm64", false},
		{"", false},
	} {
		if got := withKernels(tt.line + "\n\npackage p\n"); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.line, got, tt.want)
		}
	}
}
