package secretchat

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEventKinds: something makes events of each kind.
func TestEventKinds(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources[name] = string(text)
	}
	kinds, unused := kindsOfEvents(t, sources)
	if len(kinds) < 10 {
		t.Errorf("found %d kinds of events only: %q", len(kinds), kinds)
	}
	for _, kind := range unused {
		t.Errorf("no event is an %s: give it to an action in action.go, or emit it", kind)
	}

	// Planted: a kind that nothing makes.
	sources["planted.go"] = "package secretchat\n\nconst EventPlanted = EventKind(255)\n"
	if _, unused := kindsOfEvents(t, sources); len(unused) != 1 || unused[0] != "EventPlanted" {
		t.Errorf("a kind that nothing makes: found %q", unused)
	}
}

// kindsOfEvents returns the constants whose names begin with Event, and those that are mentioned
// nowhere else.
func kindsOfEvents(t *testing.T, sources map[string]string) (kinds, unused []string) {
	t.Helper()
	mentions := map[string]int{}
	for name, text := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok != token.CONST {
					return true
				}
				for _, spec := range n.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						if strings.HasPrefix(name.Name, "Event") {
							kinds = append(kinds, name.Name)
						}
					}
				}
				return false
			case *ast.Ident:
				mentions[n.Name]++
			}
			return true
		})
	}
	for _, kind := range kinds {
		if mentions[kind] == 0 {
			unused = append(unused, kind)
		}
	}
	return kinds, unused
}
