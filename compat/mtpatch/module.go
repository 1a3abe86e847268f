package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the program's module.
type module struct {
	root string // with go.mod
	out  string // the folder for copies, relative to root
	work string // the go.work file in effect, or ""
}

// state is what was done to a module, kept in the folder for copies.
type state struct {
	// Before and After are the hashes of go.mod and go.sum, "" for one that is not there. The
	// contents before are kept in the folder "before".
	Before, After map[string]string
	Copies        []copied
}

// copied is a client that was copied and rewritten.
type copied struct {
	Module, Version string
	Dir             string            // relative to the folder
	Files           map[string]string // hashes of what was rewritten, by path
	Rewritten       []string
}

const stateFile = "mtpatch.json"

// kept are the files of a module that are changed.
var kept = []string{"go.mod", "go.sum"}

// findModule returns the module around wd, with copies in out or, if that is empty, beside go.mod.
func findModule(wd, out string) (*module, error) {
	env, err := (&module{root: wd}).goEnv("GOMOD", "GOWORK")
	if err != nil {
		return nil, err
	}
	gomod := env["GOMOD"]
	if gomod == "" || gomod == os.DevNull {
		return nil, errors.New("there is no go.mod here: run it in the module of a program")
	}
	m := &module{root: filepath.Dir(gomod), out: "mtpatch"}
	if w := env["GOWORK"]; w != "off" {
		m.work = w
	}
	if out != "" {
		m.out, err = m.relative(wd, out)
	}
	return m, err
}

// relative returns the path from go.mod to a folder that was named in wd.
func (m *module) relative(wd, dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(wd, dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.Rel(m.root, dir)
}

// golang runs the go command in the module, outside of any workspace, with go.mod files as
// they are unless -mod is among the arguments.
func (m *module) golang(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = m.root
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+withoutMod(os.Getenv("GOFLAGS")))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// withoutMod drops -mod and -modfile, which the calls here choose, from flags.
func withoutMod(flags string) string {
	var keep []string
	for _, f := range strings.Fields(flags) {
		if !strings.HasPrefix(strings.TrimLeft(f, "-"), "mod") {
			keep = append(keep, f)
		}
	}
	return strings.Join(keep, " ")
}

func (m *module) goEnv(names ...string) (map[string]string, error) {
	cmd := exec.Command("go", append([]string{"env", "-json"}, names...)...)
	cmd.Dir = m.root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	env := make(map[string]string)
	return env, json.Unmarshal(out, &env)
}

func (m *module) path(elem ...string) string {
	return filepath.Join(append([]string{m.root}, elem...)...)
}

func (m *module) outPath(elem ...string) string {
	return m.path(append([]string{m.out}, elem...)...)
}

// gomod is the part of `go mod edit -json` that matters.
type gomod struct {
	Module  struct{ Path string }
	Require []struct{ Path, Version string }
	Replace []struct{ Old, New pathVersion }
}

// pathVersion is one side of a replace directive.
type pathVersion struct{ Path, Version string }

func (p pathVersion) String() string {
	if p.Version == "" {
		return p.Path
	}
	return p.Path + "@" + p.Version
}

func (m *module) readGoMod(file string) (*gomod, error) {
	out, err := m.golang("mod", "edit", "-json", file)
	if err != nil {
		return nil, err
	}
	g := new(gomod)
	return g, json.Unmarshal(out, g)
}

// requirement is a client in the module's build list.
type requirement struct {
	client  *client
	version string
	// replaced is where a replace directive for this version, or all, points to.
	replaced, replacedVersion string
}

// requirements returns the clients that the module uses, at the versions that Go selects.
func (m *module) requirements() ([]requirement, error) {
	g, err := m.readGoMod("go.mod")
	if err != nil {
		return nil, err
	}
	out, err := m.golang("list", "-m", "-mod=readonly", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return nil, err
	}
	var reqs []requirement
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		name, version, _ := strings.Cut(line, " ")
		c := clientOf(name)
		if c == nil || version == "" {
			continue
		}
		r := requirement{client: c, version: version}
		for _, rep := range g.Replace {
			if rep.Old.Path == name && (rep.Old.Version == "" || rep.Old.Version == version) {
				r.replaced, r.replacedVersion = rep.New.Path, rep.New.Version
			}
		}
		reqs = append(reqs, r)
	}
	return reqs, nil
}

// ours reports whether a path in a replace directive is one of our copies.
func (m *module) ours(path string) bool {
	s, err := m.readState()
	if err != nil {
		return false
	}
	for _, c := range s.Copies {
		if path == m.replacement(c) {
			return true
		}
	}
	return false
}

// refuseReplaced says why a client that is replaced already cannot be patched.
func (m *module) refuseReplaced(r requirement) error {
	if r.replaced == "" || m.ours(r.replaced) {
		return nil
	}
	if r.replacedVersion != "" {
		return fmt.Errorf("%s is replaced by %s %s in go.mod: patch that repository with -dir, and release it",
			r.client.module, r.replaced, r.replacedVersion)
	}
	return fmt.Errorf("%s is replaced by %s in go.mod: patch that tree with -dir %s", r.client.module, r.replaced, r.replaced)
}

// refuseWorkspace says what in a workspace is in the way: two modules with different
// replacements of one version are an error to Go.
func (m *module) refuseWorkspace(r requirement) error {
	if m.work == "" {
		return nil
	}
	out, err := m.golang("work", "edit", "-json", m.work)
	if err != nil {
		return err
	}
	var w struct {
		Use     []struct{ DiskPath string }
		Replace []struct {
			Old struct{ Path, Version string }
		}
	}
	if err := json.Unmarshal(out, &w); err != nil {
		return err
	}
	for _, rep := range w.Replace {
		if rep.Old.Path == r.client.module {
			return fmt.Errorf("%s replaces %s, which comes before go.mod: remove that line first", m.work, rep.Old.Path)
		}
	}
	for _, use := range w.Use {
		dir := use.DiskPath
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(m.work), dir)
		}
		if sameFile(dir, m.root) {
			continue
		}
		g, err := m.readGoMod(filepath.Join(dir, "go.mod"))
		if err != nil {
			return err
		}
		for _, rep := range g.Replace {
			if rep.Old.Path == r.client.module && (rep.Old.Version == "" || rep.Old.Version == r.version) {
				return fmt.Errorf("%s, in the same workspace, replaces %s too: Go allows one replacement", g.Module.Path, rep.Old.Path)
			}
		}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// download returns the folder of a module in the cache, which Go checks against go.sum.
func (m *module) download(module, version string) (string, error) {
	out, err := m.golang("mod", "download", "-json", module+"@"+version)
	if err != nil {
		return "", err
	}
	var d struct{ Dir, Error string }
	if err := json.Unmarshal(out, &d); err != nil {
		return "", err
	}
	if d.Error != "" {
		return "", errors.New(d.Error)
	}
	return d.Dir, nil
}

func (m *module) readState() (*state, error) {
	data, err := os.ReadFile(m.outPath(stateFile))
	if err != nil {
		return nil, err
	}
	s := new(state)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", m.outPath(stateFile), err)
	}
	return s, nil
}

func writeState(dir string, s *state) error {
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), append(data, '\n'), 0o666)
}

// hashFile returns the hash of a file, "" if there is none.
func hashFile(name string) (string, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// hashesIn returns the hashes of go.mod and go.sum in dir.
func hashesIn(dir string) (map[string]string, error) {
	h := make(map[string]string)
	for _, name := range kept {
		sum, err := hashFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		h[name] = sum
	}
	return h, nil
}

// copyTree copies a folder of the module cache, where everything is read-only.
func copyTree(dst, src string) error {
	return filepath.WalkDir(src, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, p)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o777)
		}
		return copyFile(to, p)
	})
}

func copyFile(dst, src string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(dst), 0o777); err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// copyKept copies go.mod and go.sum, those that exist.
func copyKept(dst, src string) error {
	for _, name := range kept {
		err := copyFile(filepath.Join(dst, name), filepath.Join(src, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
