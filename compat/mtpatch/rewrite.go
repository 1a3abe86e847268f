package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// rewrite is what becomes of one function of a client. The function is recognised by its
// folder, name, signature and body; only a body that was read by whoever wrote the table
// is replaced, since a function of the same signature may do something else.
type rewrite struct {
	// dirs are the folders, relative to the module, in which versions of the client have
	// had the function. It is looked for in each.
	dirs []string
	// fn is the name, after the receiver's type and a dot if it is a method.
	fn string
	// sig is the signature as gofmt prints it, without "func" and name, and oldSigs are those
	// of other versions for which the rewrite is right as well.
	sig     string
	oldSigs []string
	// known are the hashes of the bodies that may be replaced; see bodyHash.
	known []string

	// Either body is the new body, or edits change the old one.
	body  string
	edits []edit

	// imports are what the new body needs and its file may lack.
	imports []string
	// optional functions do not exist in every version, and nothing depends on them.
	optional bool
}

// edit replaces text in a body as bodyText prints it. The old text must occur in it
// exactly once.
type edit struct{ old, new string }

// problem is a function that could not be rewritten.
type problem struct{ fn, reason string }

func (p problem) String() string { return p.fn + ": " + p.reason }

// result is what rewriting a tree comes to. Nothing has been written yet.
type result struct {
	files     map[string][]byte // new contents, by path relative to the tree
	rewritten []string          // "folder: function"
	absent    []string          // optional functions that this version does not have
	problems  []problem
}

// rewriteTree applies rewrites to the packages in root.
func rewriteTree(root string, rewrites []rewrite) (*result, error) {
	res := &result{files: make(map[string][]byte)}
	packages := make(map[string]*pkg)
	for _, rw := range rewrites {
		found := false
		for _, dir := range rw.dirs {
			p, ok := packages[dir]
			if !ok {
				var err error
				if p, err = loadPackage(root, dir); err != nil {
					return nil, err
				}
				packages[dir] = p
			}
			file, decl := p.lookup(rw.fn)
			if decl == nil {
				continue
			}
			found = true
			if reason := file.apply(decl, &rw); reason != "" {
				res.problems = append(res.problems, problem{dir + ": " + rw.fn, reason})
				continue
			}
			res.rewritten = append(res.rewritten, dir+": "+rw.fn)
		}
		switch {
		case found:
		case rw.optional:
			res.absent = append(res.absent, rw.dirs[0]+": "+rw.fn)
		default:
			res.problems = append(res.problems, problem{rw.dirs[0] + ": " + rw.fn, "there is no such function"})
		}
	}
	for _, p := range packages {
		for _, f := range p.files {
			if len(f.changes) == 0 {
				continue
			}
			src, err := f.rewritten()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.path, err)
			}
			res.files[f.path] = src
		}
	}
	return res, nil
}

// pkg is the Go files of a folder, without tests.
type pkg struct{ files []*file }

// file is a source file and what is to change in it.
type file struct {
	path    string // relative to the tree, with slashes
	src     []byte
	fset    *token.FileSet
	syntax  *ast.File
	changes []change
	imports map[string]bool // to be added
}

// change replaces src[from:to].
type change struct {
	from, to int
	text     string
}

func loadPackage(root, dir string) (*pkg, error) {
	p := new(pkg)
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(dir), name))
		if err != nil {
			return nil, err
		}
		f := &file{path: path.Join(dir, name), src: src, fset: token.NewFileSet(), imports: make(map[string]bool)}
		if f.syntax, err = parser.ParseFile(f.fset, f.path, src, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
	}
	return p, nil
}

// lookup finds a function by its name in a table.
func (p *pkg) lookup(fn string) (*file, *ast.FuncDecl) {
	for _, f := range p.files {
		for _, decl := range f.syntax.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Body != nil && funcName(d) == fn {
				return f, d
			}
		}
	}
	return nil, nil
}

// funcName returns "F", or "T.F" for a method of T or *T.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// signature returns what follows the name of a function, as gofmt prints it.
func signature(d *ast.FuncDecl) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), d.Type); err != nil {
		panic("mtpatch: internal error: " + err.Error())
	}
	text := strings.Join(strings.Fields(strings.TrimPrefix(b.String(), "func")), " ")
	text = strings.ReplaceAll(text, "( ", "(")
	return strings.ReplaceAll(text, ", )", ")")
}

// bodyText returns a body without its comments, as gofmt prints it: what can be
// compared between versions that differ in comments and layout alone.
func (f *file) bodyText(d *ast.FuncDecl) string {
	start, end := f.offset(d.Body.Lbrace), f.offset(d.Body.Rbrace)+1
	const head = "package p\n\nfunc f() "
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, "", head+string(f.src[start:end]), parser.SkipObjectResolution)
	if err != nil {
		panic("mtpatch: internal error: " + err.Error()) // It was parsed before.
	}
	var b bytes.Buffer
	config := printer.Config{Mode: printer.TabIndent | printer.UseSpaces, Tabwidth: 8}
	if err := config.Fprint(&b, fset, syntax); err != nil {
		panic("mtpatch: internal error: " + err.Error())
	}
	// Where comments were there are empty lines, which say as little.
	var lines []string
	for _, line := range strings.Split(strings.TrimPrefix(b.String(), head), "\n") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// bodyHash identifies the body that a table's entry was written for.
func bodyHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func (f *file) offset(p token.Pos) int { return f.fset.Position(p).Offset }

// apply notes the change of one function, or returns why it cannot be made.
func (f *file) apply(d *ast.FuncDecl, rw *rewrite) (reason string) {
	if got := signature(d); got != rw.sig && !slices.Contains(rw.oldSigs, got) {
		return fmt.Sprintf("its signature is %s, not %s", got, rw.sig)
	}
	text := f.bodyText(d)
	if hash := bodyHash(text); !slices.Contains(rw.known, hash) {
		return fmt.Sprintf("its body (%s) is not one that is known", hash)
	}
	body := "{\n" + strings.Trim(rw.body, "\n") + "\n}"
	if rw.body == "" {
		body = text
		for _, e := range rw.edits {
			if n := strings.Count(body, e.old); n != 1 {
				return fmt.Sprintf("%q is in it %d times, not once", e.old, n)
			}
			body = strings.Replace(body, e.old, e.new, 1)
		}
	}
	f.changes = append(f.changes, change{f.offset(d.Body.Lbrace), f.offset(d.Body.Rbrace) + 1, body})
	for _, imp := range rw.imports {
		f.imports[imp] = true
	}
	return ""
}

// rewritten returns the new contents: with the changes, the imports that they need, and
// without those that nothing needs any more.
func (f *file) rewritten() ([]byte, error) {
	src, err := f.withChanges()
	if err != nil {
		return nil, err
	}
	before := usedNames(f.syntax)
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, f.path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	after := usedNames(syntax)

	// From the end to the beginning, so that positions stay true.
	have := make(map[string]bool)
	var cuts []change
	for _, decl := range syntax.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		for _, s := range d.Specs {
			spec := s.(*ast.ImportSpec)
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			have[p] = true
			if name := importName(spec, p); !before[name] || after[name] {
				continue
			}
			var node ast.Node = spec
			if !d.Lparen.IsValid() {
				node = d
			}
			cuts = append(cuts, change{fset.Position(node.Pos()).Offset, fset.Position(node.End()).Offset, ""})
		}
	}
	for i := len(cuts) - 1; i >= 0; i-- {
		src = append(src[:cuts[i].from:cuts[i].from], src[cuts[i].to:]...)
	}
	var add []string
	for p := range f.imports {
		if !have[p] {
			add = append(add, p)
		}
	}
	sort.Strings(add)
	if len(add) > 0 {
		var b strings.Builder
		b.WriteString("\n\nimport (\n")
		for _, p := range add {
			fmt.Fprintf(&b, "\t%q\n", p)
		}
		b.WriteString(")\n")
		at := fset.Position(syntax.Name.End()).Offset
		src = append(src[:at:at], append([]byte(b.String()), src[at:]...)...)
	}
	return format.Source(dropEmptyImports(src))
}

// withChanges replaces bodies, the last one first.
func (f *file) withChanges() ([]byte, error) {
	sort.Slice(f.changes, func(i, j int) bool { return f.changes[i].from > f.changes[j].from })
	src := bytes.Clone(f.src)
	for i, c := range f.changes {
		if i > 0 && c.to > f.changes[i-1].from {
			return nil, errors.New("two changes overlap")
		}
		src = append(src[:c.from:c.from], append([]byte(c.text), src[c.to:]...)...)
	}
	return src, nil
}

// usedNames returns the names X in all selectors X.Y: those that may be packages.
func usedNames(syntax *ast.File) map[string]bool {
	used := make(map[string]bool)
	ast.Inspect(syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
	return used
}

// importName returns the name by which a file calls a package. Without a name of its own
// that is taken to be the last element of the path, which holds for what tables remove.
func importName(spec *ast.ImportSpec, p string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}

// dropEmptyImports removes declarations that have lost all of their imports, which Go
// allows and nobody would write.
func dropEmptyImports(src []byte) []byte {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return src // format.Source tells.
	}
	for i := len(syntax.Decls) - 1; i >= 0; i-- {
		if d, ok := syntax.Decls[i].(*ast.GenDecl); ok && len(d.Specs) == 0 {
			from, to := fset.Position(d.Pos()).Offset, fset.Position(d.End()).Offset
			src = append(src[:from:from], src[to:]...)
		}
	}
	return src
}

// importsAdapter reports whether a file was rewritten.
func importsAdapter(src []byte) bool {
	syntax, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		return false
	}
	for _, spec := range syntax.Imports {
		if spec.Path.Value == strconv.Quote(adapterPath) {
			return true
		}
	}
	return false
}
