package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bench/internal/table"
	"github.com/mtcore/mtcore/internal/results"
)

// writeReport writes a report with one case of two contenders, with the given samples.
func writeReport(t *testing.T, name string, ours, theirs []float64) string {
	t.Helper()
	r := &results.Report{Schema: results.Schema, Machine: results.Machine{Name: name}, Results: []results.Result{
		{Suite: "suite", Case: "case", Op: "op", Way: "mtcore.somehow", Kind: results.Ours, Who: "us", How: "somehow", Ns: suite.Median(ours), Samples: ours},
		{Suite: "suite", Case: "case", Op: "op", Way: "them.anyhow", Kind: results.Peer, Who: "them", How: "anyhow", Ns: suite.Median(theirs), Samples: theirs},
	}}
	text, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompare(t *testing.T) {
	around := func(x float64) []float64 {
		return []float64{x - 2, x + 1, x, x + 2, x - 1, x + 3, x - 3, x}
	}
	a := writeReport(t, "old", around(100), around(500))
	b := writeReport(t, "new", around(80), around(500))
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-compare", a, b}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	text := strings.Join(strings.Fields(stdout.String()), " ")
	for _, want := range []string{
		"a: old", "b: new",
		"case, us, somehow 100.0 ± 3% 80.0 ± 4% -20.00% p=0.000 n=8",
		"case, them, anyhow 500.0 ± 1% 500.0 ± 1% ~ p=1.000 n=8",
		"geometric mean of mtcore -20.00% n=1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, &stdout)
		}
	}
}

// TestCompareRenamed: rows are compared by their ids, whatever they are called.
func TestCompareRenamed(t *testing.T) {
	x := []float64{100, 101, 102, 103, 104}
	a, b := writeReport(t, "a", x, x), writeReport(t, "b", x, x)
	text, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.NewReplacer(`"case":"case"`, `"case":"another"`, `"who":"us"`, `"who":"we"`, `"how":"somehow"`, `"how":"anyway"`).Replace(string(text))
	if err := os.WriteFile(b, []byte(renamed), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-compare", a, b}, &stdout, &stderr); got != exitOK || renamed == string(text) || !strings.Contains(stdout.String(), "n=1\n") {
		t.Errorf("status %d, error %s, output:\n%s", got, &stderr, &stdout)
	}
}

// TestCompareWidth: a long name does not make its line longer than the others.
func TestCompareWidth(t *testing.T) {
	var paths []string
	for _, name := range []string{"a", "b"} {
		x := results.Result{
			Suite: "suite", Op: "op", Way: "mtcore.somehow", Kind: results.Ours, Case: "check of a prime",
			Who: "mtcore generic", How: strings.Repeat("how ", 12), Samples: []float64{3123456789, 3223456789, 3323456789, 4e9},
		}
		text, err := (&results.Report{Schema: results.Schema, Results: []results.Result{x}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-compare", paths[0], paths[1]}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d: %s", got, &stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > table.Width {
			t.Errorf("%d columns, want at most %d: %s", n, table.Width, line)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	a := writeReport(t, "a", []float64{1}, []float64{1})
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(`{"schema": "`+results.Schema+`"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ other, want string }{
		{filepath.Join(t.TempDir(), "missing"), "no such file"},
		{"main.go", "not a report"},
		{empty, "no result in common"},
	} {
		var stdout, stderr bytes.Buffer
		if got := run([]string{"-compare", a, tt.other}, &stdout, &stderr); got != exitFailure || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: status %d, stderr %q, want %d and %q", tt.other, got, &stderr, exitFailure, tt.want)
		}
	}
}

// TestJSON: a run keeps what it printed, and -readme makes tables of it.
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json")
	var stdout, stderr bytes.Buffer
	args := []string{"-time", "1ns", "-size", "64", "-suite", "ige,envelope", "-name", "my phone", "-json", path}
	if got := run(args, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	r, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if r.Machine.Name != "my phone" || r.Build.Go == "" || r.Time.IsZero() || len(r.Machine.Backends["bigdh"]) == 0 {
		t.Errorf("machine %+v, build %+v, time %v", r.Machine, r.Build, r.Time)
	}
	if len(r.Targets) == 0 {
		t.Error("no targets")
	}
	for _, x := range r.Results {
		switch {
		case x.Suite != "ige" && x.Suite != "envelope", x.Op == "", x.Count < 1, x.Size != 64, x.Rounds < suite.MinRounds:
			t.Errorf("result %+v", x)
		case x.Way != "mtcore.seal-free" && (x.Ns <= 0 || x.Low > x.Ns || x.High < x.Ns):
			t.Errorf("%s, %s: %v ns, from %v to %v", x.Case, x.Who, x.Ns, x.Low, x.High)
		case len(x.Samples) != min(x.Rounds, suite.MaxSamples):
			t.Errorf("%s, %s: %d samples of %d rounds", x.Case, x.Who, len(x.Samples), x.Rounds)
		case (x.Kind == results.Ours) != strings.HasPrefix(x.Who, "mtcore "), (x.Kind == results.Ours) != (x.Backend != ""):
			t.Errorf("%s by %s is of kind %s, backend %q", x.Case, x.Who, x.Kind, x.Backend)
		}
	}

	if !r.Partial || r.Probe == nil || r.Disturbed != (len(r.Why) > 0) {
		t.Errorf("partial %v, disturbed %v, why %q, probe %+v", r.Partial, r.Disturbed, r.Why, r.Probe)
	}
	r.Build.Commit, r.Build.Modified, r.Disturbed = "0123456789abcdef", false, false // go test records neither
	whole, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("<!-- bench: x.json -->\n<!-- end of bench -->\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	// That is not enough for README.
	stderr.Reset()
	if got := run([]string{"-readme", readme}, &stdout, &stderr); got != exitFailure || !strings.Contains(stderr.String(), "bigdh/exp/1x0/mtcore.exp") {
		t.Errorf("README of part of a run: status %d, error %s", got, &stderr)
	}
	full, err := os.ReadFile("../internal/results/testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, full, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want int
	}{
		{[]string{"-readme", readme, "-check"}, exitFailure},
		{[]string{"-readme", readme}, exitOK},
		{[]string{"-readme", readme, "-check"}, exitOK},
	} {
		if got := run(tt.args, &stdout, &stderr); got != tt.want {
			t.Errorf("%v: status %d, want %d: %s", tt.args, got, tt.want, &stderr)
		}
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Zen 5"; !strings.Contains(string(text), want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}
