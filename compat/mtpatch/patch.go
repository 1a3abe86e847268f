package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// patch copies and rewrites every client that the module uses.
func (m *module) patch(out io.Writer, opt options) error {
	if opt.mtcore == "" {
		return errors.New("this command has no version: say -mtcore VERSION, or -mtcore DIR")
	}
	reqs, err := m.patchable()
	if err != nil {
		return err
	}
	if err := m.check(io.Discard); err == nil {
		fmt.Fprintln(out, "nothing to do: everything is patched")
		return nil
	}
	earlier, err := m.readState()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := m.workFolder()
	if err != nil {
		return err
	}
	defer m.removeWork(tmp)
	before := filepath.Join(tmp, "before")
	if err := errors.Join(m.original(before, earlier), copyKept(tmp, before)); err != nil {
		return err
	}
	s := new(state)
	if s.Before, err = hashesIn(before); err != nil {
		return err
	}
	for _, r := range reqs {
		c, err := m.copyClient(out, tmp, r, opt)
		if err != nil {
			return err
		}
		s.Copies = append(s.Copies, *c)
	}
	if err := m.place(tmp, s); err != nil {
		return err
	}
	if err := m.resolve(out, tmp, s, opt); err != nil {
		return errors.Join(err, m.unplace(tmp, s))
	}
	vendored := isDir(m.path("vendor"))
	if err := m.finish(tmp, s, earlier); err != nil {
		return err
	}
	for _, c := range s.Copies {
		fmt.Fprintf(out, "go.mod replaces %s %s by %s: commit that folder, and have CI run mtpatch -check\n", c.Module, c.Version, m.replacement(c))
	}
	if vendored {
		return m.vendor(out)
	}
	return nil
}

// patchable returns the clients that the module uses, or an error if one of them cannot be patched.
func (m *module) patchable() ([]requirement, error) {
	reqs, err := m.requirements()
	if err != nil {
		return nil, err
	}
	if len(reqs) == 0 {
		return nil, fmt.Errorf("no client that is known is required here; known: %s", knownClients())
	}
	for _, r := range reqs {
		if err := errors.Join(m.refuseReplaced(r), m.refuseWorkspace(r)); err != nil {
			return nil, err
		}
	}
	return reqs, nil
}

// unfinished is how the folders begin that a run works in. One that was killed leaves its own.
const unfinished = ".mtpatch-"

// workFolder makes a folder to work in, on the file system of the copies.
func (m *module) workFolder() (string, error) {
	if err := os.MkdirAll(m.outPath(), 0o777); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(m.outPath())
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			if err := os.RemoveAll(m.outPath(e.Name())); err != nil {
				return "", err
			}
		}
	}
	return os.MkdirTemp(m.outPath(), unfinished)
}

// removeWork removes it, and the folder of copies if that is empty.
func (m *module) removeWork(tmp string) {
	os.RemoveAll(tmp)
	os.Remove(m.outPath())
}

func knownClients() string {
	var names []string
	for _, c := range clients {
		if c.module != "" {
			names = append(names, c.module)
		}
	}
	return strings.Join(names, ", ")
}

// copyClient writes a rewritten copy of a client to tmp.
func (m *module) copyClient(out io.Writer, tmp string, r requirement, opt options) (*copied, error) {
	src, err := m.download(r.client.module, r.version)
	if err != nil {
		return nil, err
	}
	res, err := rewriteTree(src, r.client.rewrites)
	if err != nil {
		return nil, err
	}
	if err := report(out, r.client, r.version, res, opt.partial); err != nil {
		return nil, err
	}
	c := &copied{
		Module:    r.client.module,
		Version:   r.version,
		Dir:       strings.ReplaceAll(r.client.name, "/", "-") + "-" + r.version,
		Files:     make(map[string]string),
		Rewritten: res.rewritten,
	}
	dst := filepath.Join(tmp, c.Dir)
	if err := copyTree(dst, src); err != nil {
		return nil, err
	}
	if err := writeFiles(dst, res.files); err != nil {
		return nil, err
	}
	for name := range res.files {
		if c.Files[name], err = hashFile(filepath.Join(dst, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	_, err = m.golang("mod", "edit", "-require="+mtcorePath+"@"+requiredVersion(opt.mtcore), filepath.Join(dst, "go.mod"))
	return c, err
}

func writeFiles(dir string, files map[string][]byte) error {
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), src, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// report prints what is rewritten. Unless partial, what is not known is an error.
func report(out io.Writer, c *client, version string, res *result, partial bool) error {
	if len(res.problems) > 0 && !partial {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s is not known as it is, and nothing was written:", c.name, version)
		for _, p := range res.problems {
			fmt.Fprintf(&b, "\n  %v", p)
		}
		fmt.Fprintf(&b, "\ntried were %s; -partial rewrites the other %d functions", strings.Join(c.tried, ", "), len(res.rewritten))
		return errors.New(b.String())
	}
	fmt.Fprintf(out, "%s %s: %d functions", c.name, version, len(res.rewritten))
	if strings.HasPrefix(version, "v") && !slices.Contains(c.tried, version) {
		fmt.Fprintf(out, "; a version that was not tried, with functions that are known")
	}
	fmt.Fprintln(out)
	for _, fn := range res.rewritten {
		fmt.Fprintln(out, "  rewritten  ", fn)
	}
	for _, fn := range res.absent {
		fmt.Fprintln(out, "  not in it  ", fn)
	}
	for _, p := range res.problems {
		fmt.Fprintln(out, "  left alone ", p)
	}
	return nil
}

// isFolder tells -mtcore DIR from -mtcore VERSION.
func isFolder(mtcore string) bool {
	return filepath.IsAbs(mtcore) || strings.HasPrefix(mtcore, ".")
}

func requiredVersion(mtcore string) string {
	if isFolder(mtcore) {
		return "v0.0.0"
	}
	return mtcore
}

// place puts copies where they are going to be, so that Go need not compile them there once
// more. A copy of the same version, which go.mod may name, is kept in tmp.
func (m *module) place(tmp string, s *state) error {
	for _, c := range s.Copies {
		err := os.Rename(m.outPath(c.Dir), filepath.Join(tmp, "replaced "+c.Dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(filepath.Join(tmp, c.Dir), m.outPath(c.Dir)); err != nil {
			return err
		}
	}
	return nil
}

// unplace undoes place.
func (m *module) unplace(tmp string, s *state) error {
	for _, c := range s.Copies {
		if err := os.RemoveAll(m.outPath(c.Dir)); err != nil {
			return err
		}
		err := os.Rename(filepath.Join(tmp, "replaced "+c.Dir), m.outPath(c.Dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// resolve edits the go.mod in tmp and has Go complete it, and go.sum, and build what was
// rewritten as far as the program uses it: the rest may need modules that it does not.
func (m *module) resolve(out io.Writer, tmp string, s *state, opt options) error {
	file := filepath.Join(tmp, "go.mod")
	edits := []string{"mod", "edit"}
	for _, c := range s.Copies {
		edits = append(edits, "-replace="+c.Module+"@"+c.Version+"="+m.replacement(c))
	}
	edits = append(edits, "-require="+mtcorePath+"@"+requiredVersion(opt.mtcore))
	if isFolder(opt.mtcore) {
		edits = append(edits, "-replace="+mtcorePath+"="+opt.mtcore)
	}
	if _, err := m.golang(append(edits, file)...); err != nil {
		return err
	}
	deps, err := m.golang("list", "-mod=mod", "-modfile="+file, "-deps", "./...")
	if err != nil {
		return err
	}
	used := strings.Fields(string(deps))
	build := []string{"build", "-mod=mod", "-modfile=" + file}
	for _, c := range s.Copies {
		seen := make(map[string]bool)
		for name := range c.Files {
			pkg := c.Module + "/" + filepath.ToSlash(filepath.Dir(name))
			if !seen[pkg] && slices.Contains(used, pkg) {
				seen[pkg] = true
				build = append(build, pkg)
			}
		}
	}
	if len(build) > 3 { // The program uses some of it.
		fmt.Fprintln(out, "building what was rewritten, which takes minutes if Go has to compile a whole client")
		if _, err := m.golang(build...); err != nil {
			return fmt.Errorf("what was rewritten does not build: %w", err)
		}
	}
	return m.markIndirect(tmp, opt)
}

// markIndirect says in the go.mod in tmp, as go mod tidy would, that the program itself does not
// import mtcore, unless its old go.mod required that. Nobody else then has a reason to edit go.mod.
func (m *module) markIndirect(tmp string, opt options) error {
	before, err := m.readGoMod(filepath.Join(tmp, "before", "go.mod"))
	if err != nil {
		return err
	}
	for _, r := range before.Require {
		if r.Path == mtcorePath {
			return nil
		}
	}
	file := filepath.Join(tmp, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	line := mtcorePath + " " + requiredVersion(opt.mtcore)
	return os.WriteFile(file, bytes.Replace(text, []byte(line+"\n"), []byte(line+" // indirect\n"), 1), 0o666)
}

// replacement is the path of a copy as go.mod has it.
func (m *module) replacement(c copied) string {
	return local(filepath.Join(m.out, c.Dir))
}

// local makes a relative path one that go.mod takes for a folder.
func local(path string) string {
	path = filepath.ToSlash(path)
	if path == ".." || strings.HasPrefix(path, "../") {
		return path
	}
	return "./" + path
}

// finish moves what else is in tmp to its place. go.mod comes last: until then nothing that Go
// reads has changed. Only then what an earlier run made, and this one did not, is removed.
func (m *module) finish(tmp string, s, earlier *state) error {
	var err error
	if s.After, err = hashesIn(tmp); err != nil {
		return err
	}
	if err := os.RemoveAll(m.outPath("before")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(tmp, "before"), m.outPath("before")); err != nil {
		return err
	}
	if err := writeState(m.outPath(), s); err != nil {
		return err
	}
	if err := m.install(tmp, "go.sum", "go.mod"); err != nil {
		return err
	}
	if earlier == nil {
		return nil
	}
	for _, c := range earlier.Copies {
		if now := s.find(c.Module); now == nil || now.Dir != c.Dir {
			if err := os.RemoveAll(m.outPath(c.Dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

// install moves files of the module from dir to their place, and removes those that dir
// does not have.
func (m *module) install(dir string, names ...string) error {
	for _, name := range names {
		err := os.Rename(filepath.Join(dir, name), m.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(m.path(name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// vendor makes the vendor folder again, which Go compares with go.mod.
func (m *module) vendor(out io.Writer) error {
	if _, err := m.golang("mod", "vendor"); err != nil {
		return fmt.Errorf("vendor: %w", err)
	}
	fmt.Fprintln(out, "vendor was made again, with what is rewritten")
	return nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// check reports whether every client that the module uses is patched, at the version that
// is used, by the files as they were written.
func (m *module) check(out io.Writer) error {
	reqs, err := m.requirements()
	if err != nil {
		return err
	}
	s, err := m.readState()
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("nothing is patched: run mtpatch")
	}
	if err != nil {
		return err
	}
	for _, r := range reqs {
		c := s.find(r.client.module)
		switch {
		case c == nil:
			return fmt.Errorf("%s is not patched: run mtpatch again", r.client.module)
		case c.Version != r.version:
			return fmt.Errorf("%s is required at %s, and the patched copy is %s: Go uses the unpatched one; run mtpatch again",
				r.client.module, r.version, c.Version)
		case r.replaced != m.replacement(*c):
			return fmt.Errorf("go.mod does not replace %s %s by %s: run mtpatch again", c.Module, c.Version, m.replacement(*c))
		}
		for _, name := range slices.Sorted(maps.Keys(c.Files)) {
			sum, err := hashFile(m.outPath(c.Dir, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			if sum != c.Files[name] {
				return fmt.Errorf("%s is not as it was written: run mtpatch -undo, and mtpatch again", m.outPath(c.Dir, name))
			}
		}
		fmt.Fprintf(out, "%s %s is patched\n", c.Module, c.Version)
	}
	return nil
}

func (s *state) find(module string) *copied {
	for i := range s.Copies {
		if s.Copies[i].Module == module {
			return &s.Copies[i]
		}
	}
	return nil
}

// undo brings back what was there before, byte for byte unless go.mod was edited since.
func (m *module) undo(out io.Writer) error {
	s, err := m.readState()
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is nothing to undo")
	}
	if err != nil {
		return err
	}
	tmp, err := m.workFolder()
	if err != nil {
		return err
	}
	defer m.removeWork(tmp)
	if err := m.original(tmp, s); err != nil {
		return err
	}
	restored, err := hashesIn(tmp)
	if err != nil {
		return err
	}
	// go.mod first: it must not name copies that are gone.
	if err := m.install(tmp, "go.mod", "go.sum"); err != nil {
		return err
	}
	// Not the whole folder, in which others may keep something.
	made := []string{"before", stateFile}
	for _, c := range s.Copies {
		made = append(made, c.Dir)
	}
	for _, name := range made {
		if err := os.RemoveAll(m.outPath(name)); err != nil {
			return err
		}
	}
	if isDir(m.path("vendor")) {
		if err := m.vendor(out); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "undone")
	if !sameHashes(restored, s.Before) {
		fmt.Fprintln(out, "go.mod was edited since: go mod tidy removes what nothing needs any more")
	}
	return nil
}

// original puts go.mod and go.sum into dir as they were before mtpatch changed them, which s
// tells, or is nil. If they were edited since, they keep that, and lose what mtpatch added.
func (m *module) original(dir string, s *state) error {
	if s == nil {
		return copyKept(dir, m.root)
	}
	now, err := hashesIn(m.root)
	if err != nil {
		return err
	}
	if now["go.mod"] == s.After["go.mod"] { // go.sum follows from it
		return copyKept(dir, m.outPath("before"))
	}
	if sameHashes(now, s.Before) { // It was killed before it wrote go.mod.
		return copyKept(dir, m.root)
	}
	if err := copyKept(dir, m.root); err != nil {
		return err
	}
	return m.dropLines(filepath.Join(dir, "go.mod"), s)
}

func sameHashes(a, b map[string]string) bool {
	for _, name := range kept {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// dropLines removes our lines from a go.mod that was edited since. What it said about mtcore
// before, it says again.
func (m *module) dropLines(file string, s *state) error {
	before, err := m.readGoMod(m.outPath("before", "go.mod"))
	if err != nil {
		return err
	}
	edits := []string{"mod", "edit"}
	for _, c := range s.Copies {
		edits = append(edits, "-dropreplace="+c.Module+"@"+c.Version)
	}
	edits = append(edits, "-droprequire="+mtcorePath, "-dropreplace="+mtcorePath)
	for _, r := range before.Require {
		if r.Path == mtcorePath {
			edits = append(edits, "-require="+r.Path+"@"+r.Version)
		}
	}
	for _, r := range before.Replace {
		if r.Old.Path == mtcorePath {
			edits = append(edits, "-replace="+r.Old.String()+"="+r.New.String())
		}
	}
	_, err = m.golang(append(edits, file)...)
	return err
}
