package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
)

func TestTargets(t *testing.T) {
	var b bytes.Buffer
	Targets(&b, nil)
	if b.Len() > 0 {
		t.Errorf("printed %q for no targets", &b)
	}
	for _, tt := range []struct {
		target results.Target
		want   string
	}{
		{results.Target{ID: results.VsPeer}, "not measured"},
		{results.Target{ID: results.VsPeer, Measured: true, Value: 1.5, Met: true}, "1.500 met"},
		{results.Target{ID: results.VsOne, Measured: true, Value: 11.96, Limit: 12}, "11.96 missed (limit 12.00)"},
		{results.Target{ID: results.Ns, Measured: true, Value: 999}, "999.0 missed"},
		{results.Target{ID: results.Allocs, Measured: true, Value: 1}, "1 missed"},
	} {
		b.Reset()
		Targets(&b, []results.Target{tt.target})
		if got := strings.Join(strings.Fields(b.String()), " "); !strings.HasSuffix(got, tt.want) {
			t.Errorf("printed %q, want it to end in %q", got, tt.want)
		}
	}
}

func TestCase(t *testing.T) {
	row := func(who, how string, ns float64, ratios ...results.Ratio) results.Result {
		return results.Result{
			Case: "open 1 KiB", Rounds: 7, Who: who, How: how, Bytes: 1024, Ns: ns, Low: ns * 0.98, High: ns * 1.02, Ratios: ratios,
		}
	}
	vs := []suite.Column{{ID: "vs-gotd", Title: "vs gotd"}, {ID: "vs-nobody", Title: "vs nobody"}, {ID: "of-a", Title: "× a long title"}}
	var b bytes.Buffer
	Case(&b, []results.Result{
		row("mtcore VAES", "Key.Open", 1024, results.Ratio{ID: "vs-gotd", Value: 2.5}),
		row("like gogram", "such a way that it takes more words to tell what it is", 2048, results.Ratio{ID: "of-a", Value: 12.5}),
	}, vs)
	want := `open 1 KiB (7 rounds)                               ns/op     ±   MB/s allocs vs gotd × a long title
mtcore VAES  Key.Open                                1024    2%   1000      0   2.500
like gogram  such a way that it takes more words to tell what it is
                                                     2048    2%    500      0                  12.50

`
	if got := b.String(); got != want {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	long := strings.Repeat("× ", 49) + "word and more"
	Text(&b, "short\n\n"+long+"\n"+strings.Repeat("x", 120)+"\n")
	want := "short\n\n" + strings.Repeat("× ", 48) + "×\n" + strings.Repeat(" ", 10) + "word and more\n" + strings.Repeat("x", 120) + "\n"
	if got := b.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestGrid(t *testing.T) {
	counts, sizes := []int{1, 2, 3}, []int{64, 256, 1 << 10}
	g := suite.Grid{
		Title: "us, encrypt", Corner: "messages",
		Rows: []string{"1", "2", "3"}, Columns: []string{"64 B", "256 B", "1 KiB"},
		Case: func(row, column int) results.CaseID {
			return results.CaseID{Op: "op", Count: counts[row], Size: sizes[column]}
		},
		Contender: "mtcore.batch@us", Ratio: suite.VsOne, Limit: "limit.many",
	}
	shows := func(count, size int, way results.Way, backend string, ratio, rate float64) results.Result {
		return results.Result{
			Suite: "suite", Op: "op", Count: count, Size: size, Way: way, Backend: backend, Bytes: 1000, Ns: 1e6 / rate,
			Ratios: []results.Ratio{{ID: results.VsOne, Value: ratio}},
		}
	}
	var b bytes.Buffer
	Grid(&b, "suite", g, []results.Result{
		shows(1, 64, "mtcore.batch", "us", 0.98, 1000),
		shows(1, 64, "limit.many", "", 1, 1),
		shows(1, 1<<10, "mtcore.batch", "us", 1, 2000),
		shows(1, 1<<10, "limit.many", "", 1.25, 1),
		shows(3, 1<<10, "mtcore.batch", "us", 12.345, 20000),
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
	Grid(&b, "suite", g, nil)
	if got := b.String(); got != "" {
		t.Errorf("printed %q for no results", got)
	}
}
