// Command release makes a release of all modules of this repository, or tries it:
//
//	release -version v0.2.0 -dry    in a copy, and keeps nothing
//	release -version v0.2.0         writes go.mod files and CHANGELOG.md, and says what to push
//
// It sets the versions that the modules require of each other, creates a file-based module proxy
// with all of them, and builds each from there as an outsider would: with an empty module cache,
// and without the replace directives that apply only in this repository.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const rootPath = "github.com/mtcore/mtcore"

// released is a module that others can require.
type released struct {
	dir string // in the repository
	// try does with it what an outsider does, in a separate module.
	try func(p *proxy, dir, version string) error
}

// modules are in dependency order. The other modules only serve this repository.
var modules = []released{
	{".", build(rootPath)},
	{"gotd", build(rootPath + "/gotd")},
	{"gotd/sqlstore", build(rootPath + "/gotd/sqlstore")},
	{"mobile", build(rootPath + "/mobile")},
	{"compat/gotdige", replaceIGE},
	{"compat/mtpatch", runCommand},
}

func (r released) path() string {
	if r.dir == "." {
		return rootPath
	}
	return rootPath + "/" + r.dir
}

func (r released) tag(version string) string {
	if r.dir == "." {
		return version
	}
	return r.dir + "/" + version
}

func main() {
	version := flag.String("version", "", "")
	dry := flag.Bool("dry", false, "")
	only := flag.String("only", "", "try this `module` alone, by its folder")
	flag.Parse()
	if err := run(*version, *only, *dry); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(version, only string, dry bool) error {
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`).MatchString(version) {
		return fmt.Errorf("-version %q is not like v0.2.0", version)
	}
	out, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return err
	}
	root := strings.TrimSpace(string(out))
	tmp, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer removeAll(tmp)
	tree := filepath.Join(tmp, "tree")
	if err := copyTracked(tree, root); err != nil {
		return err
	}
	if err := prepare(tree, version, time.Now()); err != nil {
		return err
	}
	p, err := newProxy(tmp, tree, version)
	if err != nil {
		return err
	}
	for _, m := range modules {
		if only != "" && only != m.dir {
			continue
		}
		start := time.Now()
		dir, err := os.MkdirTemp(tmp, "stranger-")
		if err != nil {
			return err
		}
		if err := m.try(p, dir, version); err != nil {
			return fmt.Errorf("%s: %w", m.path(), err)
		}
		fmt.Printf("%s@%s builds from an empty cache (%.0f s)\n", m.path(), version, time.Since(start).Seconds())
	}
	if only == "" || only == "readme" {
		if err := followREADME(p, tree, tmp); err != nil {
			return fmt.Errorf("README.md: %w", err)
		}
		fmt.Println("README.md: its commands do what it says, with an empty cache")
	}
	if dry {
		fmt.Println("\nNothing was written. The tags would be:")
	} else {
		if err := prepare(root, version, time.Now()); err != nil {
			return err
		}
		fmt.Printf("\ngit commit -am %q, and push these tags of that commit:\n", "release "+version)
	}
	for _, m := range modules {
		fmt.Println("  " + m.tag(version))
	}
	return nil
}

// prepare sets versions in the go.mod files of a tree, and in its texts. The replace directives
// stay: Go reads only those of the main module, and here they serve people who work on the
// repository.
func prepare(tree, version string, now time.Time) error {
	for _, m := range modules {
		file := filepath.Join(tree, filepath.FromSlash(m.dir), "go.mod")
		out, err := command(tree, nil, "go", "mod", "edit", "-json", file)
		if err != nil {
			return err
		}
		var mod struct{ Require []struct{ Path string } }
		if err := json.Unmarshal(out, &mod); err != nil {
			return err
		}
		for _, r := range mod.Require {
			if r.Path == rootPath || strings.HasPrefix(r.Path, rootPath+"/") {
				if _, err := command(tree, nil, "go", "mod", "edit", "-require="+r.Path+"@"+version, file); err != nil {
					return err
				}
			}
		}
	}
	for _, doc := range []struct {
		name string
		edit func(text string) (string, error)
	}{
		{"CHANGELOG.md", func(text string) (string, error) { return changelog(text, version, now) }},
		{"README.md", func(text string) (string, error) { return docVersion(text, version) }},
		{"compat/gotdige/README.md", func(text string) (string, error) { return docVersion(text, version) }},
		{"compat/mtpatch/README.md", func(text string) (string, error) { return docVersion(text, version) }},
	} {
		name := filepath.Join(tree, doc.name)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		edited, err := doc.edit(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", doc.name, err)
		}
		if err := os.WriteFile(name, []byte(edited), 0o666); err != nil {
			return err
		}
	}
	return nil
}

const unreleased = "## Unreleased\n"

// changelog turns the Unreleased heading into the version.
func changelog(text, version string, now time.Time) (string, error) {
	before, after, found := strings.Cut(text, unreleased)
	if !found {
		return "", errors.New("there is no section Unreleased")
	}
	if strings.Contains(text, "## "+version+",") {
		return "", fmt.Errorf("%s has a section already", version)
	}
	section, _, _ := strings.Cut(after, "\n## ")
	if strings.TrimSpace(section) == "" {
		return "", errors.New("nothing is unreleased")
	}
	return before + fmt.Sprintf("## %s, %s\n", version, now.Format("2 January 2006")) + after, nil
}

var shown = regexp.MustCompile(`(` + regexp.QuoteMeta(rootPath) + `[a-z/]*[@ ])v\d+\.\d+\.\d+[0-9A-Za-z.-]*`)

// docVersion makes the commands in a text name the new version.
func docVersion(text, version string) (string, error) {
	if !shown.MatchString(text) {
		return "", errors.New("no command in it has a version")
	}
	return shown.ReplaceAllString(text, "${1}"+version), nil
}

// proxy is a module proxy in the file system.
type proxy struct {
	tmp string
	env []string
}

// newProxy creates a proxy with all modules of a tree.
func newProxy(tmp, tree, version string) (*proxy, error) {
	files := filepath.Join(tmp, "proxy")
	for _, m := range modules {
		dir := filepath.Join(files, m.path(), "@v")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		src := filepath.Join(tree, filepath.FromSlash(m.dir))
		gomod, err := os.ReadFile(filepath.Join(src, "go.mod"))
		if err != nil {
			return nil, err
		}
		var z bytes.Buffer
		if err := zip.CreateFromDir(&z, module.Version{Path: m.path(), Version: version}, src); err != nil {
			return nil, err
		}
		info := fmt.Sprintf("{%q:%q,%q:%q}", "Version", version, "Time", time.Now().UTC().Format(time.RFC3339))
		for name, data := range map[string][]byte{version + ".mod": gomod, version + ".info": []byte(info),
			version + ".zip": z.Bytes(), "list": []byte(version + "\n")} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				return nil, err
			}
		}
	}
	out, err := command(tmp, nil, "go", "env", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	// Third-party modules come from this machine's cache if they are there.
	list := "file://" + filepath.ToSlash(files) + ",file://" + filepath.ToSlash(filepath.Join(lines[1], "cache/download")) + "," + lines[0]
	return &proxy{tmp, []string{"GOPROXY=" + list, "GONOSUMDB=" + rootPath + "," + rootPath + "/*", "GOWORK=off",
		// Packages that were compiled before come from the build cache, wherever their source
		// was.
		"GOFLAGS=-trimpath", "GOMODCACHE=" + filepath.Join(tmp, "cache")}}, nil
}

// empty empties the module cache.
func (p *proxy) empty() { removeAll(filepath.Join(p.tmp, "cache")) }

// run runs the go command for somebody who has only the proxy.
func (p *proxy) run(dir string, args ...string) error {
	_, err := command(dir, p.env, "go", args...)
	return err
}

// stranger creates a module with a program.
func (p *proxy) stranger(dir, program string) error {
	p.empty()
	return errors.Join(p.run(dir, "mod", "init", "example.com/program"),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666))
}

// build requires a module, and builds all of its packages.
func build(m string) func(p *proxy, dir, version string) error {
	return func(p *proxy, dir, version string) error {
		if err := p.stranger(dir, "package main\n\nfunc main() {}\n"); err != nil {
			return err
		}
		if err := p.run(dir, "get", m+"@"+version); err != nil {
			return err
		}
		return p.run(dir, "build", "-mod=mod", m+"/...")
	}
}

// replaceIGE tests the one replace line of the drop-in.
func replaceIGE(p *proxy, dir, version string) error {
	err := p.stranger(dir, "package main\n\nimport (\n\t\"crypto/aes\"\n\n\t\"github.com/gotd/ige\"\n)\n\nfunc main() {\n"+
		"\tb, _ := aes.NewCipher(make([]byte, 32))\n\tige.EncryptBlocks(b, make([]byte, 32), make([]byte, 16), make([]byte, 16))\n}\n")
	return errors.Join(err,
		p.run(dir, "mod", "edit", "-replace=github.com/gotd/ige="+rootPath+"/compat/gotdige@"+version),
		p.run(dir, "mod", "tidy"), p.run(dir, "run", "."))
}

// runCommand runs a command by its version, which Go refuses if its go.mod has a replace
// directive.
func runCommand(p *proxy, dir, version string) error {
	p.empty()
	out, err := command(dir, p.env, "go", "run", rootPath+"/compat/mtpatch@"+version, "-help")
	if err != nil && !strings.Contains(string(out)+err.Error(), "usage: mtpatch") {
		return err
	}
	return nil
}

// client is a program that uses gotd/td, to be patched.
const client = `package main

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/gotd/td/crypto"
)

func main() {
	p, q, err := crypto.DecomposePQ(big.NewInt(0x17ED48941A08F981), rand.Reader)
	fmt.Println(p, q, err, crypto.MessageKey(crypto.Key{}, nil, crypto.Client))
}
`

const clientVersion = "v0.162.0"

// followREADME runs the commands that README.md shows to users of gotd/td, each block in a
// separate program.
func followREADME(p *proxy, tree, tmp string) error {
	text, err := os.ReadFile(filepath.Join(tree, "README.md"))
	if err != nil {
		return err
	}
	blocks := commands(string(text))
	if len(blocks) != 2 {
		return fmt.Errorf("%d blocks of commands in its first lines, not two", len(blocks))
	}
	for i, used := range []string{rootPath + "/compat/adapter", rootPath + "/ige"} {
		dir, err := os.MkdirTemp(tmp, "reader-")
		if err != nil {
			return err
		}
		if err := errors.Join(p.stranger(dir, client), p.run(dir, "get", "github.com/gotd/td@"+clientVersion), p.run(dir, "mod", "tidy")); err != nil {
			return err
		}
		before, err := command(dir, p.env, "go", "run", ".")
		if err != nil {
			return err
		}
		if _, err := command(dir, p.env, "sh", "-ec", blocks[i]); err != nil {
			return err
		}
		after, err := command(dir, p.env, "go", "run", ".")
		if err != nil {
			return err
		}
		if !bytes.Equal(before, after) {
			return fmt.Errorf("the program prints %q, and %q before", after, before)
		}
		deps, err := command(dir, p.env, "go", "list", "-deps", ".")
		if err != nil {
			return err
		}
		if !strings.Contains(string(deps), used+"\n") {
			return fmt.Errorf("after %q the program does not use %s", blocks[i], used)
		}
	}
	return nil
}

// commands returns the blocks of commands in the first 40 lines of a text.
func commands(text string) (blocks []string) {
	lines := strings.Split(text, "\n")
	for i := 0; i < min(40, len(lines)); i++ {
		if lines[i] != "```sh" {
			continue
		}
		block := ""
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			block += lines[i] + "\n"
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// command runs a command and returns its output.
func command(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// copyTracked copies the files that git tracks, and those that it would track if they were
// added.
func copyTracked(dst, root string) error {
	out, err := command(root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		}
		if err != nil {
			return err
		}
		to := filepath.Join(dst, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, data, 0o666)); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes a directory, including module caches, in which Go makes everything
// read-only.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(p, 0o777)
		}
		return nil
	})
	os.RemoveAll(dir)
}
