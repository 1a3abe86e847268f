//go:build clients

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Tests of real clients, as the module proxy has them. They compile much, and are a stage
// of their own in CI:
//
//	go test -tags clients -run Suites -v .                 the newest version
//	go test -tags clients -run Suites -v . -versions all   every version that the table names

var versions = flag.String("versions", "newest", "`which` versions of clients: newest, all, or a list with commas")

// suites are gotd/td's own tests, except for those that need Telegram's servers, which
// they leave out themselves. Those of tgtest are a client and a server in one process, over
// the loopback device: exchange, messages both ways, another DC, and an upload.
var suites = []string{"./crypto/...", "./exchange/...", "./mtproto/...", "./session/...", "./telegram", "./telegram/auth/...",
	"./telegram/calls/...", "./tgtest/..."}

func wanted(c *client) []string {
	switch *versions {
	case "newest":
		return c.tried[len(c.tried)-1:]
	case "all":
		return c.tried
	}
	return strings.Split(*versions, ",")
}

// withoutB are those of gotd/td's tests that prove a password to a server that sends no B at all, which is a B
// of 0: whoever sends that needs to know nothing of the password afterwards. It is what patched clients refuse.
var withoutB = []string{
	"telegram/auth TestClient_AuthSignIn", "telegram/auth TestClient_AuthSignIn/Manual",
	"telegram/auth TestClient_AuthSignIn/AuthFlow", "telegram/auth TestClient_AuthSignIn/IfNecessary",
	"telegram/auth TestClient_UpdatePassword", "telegram/auth TestClient_UpdatePassword/PasswordRequired",
	"telegram/auth/srpguard TestLockedBuffer", "telegram/auth/srpguard TestEnclave",
}

// TestGotdSuites runs gotd/td's own tests before and after it is patched.
func TestGotdSuites(t *testing.T) {
	for _, version := range wanted(&gotd) {
		t.Run(version, func(t *testing.T) {
			stock, patched := writableCopy(t, &gotd, version), writableCopy(t, &gotd, version)
			var out bytes.Buffer
			if err := run([]string{"-dir", "."}, patched, &out); err != nil {
				t.Fatal(err)
			}
			t.Log(out.String())
			checkTable(t, gotd.name, version, out.String())
			goTool(t, patched, "mod", "edit", "-require="+mtcorePath+"@v0.0.0", "-replace="+mtcorePath+"="+mtcore(t))

			before, after := runSuites(t, stock, suites), runSuites(t, patched, suites)
			for name, b := range before {
				a := after[name]
				switch {
				case !b.passed:
					t.Logf("%s fails stock, so that it says nothing:\n%s", name, b.output)
				case slices.Contains(withoutB, name):
					if a.passed {
						t.Errorf("%s passes patched, without a B", name)
					}
				case !a.passed:
					t.Errorf("%s passes stock, and not patched:\n%s", name, a.output)
				}
			}
			passed := 0
			for _, r := range after {
				if r.passed {
					passed++
				}
			}
			if passed < 150 {
				t.Errorf("only %d tests passed", passed)
			}
			t.Logf("%d tests pass, stock and patched", passed)
		})
	}
}

// writableCopy returns a folder with a copy of a client.
func writableCopy(t *testing.T, c *client, version string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "get/go.mod"), "module example.com/get\n\ngo 1.25.0\n")
	var d struct{ Dir string }
	out := goTool(t, filepath.Join(dir, "get"), "mod", "download", "-json", c.module+"@"+version)
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(dir, "tree")
	if err := copyTree(tree, d.Dir); err != nil {
		t.Fatal(err)
	}
	return tree
}

// testResult is what became of a test, and what it printed.
type testResult struct {
	passed bool
	output string
}

// runSuites runs the tests of packages of a client. Some have deadlines of a few milliseconds: those that fail are
// run again without company.
func runSuites(t *testing.T, dir string, packages []string) map[string]testResult {
	t.Helper()
	var there []string
	for _, p := range packages {
		if isDir(filepath.Join(dir, strings.TrimSuffix(p, "/..."))) {
			there = append(there, p)
		}
	}
	all := runTests(t, dir, there...)
	again := make(map[string][]string)
	for name, r := range all {
		pkg, test, _ := strings.Cut(name, " ")
		if !r.passed && !strings.Contains(test, "/") {
			again[pkg] = append(again[pkg], test)
		}
	}
	for pkg, tests := range again {
		maps.Copy(all, runTests(t, dir, "-run", "^("+strings.Join(tests, "|")+")$", "./"+pkg))
	}
	return all
}

// runTests returns what became of the tests, each called by its package, a space, and its name.
func runTests(t *testing.T, dir string, args ...string) map[string]testResult {
	t.Helper()
	// Without paths of this machine the packages that are the same are compiled once.
	cmd := exec.Command("go", append([]string{"test", "-json", "-short", "-count=1", "-trimpath", "-mod=mod", "-vet=off"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	output := make(map[string]string)
	all := make(map[string]testResult)
	for line := range bytes.Lines(out) {
		var event struct{ Action, Package, Test, Output string }
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		name := strings.TrimPrefix(event.Package, gotd.module+"/") + " " + event.Test
		switch event.Action {
		case "output":
			output[name] += event.Output
		case "pass", "fail":
			if event.Test != "" {
				all[name] = testResult{event.Action == "pass", output[name]}
			}
		}
	}
	if err != nil && len(all) == 0 {
		t.Fatalf("%v: %v\n%s%s", cmd, err, &stderr, out)
	}
	return all
}

func goTool(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// checkTable compares a report with the column of README.md for the version.
func checkTable(t *testing.T, name, version, report string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var column []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) > 2 {
			row := make([]string, len(cells))
			for i, c := range cells {
				row[i] = strings.Trim(c, " `")
			}
			if row[1] == name {
				column = row
				continue
			}
			if slices.ContainsFunc(clients, func(c *client) bool { return c.name == row[1] }) {
				column = nil
				continue
			}
			if i := slices.Index(column, version); i > 0 && strings.Contains(row[1], ": ") {
				want := row[i] == "yes"
				got := strings.Contains(report, fmt.Sprintf("rewritten   %s\n", row[1]))
				if got != want {
					t.Errorf("README.md says of %s: %q, and it was rewritten: %v", row[1], row[i], got)
				}
				report = strings.Replace(report, fmt.Sprintf("rewritten   %s\n", row[1]), "", 1)
			}
		}
	}
	if strings.Contains(report, "rewritten   ") {
		t.Errorf("README.md does not have all that was rewritten:\n%s", report)
	}
}
