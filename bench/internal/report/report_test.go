package report

import (
	"bytes"
	"flag"
	"os"
	"reflect"
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
		Disturbed: true,
		Results: []Result{{
			Suite: "ige", Case: "encrypt 16 KiB", Op: "encrypt", Count: 1, Size: 16384, Bytes: 16384,
			Kind: Ours, Who: "mtcore AES-NI", How: "one-shot", Backend: "AES-NI",
			Rounds: 3, Ns: 14333.333333, Low: 14000, High: 15000, Samples: []float64{15000, 14333.333333, 14000}, Allocs: 1,
			Disturbed: 0.33333333,
			Ratios:    []Ratio{{Title: "vs gotd", Multiple: true, Who: "gotd/ige", How: "new", Value: 1.5666666}},
		}},
		Targets: []Target{{Suite: "ige", What: "encrypt ≥ 1.5", Column: "vs gotd", Bound: 1.5, Measured: true, Value: 1.5666666, Met: true, Limit: 1.6}},
	}
}

// TestGolden: others read these files. What is in the golden file must not change
// without a new Schema, except that fields may be added.
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
		{Suite: "a", Case: "x", Who: "new", How: "h", Kind: Ours},
		{Suite: "a", Case: "x", Who: "old", How: "h", Kind: Ours},
		{Suite: "b", Case: "x", Who: "other", How: "h", Kind: Ours},
		{Suite: "a", Case: "y", Who: "peer", How: "h", Kind: Peer},
	}}
	cases := r.Cases("a")
	if len(cases) != 2 || len(cases[0].Results) != 2 || cases[1].Name != "y" {
		t.Fatalf("cases %+v, want x with two results and y", cases)
	}
	if got := cases[0].Best("h"); got != &r.Results[0] {
		t.Errorf("best is %+v, want the first", got)
	}
	if got := cases[1].Best("h"); got != nil {
		t.Errorf("best of none of ours is %+v", got)
	}
	if got := cases[0].Of("old", "h"); got != &r.Results[1] {
		t.Errorf("old is %+v", got)
	}
	if got := r.Find("b", "x", "other", "h"); got != &r.Results[2] {
		t.Errorf("found %+v", got)
	}
	if got := r.Find("b", "y", "other", "h"); got != nil {
		t.Errorf("found %+v where nothing is", got)
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
