// Package compare shows how two reports differ.
package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/perf/benchmath"

	"github.com/mtcore/mtcore/bench/internal/table"
	"github.com/mtcore/mtcore/internal/results"
)

const (
	confidence = 0.95

	average = "geometric mean of mtcore"
	numbers = 1 + 16 + 1 + 16 + 1 + 9 + 2 + len("p=0.000 n=20+20") // columns of a line, after the name
)

const legend = `± is the interval that contains the median with 95 % confidence. ~ marks a difference that may be
chance, by the Mann–Whitney U test with α = 0.05, as in benchstat. The test knows only the noise
within a run: the clock, or the placement of memory, may differ from one run to the next, so do not
trust a difference of a few percent between two runs.`

// Files prints how the results in one file differ from those in the other.
func Files(w io.Writer, nameA, nameB string) error {
	a, err := results.Read(nameA)
	if err != nil {
		return err
	}
	b, err := results.Read(nameB)
	if err != nil {
		return err
	}
	if !printComparison(w, a, b) {
		return fmt.Errorf("%s and %s have no result in common", nameA, nameB)
	}
	return nil
}

// printComparison reports whether there was anything to compare.
func printComparison(w io.Writer, a, b *results.Report) bool {
	for _, x := range []struct {
		name string
		r    *results.Report
	}{{"a", a}, {"b", b}} {
		m := x.r.Machine
		disturbed := ""
		if x.r.Disturbed {
			disturbed = ", disturbed"
		}
		fmt.Fprintf(w, "%s: %s, %s/%s, %s, %s%s\n", x.name, m.Name, m.OS, m.Arch, x.r.Build.Go, x.r.Time.Format("2006-01-02 15:04"), disturbed)
	}
	fmt.Fprintln(w)
	found := false
	for _, s := range a.Suites() {
		found = printSuiteComparison(w, s, a, b) || found
	}
	if found {
		fmt.Fprintln(w, legend)
	}
	return found
}

// A difference is the change of one result.
type difference struct {
	name  string
	kind  results.Kind
	a, b  benchmath.Summary
	delta string
	p     benchmath.Comparison
}

func printSuiteComparison(w io.Writer, suite string, a, b *results.Report) bool {
	var rows []difference
	width := len(average)
	for i := range a.Results {
		x := &a.Results[i]
		if x.Suite != suite {
			continue
		}
		if y := b.Find(x.ID()); y != nil {
			d := differ(x, y)
			rows = append(rows, d)
			width = max(width, utf8.RuneCountInString(d.name))
		}
	}
	if len(rows) == 0 {
		return false
	}
	// A name that does not fit gets a line of its own.
	width = min(width, table.Width-numbers)
	fmt.Fprintf(w, "%-*s %16s %16s %9s\n", width, suite, "a, ns/op", "b, ns/op", "b - a")
	for _, d := range rows {
		name := d.name
		if utf8.RuneCountInString(name) > width {
			fmt.Fprintln(w, name)
			name = ""
		}
		fmt.Fprintf(w, "%-*s %16s %16s %9s  %s\n", width, name, formatSummary(d.a), formatSummary(d.b), d.delta, d.p)
	}
	if mean, n := geomean(rows); n > 0 {
		fmt.Fprintf(w, "%-*s %16s %16s %+8.2f%%  n=%d\n", width, average, "", "", 100*(mean-1), n)
	}
	fmt.Fprintln(w)
	return true
}

func differ(x, y *results.Result) difference {
	sample := func(r *results.Result) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(r.Samples), &benchmath.DefaultThresholds)
	}
	a, b := sample(x), sample(y)
	d := difference{
		name: strings.Join([]string{x.Case, x.Who, x.How}, ", "),
		kind: x.Kind,
		a:    benchmath.AssumeNothing.Summary(a, confidence),
		b:    benchmath.AssumeNothing.Summary(b, confidence),
		p:    benchmath.AssumeNothing.Compare(a, b),
	}
	d.delta = d.p.FormatDelta(d.a.Center, d.b.Center)
	return d
}

func formatSummary(s benchmath.Summary) string {
	return fmt.Sprintf("%s ± %3s", table.FormatNs(s.Center), s.PctRangeString())
}

// geomean is the geometric mean of b/a over mtcore's rows.
func geomean(rows []difference) (mean float64, n int) {
	sum := 0.0
	for _, d := range rows {
		if d.kind == results.Ours && d.a.Center > 0 && d.b.Center > 0 {
			sum += math.Log(d.b.Center / d.a.Center)
			n++
		}
	}
	return math.Exp(sum / float64(max(1, n))), n
}
