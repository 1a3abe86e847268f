package client

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

const (
	corePath = "github.com/mtcore/mtcore"
	igePath  = "github.com/gotd/ige"
	tdPath   = "github.com/gotd/td"
)

// start builds the programs of all variants in a temporary directory, which it removes again, and
// starts them.
func start(passed func(string)) (programs, error) {
	root, err := rootOf()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "client-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	passed("compiling gotd/td, for the first time minutes")
	var all programs
	for _, v := range variants {
		b := &builder{root: root, dir: filepath.Join(tmp, fmt.Sprint(len(all)))}
		if err := errors.Join(b.copyModule(), v.build(b)); err != nil {
			return nil, fmt.Errorf("%s: %w", v.how, err)
		}
		p, err := launch(b.binary())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.how, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// rootOf returns the directory of the mtcore module that this program was built from.
func rootOf() (string, error) {
	out, err := command(".", "go", "list", "-m", "-f", "{{.Dir}}", corePath)
	root := strings.TrimSpace(out)
	if err == nil {
		_, err = os.Stat(filepath.Join(root, "compat", "mtpatch"))
	}
	if err != nil {
		return "", fmt.Errorf("this suite needs the go command, and has to run in the bench directory of a checkout of mtcore: %w", err)
	}
	return root, nil
}

// A builder has a copy of the program's module.
type builder struct {
	root, dir string
}

func (b *builder) binary() string { return filepath.Join(b.dir, "program.exe") }

func (b *builder) copyModule() error {
	return os.CopyFS(b.dir, os.DirFS(filepath.Join(b.root, "bench", "internal", "client", "program")))
}

// The variants.

func stock(b *builder) error { return b.build("") }

// dropIn follows README's instructions, with a checkout in place of a version.
func dropIn(b *builder) error {
	_, err := command(b.dir, "go", "mod", "edit", "-replace="+corePath+"="+b.root,
		"-replace="+igePath+"="+filepath.Join(b.root, "compat", "gotdige"))
	if err != nil {
		return err
	}
	return b.build(igePath)
}

// patched does so too.
func patched(b *builder) error {
	mtpatch := filepath.Join(b.dir, "mtpatch.exe")
	if _, err := command(filepath.Join(b.root, "compat", "mtpatch"), "go", "build", "-o", mtpatch, "."); err != nil {
		return err
	}
	if _, err := command(b.dir, mtpatch, "-mtcore", b.root); err != nil {
		return err
	}
	return b.build(tdPath)
}

// build builds the program with the module at this path replaced, or none if it is empty. Packages that
// are the same in all variants are compiled only once, since they contain no paths of this machine.
func (b *builder) build(replaced string) error {
	if _, err := command(b.dir, "go", "build", "-trimpath", "-mod=mod", "-o", b.binary(), "."); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(b.binary())
	if err != nil {
		return err
	}
	return verify(info, replaced)
}

// verify returns an error unless a program was built from what it is measured for.
func verify(info *debug.BuildInfo, replaced string) error {
	got := map[string]bool{}
	for _, d := range info.Deps {
		got[d.Path] = d.Replace != nil
	}
	if _, ok := got[tdPath]; !ok {
		return fmt.Errorf("the program is made without %s", tdPath)
	}
	for _, path := range []string{igePath, tdPath} {
		if want := path == replaced; got[path] != want {
			return fmt.Errorf("%s is replaced in the program: %v, want %v", path, got[path], want)
		}
	}
	if _, ok := got[corePath]; ok != (replaced != "") {
		return fmt.Errorf("the program is made with mtcore: %v, want %v", ok, replaced != "")
	}
	return nil
}

// command runs a program and returns its output.
func command(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, &stderr)
	}
	return string(out), nil
}
