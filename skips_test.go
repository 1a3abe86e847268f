package mtcore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSkips: tests of all modules skip through package impltest, which CI can tell what may
// be missing. Nobody would notice a skip of another kind.
func TestSkips(t *testing.T) {
	// These cannot import impltest, and do the same by themselves.
	exempt := []string{"compat/gotdige/ige_test.go", "gen/internal/arm32/arm32_test.go"}
	found := skips(t, ".")
	for _, name := range exempt {
		if !slices.ContainsFunc(found, func(at string) bool { return strings.HasPrefix(at, name+":") }) {
			t.Errorf("%s does not skip anything any more", name)
		}
	}
	for _, at := range found {
		name, _, _ := strings.Cut(at, ":")
		if !strings.HasPrefix(name, "internal/impltest/") && !slices.Contains(exempt, name) {
			t.Errorf("%s: skip through package impltest", at)
		}
	}
}

// skips returns where Skip, Skipf and SkipNow are called below root.
func skips(t *testing.T, root string) (all []string) {
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "_build"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, f.Sel.Name) {
				all = append(all, filepath.ToSlash(files.Position(call.Pos()).String()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
