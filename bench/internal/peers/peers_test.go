package peers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/suite"
)

// TestListed: every variable of this package that is a peer is listed in all.
func TestListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	declared := map[string]string{} // its file
	makers := map[string]bool{}     // functions that return a peer
	vars := func(f *ast.File, each func(name string, value ast.Expr)) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i := range v.Values {
					each(v.Names[i].Name, v.Values[i])
				}
			}
		}
	}
	parsed := map[string]*ast.File{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed[name] = f
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && returnsPeer(fn.Type) {
				makers[fn.Name.Name] = true
			}
		}
	}
	for name, f := range parsed {
		vars(f, func(v string, value ast.Expr) {
			switch {
			case v == "all":
				for _, e := range value.(*ast.CompositeLit).Elts {
					listed[e.(*ast.Ident).Name] = true
				}
			case isPeer(value, makers):
				declared[v] = name
			}
		})
	}
	if len(declared) < 5 {
		t.Errorf("found only %d peers: %v", len(declared), declared)
	}
	for v, name := range declared {
		if !listed[v] {
			t.Errorf("bench/internal/peers/%s: %s is not in the list all of peers.go, so that nobody measures it", name, v)
		}
	}
	for v := range listed {
		if declared[v] == "" {
			t.Errorf("bench/internal/peers/peers.go: this test does not see that %s is a peer", v)
		}
	}
}

func returnsPeer(fn *ast.FuncType) bool {
	if fn.Results == nil || len(fn.Results.List) != 1 {
		return false
	}
	star, ok := fn.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && id.Name == "Peer"
}

// isPeer reports whether the value is &Peer{…} or a call of a function that returns a *Peer.
func isPeer(value ast.Expr, makers map[string]bool) bool {
	switch x := value.(type) {
	case *ast.UnaryExpr:
		lit, ok := x.X.(*ast.CompositeLit)
		if !ok {
			return false
		}
		id, ok := lit.Type.(*ast.Ident)
		return ok && id.Name == "Peer"
	case *ast.CallExpr:
		switch fn := x.Fun.(type) {
		case *ast.Ident:
			return makers[fn.Name]
		case *ast.FuncLit:
			return returnsPeer(fn.Type)
		}
	}
	return false
}

// TestComplete: a peer has everything that suites and reports need.
func TestComplete(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, p := range All() {
		if p.ID == "" || strings.ContainsAny(p.ID, ".@/ ") || p.ID == "mtcore" || ids[p.ID] {
			t.Errorf("bench/internal/peers: the ID %q is empty, taken, or has one of . @ / and space", p.ID)
		}
		ids[p.ID] = true
		if p.Module != "" && !regexp.MustCompile(`(?m)^\t`+regexp.QuoteMeta(p.Module)+` v[^ ]*$`).Match(mod) {
			t.Errorf("bench/go.mod does not require %s, the Module of peer %s: go -C bench get %s", p.Module, p.ID, p.Module)
		}
		labels := p.Labels()
		if len(labels) == 0 {
			t.Errorf("bench/internal/peers: %s can do nothing that is measured", p.ID)
		}
		for _, l := range labels {
			if !strings.HasPrefix(string(l.Way), p.ID+".") || l.Who == "" || l.How == "" {
				t.Errorf("bench/internal/peers: %s has the label %+v: its Way must begin with %q, and Who and How say what tables call it", p.ID, l, p.ID+".")
			}
		}
		for _, x := range slices.Concat(p.Encrypt, p.Decrypt) {
			if x.Column.ID == "" || x.Column.Title == "" || len(x.Against) == 0 {
				t.Errorf("bench/internal/peers: %s needs a Column, and ways of ours that it is compared with in Against", x.Way)
			}
		}
	}
}

// TestReference: the peers that serve as references are in every program.
func TestReference(t *testing.T) {
	if IGEs(suite.Encrypt)[0].Way != gotdNew.Way || IGEs(suite.Decrypt)[0].Way != gotdNew.Way ||
		KDFs()[0].Derive.Way == "" || Powers()[0].Constant || len(Sealers()) < 2 || len(Openers()) < 2 || len(Primes()) < 2 {
		t.Error("bench/internal/peers: the list all begins with other references")
	}
}
