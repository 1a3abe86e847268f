package mtcore

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestBackends checks that everything written in several places for each backend agrees: kernels,
// a toggle, its registration, the dispatch that reads it, the table in ARCHITECTURE.md, and what
// CI requires.
func TestBackends(t *testing.T) {
	architecture := readFile(t, "ARCHITECTURE.md")
	if !strings.Contains(readFile(t, ".ci/run"), "done <ARCHITECTURE.md\n") {
		t.Error(".ci/run: this_machine does not read the table of backends in ARCHITECTURE.md")
	}
	var packages []*kernelPackage
	called := map[string]bool{}
	for _, dir := range []string{"ige", "kdf", "envelope", "bigdh", "internal/rsa2048"} {
		p := newKernelPackage(t, dir)
		maps.Copy(called, p.called)
		packages = append(packages, p)
	}
	for _, p := range packages {
		for _, problem := range p.problems(called, architecture) {
			t.Error(problem)
		}
	}
}

// A kernelPackage is the source of a package with kernels, and what it says about backends.
type kernelPackage struct {
	dir  string
	text map[string]string // by name of the file

	kernels    map[string]string // functions of package asm, as "ige/asm.Encrypt", and the file of each
	called     map[string]bool   // the kernels that functions call
	toggles    map[string]string // variables that begin with use, and the file of each
	asked      map[string]bool   // the toggles that functions read
	registered map[string]bool   // the toggles of backends
	backends   map[string][]registration
}

type registration struct {
	name string
	pos  token.Pos
}

// newKernelPackage reads the package in a directory.
func newKernelPackage(t *testing.T, dir string) *kernelPackage {
	t.Helper()
	p := &kernelPackage{dir: dir, text: map[string]string{}}
	for _, pattern := range []string{dir + "/*.go", dir + "/asm/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range names {
			p.text[filepath.ToSlash(file)] = readFile(t, file)
		}
	}
	p.read(t)
	return p
}

// names returns the backends of an architecture in the order of registration.
func (p *kernelPackage) names(arch string) (names []string) {
	all := p.backends[arch]
	slices.SortFunc(all, func(a, b registration) int { return cmp.Compare(a.pos, b.pos) })
	for _, r := range all {
		names = append(names, r.name)
	}
	return names
}

// problems returns what is wrong, and where to fix it. called has the kernels that anybody calls.
func (p *kernelPackage) problems(called map[string]bool, architecture string) (list []string) {
	for _, kernel := range slices.Sorted(maps.Keys(p.kernels)) {
		if !called[kernel] {
			list = append(list, fmt.Sprintf("%s: nothing calls %s: dispatch to it in an _asm.go file, or remove it from its generator", p.kernels[kernel], kernel))
		}
	}
	for _, toggle := range slices.Sorted(maps.Keys(p.toggles)) {
		if !p.registered[toggle] {
			list = append(list, fmt.Sprintf("%s: %s is not registered: add it to backends in that file", p.toggles[toggle], toggle))
		}
		if !p.asked[toggle] {
			list = append(list, fmt.Sprintf("%s: no function asks %s: dispatch on it in an _asm.go file", p.toggles[toggle], toggle))
		}
	}
	for _, arch := range slices.Sorted(maps.Keys(p.backends)) {
		rows := tableRows(architecture, p.dir, arch)
		for i, name := range p.names(arch) {
			row := fmt.Sprintf("| %s | %s | %s |", p.dir, arch, name)
			switch {
			case i >= len(rows) || rows[i][0] != name:
				list = append(list, fmt.Sprintf("ARCHITECTURE.md: row %d of %s on %s in the table of backends is not %s", i+1, p.dir, arch, row))
			case rows[i][1] == "" && arch != "others":
				list = append(list, fmt.Sprintf("ARCHITECTURE.md: %s says no feature that %s needs, for .ci/run to require it", row, name))
			}
		}
		if n := len(p.names(arch)); len(rows) > n {
			list = append(list, fmt.Sprintf("ARCHITECTURE.md: %s has no backend %s on %s", p.dir, rows[n][0], arch))
		}
	}
	return list
}

// tableRows returns the last two columns of the rows for a package and an architecture: a
// backend, and the features that it needs.
func tableRows(architecture, dir, arch string) (rows [][2]string) {
	for _, line := range strings.Split(architecture, "\n") {
		rest, ok := strings.CutPrefix(line, fmt.Sprintf("| %s | %s |", dir, arch))
		if cells := strings.Split(rest, "|"); ok && len(cells) == 3 {
			rows = append(rows, [2]string{strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1])})
		}
	}
	return rows
}

func (p *kernelPackage) read(t *testing.T) {
	t.Helper()
	p.kernels, p.toggles = map[string]string{}, map[string]string{}
	p.called, p.asked, p.registered = map[string]bool{}, map[string]bool{}, map[string]bool{}
	p.backends = map[string][]registration{}
	files := token.NewFileSet()
	for _, name := range slices.Sorted(maps.Keys(p.text)) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, p.text[name], parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		asm := p.dir + "/asm"
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if inside, ok := strings.CutPrefix(imported, module+"/"); ok && path.Base(inside) == "asm" {
				asm = inside
			}
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Body == nil {
					p.kernels[asm+"."+decl.Name.Name] = name
				} else {
					p.function(decl, asm)
				}
			case *ast.GenDecl:
				p.variables(t, name, decl)
			}
		}
	}
}

// function records the kernels and toggles that a function mentions. asm is the path of its
// package asm.
func (p *kernelPackage) function(decl *ast.FuncDecl, asm string) {
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "asm" {
				p.called[asm+"."+n.Sel.Name] = true
			}
		case *ast.Ident:
			p.asked[n.Name] = true
		}
		return true
	})
}

// variables records toggles and their registration.
func (p *kernelPackage) variables(t *testing.T, name string, decl *ast.GenDecl) {
	t.Helper()
	if decl.Tok != token.VAR {
		return
	}
	for _, spec := range decl.Specs {
		for _, v := range spec.(*ast.ValueSpec).Names {
			if strings.HasPrefix(v.Name, "use") {
				p.toggles[v.Name] = name
			}
		}
	}
	arch := "others"
	if stem := strings.TrimSuffix(name, ".go"); strings.Contains(stem, "_") {
		if last := stem[strings.LastIndex(stem, "_")+1:]; last == "amd64" || last == "arm64" || last == "arm" {
			arch = last
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "Add" && method.Sel.Name != "Replace" {
			return true
		}
		text, ok1 := call.Args[0].(*ast.BasicLit)
		address, ok2 := call.Args[1].(*ast.UnaryExpr)
		if !ok1 || !ok2 {
			return true
		}
		backend, err := strconv.Unquote(text.Value)
		if err != nil {
			t.Fatal(err)
		}
		p.registered[address.X.(*ast.Ident).Name] = true
		p.backends[arch] = append(p.backends[arch], registration{backend, text.Pos()})
		return true
	})
}

// TestPlantedBackends checks that problems notices faults, and names the place.
func TestPlantedBackends(t *testing.T) {
	const (
		stub     = "package asm\n\nfunc Encrypt(dst, src *byte)\n"
		toggle   = "package p\n\nvar useFast = true\n\nvar backends = impl.New(\"p\").Add(\"FAST\", &useFast)\n"
		dispatch = "package p\n\nfunc encrypt(dst, src []byte) {\n\tif useFast {\n\t\tasm.Encrypt(&dst[0], &src[0])\n\t}\n}\n"
		row      = "| p | amd64 | FAST | aes |\n"
	)
	for _, tt := range []struct{ name, stub, toggle, dispatch, rows, want string }{
		{"nothing", stub, toggle, dispatch, row, ""},
		{"kernel", stub + "func Decrypt(dst, src *byte)\n", toggle, dispatch, row, "p/asm/p_amd64.go: nothing calls p/asm.Decrypt"},
		{"registration", stub, strings.Replace(toggle, ".Add(\"FAST\", &useFast)", "", 1), dispatch, row, "p/p_amd64.go: useFast is not registered"},
		{"dispatch", stub, toggle, strings.Replace(dispatch, "useFast", "true", 1), row, "p/p_amd64.go: no function asks useFast"},
		{"row", stub, toggle, dispatch, "| p | arm64 | FAST | aes |\n", "ARCHITECTURE.md: row 1 of p on amd64 in the table of backends is not | p | amd64 | FAST |"},
		{"two", stub, strings.Replace(toggle, "&useFast)", "&useFast).Replace(\"FASTER\", &useFast)", 1), dispatch, row, "row 2 of p on amd64 in the table of backends is not | p | amd64 | FASTER |"},
		{"another row", stub, toggle, dispatch, row + "| p | amd64 | FASTER | aes |\n", "p has no backend FASTER on amd64"},
		{"features", stub, toggle, dispatch, "| p | amd64 | FAST |  |\n", "says no feature that FAST needs"},
	} {
		p := &kernelPackage{dir: "p", text: map[string]string{"p/asm/p_amd64.go": tt.stub, "p/p_amd64.go": tt.toggle, "p/p_asm.go": tt.dispatch}}
		p.read(t)
		got := strings.Join(p.problems(p.called, tt.rows), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
