package main

import (
	"fmt"
	"io"
	"strings"
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
		fmt.Fprintf(&b, "%-*s  %-*s %11s %9.0f %9.0f", who, r.Who, how, r.How, formatNs(r.NsPerOp), r.MBPerSecond, r.AllocsPerOp)
		for _, c := range columns {
			if value, ok := r.Ratios[c]; ok {
				fmt.Fprintf(&b, " %10s", formatRatio(value))
			} else {
				fmt.Fprintf(&b, " %10s", "")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
}

// printTargets prints what became of the targets that the results tell something
// about.
func printTargets(w io.Writer, targets []target, results []result) {
	fmt.Fprintln(w, "Targets (chosen for an AMD Zen 5):")
	for _, t := range targets {
		sign := "≥"
		if t.column.multiple {
			sign = "≤"
		}
		what := fmt.Sprintf("%s, %s: %s %s %.2f", t.caseName, t.row.how, t.column.title, sign, t.bound)
		value, ok := find(t, results)
		verdict := "not measured"
		switch {
		case ok && t.met(value):
			verdict = formatRatio(value) + "  met"
		case ok:
			verdict = formatRatio(value) + "  missed"
		}
		fmt.Fprintf(w, "  %-66s %s\n", what, verdict)
	}
	fmt.Fprintln(w)
}

func find(t target, results []result) (value float64, ok bool) {
	for _, r := range results {
		if r.Case == t.caseName && r.Who == t.row.who && r.How == t.row.how {
			value, ok = r.Ratios[t.column]
			return value, ok
		}
	}
	return 0, false
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
	default:
		return fmt.Sprintf("%.1f", x)
	}
}

func formatSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
