package mtcore

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestModules: the Makefile, and so CI, goes through all modules.
func TestModules(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(makefile), "\nMODULES = ")
	if !ok {
		t.Fatal("Makefile has no MODULES")
	}
	line, _, _ := strings.Cut(after, "\n")
	listed := strings.Fields(line)
	err = filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "_build", "testdata"}, d.Name()):
			return fs.SkipDir
		case d.Name() != "go.mod":
			return nil
		}
		dir := path.Dir(filepath.ToSlash(file))
		i := slices.Index(listed, dir)
		if i < 0 {
			t.Errorf("Makefile: MODULES lacks %s", dir)
			return nil
		}
		listed = slices.Delete(listed, i, i+1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) > 0 {
		t.Errorf("Makefile: MODULES has %q, where there is no module", listed)
	}
}
