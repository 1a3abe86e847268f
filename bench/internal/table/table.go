// Package table prints results as they come in, for a terminal.
package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
)

// Width is the width of everything printed: two windows fit side by side on a usual screen.
const Width = 100

// Case prints the results of one case as a table. Columns without any value are left out.
func Case(w io.Writer, rows []results.Result, columns []suite.Column) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c suite.Column) bool {
		return !slices.ContainsFunc(rows, func(r results.Result) bool { _, ok := c.Value(&r); return ok })
	})
	who, label := 0, 0
	for _, r := range rows {
		who = max(who, utf8.RuneCountInString(r.Who))
	}
	for _, r := range rows {
		label = max(label, who+2+utf8.RuneCountInString(r.How))
	}
	heading := fmt.Sprintf("%s (%d rounds)", rows[0].Case, rows[0].Rounds)
	label = max(label, utf8.RuneCountInString(heading))
	var b strings.Builder
	fmt.Fprintf(&b, "%10s %5s %6s %6s", "ns/op", "±", "MB/s", "allocs")
	for _, c := range columns {
		fmt.Fprintf(&b, " %*s", columnWidth(c), c.Title)
	}
	// A label that does not fit gets a line of its own.
	label = min(label, Width-2-utf8.RuneCountInString(b.String()))
	fmt.Fprintf(w, "%-*s  %s\n", label, heading, &b)

	for _, r := range rows {
		b.Reset()
		fmt.Fprintf(&b, "%10s %5s %6s %6.0f", FormatNs(r.Ns), formatSpread(&r), formatMB(&r), r.Allocs)
		for _, c := range columns {
			fmt.Fprintf(&b, " %*s", columnWidth(c), formatColumn(c, &r))
		}
		name := fmt.Sprintf("%-*s  %s", who, r.Who, r.How)
		if utf8.RuneCountInString(name) > label {
			name = r.Who + "  " + r.How
		}
		if utf8.RuneCountInString(name) > label {
			fmt.Fprintln(w, name)
			name = ""
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-*s  %s", label, name, &b), " "))
	}
	fmt.Fprintln(w)
}

func columnWidth(c suite.Column) int { return max(7, utf8.RuneCountInString(c.Title)) }

// formatSpread formats half the width of the range of the middle half of the rounds, as a share of the
// time.
func formatSpread(r *results.Result) string {
	if r.Ns <= 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*(r.High-r.Low)/2/r.Ns)
}

// Text prints lines and folds those that are too long.
func Text(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indent := ""
		for utf8.RuneCountInString(line) > Width {
			runes := []rune(line)
			at := Width
			for at > len(indent) && runes[at] != ' ' {
				at--
			}
			if at <= len(indent) {
				break // a word that is too long
			}
			fmt.Fprintln(w, string(runes[:at]))
			indent = "          "
			line = indent + strings.TrimLeft(string(runes[at:]), " ")
		}
		fmt.Fprintln(w, line)
	}
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

// A CycleRow is a row of the table that Cycles prints.
type CycleRow struct {
	Name   string
	Cycles [suite.CycleColumns]float64 // 0 for a column that the row does not have
}

// Cycles prints the core cycles of short messages, and beside those of others how many times as many
// they are.
func Cycles(w io.Writer, rows []CycleRow) {
	fmt.Fprintf(w, "%-44s %8s %17s %17s\n", "core cycles for each message", "mtcore", "one at a time", "gotd")
	for _, r := range rows {
		var b strings.Builder
		fmt.Fprintf(&b, "%-44s %8.0f", r.Name, r.Cycles[0])
		for _, x := range r.Cycles[1:] {
			if x == 0 {
				fmt.Fprintf(&b, " %17s", "")
			} else {
				fmt.Fprintf(&b, " %8.0f  × %5.2f", x, x/r.Cycles[0])
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// Targets prints the outcome of the targets.
func Targets(w io.Writer, targets []results.Target) {
	if len(targets) == 0 {
		return
	}
	fmt.Fprintln(w, "Targets (chosen for an AMD Zen 5):")
	for _, t := range targets {
		Text(w, fmt.Sprintf("  %s: %s", t.What, verdict(t)))
	}
	fmt.Fprintln(w)
}

// verdict says whether t is met and, if it was measured, what is possible at most.
func verdict(t results.Target) string {
	if !t.Measured {
		return "not measured"
	}
	text := formatValue(t.ID, t.Value) + " missed"
	if t.Met {
		text = formatValue(t.ID, t.Value) + " met"
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

// formatRate formats MB/s, or the time for rows without a length.
func formatRate(r *results.Result) string {
	if r.Bytes == 0 {
		return FormatNs(r.Ns)
	}
	return formatMB(r)
}

// formatColumn is empty where the column has no value for the result.
func formatColumn(c suite.Column, r *results.Result) string {
	if value, ok := c.Value(r); ok {
		return formatRatio(value)
	}
	return ""
}

// formatValue formats a value in the column.
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

// FormatNs rounds ns. Times short enough for tenths to matter have them.
func FormatNs(ns float64) string {
	if ns < 1000 {
		return fmt.Sprintf("%.1f", ns)
	}
	return fmt.Sprintf("%.0f", ns)
}

// formatRatio shows three digits or more, since limits are missed by hundredths.
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
