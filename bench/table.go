package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/bench/internal/report"
)

// printCase prints the results of one case as a table of their own.
func printCase(w io.Writer, results []result, columns []column) {
	who, how := 0, 0
	for _, r := range results {
		who, how = max(who, len(r.Who)), max(how, len(r.How))
	}
	heading := fmt.Sprintf("%s (%d rounds)", results[0].Case, results[0].Rounds)
	fmt.Fprintf(w, "%-*s %11s %9s %9s", who+2+how, heading, "ns/op", "MB/s", "allocs/op")
	for _, c := range columns {
		fmt.Fprintf(w, " %10s", c.title)
	}
	fmt.Fprintln(w)

	for _, r := range results {
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s  %-*s %11s %9s %9.0f", who, r.Who, how, r.How, formatNs(r.Ns), formatMB(&r), r.Allocs)
		for _, c := range columns {
			fmt.Fprintf(&b, " %10s", formatColumn(c, &r))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// printGrid prints the cells of g that have results: the ratio, and MB/s beside it.
func printGrid(w io.Writer, g grid, results []result) {
	has := func(row, column string) bool {
		_, ok := find(results, g.caseName(row, column), g.contender)
		return ok
	}
	columns := slices.DeleteFunc(slices.Clone(g.columns), func(column string) bool {
		return !slices.ContainsFunc(g.rows, func(row string) bool { return has(row, column) })
	})
	if len(columns) == 0 {
		return
	}
	fmt.Fprintf(w, "%s: %s, MB/s\n%*s", g.title, g.ratio.title, len(g.corner), g.corner)
	for _, column := range columns {
		fmt.Fprintf(w, " %14s", column)
	}
	if g.limit != (id{}) {
		fmt.Fprintf(w, " %7s", "limit")
	}
	fmt.Fprintln(w)

	for _, row := range g.rows {
		var b strings.Builder
		var limits []float64
		empty := true
		for _, column := range columns {
			r, ok := find(results, g.caseName(row, column), g.contender)
			if !ok {
				fmt.Fprintf(&b, " %14s", "")
				continue
			}
			empty = false
			fmt.Fprintf(&b, " %6s %7s", formatColumn(g.ratio, r), formatRate(r))
			if l, ok := find(results, g.caseName(row, column), g.limit); ok {
				value, _ := g.ratio.value(l)
				limits = append(limits, value)
			}
		}
		if empty {
			continue
		}
		if len(limits) > 0 {
			fmt.Fprintf(&b, " %7s", formatRatio(median(limits)))
		}
		fmt.Fprintf(w, "%*s%s\n", len(g.corner), row, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// disturbance is the share of the slices in which something else had the CPU.
func disturbance(results []result) float64 {
	sum := 0.0
	for _, r := range results {
		sum += r.Disturbed
	}
	return sum / float64(max(1, len(results)))
}

// tolerable is how much of the time something else may have the CPU before medians
// are in doubt.
const tolerable = 0.1

// printDisturbance warns of results that a busy machine has spoilt.
func printDisturbance(w io.Writer, results []result) {
	if share := disturbance(results); share > tolerable {
		fmt.Fprintf(w, "Do not trust these numbers: in %.0f %% of the slices, something else seems to have used the CPU.\n\n", 100*share)
	}
}

// judge tells what became of the targets that the results tell something about.
func judge(suite string, targets []target, results []result) []report.Target {
	var judged []report.Target
	for _, t := range targets {
		sign := "≥"
		if t.column.multiple {
			sign = "≤"
		}
		j := report.Target{
			Suite:  suite,
			What:   fmt.Sprintf("%s, %s, %s: %s %s %s", t.caseName, t.row.who, t.row.how, t.column.title, sign, formatBound(t)),
			Column: t.column.title, Bound: t.bound,
		}
		if r, ok := find(results, t.caseName, t.row); ok {
			j.Value, j.Measured = t.column.value(r)
			j.Met = j.Measured && t.met(j.Value)
		}
		if l, ok := find(results, t.caseName, t.limit); ok {
			j.Limit, _ = t.column.value(l)
		}
		judged = append(judged, j)
	}
	return judged
}

func printTargets(w io.Writer, targets []report.Target) {
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
func verdict(t report.Target) string {
	if !t.Measured {
		return "not measured"
	}
	text := fmt.Sprintf("%5s  missed", formatValue(t.Column, t.Value))
	if t.Met {
		text = fmt.Sprintf("%5s  met", formatValue(t.Column, t.Value))
	}
	if t.Limit != 0 {
		text += fmt.Sprintf(" (limit %s)", formatValue(t.Column, t.Limit))
	}
	return text
}

func find(results []result, caseName string, row id) (r *result, ok bool) {
	for i := range results {
		if r := &results[i]; r.Case == caseName && r.Who == row.who && r.How == row.how {
			return r, true
		}
	}
	return nil, false
}

func formatMB(r *result) string {
	if r.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", r.MBPerSecond())
}

// formatRate is MB/s, or for what has no length the time.
func formatRate(r *result) string {
	if r.Bytes == 0 {
		return formatNs(r.Ns)
	}
	return formatMB(r)
}

// formatColumn is empty where the column says nothing of the result.
func formatColumn(c column, r *result) string {
	if value, ok := c.value(r); ok {
		return formatRatio(value)
	}
	return ""
}

// formatBound writes a bound with no more digits than it was chosen with.
func formatBound(t target) string {
	if t.column == nsPerOp || t.column == allocsPerOp {
		return fmt.Sprintf("%.0f", t.bound)
	}
	return fmt.Sprintf("%.2f", t.bound)
}

// formatValue writes a value in the column with this title.
func formatValue(title string, x float64) string {
	switch title {
	case nsPerOp.title:
		return formatNs(x)
	case allocsPerOp.title:
		return fmt.Sprintf("%.0f", x)
	default:
		return formatRatio(x)
	}
}

// formatNs rounds to a tenth what is short enough for tenths to matter.
func formatNs(ns float64) string {
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
