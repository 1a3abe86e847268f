package readme

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/results"
)

// sample returns the results of a whole run from before there were ids, and the tables that were made
// of them at that time.
func sample(t *testing.T) (r *results.Report, tables string) {
	t.Helper()
	r, err := results.Read("../../../internal/results/testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/old.md")
	if err != nil {
		t.Fatal(err)
	}
	tables = strings.TrimPrefix(string(text), "<!-- bench: results/amd-zen5.json -->\n\n")
	return r, strings.TrimSuffix(tables, "\n<!-- end of bench -->\n")
}

// TestOld: an old file still makes the same tables.
func TestOld(t *testing.T) {
	r, want := sample(t)
	if got, err := Tables(r, ""); err != nil || got != want {
		t.Errorf("error %v, tables:\n%s\nwant:\n%s", err, got, want)
	}
}

// TestRenamedLabels: the labels of rows and columns affect nothing but what is shown.
func TestRenamedLabels(t *testing.T) {
	r, want := sample(t)
	rename := func(labels ...*string) {
		for _, label := range labels {
			*label = "☃" + *label
		}
	}
	for i := range r.Results {
		x := &r.Results[i]
		rename(&x.Case, &x.Who, &x.How)
		for j := range x.Ratios {
			q := &x.Ratios[j]
			rename(&q.Title, &q.Who, &q.How)
		}
	}
	got, err := Tables(r, "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "☃") {
		t.Fatal("nothing is renamed")
	}
	if got := strings.ReplaceAll(got, "☃", ""); got != want {
		t.Errorf("tables:\n%s\nwant:\n%s", got, want)
	}
}

// TestRenamedIDs: if a way or a column has another id than the tables want, that is an error with the
// id, unless no table wants it.
func TestRenamedIDs(t *testing.T) {
	type place struct {
		suite, op string
		way       results.Way
		column    results.Column
	}
	places := map[place]bool{}
	r, want := sample(t)
	for _, x := range r.Results {
		places[place{x.Suite, x.Op, x.Way, ""}] = true
		for _, q := range x.Ratios {
			places[place{x.Suite, x.Op, x.Way, q.ID}] = true
		}
	}
	wanted := 0
	for p := range places {
		r := &results.Report{Machine: r.Machine, Build: r.Build, Time: r.Time, Results: slices.Clone(r.Results), Targets: r.Targets}
		for i := range r.Results {
			x := &r.Results[i]
			x.Ratios = slices.Clone(x.Ratios)
			if x.Suite != p.suite || x.Op != p.op || x.Way != p.way {
				continue
			}
			if p.column == "" {
				x.Way += "-renamed"
			}
			for j := range x.Ratios {
				if q := &x.Ratios[j]; q.ID == p.column {
					q.ID += "-renamed"
				}
			}
		}
		got, err := Tables(r, "")
		if err == nil {
			if got != want {
				t.Errorf("%+v: without it there is no error and other tables:\n%s", p, got)
			}
			continue
		}
		wanted++
		id := regexp.QuoteMeta(p.suite+"/"+strings.ReplaceAll(p.op, " ", "-")) + "/[0-9]+x[0-9]+/" + regexp.QuoteMeta(string(p.way))
		if p.column != "" {
			id += "@.*: " + regexp.QuoteMeta(string(p.column))
		}
		if !regexp.MustCompile(id).MatchString(err.Error()) {
			t.Errorf("%+v: error %v, want one with the id", p, err)
		}
	}
	if wanted < 30 {
		t.Errorf("the tables want %d ids, which is too few", wanted)
	}
}

// TestCaseGone: a missing case is an error as well.
func TestCaseGone(t *testing.T) {
	r, _ := sample(t)
	for i := range r.Results {
		if x := &r.Results[i]; x.Suite == "handshake" {
			x.Op = "shake"
		}
	}
	const want = "handshake/handshake/1x0/mtcore.handshake"
	if _, err := Tables(r, ""); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %s", err, want)
	}
}

// TestSoftware: a machine without fast AES has neither limits nor large batches, and that is not an
// error.
func TestSoftware(t *testing.T) {
	r, _ := sample(t)
	r.Machine.Backends = map[string][]string{"ige": {"generic"}}
	var rest []results.Result
	for _, x := range r.Results {
		if x.Kind != results.Limit && x.Suite != "batch" {
			rest = append(rest, x)
		}
	}
	r.Results = rest
	got, err := Tables(r, "")
	if err != nil || strings.Contains(got, "Batches, encrypt") {
		t.Errorf("error %v, tables:\n%s", err, got)
	}
}

// clientReport has rows of suite client, half as fast with each step from gotd/td over the drop-in to mtpatch.
func clientReport() *results.Report {
	r := &results.Report{Machine: results.Machine{Name: "A machine", OS: "os", Arch: "arch"}, Build: results.Build{Go: "go1", Commit: "0123456789"}}
	for _, id := range []results.CaseID{
		{Op: "exchange"}, {Op: "password"}, {Op: "upload", Size: 512 << 10}, {Op: "download", Size: 512 << 10}, {Op: "call"},
		{Op: "encrypt", Size: 64}, {Op: "decrypt", Size: 512 << 10},
	} {
		for _, ways := range [][]results.Way{
			{results.GotdClient, results.ClientDropIn, results.ClientPatched}, {results.GotdBoth, results.BothDropIn, results.BothPatched},
		} {
			for i, way := range ways {
				x := results.Result{Suite: "client", Case: "The " + id.Op, Op: id.Op, Count: 1, Size: id.Size, Way: way, Ns: 8e6 / float64(int(1)<<i)}
				if i > 0 {
					x.Ratios = []results.Ratio{{ID: results.VsGotd, Value: float64(int(1) << i)}}
				}
				r.Results = append(r.Results, x)
			}
		}
	}
	return r
}

func TestClient(t *testing.T) {
	tables, err := Tables(clientReport(), "client")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| The exchange | 8 ms | 4 ms | 2.00 | 2 ms | 4.00 |\n", "| The upload, both ends | 8 ms |", "expect nothing",
		"A machine, os/arch, go1, 1 January 0001, commit 0123456.\n",
	} {
		if !strings.Contains(tables, want) {
			t.Errorf("no %q in:\n%s", want, tables)
		}
	}
	if strings.Contains(tables, "AES-256-IGE") {
		t.Errorf("other tables as well:\n%s", tables)
	}
	if _, err := Tables(clientReport(), "clients"); err == nil {
		t.Error("no error for tables that there are not")
	}
	missing := 0
	for i := range clientReport().Results {
		r := clientReport()
		r.Results[i].Way += "-renamed"
		if _, err := Tables(r, "client"); err != nil {
			missing++
			if id := clientReport().Results[i].ID(); !strings.Contains(err.Error(), id) {
				t.Errorf("without %s: %v", id, err)
			}
		}
	}
	if want := 3 * 8; missing != want {
		t.Errorf("%d rows are missed, want %d", missing, want)
	}
}

func TestUpdate(t *testing.T) {
	r, tables := sample(t)
	read := func(name string) (*results.Report, error) {
		if name != "x.json" {
			return nil, errors.New("no such file")
		}
		return r, nil
	}
	for _, build := range []results.Build{{}, {Commit: "0123456789abcdef", Modified: true}} {
		_, err := Update("<!-- bench: x.json -->\n<!-- end of bench -->", func(string) (*results.Report, error) {
			return &results.Report{Build: build}, nil
		})
		if err == nil || !strings.Contains(err.Error(), "not of a commit") {
			t.Errorf("results of %+v: error %v, want one", build, err)
		}
	}
	disturbed := *r
	disturbed.Disturbed, disturbed.Why = true, []string{"a neighbour"}
	_, err := Update("<!-- bench: x.json -->\n<!-- end of bench -->", func(string) (*results.Report, error) { return &disturbed, nil })
	if want := "x.json is of a disturbed machine and says nothing (a neighbour)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("results of a disturbed machine: error %v, want %s", err, want)
	}
	const before, after = "# Title\n\n<!-- bench: x.json -->\n", "<!-- end of bench -->\n\nMore.\n"
	first, err := Update(before+"old\n"+after, read)
	if err != nil {
		t.Fatal(err)
	}
	if want := before + "\n" + tables + "\n" + after; first != want {
		t.Errorf("updated to:\n%s\nwant:\n%s", first, want)
	}
	c := clientReport()
	tables, _ = Tables(c, "client")
	two := func(first, second string) string {
		return "<!-- bench: c.json client -->\n" + first + "<!-- end of bench -->\n" + before + second + after
	}
	got, err := Update(two("", ""), func(name string) (*results.Report, error) {
		if name == "c.json" {
			return c, nil
		}
		return read(name)
	})
	if want := two("\n"+tables+"\n", strings.TrimPrefix(strings.TrimSuffix(first, after), before)); err != nil || got != want {
		t.Errorf("two marks: error %v, text:\n%s\nwant:\n%s", err, got, want)
	}
	again, err := Update(first, read)
	if err != nil || again != first {
		t.Errorf("updated again: error %v, text:\n%s\nwant no change", err, again)
	}
	for _, tt := range []struct{ text, want string }{
		{"no marks", "no mark"},
		{"<!-- bench: x.json -->\n", "end of bench"},
		{"<!-- bench: x.json other -->\n<!-- end of bench -->", `no tables "other"`},
		{"<!-- bench: y.json -->\n<!-- end of bench -->", "no such file"},
	} {
		if _, err := Update(tt.text, read); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}
