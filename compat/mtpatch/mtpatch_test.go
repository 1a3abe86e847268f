package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fake is a client that exists for tests alone, with one function of each kind.
var fake = client{
	name:   "fake",
	module: "example.com/fake",
	tried:  []string{"v1.0.0"},
	rewrites: []rewrite{
		{
			dirs:    []string{"crypto", "internal/crypto"},
			fn:      "MessageKey",
			sig:     "(data []byte) (key [16]byte)",
			known:   []string{"85d005de9ee661c2"},
			body:    `return adapter.MessageKeyV1(data)`,
			imports: []string{adapterPath},
		},
		{
			dirs:    []string{"crypto", "internal/crypto"},
			fn:      "cipher.Power",
			sig:     "(base, exp, p *big.Int) *big.Int",
			known:   []string{"66d77966bdaafb07"},
			edits:   []edit{{"new(big.Int).Exp(base, exp, p)", "adapter.Exp(base, exp, p)"}},
			imports: []string{adapterPath},
		},
		{
			dirs:     []string{"crypto"},
			fn:       "Later",
			sig:      "()",
			known:    []string{"0000000000000000"},
			body:     ` `,
			optional: true,
		},
	},
}

// fakeSource is the package crypto of the fake client.
const fakeSource = `// Package crypto is that of a client.
package crypto

import (
	"crypto/sha1"
	"math/big"
)

// MessageKey is slow.
func MessageKey(data []byte) (key [16]byte) {
	// A comment, which does not count.
	sum := sha1.Sum(data)
	copy(key[:], sum[4:20])
	return key
}

type cipher struct{}

// Power has an expression in the middle.
func (c *cipher) Power(base, exp, p *big.Int) *big.Int {
	if p.Sign() == 0 {
		return nil
	}
	return new(big.Int).Exp(base, exp, p)
}

// Power is for users.
func Power(base, exp, p *big.Int) *big.Int { return new(cipher).Power(base, exp, p) }
`

const program = `package main

import (
	"fmt"
	"math/big"

	"example.com/fake/crypto"
)

func main() {
	fmt.Printf("%x %v\n", crypto.MessageKey([]byte("abc")), crypto.Power(big.NewInt(3), big.NewInt(4), big.NewInt(50)))
}
`

// printed is what the program prints, whether patched or not: SHA-1 of "abc" is in FIPS
// 180-4, and 3^4 mod 50 is 31.
const printed = "4706816aba3e25717850c26c9cd0d89d 31\n"

// mtcore is the root of the repository.
func mtcore(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMain(m *testing.M) {
	clients = append(clients, &fake)
	os.Exit(m.Run())
}

// serve makes a module proxy of files that has the fake client, at several versions, and
// has Go use it before others.
func serve(t *testing.T, versions map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for version, source := range versions {
		gomod := "module example.com/fake\n\ngo 1.21\n"
		writeFile(t, filepath.Join(dir, "example.com/fake/@v", version+".mod"), gomod)
		writeFile(t, filepath.Join(dir, "example.com/fake/@v", version+".info"), fmt.Sprintf("{%q:%q}", "Version", version))
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range map[string]string{"go.mod": gomod, "crypto/crypto.go": source} {
			w, err := z.Create("example.com/fake@" + version + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(w, text)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "example.com/fake/@v", version+".zip"), b.String())
	}
	proxy, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(dir)+","+strings.TrimSpace(string(proxy)))
	t.Setenv("GONOSUMDB", "example.com")
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "")
	// The versions are of this test alone, and so is where they are unpacked.
	t.Setenv("GOMODCACHE", moduleCache(t))
}

// moduleCache is a folder with what the real cache has downloaded, and room for more.
func moduleCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	real := strings.TrimSpace(string(out))
	dir := t.TempDir()
	t.Cleanup(func() {
		filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				os.Chmod(p, 0o777) // Go makes them read-only.
			}
			return nil
		})
	})
	t.Setenv("GOPROXY", os.Getenv("GOPROXY")+",file://"+filepath.ToSlash(filepath.Join(real, "cache/download")))
	return dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// newProgram makes a module that uses the fake client.
func newProgram(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/program\n\ngo 1.25.0\n\nrequire example.com/fake "+version+" // why\n")
	writeFile(t, filepath.Join(dir, "main.go"), program)
	goCommand(t, dir, "mod", "tidy")
	return dir
}

func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// patched reports whether the program in dir is built with the adapter, and checks what
// it prints.
func patched(t *testing.T, dir string) bool {
	t.Helper()
	if got := goCommand(t, dir, "run", "."); got != printed {
		t.Errorf("the program prints %q, want %q", got, printed)
	}
	return strings.Contains(goCommand(t, dir, "list", "-deps", "."), adapterPath)
}

// contents returns all files below dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		files[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sameContents reports files that changed, came or went.
func sameContents(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := contents(t, dir)
	for name, text := range want {
		if now, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		} else if now != text {
			t.Errorf("%s changed from\n%s\nto\n%s", name, text, now)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is new", name)
		}
	}
}

// mtpatch runs the command in dir.
func mtpatch(t *testing.T, dir string, args ...string) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	err = run(append(args, "-mtcore", mtcore(t)), dir, &b)
	return b.String(), err
}

func mustPatch(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := mtpatch(t, dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantError is for errors that have to say something.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not have %q: %v", part, err)
		}
	}
}

func TestPatchCheckUndo(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	before := contents(t, dir)
	if patched(t, dir) {
		t.Fatal("patched before it was")
	}
	_, err := mtpatch(t, dir, "-check")
	wantError(t, err, "nothing is patched")
	_, err = mtpatch(t, dir, "-undo")
	wantError(t, err, "nothing to undo")

	out := mustPatch(t, dir)
	for _, part := range []string{"fake v1.0.0: 2 functions", "rewritten   crypto: MessageKey", "rewritten   crypto: cipher.Power", "not in it   crypto: Later"} {
		if !strings.Contains(out, part) {
			t.Errorf("the report does not have %q:\n%s", part, out)
		}
	}
	if !patched(t, dir) {
		t.Error("not patched")
	}
	gomod, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
	if line := "example.com/fake v1.0.0 => ./mtpatch/fake-v1.0.0"; !strings.Contains(string(gomod), line) {
		t.Errorf("go.mod does not have %q:\n%s", line, gomod)
	}
	for name := range contents(t, dir) {
		rel, _ := filepath.Rel(dir, name)
		if _, ok := before[name]; !ok && !strings.HasPrefix(rel, "mtpatch") && rel != "go.sum" {
			t.Errorf("%s is new", rel)
		}
	}
	mustPatch(t, dir, "-check")

	after := contents(t, dir)
	if out := mustPatch(t, dir); !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: %s", out)
	}
	sameContents(t, dir, after)

	// As programs do after everything that changes go.mod.
	goCommand(t, dir, "mod", "tidy")
	mustPatch(t, dir, "-check")
	mustPatch(t, dir, "-undo")
	sameContents(t, dir, before)
	if patched(t, dir) {
		t.Error("patched after it was undone")
	}
}

// TestCheckSeesChange: nobody edits a copy unnoticed.
func TestCheckSeesChange(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	mustPatch(t, dir)
	name := filepath.Join(dir, "mtpatch/fake-v1.0.0/crypto/crypto.go")
	src, _ := os.ReadFile(name)
	writeFile(t, name, string(src)+"\n// edited\n")
	_, err := mtpatch(t, dir, "-check")
	wantError(t, err, "is not as it was written")
}

func TestUpgrade(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource, "v1.1.0": fakeSource + "\nconst Version = 11\n"})
	dir := newProgram(t, "v1.0.0")
	mustPatch(t, dir)
	goCommand(t, dir, "get", "example.com/fake@v1.1.0")
	if patched(t, dir) {
		t.Error("the copy of another version is used")
	}
	_, err := mtpatch(t, dir, "-check")
	wantError(t, err, "required at v1.1.0", "patched copy is v1.0.0")
	if out := mustPatch(t, dir); !strings.Contains(out, "a version that was not tried") {
		t.Errorf("the report does not say that the version was not tried:\n%s", out)
	}
	mustPatch(t, dir, "-check")
	if !patched(t, dir) {
		t.Error("not patched")
	}
	if gomod, _ := os.ReadFile(filepath.Join(dir, "go.mod")); strings.Contains(string(gomod), "fake-v1.0.0") {
		t.Errorf("the old copy is still in go.mod:\n%s", gomod)
	}
	if isDir(filepath.Join(dir, "mtpatch/fake-v1.0.0")) {
		t.Error("the old copy is still there")
	}
}

// TestUpgradeUnknown: a version that is not known leaves the copy of the one before as it is, and go.mod too.
func TestUpgradeUnknown(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource, "v1.1.0": strings.Replace(fakeSource, "sum[4:20]", "sum[3:19]", 1)})
	dir := newProgram(t, "v1.0.0")
	mustPatch(t, dir)
	goCommand(t, dir, "get", "example.com/fake@v1.1.0")
	before := contents(t, dir)
	_, err := mtpatch(t, dir)
	wantError(t, err, "nothing was written", "crypto: MessageKey: its body")
	sameContents(t, dir, before)
	goCommand(t, dir, "get", "example.com/fake@v1.0.0")
	mustPatch(t, dir, "-check")
}

// TestUndoEdited: what others wrote into go.mod since, and had there before, stays.
func TestUndoEdited(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	goCommand(t, dir, "mod", "edit", "-require="+mtcorePath+"@v0.0.0", "-replace="+mtcorePath+"="+mtcore(t))
	writeFile(t, filepath.Join(dir, "own.go"), "package main\n\nimport _ \""+mtcorePath+"/ige\"\n")
	goCommand(t, dir, "mod", "tidy")
	// Go may group the lines in another way.
	before := goCommand(t, dir, "mod", "edit", "-json")
	mustPatch(t, dir)
	goCommand(t, dir, "mod", "edit", "-exclude=example.com/fake@v0.9.0")
	if out := mustPatch(t, dir, "-undo"); !strings.Contains(out, "go mod tidy") {
		t.Errorf("-undo does not say what is left to do: %s", out)
	}
	goCommand(t, dir, "mod", "tidy")
	if after := goCommand(t, dir, "mod", "edit", "-json"); !strings.Contains(after, "v0.9.0") {
		t.Errorf("the edit is gone:\n%s", after)
	}
	goCommand(t, dir, "mod", "edit", "-dropexclude=example.com/fake@v0.9.0")
	if after := goCommand(t, dir, "mod", "edit", "-json"); after != before {
		t.Errorf("go.mod is\n%s\nand was\n%s", after, before)
	}
}

// TestOtherFolder: copies go to a folder with other things in it, and mtpatch runs in a folder of the program.
func TestOtherFolder(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	writeFile(t, filepath.Join(dir, "third/other.txt"), "not ours\n")
	sub := filepath.Join(dir, "cmd/tool")
	writeFile(t, filepath.Join(sub, "doc.go"), "package tool\n")
	before := contents(t, dir)
	core, err := filepath.Rel(sub, mtcore(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := run([]string{"-o", "../../third", "-mtcore", core}, sub, &b); err != nil {
		t.Fatal(err)
	}
	if !patched(t, dir) || !isDir(filepath.Join(dir, "third/fake-v1.0.0")) {
		t.Error("not patched, or elsewhere")
	}
	mustPatch(t, sub, "-o", "../../third", "-check")
	mustPatch(t, sub, "-o", "../../third", "-undo")
	sameContents(t, dir, before)
}

// TestUnknown has functions that differ by one token, in the body and in the signature.
func TestUnknown(t *testing.T) {
	serve(t, map[string]string{
		"v1.0.0": strings.Replace(fakeSource, "sum[4:20]", "sum[3:19]", 1),
		"v1.1.0": strings.Replace(fakeSource, "p *big.Int) *big.Int {\n\tif", "p *big.Int) (r *big.Int) {\n\tif", 1),
	})
	for _, test := range []struct{ version, named, other string }{
		{"v1.0.0", "crypto: MessageKey: its body", "cipher.Power"},
		{"v1.1.0", "crypto: cipher.Power: its signature", "MessageKey"},
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/program\n\ngo 1.25.0\n\nrequire example.com/fake "+test.version+"\n")
		writeFile(t, filepath.Join(dir, "main.go"), "package main\n\nimport _ \"example.com/fake/crypto\"\n\nfunc main() {}\n")
		goCommand(t, dir, "mod", "tidy")
		before := contents(t, dir)
		_, err := mtpatch(t, dir)
		wantError(t, err, "nothing was written", test.named)
		sameContents(t, dir, before)
		out := mustPatch(t, dir, "-partial")
		if !strings.Contains(out, "rewritten   crypto: "+test.other) || !strings.Contains(out, "left alone  "+test.named) {
			t.Errorf("%s: -partial reports\n%s", test.version, out)
		}
	}
}

// TestInterrupted stops in the middle: mtcore is not where it is said to be.
func TestInterrupted(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	before := contents(t, dir)
	var b bytes.Buffer
	err := run([]string{"-mtcore", filepath.Join(dir, "nowhere")}, dir, &b)
	wantError(t, err, "nowhere")
	sameContents(t, dir, before)
	if patched(t, dir) {
		t.Error("patched")
	}

	// A copy that is there stays, though it is to be made again.
	mustPatch(t, dir)
	name := filepath.Join(dir, "mtpatch/fake-v1.0.0/crypto/crypto.go")
	src, _ := os.ReadFile(name)
	writeFile(t, name, string(src)+"\n// edited\n")
	before = contents(t, dir)
	err = run([]string{"-mtcore", filepath.Join(dir, "nowhere")}, dir, &b)
	wantError(t, err, "nowhere")
	sameContents(t, dir, before)
}

// TestCompiledOnce: what mtpatch has compiled, the program's build finds in the cache.
func TestCompiledOnce(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource + "\n// " + t.TempDir() + "\n"})
	dir := newProgram(t, "v1.0.0")
	cached := func() bool {
		return strings.TrimSpace(goCommand(t, dir, "list", "-f", "{{.Stale}}", "example.com/fake/crypto")) == "false"
	}
	if cached() {
		t.Error("compiled before")
	}
	mustPatch(t, dir)
	if !cached() {
		t.Error("not compiled where it is used")
	}
}

// TestKilled runs after runs that were killed: one left its folder, the other everything but go.mod.
func TestKilled(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	gomod := filepath.Join(dir, "go.mod")
	text, _ := os.ReadFile(gomod)
	writeFile(t, gomod, strings.Replace(string(text), "require ", "require   ", 1)) // not as gofmt would have it
	before := contents(t, dir)
	left := filepath.Join(dir, "mtpatch", ".mtpatch-123")
	writeFile(t, filepath.Join(left, "go.mod"), "module example.com/program\n")
	mustPatch(t, dir)
	if !patched(t, dir) || isDir(left) {
		t.Errorf("patched: %v, what was left is there: %v", patched(t, dir), isDir(left))
	}

	for _, name := range kept {
		writeFile(t, filepath.Join(dir, name), before[filepath.Join(dir, name)])
	}
	mustPatch(t, dir)
	if !patched(t, dir) {
		t.Error("not patched")
	}
	mustPatch(t, dir, "-undo")
	sameContents(t, dir, before)
}

func TestExistingReplace(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	fork := filepath.Join(dir, "third/fake")
	writeFile(t, filepath.Join(fork, "go.mod"), "module example.com/fake\n\ngo 1.21\n")
	writeFile(t, filepath.Join(fork, "crypto/crypto.go"), fakeSource)
	goCommand(t, dir, "mod", "edit", "-replace=example.com/fake=./third/fake")
	before := contents(t, dir)
	_, err := mtpatch(t, dir)
	wantError(t, err, "replaced by ./third/fake", "-dir ./third/fake")
	sameContents(t, dir, before)

	// In a folder where copies could be, but it is not one.
	goCommand(t, dir, "mod", "edit", "-replace=example.com/fake=./mtpatch/fake")
	writeFile(t, filepath.Join(dir, "mtpatch/fake/go.mod"), "module example.com/fake\n\ngo 1.21\n")
	_, err = mtpatch(t, dir)
	wantError(t, err, "replaced by ./mtpatch/fake")
}

// TestDir patches a copy in the tree, under another import path.
func TestDir(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/program\n\ngo 1.25.0\n")
	moved := strings.Replace(program, "example.com/fake/", "example.com/program/pkg/", 1)
	writeFile(t, filepath.Join(dir, "main.go"), moved)
	writeFile(t, filepath.Join(dir, "pkg/crypto/crypto.go"), fakeSource)

	out := mustPatch(t, dir, "-dir", "pkg")
	if !strings.Contains(out, "fake in pkg: 2 functions") {
		t.Errorf("the report is\n%s", out)
	}
	_, left, _ := strings.Cut(out, "what is left to do, in the module around pkg: ")
	for command := range strings.SplitSeq(strings.TrimSpace(left), " && ") {
		goCommand(t, dir, strings.Fields(command)[1:]...)
	}
	if !patched(t, dir) {
		t.Error("not patched")
	}
	before := contents(t, dir)
	if out := mustPatch(t, dir, "-dir", "pkg"); !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: %s", out)
	}
	sameContents(t, dir, before)
	_, err := mtpatch(t, dir, "-dir", "nowhere")
	wantError(t, err, "not a folder")
	_, err = mtpatch(t, dir, "-dir", ".")
	wantError(t, err, "no client that is known")
	_, err = mtpatch(t, dir, "-dir", "vendor/example.com/fake")
	wantError(t, err, "vendor is made from go.mod")
}

func TestWorkspace(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	work := t.TempDir()
	other := filepath.Join(work, "other")
	writeFile(t, filepath.Join(other, "go.mod"), "module example.com/other\n\ngo 1.25.0\n")
	writeFile(t, filepath.Join(other, "other.go"), "package other\n")
	writeFile(t, filepath.Join(work, "go.work"), "go 1.25.0\n\nuse (\n\t"+dir+"\n\t./other\n)\n")
	t.Setenv("GOWORK", filepath.Join(work, "go.work"))

	mustPatch(t, dir)
	if !patched(t, dir) {
		t.Error("not patched in the workspace")
	}
	mustPatch(t, dir, "-check")
	mustPatch(t, dir, "-undo")

	goCommand(t, other, "mod", "edit", "-replace=example.com/fake@v1.0.0=./elsewhere")
	before := contents(t, dir)
	_, err := mtpatch(t, dir)
	wantError(t, err, "example.com/other", "in the same workspace")
	goCommand(t, other, "mod", "edit", "-dropreplace=example.com/fake@v1.0.0")
	goCommand(t, work, "work", "edit", "-replace=example.com/fake=./elsewhere")
	_, err = mtpatch(t, dir)
	wantError(t, err, "go.work", "remove that line")
	sameContents(t, dir, before)
}

func TestVendor(t *testing.T) {
	serve(t, map[string]string{"v1.0.0": fakeSource})
	dir := newProgram(t, "v1.0.0")
	goCommand(t, dir, "mod", "vendor")
	before := contents(t, dir)

	mustPatch(t, dir)
	if !patched(t, dir) {
		t.Error("not patched")
	}
	modules, _ := os.ReadFile(filepath.Join(dir, "vendor/modules.txt"))
	if !strings.Contains(string(modules), "# "+mtcorePath) {
		t.Errorf("vendor/modules.txt does not have mtcore:\n%s", modules)
	}
	mustPatch(t, dir, "-undo")
	sameContents(t, dir, before)
}

func TestNothingRequired(t *testing.T) {
	serve(t, nil)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/program\n\ngo 1.25.0\n")
	writeFile(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	_, err := mtpatch(t, dir)
	wantError(t, err, "no client that is known is required", "github.com/gotd/td")
	_, err = mtpatch(t, t.TempDir())
	wantError(t, err, "no go.mod here")
	_, err = mtpatch(t, dir, "-check", "-undo")
	wantError(t, err, "exclude each other")
	_, err = mtpatch(t, dir, "-frobnicate")
	wantError(t, err, "frobnicate")
}

// TestTables: hashes are of the form that bodyHash has, and every function can change.
func TestTables(t *testing.T) {
	for _, c := range clients {
		seen := make(map[string]bool)
		for _, rw := range c.rewrites {
			name := rw.dirs[0] + ": " + rw.fn
			if seen[name] {
				t.Errorf("%s: %s is there twice", c.name, name)
			}
			seen[name] = true
			if len(rw.known) == 0 {
				t.Errorf("%s: %s has no known body", c.name, name)
			}
			for _, h := range rw.known {
				if len(h) != 16 || strings.Trim(h, "0123456789abcdef") != "" {
					t.Errorf("%s: %s: %q is not a hash", c.name, name, h)
				}
			}
			if (rw.body == "") == (len(rw.edits) == 0) {
				t.Errorf("%s: %s needs either a body or edits", c.name, name)
			}
		}
	}
}
