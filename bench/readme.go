package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mtcore/mtcore/bench/internal/readme"
	"github.com/mtcore/mtcore/internal/results"
)

// updateReadme regenerates the tables in a file from the reports that it names. With
// checkOnly it returns an error instead if that would change the file.
func updateReadme(w io.Writer, name string, checkOnly bool) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	updated, err := readme.Update(string(text), func(path string) (*results.Report, error) {
		return results.Read(filepath.Join(filepath.Dir(name), path))
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case updated == string(text):
		fmt.Fprintf(w, "%s is up to date\n", name)
		return nil
	case checkOnly:
		return fmt.Errorf("%s is out of date: make readme", name)
	}
	fmt.Fprintf(w, "%s has new tables\n", name)
	return os.WriteFile(name, []byte(updated), 0o666)
}
