package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/report"
)

// writeReport keeps a report with one case of two contenders, whose samples are given.
func writeReport(t *testing.T, name string, ours, theirs []float64) string {
	t.Helper()
	r := &report.Report{Schema: report.Schema, Machine: report.Machine{Name: name}, Results: []report.Result{
		{Suite: "suite", Case: "case", Kind: report.Ours, Who: "us", How: "somehow", Ns: median(ours), Samples: ours},
		{Suite: "suite", Case: "case", Kind: report.Peer, Who: "them", How: "anyhow", Ns: median(theirs), Samples: theirs},
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

func TestCompareRefuses(t *testing.T) {
	a := writeReport(t, "a", []float64{1}, []float64{1})
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(`{"schema": "`+report.Schema+`"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ other, want string }{
		{filepath.Join(t.TempDir(), "missing"), "no such file"},
		{"compare.go", "not a report"},
		{empty, "no result in common"},
	} {
		var stdout, stderr bytes.Buffer
		if got := run([]string{"-compare", a, tt.other}, &stdout, &stderr); got != exitFailure || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: status %d, stderr %q, want %d and %q", tt.other, got, &stderr, exitFailure, tt.want)
		}
	}
}

// TestJSON: what a run keeps is what it printed, and -readme makes tables of it.
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json")
	var stdout, stderr bytes.Buffer
	args := []string{"-time", "1ns", "-size", "64", "-suite", "ige,envelope", "-name", "my phone", "-json", path}
	if got := run(args, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	r, err := report.Read(path)
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
		case x.Suite != "ige" && x.Suite != "envelope", x.Op == "", x.Count < 1, x.Size != 64, x.Rounds < minRounds:
			t.Errorf("result %+v", x)
		case x.How != ourSealFree && (x.Ns <= 0 || x.Low > x.Ns || x.High < x.Ns):
			t.Errorf("%s, %s: %v ns, from %v to %v", x.Case, x.Who, x.Ns, x.Low, x.High)
		case len(x.Samples) != min(x.Rounds, maxSamples):
			t.Errorf("%s, %s: %d samples of %d rounds", x.Case, x.Who, len(x.Samples), x.Rounds)
		case (x.Kind == report.Ours) != strings.HasPrefix(x.Who, "mtcore "), (x.Kind == report.Ours) != (x.Backend != ""):
			t.Errorf("%s by %s is of kind %s, backend %q", x.Case, x.Who, x.Kind, x.Backend)
		}
	}

	r.Build.Commit, r.Build.Modified = "0123456789abcdef", false // go test records neither
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
	if want := "my phone"; !strings.Contains(string(text), want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}

func TestSamples(t *testing.T) {
	got := samples([]float64{1, 2, 3, 10, 20, 30, 7}, 2)
	if len(got) != 2 || got[0] != 2 || got[1] != 15 {
		t.Errorf("samples are %v, want 2 and 15", got)
	}
	if got := samples([]float64{5, 6}, 20); len(got) != 2 || got[0] != 5 || got[1] != 6 {
		t.Errorf("samples are %v, want 5 and 6", got)
	}
}
