// Package page draws reports as one self-contained HTML page: plots by gonum.org/v1/plot as inline SVG,
// in colors that follow the reader's light or dark scheme, and the numbers as tables.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mtcore/mtcore/bench/internal/summary"
	"github.com/mtcore/mtcore/internal/results"
)

//go:embed page.tmpl
var source string

var tmpl = template.Must(template.New("page").Funcs(template.FuncMap{
	"duration": results.Duration,
	"rate":     rate,
	"count":    count,
	"join":     strings.Join,
	"headline": summary.Headline,
}).Parse(source))

// Repository is the address to which the page links as its origin.
const Repository = "https://github.com/mtcore/mtcore"

// Write writes the page of the reports, in the order in which to show them.
func Write(w io.Writer, reports []*results.Report) error {
	if !slices.ContainsFunc(reports, func(r *results.Report) bool { return len(r.Results) > 0 }) {
		return fmt.Errorf("no results")
	}
	var lookups []*results.Lookup
	for _, r := range reports {
		lookups = append(lookups, &results.Lookup{Report: r})
	}
	sections := sectionsOf(lookups)
	var err error
	for _, l := range lookups {
		if err := l.Err(); err != nil {
			return fmt.Errorf("%s: %w", l.Machine.Name, err)
		}
	}
	for _, s := range sections {
		for i := range s.Figures {
			if s.Figures[i].SVG, err = s.Figures[i].paint(); err != nil {
				return fmt.Errorf("%s: %w", s.Title, err)
			}
		}
	}
	return tmpl.Execute(w, struct {
		Repository string
		Reports    []*results.Report
		Several    bool
		Sections   []section
	}{Repository, reports, len(reports) > 1, sections})
}

// A section is the part of the page about one subject.
type section struct {
	Title, Text string
	Figures     []figure
}

// A figure is a plot with its legend.
type figure struct {
	Title  string
	Legend []key
	SVG    template.HTML
	paint  func() (template.HTML, error) // makes it, if nothing is missing
}

// A key is a line of a legend.
type key struct {
	Name   string
	Color  int
	Dashed bool
	Bar    bool
}

func sectionsOf(reports []*results.Lookup) []section {
	var sections []section
	for _, subject := range subjects {
		s := section{Title: subject.title, Text: subject.text}
		for _, c := range subject.charts {
			if f, ok := c.draw(reports); ok {
				s.Figures = append(s.Figures, f)
			}
		}
		if len(s.Figures) > 0 {
			sections = append(sections, s)
		}
	}
	return sections
}

// A chart becomes a figure if the reports have what it shows.
type chart interface {
	draw(reports []*results.Lookup) (f figure, ok bool)
}

// A curve is throughput over message sizes or counts.
type curve struct {
	title, suite, op string
	// along returns the value on the horizontal axis.
	along func(c *results.Case) int
	// shown reports whether a case is shown.
	shown func(c *results.Case) bool
	// contenders are the lines if there is one report. If there are several, only the first two are
	// shown.
	contenders []contender
	sizes      bool // whether the horizontal axis shows sizes
}

// A contender finds its result in a case.
type contender struct {
	name string
	way  results.Way
	kind results.Kind
}

// in returns the contender's result. It may be missing from a case without any result of its kind: on a
// phone, for example, there are no peers.
func (o contender) in(l *results.Lookup, c *results.Case) *results.Result {
	if !c.Has(o.kind) {
		return nil
	}
	return l.Of(c, o.way)
}

func (cv curve) draw(reports []*results.Lookup) (figure, bool) {
	var all []series
	for i, r := range reports {
		for j, o := range cv.contenders {
			s := series{key: key{Name: o.name, Color: j + 1, Dashed: o.kind == results.Limit}}
			if s.Dashed {
				s.Color = 0
			}
			if len(reports) > 1 {
				if j > 1 {
					break
				}
				s.key = key{Name: r.Machine.Name + ", " + o.name, Color: i + 1, Dashed: j > 0}
			}
			if o.kind == results.Ours && !r.Partial {
				for _, size := range usualSizes {
					r.Want(results.CaseID{Suite: cv.suite, Op: cv.op, Count: 1, Size: size}, o.way)
				}
			}
			for _, c := range r.Cases(cv.suite) {
				if c.Op != cv.op || !cv.shown(&c) {
					continue
				}
				if x := o.in(r, &c); x != nil && x.Bytes > 0 {
					s.add(x, cv.along(&c), c.Name)
				}
			}
			if len(s.points) > 1 {
				all = append(all, s)
			}
		}
	}
	if len(all) == 0 {
		return figure{}, false
	}
	paint := func() (template.HTML, error) { return drawCurves(cv.title, all, cv.sizes) }
	return figure{Title: cv.title, Legend: legend(all), paint: paint}, true
}

func legend(all []series) []key {
	var keys []key
	for _, s := range all {
		keys = append(keys, s.key)
	}
	return keys
}

// family is a curve for each size or, if there are several reports, for each report.
type family struct {
	title, suite, op string
	way              results.Way
	sizes            []int
	size             int         // which one if there are several reports
	than             results.Way // of a peer without batches, shown for messages of this size
}

func (fm family) draw(reports []*results.Lookup) (figure, bool) {
	var all []series
	for i, r := range reports {
		// A machine without fast AES measures only a few batches.
		if !r.Partial && r.Machine.Accelerated("ige") {
			r.Want(results.CaseID{Suite: fm.suite, Op: fm.op, Count: 16, Size: fm.size}, fm.way)
		}
		sizes := fm.sizes
		if len(reports) > 1 {
			sizes = []int{fm.size}
		}
		for j, size := range sizes {
			s := series{key: key{Name: results.Size(size), Color: j + 1}}
			if len(reports) > 1 {
				s.key = key{Name: r.Machine.Name, Color: i + 1}
			}
			for _, c := range r.Cases(fm.suite) {
				if c.Op == fm.op && c.Size == size {
					if x := r.Of(&c, fm.way); x != nil {
						s.add(x, c.Count, c.Name)
					}
				}
			}
			if len(s.points) > 1 {
				all = append(all, s)
			}
		}
		theirs := series{key: key{Color: 0, Dashed: true}}
		for _, c := range r.Cases(fm.suite) {
			// Old reports lack these rows.
			if c.Op == fm.op && c.Size == fm.size && c.Has(results.Peer) {
				if x := r.Of(&c, fm.than); x != nil {
					theirs.Name = x.Who + ", " + results.Size(fm.size)
					theirs.add(x, c.Count, c.Name)
				}
			}
		}
		if len(theirs.points) > 1 {
			if len(reports) > 1 {
				theirs.key = key{Name: r.Machine.Name + ", " + theirs.Name, Color: i + 1, Dashed: true}
			}
			all = append(all, theirs)
		}
	}
	if len(all) == 0 {
		return figure{}, false
	}
	title := fm.title
	if len(reports) > 1 {
		title += " of " + results.Size(fm.size)
	}
	paint := func() (template.HTML, error) { return drawCurves(title, all, false) }
	return figure{Title: title, Legend: legend(all), paint: paint}, true
}

// times are the latencies of a case as bars.
type times struct {
	title string
	id    results.CaseID
	ours  results.Way // mtcore's way that is shown,
	or    results.Way // and the one shown for phones, where the former is not measured
	parts bool        // whether parts of the work are shown too
}

func (ts times) draw(reports []*results.Lookup) (figure, bool) {
	var bars []bar
	for i, r := range reports {
		c := r.Case(ts.id)
		if c == nil && r.Partial {
			continue
		}
		ours := ts.ours
		if r.Partial && c.Of(ours) == nil && ts.or != "" {
			ours = ts.or
		}
		if r.Want(ts.id, ours) != nil {
			bars = append(bars, ts.bars(c, ours, i, len(reports) > 1)...)
		}
	}
	if len(bars) == 0 {
		return figure{}, false
	}
	f := figure{Title: ts.title, paint: func() (template.HTML, error) { return drawBars(ts.title, bars) }}
	if len(reports) > 1 {
		for i, r := range reports {
			f.Legend = append(f.Legend, key{Name: r.Machine.Name, Color: i + 1, Bar: true})
		}
	}
	return f, true
}

// bars are all of a case or, if there are several reports, mtcore's best and the best peer.
func (ts times) bars(c *results.Case, ours results.Way, i int, several bool) []bar {
	var bars []bar
	var bestPeer *results.Result
	for _, x := range c.Results {
		switch {
		case x.Kind == results.Ours && x.Way != ours, x.Kind == results.Part && !ts.parts, x.Kind == results.Limit:
			continue
		case several && x.Kind == results.Ours:
			if len(bars) == 0 {
				bars = append(bars, bar{"mtcore", x.Ns, x.Low, x.High, i + 1})
			}
			continue
		case several && x.Kind == results.Peer:
			if bestPeer == nil || x.Ns < bestPeer.Ns {
				bestPeer = x
			}
			continue
		case several:
			continue
		}
		name := x.Who
		if x.Kind == results.Part {
			name = x.How
		}
		color := map[results.Kind]int{results.Ours: 1, results.Peer: 2, results.Part: 0}[x.Kind]
		bars = append(bars, bar{name, x.Ns, x.Low, x.High, color})
	}
	if bestPeer != nil {
		bars = append(bars, bar{bestPeer.Who, bestPeer.Ns, bestPeer.Low, bestPeer.High, i + 1})
	}
	return bars
}

// choices are ways to do the same, as bars: all of them or, if there are several reports, the first and
// the last of each.
type choices struct {
	title      string
	id         results.CaseID
	contenders []contender
}

func (ch choices) draw(reports []*results.Lookup) (figure, bool) {
	var bars []bar
	f := figure{Title: ch.title}
	for i, r := range reports {
		c := r.Case(ch.id)
		if c == nil { // the suite only runs on request
			continue
		}
		for j, o := range ch.contenders {
			if len(reports) > 1 && j > 0 && j < len(ch.contenders)-1 {
				continue
			}
			x := r.Want(ch.id, o.way)
			if x == nil {
				continue
			}
			color := map[results.Kind]int{results.Ours: 1, results.Peer: 2}[o.kind]
			if len(reports) > 1 {
				color = i + 1
			}
			bars = append(bars, bar{o.name, x.Ns, x.Low, x.High, color})
		}
		if len(reports) > 1 {
			f.Legend = append(f.Legend, key{Name: r.Machine.Name, Color: i + 1, Bar: true})
		}
	}
	f.paint = func() (template.HTML, error) { return drawBars(ch.title, bars) }
	return f, len(bars) > 0
}

// count formats a number of allocations, which is a mean.
func count(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return digits(x)
}

// rate is empty for rows without a length.
func rate(x results.Result) string {
	if x.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", x.MBPerSecond())
}
