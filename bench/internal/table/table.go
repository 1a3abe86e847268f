// Package table prints results as they come, for a terminal.
package table

import (
	"fmt"
	"io"
	"strings"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
)

// Case prints the results of one case as a table of their own.
func Case(w io.Writer, rows []results.Result, columns []suite.Column) {
	who, how := 0, 0
	for _, r := range rows {
		who, how = max(who, len(r.Who)), max(how, len(r.How))
	}
	heading := fmt.Sprintf("%s (%d rounds)", rows[0].Case, rows[0].Rounds)
	fmt.Fprintf(w, "%-*s %11s %9s %9s", who+2+how, heading, "ns/op", "MB/s", "allocs/op")
	for _, c := range columns {
		fmt.Fprintf(w, " %10s", c.Title)
	}
	fmt.Fprintln(w)

	for _, r := range rows {
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s  %-*s %11s %9s %9.0f", who, r.Who, how, r.How, FormatNs(r.Ns), formatMB(&r), r.Allocs)
		for _, c := range columns {
			fmt.Fprintf(&b, " %10s", formatColumn(c, &r))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// Grid prints the cells of g that have results: the ratio, and MB/s beside it.
func Grid(w io.Writer, suiteName string, g suite.Grid, rows []results.Result) {
	cell := func(row, column int, of suite.Row) *results.Result {
		id := g.Case(row, column)
		id.Suite = suiteName
		return suite.Find(rows, id, of)
	}
	var columns []int
	for column := range g.Columns {
		for row := range g.Rows {
			if cell(row, column, g.Contender) != nil {
				columns = append(columns, column)
				break
			}
		}
	}
	if len(columns) == 0 {
		return
	}
	fmt.Fprintf(w, "%s: %s, MB/s\n%*s", g.Title, g.Ratio.Title, len(g.Corner), g.Corner)
	for _, column := range columns {
		fmt.Fprintf(w, " %14s", g.Columns[column])
	}
	if g.Limit != "" {
		fmt.Fprintf(w, " %7s", "limit")
	}
	fmt.Fprintln(w)

	for row, name := range g.Rows {
		var b strings.Builder
		var limits []float64
		empty := true
		for _, column := range columns {
			r := cell(row, column, g.Contender)
			if r == nil {
				fmt.Fprintf(&b, " %14s", "")
				continue
			}
			empty = false
			fmt.Fprintf(&b, " %6s %7s", formatColumn(g.Ratio, r), formatRate(r))
			if l := cell(row, column, g.Limit); l != nil {
				value, _ := g.Ratio.Value(l)
				limits = append(limits, value)
			}
		}
		if empty {
			continue
		}
		if len(limits) > 0 {
			fmt.Fprintf(&b, " %7s", formatRatio(suite.Median(limits)))
		}
		fmt.Fprintf(w, "%*s%s\n", len(g.Corner), name, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// Targets prints what became of them.
func Targets(w io.Writer, targets []results.Target) {
	if len(targets) == 0 {
		return
	}
	fmt.Fprintln(w, "Targets (chosen for an AMD Zen 5):")
	for _, t := range targets {
		fmt.Fprintf(w, "  %-78s %s\n", t.What, verdict(t))
	}
	fmt.Fprintln(w)
}

// verdict says whether t is met, and what would be possible at most if that has
// been measured.
func verdict(t results.Target) string {
	if !t.Measured {
		return "not measured"
	}
	text := fmt.Sprintf("%5s  missed", formatValue(t.ID, t.Value))
	if t.Met {
		text = fmt.Sprintf("%5s  met", formatValue(t.ID, t.Value))
	}
	if t.Limit != 0 {
		text += fmt.Sprintf(" (limit %s)", formatValue(t.ID, t.Limit))
	}
	return text
}

func formatMB(r *results.Result) string {
	if r.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", r.MBPerSecond())
}

// formatRate is MB/s, or for what has no length the time.
func formatRate(r *results.Result) string {
	if r.Bytes == 0 {
		return FormatNs(r.Ns)
	}
	return formatMB(r)
}

// formatColumn is empty where the column says nothing of the result.
func formatColumn(c suite.Column, r *results.Result) string {
	if value, ok := c.Value(r); ok {
		return formatRatio(value)
	}
	return ""
}

// formatValue writes a value in the column.
func formatValue(id results.Column, x float64) string {
	switch id {
	case results.Ns:
		return FormatNs(x)
	case results.Allocs:
		return fmt.Sprintf("%.0f", x)
	default:
		return formatRatio(x)
	}
}

// FormatNs rounds to a tenth what is short enough for tenths to matter.
func FormatNs(ns float64) string {
	if ns < 1000 {
		return fmt.Sprintf("%.1f", ns)
	}
	return fmt.Sprintf("%.0f", ns)
}

// formatRatio shows three digits or more: limits are missed by hundredths.
func formatRatio(x float64) string {
	switch {
	case x < 0.1:
		return fmt.Sprintf("%.4f", x)
	case x < 10:
		return fmt.Sprintf("%.3f", x)
	case x < 100:
		return fmt.Sprintf("%.2f", x)
	default:
		return fmt.Sprintf("%.1f", x)
	}
}
