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

	"github.com/mtcore/mtcore/bench/internal/limit"
	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/ige"
)

// bestBackend returns the first of the backends in use.
func bestBackend() string {
	best, _, _ := strings.Cut(ige.Backend(), "+")
	return best
}

// TestRun is a whole run, with as few rounds and cells as there can be.
func TestRun(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-size", "64,16KiB", "-suite", "ige"}, &stdout, &stderr); got != exitOK {
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

// TestUnwritable: what cannot be written is known before anything is checked or measured.
func TestUnwritable(t *testing.T) {
	name := filepath.Join(t.TempDir(), "missing", "file")
	for _, format := range []string{"-json", "-html"} {
		var stdout, stderr bytes.Buffer
		if got := run([]string{"-time", "1ns", format, name}, &stdout, &stderr); got != exitFailure {
			t.Errorf("%s: status %d, want %d", format, got, exitFailure)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), name) {
			t.Errorf("%s: output %q, error %q, want only an error with the name", format, &stdout, &stderr)
		}
	}
}

// TestRunBatch is TestRun for the other suite.
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

func TestRunBatch(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-time", "1ns", "-suite", "batch", "-size", "256"}, &stdout, &stderr); got != exitOK {
		t.Fatalf("status %d, want %d: %s", got, exitOK, &stderr)
	}
	best := "mtcore " + bestBackend()
	want := []string{
		best + " agrees", "mtcore generic agrees",
		best + ", encrypt: vs one, MB/s\nmessages ", "mtcore generic, encrypt: vs one, MB/s\nmessages ",
		"\n       1 ", "\n       8 ", vsOne.title,
	}
	if manyStreams(settingsOf("ige")[len(settingsOf("ige"))-1]) != nil {
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

// TestDefaultTime holds the promise of the package comment.
func TestDefaultTime(t *testing.T) {
	var suites []suite
	for _, s := range allSuites {
		suites = append(suites, s.make(options{}))
	}
	if got, limit := totalTime(suites), 100*time.Second; got > limit {
		t.Errorf("the cases take %v, want at most %v", got, limit)
	}
	for _, s := range suites {
		for _, c := range s.cases {
			if c.time <= 0 {
				t.Errorf("%s: %s has no time", s.name, c.name)
			}
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
	_, err := runSuites([]suite{bad}, options{}, &stdout, &stderr)
	if want := "bad: wrong result: planted"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if measured {
		t.Error("measured in spite of the wrong result")
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
		s := make.make(opt)
		for _, c := range s.cases {
			for _, row := range c.contenders {
				if row.setting != nil && row.setting.name != "generic" {
					t.Errorf("%s: %s is measured", c.name, row.who)
				}
			}
			if !slices.ContainsFunc(c.contenders, func(c contender) bool { return c.who == "mtcore generic" }) {
				t.Errorf("%s: the generic backend is not measured", c.name)
			}
		}
	}
}

// TestEveryState makes sure that no suite leaves out a backend that it should
// measure, nor a whole suite if only one backend is asked for.
func TestEveryState(t *testing.T) {
	has := func(s suite, name string) bool {
		return slices.ContainsFunc(s.cases, func(c benchCase) bool {
			return slices.ContainsFunc(c.contenders, func(c contender) bool { return c.setting != nil && c.setting.name == name })
		})
	}
	for _, tt := range []struct {
		make     func(options) suite
		settings []setting
		besides  []string // which are the same as another one unless asked for
	}{
		{igeSuite, settingsOf("ige"), []string{"VAES-256", "VAES-512"}},
		{batchSuite, settingsOf("ige"), nil},
		{kdfSuite, settingsOf("kdf"), nil},
		{envelopeSuite, envelopeSettings(), nil},
		{bigdhSuite, settingsOf("bigdh"), nil},
		{secretchatSuite, chatSettings(), nil},
		{handshakeSuite, chatSettings(), nil},
	} {
		for _, in := range tt.settings {
			s := tt.make(options{})
			if got, want := has(s, in.name), !slices.Contains(tt.besides, in.name); got != want {
				t.Errorf("%s: %s is measured: %v, want %v", s.name, in.name, got, want)
			}
			if s := tt.make(options{backend: in.name}); !has(s, in.name) {
				t.Errorf("%s: -backend %s measures nothing", s.name, in.name)
			}
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
	for _, s := range allSuites {
		t.Run(s.name, func(t *testing.T) { testRatiosNameRows(t, s.make(opt)) })
	}
}

func testRatiosNameRows(t *testing.T, s suite) {
	// What a machine may lack, each for reasons of its own.
	isLimit := func(row id) bool { return row.who == limitWho || row == blockID }
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
			for column, others := range row.versus {
				for _, other := range others {
					if isLimit(other) && (!limit.Available() || row.setting != nil && row.setting.name == "generic") {
						continue
					}
					if !rows[fmt.Sprint(c.name, other)] {
						t.Errorf("%s: %s is %q of no row, %s", c.name, row.id(), column.title, other)
					}
				}
			}
			if floor := row.atLeast; floor.share > 0 && !rows[fmt.Sprint(c.name, floor.of)] {
				t.Errorf("%s: %s takes at least a share of no row, %s", c.name, row.id(), floor.of)
			}
		}
	}
	for _, target := range s.targets {
		if !rows[fmt.Sprint(target.caseName, target.row)] {
			t.Errorf("target for no row: %+v", target)
		}
		if target.limit != (id{}) && limit.Available() && !rows[fmt.Sprint(target.caseName, target.limit)] {
			t.Errorf("target with the limit of no row: %+v", target)
		}
	}
	for _, c := range s.cases {
		shown := slices.ContainsFunc(s.grids, func(g grid) bool {
			return slices.ContainsFunc(g.rows, func(row string) bool {
				return slices.ContainsFunc(g.columns, func(column string) bool { return g.caseName(row, column) == c.name })
			})
		})
		if shown != c.inGrid {
			t.Errorf("%s: some grid has it: %v, want %v", c.name, shown, c.inGrid)
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
		if got := report.Size(tt.n); got != tt.want {
			t.Errorf("report.Size(%d) = %q, want %q", tt.n, got, tt.want)
		}
	}
}

func TestTargets(t *testing.T) {
	row := id{"us", "somehow"}
	best := id{"limit", "anyhow"}
	results := []result{
		{Case: "case", Who: row.who, How: row.how, Ns: 999, Allocs: 1, Ratios: []report.Ratio{
			{Title: vsGotd.title, Value: 1.5}, {Title: ofLimit.title, Value: 1.03}, {Title: vsOne.title, Value: 11.96},
		}},
		{Case: "case", Who: best.who, How: best.how, Ratios: []report.Ratio{{Title: vsOne.title, Value: 12}}},
	}
	for _, tt := range []struct {
		target target
		want   string
	}{
		{target{"case", row, vsGotd, 1.5, id{}}, "vs gotd ≥ 1.50 1.500 met"},
		{target{"case", row, vsGotd, 1.51, id{}}, "vs gotd ≥ 1.51 1.500 missed"},
		{target{"case", row, ofLimit, 1.02, id{}}, "× limit ≤ 1.02 1.030 missed"},
		{target{"case", row, ofLimit, 1.04, id{}}, "× limit ≤ 1.04 1.030 met"},
		{target{"case", row, vsGogram, 2, id{}}, "vs gogram ≥ 2.00 not measured"},
		{target{"other", row, vsGotd, 1, id{}}, "vs gotd ≥ 1.00 not measured"},
		{target{"case", row, vsOne, 12, best}, "vs one ≥ 12.00 11.96 missed (limit 12.00)"},
		{target{"case", row, vsOne, 11, id{"limit", "absent"}}, "vs one ≥ 11.00 11.96 met"},
		{target{"case", row, nsPerOp, 1000, id{}}, "ns/op ≤ 1000 999.0 met"},
		{target{"case", row, nsPerOp, 998, id{}}, "ns/op ≤ 998 999.0 missed"},
		{target{"case", row, allocsPerOp, 0, id{}}, "allocs/op ≤ 0 1 missed"},
	} {
		var b bytes.Buffer
		printTargets(&b, judge("suite", []target{tt.target}, results))
		if got := strings.Join(strings.Fields(b.String()), " "); !strings.HasSuffix(got, tt.want) {
			t.Errorf("printed %q, want it to end in %q", got, tt.want)
		}
	}
}

func TestGrid(t *testing.T) {
	row, best := id{"us", "batch"}, id{"limit", "many"}
	g := grid{
		title: "us, encrypt", corner: "messages",
		rows: []string{"1", "2", "3"}, columns: []string{"64 B", "256 B", "1 KiB"},
		caseName:  func(row, column string) string { return row + " × " + column },
		contender: row, ratio: vsOne, limit: best,
	}
	shows := func(caseName string, row id, ratio, rate float64) result {
		return result{
			Case: caseName, Who: row.who, How: row.how, Bytes: 1000, Ns: 1e6 / rate,
			Ratios: []report.Ratio{{Title: vsOne.title, Value: ratio}},
		}
	}
	var b bytes.Buffer
	printGrid(&b, g, []result{
		shows("1 × 64 B", row, 0.98, 1000),
		shows("1 × 64 B", best, 1, 1),
		shows("1 × 1 KiB", row, 1, 2000),
		shows("1 × 1 KiB", best, 1.25, 1),
		shows("3 × 1 KiB", row, 12.345, 20000),
	})
	want := `us, encrypt: vs one, MB/s
messages           64 B          1 KiB   limit
       1  0.980    1000  1.000    2000   1.125
       3                 12.35   20000

`
	if got := b.String(); got != want {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}

	b.Reset()
	printGrid(&b, g, nil)
	if got := b.String(); got != "" {
		t.Errorf("printed %q for no results", got)
	}
}

func TestDisturbanceIsTold(t *testing.T) {
	for _, tt := range []struct {
		shares []float64
		want   string
	}{
		{nil, ""},
		{[]float64{0, 0.1}, ""},
		{[]float64{0.1, 0.3}, "Do not trust these numbers: in 20 % of "},
	} {
		var results []result
		for _, share := range tt.shares {
			results = append(results, result{Disturbed: share})
		}
		var b bytes.Buffer
		printDisturbance(&b, results)
		if got := b.String(); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("shares %v: printed %q, want %q", tt.shares, got, tt.want)
		}
	}
}

func TestMixedLengths(t *testing.T) {
	short := 0
	lengths := mixedLengths()
	for _, n := range lengths {
		if n < mixedMin || n > mixedMax || n%ige.BlockSize != 0 {
			t.Errorf("length %d", n)
		}
		if n < 1<<10 { // the middle of the logarithms
			short++
		}
	}
	if got, want := len(lengths), mixedCount; got != want {
		t.Errorf("%d lengths, want %d", got, want)
	}
	if short < mixedCount/3 || short > mixedCount*2/3 {
		t.Errorf("%d of %d lengths are below 1 KiB, want about half", short, mixedCount)
	}
}

func TestCPUInfoName(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n", "Some CPU @ 3 GHz"},
		{"CPU implementer\t: 0x41\nCPU part\t: 0xd05\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd41\n", "Cortex-A55 + Cortex-A78"},
		{"CPU implementer\t: 0x61\nCPU part\t: 0x022\n", "implementer 0x61 part 0x022"},
		{"processor\t: 0\nCPU implementer\t: 0x41\n\nHardware\t: Some board\n", "Some board"},
		{"", ""},
	} {
		if got := cpuinfoName(tt.text); got != tt.want {
			t.Errorf("cpuinfoName(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
