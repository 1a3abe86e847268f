package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/ige"
)

// bestBackend returns the first of the backends in use.
func bestBackend() string {
	best, _, _ := strings.Cut(ige.Backend(), "+")
	return best
}

// TestRun is a whole run, with as few rounds as there can be.
func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-size", "64,16KiB"}, &stdout, &stderr); got != exitOK {
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
		"ns/op", "MB/s", "allocs/op", vsGotd.title, vsGogram.title, ofLimit.title,
		ours, "mtcore generic", gotdName, gogramName,
		oneShot, cipherReused, newCipher, blockReused, decryptAES256,
		"Targets", "≤ 1.02", "≥ 1.50", "≥ 3.00", "≥ 1.40",
	}
	if limit.Available() {
		want = append(want, limitID.how)
	}
	for _, want := range want {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the output:\n%s", want, &stdout)
		}
	}
}

func TestCheckOnly(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-check"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	if strings.Contains(stdout.String(), "ns/op") {
		t.Errorf("measured:\n%s", &stdout)
	}
}

func TestMismatchEndsRun(t *testing.T) {
	measured := false
	bad := suite{
		name:  "bad",
		check: func(func(string)) error { return errors.New("planted") },
		cases: []benchCase{{name: "case", bytes: 1, contenders: []contender{{op: func() { measured = true }}}}},
	}
	var stdout, stderr bytes.Buffer
	if got := runSuites([]suite{bad}, options{}, &stdout, &stderr); got != exitMismatch {
		t.Errorf("status %d, want %d", got, exitMismatch)
	}
	if measured {
		t.Error("measured in spite of the wrong result")
	}
	if got, want := stderr.String(), "planted"; !strings.Contains(got, want) {
		t.Errorf("stderr is %q, want one with %q", got, want)
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
	for _, c := range igeSuite(opt).cases {
		for _, row := range c.contenders {
			if row.state != nil && row.state.Name != "generic" {
				t.Errorf("%s: %s is measured", c.name, row.who)
			}
		}
		if !slices.ContainsFunc(c.contenders, func(c contender) bool { return c.who == "mtcore generic" }) {
			t.Errorf("%s: the generic backend is not measured", c.name)
		}
	}
}

// TestRatiosNameRows makes sure that a name changed in one place does not silently
// empty a column.
func TestRatiosNameRows(t *testing.T) {
	opt, err := parseOptions(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := igeSuite(opt)
	rows := map[string]bool{}
	for _, c := range s.cases {
		for _, row := range c.contenders {
			name := fmt.Sprint(c.name, row.id())
			if rows[name] {
				t.Errorf("two rows %s", name)
			}
			rows[name] = true
		}
	}
	for _, c := range s.cases {
		for _, row := range c.contenders {
			for column, other := range row.ratios {
				if other == limitID && !limit.Available() {
					continue
				}
				if !rows[fmt.Sprint(c.name, other)] {
					t.Errorf("%s: %s is %q of no row, %s", c.name, row.id(), column.title, other)
				}
			}
		}
	}
	for _, target := range s.targets {
		if !rows[fmt.Sprint(target.caseName, target.row)] {
			t.Errorf("target for no row: %+v", target)
		}
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
		if got := formatSize(tt.n); got != tt.want {
			t.Errorf("formatSize(%d) = %q, want %q", tt.n, got, tt.want)
		}
	}
}

func TestTargets(t *testing.T) {
	row := id{"us", "somehow"}
	results := []result{{Case: "case", Who: row.who, How: row.how, Ratios: map[column]float64{vsGotd: 1.5, ofLimit: 1.03}}}
	for _, tt := range []struct {
		target target
		want   string
	}{
		{target{"case", row, vsGotd, 1.5}, "vs gotd ≥ 1.50 1.500 met"},
		{target{"case", row, vsGotd, 1.51}, "vs gotd ≥ 1.51 1.500 missed"},
		{target{"case", row, ofLimit, 1.02}, "× limit ≤ 1.02 1.030 missed"},
		{target{"case", row, ofLimit, 1.04}, "× limit ≤ 1.04 1.030 met"},
		{target{"case", row, vsGogram, 2}, "vs gogram ≥ 2.00 not measured"},
		{target{"other", row, vsGotd, 1}, "vs gotd ≥ 1.00 not measured"},
	} {
		var b bytes.Buffer
		printTargets(&b, []target{tt.target}, results)
		if got := strings.Join(strings.Fields(b.String()), " "); !strings.HasSuffix(got, tt.want) {
			t.Errorf("printed %q, want it to end in %q", got, tt.want)
		}
	}
}

func TestCPUInfoName(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n", "Some CPU @ 3 GHz"},
		{"processor\t: 0\nCPU implementer\t: 0x41\n\nHardware\t: Some board\n", "Some board"},
		{"", ""},
	} {
		if got := cpuinfoName(tt.text); got != tt.want {
			t.Errorf("cpuinfoName(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
