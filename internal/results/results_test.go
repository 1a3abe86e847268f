package results

import (
	"bytes"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file anew, which is right only after a new Schema or new fields")

const golden = "testdata/report.json"

// full has a value in every field.
func full() *Report {
	return &Report{
		Schema: Schema,
		Time:   time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Machine: Machine{
			Name: "a name", CPU: "Some CPU", OS: "linux", Arch: "amd64", Cores: 2,
			Features: []string{"aes", "sha"}, Backends: map[string][]string{"ige": {"generic", "AES-NI"}},
		},
		Build: Build{
			Go: "go1.26", Commit: "0123abcd", Modified: true, Tags: "openssl,gmp",
			Peers: map[string]string{"github.com/gotd/ige": "v0.3.0"},
		},
		Partial: true, Disturbed: true, Why: []string{"a neighbour"},
		Probe: &Probe{
			Before: Reading{0.0633333333, 0.25}, During: []Reading{{0.07, 0.25}}, After: Reading{0.08, 0.25},
			Quiet: 0.2533333333, Steal: 0.0123456789,
		},
		Results: []Result{{
			Suite: "ige", Case: "encrypt 16 KiB", Op: "encrypt", Count: 1, Size: 16384, Bytes: 16384,
			Kind: Ours, Way: OneShot, Who: "mtcore AES-NI", How: "one-shot", Backend: "AES-NI",
			Rounds: 3, Ns: 14333.333333, Low: 14000, High: 15000, Min: 13999, Max: 15001, Samples: []float64{15000, 14333.333333, 14000}, Allocs: 1,
			Disturbed: 0.33333333,
			Ratios: []Ratio{{
				ID: VsGotd, Title: "vs gotd", Multiple: true, Of: "gotd-ige.new", Who: "gotd/ige", How: "new",
				Value: 1.5666666, Low: 1.4, High: 1.8,
			}},
		}},
		Targets: []Target{{
			Suite: "ige", Row: "ige/encrypt/1x16384/mtcore.oneshot@AES-NI", What: "encrypt ≥ 1.5", ID: VsGotd, Column: "vs gotd",
			Bound: 1.5, Measured: true, Value: 1.5666666, Met: true, Limit: 1.6,
		}},
	}
}

// TestGolden: others read these files. The golden file must not change without a new
// Schema, except that fields may be added.
func TestGolden(t *testing.T) {
	got, err := full().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("marshalled:\n%s\nwant:\n%s", got, want)
	}
	parsed, err := Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if want := full().rounded(); !reflect.DeepEqual(parsed, want) {
		t.Errorf("parsed:\n%+v\nwant:\n%+v", parsed, want)
	}
}

// TestFull makes sure that no field is missing from the golden file.
func TestFull(t *testing.T) {
	var check func(path string, v reflect.Value)
	check = func(path string, v reflect.Value) {
		if v.IsZero() {
			t.Errorf("%s is zero", path)
		}
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				check(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				check(path, v.Index(i))
			}
		}
	}
	check("Report", reflect.ValueOf(*full()))
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "not a report"},
		{`{"schema": "mtcore-bench/2"}`, `schema "mtcore-bench/2"`},
		{"[]", "not a report"},
	} {
		if _, err := Parse([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}

func TestCases(t *testing.T) {
	r := &Report{Results: []Result{
		{Suite: "a", Op: "x", Count: 1, Size: 2, Way: "w", Backend: "new", Kind: Ours},
		{Suite: "a", Op: "x", Count: 1, Size: 2, Way: "w", Backend: "old", Kind: Ours},
		{Suite: "b", Op: "x", Count: 1, Size: 2, Way: "w", Backend: "other", Kind: Ours},
		{Suite: "a", Op: "y z", Way: "peer", Kind: Peer},
	}}
	cases := r.Cases("a")
	if len(cases) != 2 || len(cases[0].Results) != 2 || cases[1].Op != "y z" {
		t.Fatalf("cases %+v, want x with two results and y z", cases)
	}
	if got := cases[0].Of("w"); got != &r.Results[0] {
		t.Errorf("w of the best backend is %+v, want the first", got)
	}
	if got := cases[1].Of("w"); got != nil {
		t.Errorf("w where it is not: %+v", got)
	}
	for i, want := range []string{"a/x/1x2/w@new", "a/x/1x2/w@old", "b/x/1x2/w@other", "a/y-z/0x0/peer"} {
		if got := r.Results[i].ID(); got != want {
			t.Errorf("id %s, want %s", got, want)
		}
		if got := r.Find(want); got != &r.Results[i] {
			t.Errorf("found %+v for %s", got, want)
		}
	}
	if got := r.Find("a/x/1x2/w"); got != nil {
		t.Errorf("found %+v where nothing is", got)
	}
	if c := r.Case(CaseID{"a", "x", 1, 2}); c == nil || !c.Has(Ours) || c.Has(Peer) {
		t.Errorf("case %+v, want one of ours without a peer", c)
	}
	if c := r.Case(CaseID{"a", "x", 1, 3}); c != nil {
		t.Errorf("case %+v where there is none", c)
	}
	if got := r.Suites(); !slices.Equal(got, []string{"a", "b"}) || !r.Has(Peer) || r.Has(Limit) {
		t.Errorf("suites %v", got)
	}
}

// TestOld: a report from before rows had ids gets them from its labels.
func TestOld(t *testing.T) {
	r, err := Read("testdata/old.json")
	if err != nil {
		t.Fatal(err)
	}
	x := r.Find("ige/encrypt/1x16384/mtcore.one-shot@AES-NI") // derived from an unknown label
	if x == nil || x.Ratio(VsGotd) == nil || x.Ratios[0].Of != "gotd-ige.new" || x.Min != 14000 || x.Max != 15000 {
		t.Errorf("got %+v", r.Results)
	}
	if !r.Partial || r.Targets[0].ID != VsGotd {
		t.Errorf("partial %v, targets %+v", r.Partial, r.Targets)
	}
}

// TestOldResults: every label in the results that the repository had at that time is known.
func TestOldResults(t *testing.T) {
	r, err := Read("testdata/old-full.json")
	if err != nil {
		t.Fatal(err)
	}
	known, columns := map[Way]bool{}, map[Column]bool{}
	for _, way := range oldWays {
		known[way] = true
	}
	for _, id := range oldColumns {
		columns[id] = true
	}
	ids := map[string]bool{}
	for _, x := range r.Results {
		if !known[x.Way] && !strings.HasPrefix(string(x.Way), "limit.aes-many.VAES-") && x.Way != "limit.aes-many.AES-NI" {
			t.Errorf("%s by %s, %s is the unknown %s", x.Case, x.Who, x.How, x.Way)
		}
		if ids[x.ID()] {
			t.Errorf("two rows %s", x.ID())
		}
		ids[x.ID()] = true
	}
	for _, x := range r.Results {
		for _, q := range x.Ratios {
			if !columns[q.ID] || !ids[x.CaseID().String()+"/"+q.Of] {
				t.Errorf("%s: unknown ratio %s of %s", x.ID(), q.ID, q.Of)
			}
		}
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Size(64), "64 B"}, {Size(1040), "1040 B"}, {Size(512 << 10), "512 KiB"}, {Size(1 << 20), "1 MiB"},
		{Duration(47.26), "47.3 ns"}, {Duration(999), "999 ns"}, {Duration(14333), "14.3 µs"},
		{Duration(360e3), "360 µs"}, {Duration(39.26e6), "39.3 ms"}, {Duration(3270e6), "3270 ms"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	r := &Report{Results: []Result{{Suite: "a", Op: "x", Count: 1, Way: "w", Backend: "b", Ratios: []Ratio{{ID: VsPeer, Value: 2}}}}}
	id := CaseID{Suite: "a", Op: "x", Count: 1}
	l := Lookup{Report: r}
	x := l.Want(id, "w")
	if q := l.Ratio(x, VsPeer); x != &r.Results[0] || q == nil || q.Value != 2 || l.Err() != nil {
		t.Errorf("got %+v, %+v, error %v", x, q, l.Err())
	}
	for range 2 { // each is named once
		l.Ratio(x, VsOne)
		l.Want(id, "v")
		l.Ratio(l.Want(CaseID{Suite: "a", Op: "x", Count: 2}, "w"), VsPeer)
	}
	const want = "the results lack a/x/1x0/w@b: vs-one, a/x/1x0/v, a/x/2x0/w"
	if err := l.Err(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
