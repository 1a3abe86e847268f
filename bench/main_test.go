package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bench/internal/table"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

// bestBackend returns the first of the backends in use.
func bestBackend() string {
	best, _, _ := strings.Cut(ige.Backend(), "+")
	return best
}

// TestRun is a whole run, with as few rounds and cells as possible.
func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-size", "64,16KiB", "-suite", "ige", "-targets"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("progress without a terminal: %q", &stderr)
	}
	ours := "mtcore " + bestBackend()
	want := []string{
		"cpu ", "backends  ige: " + ige.Backend(),
		ours + " agrees", "mtcore generic agrees",
		"encrypt 64 B (", "encrypt 16 KiB (", "decrypt 64 B (", "decrypt 16 KiB (",
		"ns/op", "MB/s", "allocs", suite.OfLimit.Title, ours, "mtcore generic",
		"Targets", "≤ 1.02", "≥ 1.50", "≥ 3.00", "≥ 1.40",
	}
	for _, p := range peers.IGEs(suite.Decrypt) {
		want = append(want, p.Who, p.How, p.Column.Title)
	}
	if limit.Available() {
		want = append(want, suite.LimitAES.How)
	}
	for _, want := range want {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the output:\n%s", want, &stdout)
		}
	}
	_, end, ok := strings.Cut(stdout.String(), "How many times as fast as others, on one core of ")
	if n := strings.Count(end, "\n"); !ok || n > 10 {
		t.Errorf("%d lines at the end: %s", n, end)
	}
	first, _, _ := strings.Cut(stdout.String(), "\n")
	if first != firstLine("", nil) && !strings.HasPrefix(first, "DISTURBED") {
		t.Errorf("the first line is %q, want the verdict", first)
	}
}

// TestWidth: everything printed fits, whatever is measured, and a run ends with a few lines for every
// reader.
func TestWidth(t *testing.T) {
	var out bytes.Buffer
	for _, s := range allSuites {
		s := s.make(suite.Options{})
		for _, c := range s.Cases {
			table.Case(&out, rowsOf(s, c), s.Columns)
		}
		for _, g := range s.Grids {
			var rows []results.Result
			for _, c := range s.Cases {
				rows = append(rows, rowsOf(s, c)...)
			}
			table.Grid(&out, s.Name, g, rows)
		}
		out.WriteString(s.Legend + "\n")
	}
	var stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-size", "64", "-dir", "decrypt", "-suite", "ige", "-targets"}, &out, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	out.WriteString(suite.MethodLegend + "\n")
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > table.Width {
			t.Errorf("%d columns, want at most %d: %s", n, table.Width, line)
		}
	}
}

// rowsOf returns results of a case with the largest possible values.
func rowsOf(s suite.Suite, c suite.Case) []results.Result {
	var rows []results.Result
	for _, con := range c.Contenders {
		r := results.Result{
			Suite: s.Name, Case: c.Name, Op: c.Op, Count: c.Count, Size: c.Size, Bytes: c.Bytes, Rounds: 12345,
			Way: con.Way, Who: con.Who, How: con.How, Ns: 3e9, Low: 2e9, High: 9e9, Allocs: 12345,
		}
		if con.Setting != nil {
			r.Backend, r.Who = con.Setting.Name, suite.OurName(*con.Setting)
		}
		for column := range con.Versus {
			r.Ratios = append(r.Ratios, results.Ratio{ID: column.ID, Title: column.Title, Value: 12345.6})
		}
		rows = append(rows, r)
	}
	return rows
}

// TestUnwritable: a file that cannot be written is reported before anything is checked or measured.
func TestUnwritable(t *testing.T) {
	name := filepath.Join(t.TempDir(), "missing", "file")
	for _, format := range []string{"-json", "-html", "-card"} {
		var stdout, stderr bytes.Buffer
		if got := run([]string{"-time", "1ns", format, name}, &stdout, &stderr); got != exitFailure {
			t.Errorf("%s: status %d, want %d", format, got, exitFailure)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), name) {
			t.Errorf("%s: output %q, error %q, want only an error with the name", format, &stdout, &stderr)
		}
	}
}

// TestCheckWritable: the check leaves everything as it was.
func TestCheckWritable(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := checkWritable(name); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was not there: %v, want %v", err, fs.ErrNotExist)
	}
	if err := os.WriteFile(name, []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := checkWritable(name); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(name); string(text) != "kept" {
		t.Errorf("what was there: %q, %v", text, err)
	}
}

// TestRunBatch is TestRun for a suite with grids.
func TestRunBatch(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-suite", "batch", "-size", "256", "-targets"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	best := "mtcore " + bestBackend()
	want := []string{
		best + " agrees", "mtcore generic agrees",
		best + ", encrypt: vs one, MB/s\nmessages ", "mtcore generic, encrypt: vs one, MB/s\nmessages ",
		"\n       1 ", "\n       8 ", suite.VsOne.Title,
	}
	if limit.Available() {
		want = append(want, " limit\n", "\n      64 ", "≤ 1.03", "not measured")
	}
	for _, want := range want {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the output:\n%s", want, &stdout)
		}
	}
	if strings.Contains(stdout.String(), "ige: the peers") {
		t.Errorf("the other suite ran as well:\n%s", &stdout)
	}
}

// TestCycles is a run with -cycles: its table, in which every column that has a contender has a number,
// and nothing else.
func TestCycles(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-suite", "ige,batch,kdf", "-dir", "encrypt", "-cycles"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	for _, want := range []string{"core cycles", "EncryptBatch 16 × 64 B  ", "EncryptBlocks, a block of crypto/aes, 64 B  ", "×"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the output:\n%s", want, &stdout)
		}
	}
	if strings.Contains(stdout.String(), "ns/op") || strings.Contains(stdout.String(), "kdf") {
		t.Errorf("more than short messages:\n%s", &stdout)
	}
	for line := range strings.Lines(stdout.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > table.Width {
			t.Errorf("%d columns, want at most %d: %s", n, table.Width, line)
		}
	}
}

// TestDefaultTime checks the time that the package comment promises.
func TestDefaultTime(t *testing.T) {
	var suites []suite.Suite
	for _, s := range allSuites {
		if !s.asked {
			suites = append(suites, s.make(suite.Options{}))
		}
	}
	if got, limit := totalTime(suites), 115*time.Second; got > limit {
		t.Errorf("the cases take %v, want at most %v", got, limit)
	}
	for _, s := range suites {
		for _, c := range s.Cases {
			if c.Time <= 0 {
				t.Errorf("%s: %s has no time", s.Name, c.Name)
			}
		}
	}
}

// TestCheckOnly checks one suite: the tests of each suite run its check.
func TestCheckOnly(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-check", "-suite", "kdf"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	if strings.Contains(stdout.String(), "ns/op") {
		t.Errorf("measured:\n%s", &stdout)
	}
}

func TestMismatchEndsRun(t *testing.T) {
	measured := false
	bad := suite.Suite{
		Name:  "bad",
		Check: func(func(string)) error { return errors.New("planted") },
		Cases: []suite.Case{{Name: "case", Contenders: []suite.Contender{{Op: func() { measured = true }}}}},
	}
	var stdout, stderr bytes.Buffer
	_, err := measureSuites([]suite.Suite{bad}, options{}, &stdout, &stderr)
	if want := "bad: wrong result: planted"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if measured {
		t.Error("measured in spite of the wrong result")
	}
}

// TestTries: a disturbed run is repeated, and replaces only disturbed results.
func TestTries(t *testing.T) {
	dir := t.TempDir()
	keep := func(name string, disturbed bool) string {
		text, err := (&results.Report{Schema: results.Schema, Disturbed: disturbed}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	quiet, disturbed, missing := keep("quiet", false), keep("disturbed", true), filepath.Join(dir, "missing")
	for _, tt := range []struct {
		file        string
		tries       int
		quietAt     int // the try during which the machine is quiet; 0 means never
		want        int // runs
		wantError   string
		wantVerdict bool
	}{
		{quiet, 1, 1, 1, "", false},
		{quiet, 1, 0, 1, "", true},
		{quiet, 5, 3, 3, "", false},
		{quiet, 5, 0, 5, "5 tries on a disturbed machine: the results in " + quiet + " stay", false},
		{disturbed, 5, 0, 5, "", true},
		{missing, 2, 0, 2, "", true},
		{"", 2, 0, 2, "", true},
	} {
		var b bytes.Buffer
		runs := 0
		rep, err := tries(options{tries: tt.tries, json: tt.file}, &b, func() (*results.Report, error) {
			runs++
			return &results.Report{Disturbed: runs != tt.quietAt}, nil
		})
		switch {
		case runs != tt.want:
			t.Errorf("%+v: %d runs", tt, runs)
		case tt.wantError == "" && (err != nil || rep.Disturbed != tt.wantVerdict):
			t.Errorf("%+v: report %+v, error %v", tt, rep, err)
		case tt.wantError != "" && (err == nil || !strings.Contains(err.Error(), tt.wantError)):
			t.Errorf("%+v: error %v", tt, err)
		}
		if got, want := strings.Count(b.String(), "That was try"), runs-1; got != want {
			t.Errorf("%+v: %d lines about tries, want %d", tt, got, want)
		}
	}
}

// TestReference: only an earlier run on the same machine shows what this one can do.
func TestReference(t *testing.T) {
	m := results.Machine{CPU: "a", Arch: "b"}
	for _, tt := range []struct {
		old  *results.Report
		want float64
	}{
		{nil, 0},
		{&results.Report{Machine: m}, 0},
		{&results.Report{Machine: m, Probe: &results.Probe{Quiet: 0.2}}, 0.2},
		{&results.Report{Machine: results.Machine{CPU: "c", Arch: "b"}, Probe: &results.Probe{Quiet: 0.2}}, 0},
		{&results.Report{Machine: results.Machine{CPU: "a", Arch: "c"}, Probe: &results.Probe{Quiet: 0.2}}, 0},
	} {
		if got := quietReference(tt.old, m); got != tt.want {
			t.Errorf("reference %v of %+v, want %v", got, tt.old, tt.want)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args string
		want int
	}{
		{"-help", exitOK},
		{"-size 63", exitUsage},
		{"-dir sideways", exitUsage},
		{"-backend abacus", exitUsage},
		{"-time fast", exitUsage},
		{"-check now", exitUsage},
		{"-suite presidential", exitUsage},
		{"-suite ige,", exitUsage},
		{"-compare a.json", exitUsage},
		{"-tries 0", exitUsage},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(strings.Fields(tt.args), &stdout, &stderr); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.args, got, tt.want)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), "Usage") {
			t.Errorf("%s: stdout %q, stderr %q, want usage on stderr", tt.args, &stdout, &stderr)
		}
	}
}

func TestBackendOption(t *testing.T) {
	var stderr bytes.Buffer
	opt, err := parseOptions([]string{"-backend", "generic", "-size", "1MiB"}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	for _, make := range allSuites {
		s := make.make(opt.Options)
		for _, c := range s.Cases {
			ours := 0
			for _, row := range c.Contenders {
				switch {
				case row.Setting == nil:
					if strings.HasPrefix(string(row.Way), "mtcore.") {
						ours++ // in Go, and nothing else
					}
				case row.Setting.Name == "generic":
					ours++
				default:
					t.Errorf("%s: %s is measured", c.Name, row.Setting.Name)
				}
			}
			if ours == 0 {
				t.Errorf("%s: the generic backend is not measured", c.Name)
			}
		}
	}
}

// TestEveryBackend checks that no suite leaves out a backend that it should measure, nor that a whole
// suite is left out if only one backend is requested.
func TestEveryBackend(t *testing.T) {
	has := func(s suite.Suite, name string) bool {
		return slices.ContainsFunc(s.Cases, func(c suite.Case) bool {
			return slices.ContainsFunc(c.Contenders, func(c suite.Contender) bool { return c.Setting != nil && c.Setting.Name == name })
		})
	}
	for _, make := range allSuites {
		all := make.make(suite.Options{})
		if all.Name != make.name {
			t.Errorf("%s calls itself %s", make.name, all.Name)
		}
		if make.asked { // it runs other programs, which choose their backends
			continue
		}
		if len(all.Backends) == 0 || all.Backends[0] != suite.Generic {
			t.Errorf("%s: backends %q, want generic and perhaps others", all.Name, all.Backends)
		}
		for _, name := range all.Backends {
			// One stream is the same with and without VAES, so VAES is measured only on request.
			besides := all.Name == "ige" && strings.HasPrefix(name, "VAES")
			if got := has(all, name); got == besides {
				t.Errorf("%s: %s is measured: %v", all.Name, name, got)
			}
			if s := make.make(suite.Options{Backend: name}); !has(s, name) {
				t.Errorf("%s: -backend %s measures nothing", all.Name, name)
			}
		}
	}
}

// TestIDs checks that rows are distinct, and that ratios, targets and grids refer to rows that exist.
func TestIDs(t *testing.T) {
	for _, s := range allSuites {
		t.Run(s.name, func(t *testing.T) { testIDs(t, s.make(suite.Options{})) })
	}
}

func testIDs(t *testing.T, s suite.Suite) {
	rows, names, ids := map[string]bool{}, map[string]bool{}, map[results.CaseID]bool{}
	row := func(id results.CaseID, row suite.Row) string { return id.String() + "/" + string(row) }
	for _, c := range s.Cases {
		id := c.ID(s.Name)
		if ids[id] || names[c.Name] {
			t.Errorf("two cases %s, %q: see internal/%s", id, c.Name, s.Name)
		}
		ids[id], names[c.Name] = true, true
		for _, con := range c.Contenders {
			if rows[row(id, con.Row())] {
				t.Errorf("two rows %s", row(id, con.Row()))
			}
			if who, how, ok := strings.Cut(string(con.Way), "."); !ok || who == "" || how == "" || strings.Contains(string(con.Way), "@") {
				t.Errorf("%s: the way %q is not who.how", id, con.Way)
			}
			// mtcore's rows without backends have no setting.
			if con.Setting != nil && !strings.HasPrefix(string(con.Way), "mtcore.") {
				t.Errorf("%s has a setting, and is not ours", row(id, con.Row()))
			}
			rows[row(id, con.Row())] = true
		}
	}
	// These may be missing on a machine, each for its own reason.
	mayLack := func(other suite.Row, c *suite.Contender) bool {
		isLimit := strings.HasPrefix(string(other), "limit.") || other == suite.Row(results.SHA256Block)
		return isLimit && (!limit.Available() || !limit.SHA256Available() || c.Setting != nil && c.Setting.Name == suite.Generic)
	}
	for _, c := range s.Cases {
		id := c.ID(s.Name)
		for _, con := range c.Contenders {
			for column, others := range con.Versus {
				if column.ID == "" || column.Title == "" {
					t.Errorf("%s: column %+v", row(id, con.Row()), column)
				}
				for _, other := range others {
					if !rows[row(id, other)] && !mayLack(other, &con) {
						t.Errorf("%s is %s of no row, %s", row(id, con.Row()), column.ID, other)
					}
				}
			}
			if con.AtLeast.Of != "" && !rows[row(id, con.AtLeast.Of)] {
				t.Errorf("%s takes at least a share of no row, %s", row(id, con.Row()), con.AtLeast.Of)
			}
			if con.Less != "" && !rows[row(id, con.Less)] {
				t.Errorf("%s is without the time of no row, %s", row(id, con.Row()), con.Less)
			}
		}
	}
	for _, column := range append(s.Columns, gridColumns(s)...) {
		if !strings.Contains(s.Legend, column.Title) {
			t.Errorf("bench/internal/%s: the legend does not explain the column %q", s.Name, column.Title)
		}
	}
	for _, target := range s.Targets {
		id := target.Case
		id.Suite = s.Name
		if !rows[row(id, target.Row)] {
			t.Errorf("target for no row: %s", row(id, target.Row))
		}
		if target.Limit != "" && limit.Available() && !rows[row(id, target.Limit)] {
			t.Errorf("target with the limit of no row: %s", row(id, target.Limit))
		}
	}
	for _, r := range s.Cycles {
		id := r.Case
		id.Suite = s.Name
		for _, contender := range r.Contends {
			if contender != "" && !rows[row(id, contender)] {
				t.Errorf("cycles of no row: %s", row(id, contender))
			}
		}
	}
	for _, c := range s.Cases {
		shown := slices.ContainsFunc(s.Grids, func(g suite.Grid) bool {
			for i := range g.Rows {
				for j := range g.Columns {
					id := g.Case(i, j)
					id.Suite = s.Name
					if id == c.ID(s.Name) {
						return true
					}
				}
			}
			return false
		})
		if shown != c.InGrid {
			t.Errorf("%s: some grid has it: %v, want %v", c.Name, shown, c.InGrid)
		}
	}
}

func gridColumns(s suite.Suite) []suite.Column {
	var columns []suite.Column
	for _, g := range s.Grids {
		columns = append(columns, g.Ratio)
	}
	return columns
}

// TestRowsStay compares the ids of rows, without backends and sizes, with a list: others keep results
// and use the ids to compare them with later ones.
func TestRowsStay(t *testing.T) {
	const file = "testdata/rows.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Ids marked with ? may be missing on some machines, or without some tags.
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			name, optional := strings.CutPrefix(line, "?")
			known[name] = optional
		}
	}
	rows := map[string]bool{}
	for _, s := range allSuites {
		for _, c := range s.make(suite.Options{}).Cases {
			for _, con := range c.Contenders {
				rows[fmt.Sprintf("%s/%s/%s", s.name, strings.ReplaceAll(c.Op, " ", "-"), con.Way)] = true
			}
		}
	}
	for row := range rows {
		if _, ok := known[row]; !ok {
			t.Errorf("bench/%s does not have the row %s: if it is new, add it there; if it had another id, that must stay", file, row)
		}
	}
	for row, optional := range known {
		if !rows[row] && !optional {
			t.Errorf("the row %s of bench/%s is gone: nothing finds it in old results any more", row, file)
		}
	}
}

// TestOldIDs: rows of an old file have their current ids, as far as this machine and program have them.
func TestOldIDs(t *testing.T) {
	old, err := results.Read("../internal/results/testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, s := range allSuites {
		for _, c := range s.make(suite.Options{}).Cases {
			for _, con := range c.Contenders {
				rows[c.ID(s.name).String()+"/"+string(con.Row())] = true
			}
		}
	}
	here := append(backends(), "")
	missing := 0
	for _, x := range old.Results {
		switch {
		case rows[x.ID()]:
		case !slices.Contains(here, x.Backend), x.Kind == results.Limit, x.Way == results.SHA256Block,
			strings.HasPrefix(string(x.Way), "openssl."), strings.HasPrefix(string(x.Way), "gmp."):
			missing++
		default:
			t.Errorf("%s is no row any more: see oldWays in internal/results", x.ID())
		}
	}
	if missing == len(old.Results) {
		t.Error("no row of the old file is one here")
	}
}

func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		list string
		want []int
	}{
		{"64", []int{64}},
		{"16,1KiB,3MiB", []int{16, 1024, 3 << 20}},
		{"64MiB", []int{64 << 20}},
		{"65MiB", nil},
		{"9223372036854775807KiB", nil},
		{"0", nil},
		{"-16", nil},
		{"63", nil},
		{"1KB", nil},
		{"64,", nil},
		{"", nil},
	} {
		got, err := parseSizes(tt.list)
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("parseSizes(%q) = %v, %v, want %v", tt.list, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		n    int
		want string
	}{
		{64, "64 B"}, {1024, "1 KiB"}, {1040, "1040 B"}, {512 << 10, "512 KiB"}, {1 << 20, "1 MiB"},
	} {
		if got := results.Size(tt.n); got != tt.want {
			t.Errorf("results.Size(%d) = %q, want %q", tt.n, got, tt.want)
		}
	}
}
