package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// patchDir rewrites a client in place: a fork, or a copy in the tree. Which client it is
// shows in its functions, not in its module path, which a fork may have changed. Version
// control is what brings the old files back.
func (m *module) patchDir(wd string, out io.Writer, opt options) error {
	rel, err := m.relative(wd, opt.dir)
	if err != nil {
		return err
	}
	if strings.HasPrefix(filepath.ToSlash(rel), "vendor/") {
		return errors.New("vendor is made from go.mod: without -dir, mtpatch makes it again with what is rewritten")
	}
	dir := m.path(rel)
	if !isDir(dir) {
		return fmt.Errorf("%s is not a folder", opt.dir)
	}
	c, res, err := recognise(dir)
	if err != nil {
		return err
	}
	if len(res.rewritten) == 0 && len(res.problems) > 0 && allRewritten(dir, c) {
		fmt.Fprintln(out, "nothing to do: everything is patched")
		return nil
	}
	if err := report(out, c, "in "+opt.dir, res, opt.partial); err != nil {
		return err
	}
	if err := writeFiles(dir, res.files); err != nil {
		return err
	}
	get := "go get " + mtcorePath
	if isFolder(opt.mtcore) {
		get = "go mod edit -replace=" + mtcorePath + "=" + opt.mtcore
	} else if opt.mtcore != "" {
		get += "@" + opt.mtcore
	}
	fmt.Fprintf(out, "what is left to do, in the module around %s: %s && go mod tidy\n", opt.dir, get)
	return nil
}

// recognise returns the client of which most functions are in dir.
func recognise(dir string) (*client, *result, error) {
	type candidate struct {
		c   *client
		res *result
		n   int
	}
	var all []candidate
	for _, c := range clients {
		res, err := rewriteTree(dir, c.rewrites)
		if err != nil {
			return nil, nil, err
		}
		n := 0
		for _, rw := range c.rewrites {
			for _, d := range rw.dirs {
				p, err := loadPackage(dir, d)
				if err != nil {
					return nil, nil, err
				}
				if _, decl := p.lookup(rw.fn); decl != nil {
					n++
				}
			}
		}
		all = append(all, candidate{c, res, n})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].n > all[j].n })
	if all[0].n == 0 {
		return nil, nil, errors.New("there is no client that is known in this folder: it is the one with go.mod, or what would be")
	}
	return all[0].c, all[0].res, nil
}

// allRewritten reports whether every file with a function of the table calls the adapter.
func allRewritten(dir string, c *client) bool {
	for _, rw := range c.rewrites {
		for _, d := range rw.dirs {
			p, err := loadPackage(dir, d)
			if err != nil {
				return false
			}
			f, decl := p.lookup(rw.fn)
			if decl == nil || len(rw.imports) == 0 {
				continue
			}
			src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.path)))
			if err != nil || !importsAdapter(src) {
				return false
			}
		}
	}
	return true
}
