package contract

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestDeclarations compares contracts with the Go declarations of kernels, on all architectures:
// each kernel has a contract, each contract a kernel, and they agree on arguments.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	files, err := filepath.Glob("../../*/asm/*_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.Base(filepath.Dir(filepath.Dir(path)))
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			k := Find(pkg, f.Name.Name)
			if k == nil {
				t.Errorf("%s: %s.%s has no contract: write one in internal/contract/kernels.go", path, pkg, f.Name.Name)
				continue
			}
			seen[k.String()] = true
			if problem := disagreement(k, f.Type.Params.List); problem != "" {
				t.Errorf("%s: %v: %s", path, k, problem)
			}
		}
	}
	for i := range Kernels {
		if k := &Kernels[i]; !seen[k.String()] {
			t.Errorf("there is no kernel %v: remove its contract from internal/contract/kernels.go", k)
		}
	}
}

func disagreement(k *Kernel, params []*ast.Field) string {
	var args []Arg
	for _, p := range params {
		for _, n := range p.Names {
			a, err := declared(p.Type)
			if err != nil {
				return err.Error()
			}
			a.Name = n.Name
			args = append(args, a)
		}
	}
	if len(args) != len(k.Args) {
		return fmt.Sprintf("%d arguments, and %d in the contract", len(args), len(k.Args))
	}
	for i, is := range args {
		says := k.Args[i]
		switch {
		case is.Name != says.Name:
			return fmt.Sprintf("argument %d is %s, and %s in the contract", i, is.Name, says.Name)
		case is.Kind != says.Kind && (is.Kind != Public || says.Kind != Secret):
			return is.Name + " is of another kind"
		case is.Bytes != 0 && says.Per == "" && says.Bytes > is.Bytes:
			return fmt.Sprintf("%s has %d bytes, and %d in the contract", is.Name, is.Bytes, says.Bytes)
		case is.Lanes < says.Lanes:
			return fmt.Sprintf("%s has %d pointers, and %d in the contract", is.Name, is.Lanes, says.Lanes)
		case says.Per != "" && says.Per != Blocks && !isPublic(k.Arg(says.Per)):
			return fmt.Sprintf("size of %s depends on %s", is.Name, says.Per)
		}
	}
	for _, o := range k.Overlaps {
		if k.Arg(o.A) == nil || k.Arg(o.B) == nil {
			return fmt.Sprintf("overlap of %s and %s", o.A, o.B)
		}
	}
	return ""
}

func isPublic(a *Arg) bool { return a != nil && (a.Kind == Public || a.Kind == Counts) }

// declared is what a type says of an argument.
func declared(e ast.Expr) (a Arg, err error) {
	switch e := e.(type) {
	case *ast.Ident:
		return Arg{Kind: Public}, nil
	case *ast.ArrayType:
		return Arg{Kind: Slice}, nil
	case *ast.StarExpr:
		if array, ok := e.X.(*ast.ArrayType); ok {
			if to, ok := array.Elt.(*ast.StarExpr); ok {
				lanes, err := length(array)
				return Arg{Kind: Table, Lanes: lanes, Bytes: size(to.X)}, err
			}
			if of, ok := array.Elt.(*ast.Ident); ok && of.Name == "int" {
				lanes, err := length(array)
				return Arg{Kind: Counts, Lanes: lanes, Bytes: 8 * lanes}, err
			}
		}
		return Arg{Kind: Pointer, Bytes: size(e.X)}, nil
	}
	return a, fmt.Errorf("unknown type %T", e)
}

// size of a type in bytes, or 0 for a byte, which is the first of several.
func size(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.ArrayType:
		n, _ := length(e)
		return n * max(size(e.Elt), 1)
	case *ast.Ident:
		return map[string]int{"uint32": 4, "uint64": 8}[e.Name]
	}
	return 0
}

func length(a *ast.ArrayType) (int, error) {
	l, ok := a.Len.(*ast.BasicLit)
	if !ok {
		return 0, fmt.Errorf("unknown length of an array")
	}
	return strconv.Atoi(l.Value)
}

// TestDisagreements plants faults in contracts.
func TestDisagreements(t *testing.T) {
	const declaration = "package p\nfunc F(n int, k uint64, p *[4]uint64, q *byte, t *[2]*[32]byte, s []byte, c *[2]int, u *[2]*[32]byte)"
	file, err := parser.ParseFile(token.NewFileSet(), "", declaration, 0)
	if err != nil {
		t.Fatal(err)
	}
	params := file.Decls[0].(*ast.FuncDecl).Type.Params.List
	good := func() *Kernel {
		return &Kernel{Args: []Arg{public("n"), secret("k"), reads("p", 32), reads("q", 64).per("n"), reads("t", 32).table(2), writes("s", 16).slice(), counts("c", 2), reads("u", 16).per("c").table(2)}}
	}
	if problem := disagreement(good(), params); problem != "" {
		t.Error(problem)
	}
	for name, break_ := range map[string]func(k *Kernel){
		"one less":       func(k *Kernel) { k.Args = k.Args[1:] },
		"name":           func(k *Kernel) { k.Args[1].Name = "x" },
		"kind":           func(k *Kernel) { k.Args[2].Kind = Table },
		"secret pointer": func(k *Kernel) { k.Args[2].Kind = Secret },
		"size":           func(k *Kernel) { k.Args[2].Bytes = 33 },
		"size in table":  func(k *Kernel) { k.Args[4].Bytes = 33 },
		"lanes":          func(k *Kernel) { k.Args[4].Lanes = 3 },
		"per what":       func(k *Kernel) { k.Args[3].Per = "m" },
		"per a secret":   func(k *Kernel) { k.Args[3].Per = "k" },
		"counts":         func(k *Kernel) { k.Args[6].Lanes = 3 },
		"secret counts":  func(k *Kernel) { k.Args[6].Kind = Pointer },
		"overlap":        func(k *Kernel) { k.Overlaps = []Overlap{{A: "p", B: "r"}} },
	} {
		k := good()
		if break_(k); disagreement(k, params) == "" {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestBackend(t *testing.T) {
	vaes := []string{"AES-NI", "VAES-256", "VAES-512"}
	for _, tt := range []struct {
		pkg, name string
		backends  []string
		want      string
	}{
		{"ige", "Encrypt", vaes, "AES-NI"},
		{"ige", "EncryptBatch4VAES256", vaes, "VAES-256"},
		{"ige", "EncryptBatch4VAES512", vaes, "VAES-512"},
		{"ige", "Encrypt", []string{"NEON", "Armv8"}, "Armv8"},
		{"ige", "EncryptNEON", []string{"NEON", "Armv8"}, "NEON"},
		{"kdf", "Blocks", []string{"SHA-NI", "AVX-512"}, "SHA-NI"},
		{"kdf", "BlocksSHANIAVX512", []string{"SHA-NI", "AVX-512"}, "AVX-512"},
		{"envelope", "Hash", []string{"AES-NI+SHA-NI", "VAES"}, "AES-NI+SHA-NI"},
		{"envelope", "Hash16AVX512", []string{"AES-NI+SHA-NI", "VAES"}, "VAES"},
		{"envelope", "WipeAVX512", []string{"AES-NI+SHA-NI", "VAES"}, ""},
	} {
		k := &Kernel{Package: tt.pkg, Name: tt.name}
		if got := k.Backend(tt.backends); got != tt.want {
			t.Errorf("%s.%s is of backend %q of %q, want %q", tt.pkg, tt.name, got, tt.backends, tt.want)
		}
	}
	for name := range otherBackend {
		if pkg, name, _ := strings.Cut(name, "."); Find(pkg, name) == nil {
			t.Errorf("otherBackend in kernels.go has %s.%s, which is no kernel", pkg, name)
		}
	}
}
