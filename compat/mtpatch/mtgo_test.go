//go:build clients && mtgo

package main

import (
	"flag"
	"path/filepath"
	"testing"
)

var mtgoDir = flag.String("mtgo", "", "`folder` of a checkout of mtgo whose own tests pass; the module proxy does not have it")

// TestMtgo runs mtgo's own tests before and after it is patched.
func TestMtgo(t *testing.T) {
	tree := filepath.Join(t.TempDir(), "tree")
	if err := copyTree(tree, *mtgoDir); err != nil {
		t.Fatal(err)
	}
	packages := []string{"./internal/crypto", "./internal/session", "./telegram"}
	before := runTests(t, tree, packages...)
	patch(t, &mtgo, mtgo.tried[0], tree)
	after := runTests(t, tree, packages...)
	passed := 0
	for name, b := range before {
		if b.passed && !after[name].passed {
			t.Errorf("%s passes stock, and not patched:\n%s", name, after[name].output)
		}
		if after[name].passed {
			passed++
		}
	}
	if passed < 1000 {
		t.Errorf("only %d tests passed", passed)
	}
	t.Logf("%d tests pass, stock and patched", passed)
}
