// Package summary sums up a report in a few words: for the end of a run, the head of the page and the
// card.
package summary

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mtcore/mtcore/internal/results"
)

// A Gain is how many times as fast as somebody else mtcore does something.
type Gain struct {
	What string
	Than string // the other
	// Half of the rounds had a ratio between Low and High. Both are 0 for an old report.
	Value, Low, High float64
	Ours, Theirs     *results.Result
}

// String formats the gain as in "2.3 ± 0.1".
func (g Gain) String() string {
	spread := (g.High - g.Low) / 2
	digits := 1
	switch {
	case g.Value >= 100:
		digits = 0
	case g.Value < 10 && spread < 0.05:
		digits = 2
	}
	if g.Low == 0 && g.High == 0 {
		return fmt.Sprintf("%.*f", digits, g.Value)
	}
	return fmt.Sprintf("%.*f ± %.*f", digits, g.Value, digits, spread)
}

// shown lists what a client spends its time on, first things first. Theirs is empty for the fastest
// peer that does the same.
var shown = []struct {
	what         string
	id           results.CaseID
	ours, theirs results.Way
}{
	{"exchange of a key", client("exchange", 0), results.ClientPatched, results.GotdClient},
	{"check of a password", client("password", 0), results.ClientPatched, results.GotdClient},
	{"upload of 512 KiB", client("upload", 512<<10), results.ClientPatched, results.GotdClient},
	{"download of 512 KiB", client("download", 512<<10), results.ClientPatched, results.GotdClient},
	{"open a message of 16 KiB", results.CaseID{Suite: "envelope", Op: "open", Count: 1, Size: 16 << 10}, results.Open, results.GotdOpen},
	{"seal a message of 16 KiB", results.CaseID{Suite: "envelope", Op: "seal", Count: 1, Size: 16 << 10}, results.Seal, results.GotdSeal},
	{"open 16 messages of 1 KiB", results.CaseID{Suite: "envelope", Op: "open batch", Count: 16, Size: 1 << 10}, results.Batch, results.TDOneByOne},
	{"AES-IGE alone, 16 KiB", results.CaseID{Suite: "ige", Op: "decrypt", Count: 1, Size: 16 << 10}, results.OneShot, results.GotdIGE},
	{"AES-IGE alone, 16 of 4 KiB", results.CaseID{Suite: "batch", Op: "encrypt batch", Count: 16, Size: 4 << 10}, results.Batch, results.GotdOneByOne},
	{"Diffie–Hellman, 2048 bits", results.CaseID{Suite: "bigdh", Op: "exp", Count: 1}, results.Exp, ""},
	{"check of a new prime", results.CaseID{Suite: "bigdh", Op: "check prime", Count: 1}, results.NewGroup, ""},
}

func client(op string, size int) results.CaseID {
	return results.CaseID{Suite: "client", Op: op, Count: 1, Size: size}
}

// Gains returns the gains that the report contains.
func Gains(r *results.Report) []Gain {
	var gains []Gain
	for _, x := range shown {
		c := r.Case(x.id)
		if c == nil {
			continue
		}
		if g, ok := gainOf(c, x.ours, x.theirs); ok {
			g.What = x.what
			gains = append(gains, g)
		}
	}
	return gains
}

func gainOf(c *results.Case, way, than results.Way) (Gain, bool) {
	ours := c.Of(way)
	if ours == nil {
		return Gain{}, false
	}
	for _, q := range ours.Ratios {
		if q.Multiple || than != "" && q.Of != string(than) || than == "" && q.ID != results.VsPeer {
			continue
		}
		return Gain{Than: q.Who, Value: q.Value, Low: q.Low, High: q.High, Ours: ours, Theirs: c.Of(results.Way(q.Of))}, true
	}
	if theirs := c.Of(than); theirs != nil && ours.Ns > 0 {
		return Gain{Than: theirs.Who, Value: theirs.Ns / ours.Ns, Ours: ours, Theirs: theirs}, true
	}
	return Gain{}, false
}

const (
	width = 80
	lines = 10
)

// Print prints at most ten lines of at most 80 columns, or nothing if there is nothing to compare.
func Print(w io.Writer, r *results.Report) {
	gains := Gains(r)
	if len(gains) == 0 {
		return
	}
	fmt.Fprintln(w, short("How many times as fast as others, on one core of "+r.Machine.Name+":", width))
	for _, g := range gains[:min(len(gains), lines-3)] { // the first line, and up to two at the end
		fmt.Fprintln(w, short(fmt.Sprintf("  %-28s %14s  times %s", g.What, g, g.Than), width))
	}
	met, measured := Targets(r)
	if measured > 0 {
		fmt.Fprintf(w, "Of the project's %d targets, %d are met: -targets lists them.\n", measured, met)
	}
	if r.Disturbed {
		fmt.Fprintln(w, "Something else used the machine during the run: do not trust these numbers.")
	}
}

// Targets counts the targets that were measured, and those that were met.
func Targets(r *results.Report) (met, measured int) {
	for _, t := range r.Targets {
		if t.Measured {
			measured++
			if t.Met {
				met++
			}
		}
	}
	return met, measured
}

// Headline returns one sentence, or nothing if there is no gain to report.
func Headline(r *results.Report) string {
	var parts []string
	for _, g := range Gains(r) {
		switch g.Ours.CaseID().Op {
		case "exchange", "upload", "download", "open", "seal", "open batch", "exp":
			parts = append(parts, fmt.Sprintf("%s: %s times %s", g.What, g, g.Than))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, "; ") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}

// short shortens s to n characters.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
