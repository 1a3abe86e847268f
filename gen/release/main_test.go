package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestChangelog(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	text := "# Changelog\n\n## Unreleased\n\n- ige: new.\n\n## v0.1.0, 1 May 2026\n\n- ige.\n"
	want := "# Changelog\n\n## v0.2.0, 29 November 2026\n\n- ige: new.\n\n## v0.1.0, 1 May 2026\n\n- ige.\n"
	if got, err := changelog(text, "v0.2.0", now); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for name, bad := range map[string]string{
		"released already": strings.Replace(text, "## v0.1.0,", "## v0.2.0,", 1),
		"no section":       want,
		"empty section":    "## Unreleased\n\n\n## v0.1.0, 1 May 2026\n\n- ige.\n",
		"nothing at all":   "## Unreleased\n",
	} {
		if got, err := changelog(bad, "v0.2.0", now); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDocVersion(t *testing.T) {
	text := "go run github.com/mtcore/mtcore/compat/mtpatch@v0.1.9-rc.1\ngo get github.com/gotd/td@v0.162.0\n"
	want := "go run github.com/mtcore/mtcore/compat/mtpatch@v0.2.0\ngo get github.com/gotd/td@v0.162.0\n"
	if got, err := docVersion(text, "v0.2.0"); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := docVersion("nothing", "v0.2.0"); err == nil {
		t.Error("a text without a version is taken")
	}
}

func TestCommands(t *testing.T) {
	text := "one\n```sh\na\nb\n```\n```go\nc\n```\n```sh\nd\n```\n" + strings.Repeat("\n", 40) + "```sh\ne\n```\n"
	got := commands(text)
	if len(got) != 2 || got[0] != "a\nb\n" || got[1] != "d\n" {
		t.Errorf("%q", got)
	}
}

// TestModules: every module of this repository is released, or is listed here with the
// reason why not.
func TestModules(t *testing.T) {
	listed := map[string]bool{
		"gen":                              true, // serves this repository
		"bench":                            true, // is run from a checkout
		"bench/internal/client/program":    true, // is built by bench
		"compat/gotdige/internal/difftest": true, // a test
	}
	for _, m := range modules {
		listed[m.dir] = true
	}
	out, err := exec.Command("git", "-C", "../..", "ls-files", "go.mod", "*/go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	for _, file := range files {
		if dir := filepath.ToSlash(filepath.Dir(file)); !listed[dir] {
			t.Errorf("module %s is not released", dir)
		}
	}
	if len(files) != len(listed) {
		t.Errorf("%d go.mod files, and %d modules are listed", len(files), len(listed))
	}
}

// TestPrepare sets versions in a copy.
func TestPrepare(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree := t.TempDir()
	if err := copyTracked(tree, root); err != nil {
		t.Fatal(err)
	}
	if err := prepare(tree, "v0.98.7", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		text, err := os.ReadFile(filepath.Join(tree, m.dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "v0.0.0\n") {
			t.Errorf("%s requires a version that there is not:\n%s", m.dir, text)
		}
		if m.dir != "." && m.dir != "compat/mtpatch" && !strings.Contains(string(text), rootPath+" v0.98.7\n") {
			t.Errorf("%s does not require %s v0.98.7:\n%s", m.dir, rootPath, text)
		}
	}
}
