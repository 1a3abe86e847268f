// Package suite contains what the subjects of the benchmark share: cases of work, the contenders
// that do it, how they are measured against each other, and the targets that mtcore sets itself.
package suite

import (
	"slices"
	"strings"
	"time"

	"github.com/mtcore/mtcore/internal/results"
)

// A Suite is one subject, such as IGE: a check that its numbers belong to correct code, what to
// measure, and how to read the results.
type Suite struct {
	Name     string
	Backends []string // that can be measured here, whatever the options
	// Check compares all contenders with each other. It passes on a line for each thing that it
	// found to be right, and returns an error at the first one that is wrong.
	Check   func(passed func(line string)) error
	Cases   []Case
	Columns []Column // of ratios, in the order of the table
	Grids   []Grid
	Legend  string
	Targets []Target
	Cycles  []CycleRow // short messages, for -cycles
}

// A Case is a piece of work and the contenders that do it. Op, Count and Size identify it in its
// suite, in any report; Name is what tables call it.
type Case struct {
	Name        string        // such as "encrypt 16 KiB"
	Op          string        // what is done
	Count, Size int           // how many messages of how many bytes; 0 if they differ
	Bytes       int           // how many the work processes, if any
	Time        time.Duration // how long to measure, unless the command line says
	Slice       time.Duration // for a row in a round, if not what MethodLegend says
	InGrid      bool          // shown in a grid rather than as a table of its own
	Contenders  []Contender
}

// ID returns the id of the case in any report.
func (c *Case) ID(suite string) results.CaseID {
	return results.CaseID{Suite: suite, Op: c.Op, Count: c.Count, Size: c.Size}
}

// A Label names a way to do the work. Its id, the Way, identifies it in reports and is
// permanent; the words for tables may change. Labels of mtcore have no Who, since the setting
// provides it.
type Label struct {
	Way      results.Way
	Who, How string
}

// A Contender is one way to do the work of a case, a row of the table.
type Contender struct {
	Label
	Kind    results.Kind // may be empty if it follows from the rest
	Setting *Setting     // to be entered while it runs, if it is ours
	Op      func()       // does the work
	Worth   float64      // how many times Op does the work; 0 means once
	// Elsewhere replaces Op for work that another process does: it has the work done n times, and
	// returns how many nanoseconds and allocations that took in all.
	Elsewhere func(n int) (ns, allocs float64)
	AtLeast   Floor // a time that the work needs, even if Op is faster
	Less      Row   // the row whose time is subtracted
	NoRate    bool  // whether the work is something other than processing the bytes
	// Versus has, for each column, the contenders to compare this one with. The fastest of them
	// counts.
	Versus map[Column][]Row
}

// A Row identifies a contender in its case, as written by results.RowName.
type Row string

// Row identifies the contender in its case.
func (c *Contender) Row() Row {
	if c.Setting != nil {
		return c.Setting.Row(c.Way)
	}
	return Row(c.Way)
}

// Row returns the row of the label if it is a peer's.
func (l Label) Row() Row { return Row(l.Way) }

// who returns what tables call the contender.
func (c *Contender) who() string {
	if c.Setting != nil {
		return OurName(*c.Setting)
	}
	return c.Who
}

// LimitWho marks the rows of limits that nothing can be faster than.
const LimitWho = "limit"

func (c *Contender) kind() results.Kind {
	switch {
	case c.Kind != "":
		return c.Kind
	case c.Setting != nil || strings.HasPrefix(string(c.Way), "mtcore."):
		return results.Ours
	case c.Who == LimitWho:
		return results.Limit
	default:
		return results.Peer
	}
}

// A Floor is a share of another contender's time. The zero value is none.
type Floor struct {
	Of    Row
	Share float64
}

// A Column is a column of ratios. Its id is permanent, its title may change.
type Column struct {
	ID    results.Column
	Title string
	// Multiple says that the column shows a contender's time as a multiple of the other's;
	// otherwise it shows how many times faster the contender is.
	Multiple bool
}

func (c Column) ratio(own, other float64) float64 {
	if c.Multiple {
		return own / other
	}
	return other / own
}

// Columns that several suites have. All suites have the first two, and targets may refer to
// them.
var (
	NsPerOp     = Column{ID: results.Ns, Title: "ns/op", Multiple: true}
	AllocsPerOp = Column{ID: results.Allocs, Title: "allocs/op", Multiple: true}
	VsPeer      = Column{ID: results.VsPeer, Title: "vs peer"}
	VsOne       = Column{ID: results.VsOne, Title: "vs one"}
	OfLimit     = Column{ID: results.OfLimit, Title: "× limit", Multiple: true}
	OfIGE       = Column{ID: results.OfIGE, Title: "× IGE", Multiple: true}
)

// Labels of mtcore that several suites share.
var (
	InBatch  = Label{Way: results.Batch, How: "batch"}
	OneByOne = Label{Way: results.OneByOne, How: "one at a time"}
)

// Value returns what the column shows of a result.
func (c Column) Value(r *results.Result) (value float64, ok bool) {
	switch c.ID {
	case results.Ns:
		return r.Ns, true
	case results.Allocs:
		return r.Allocs, true
	}
	if q := r.Ratio(c.ID); q != nil {
		return q.Value, true
	}
	return 0, false
}

// A Grid shows one contender of many cases.
type Grid struct {
	Title         string
	Corner        string // the heading of the rows
	Rows, Columns []string
	Case          func(row, column int) results.CaseID // its suite is filled in
	Contender     Row
	Ratio         Column
	Limit         Row // the row whose ratio is the best possible one
}

// Options are what the command line says about what to measure.
type Options struct {
	Sizes      []int       // nil means what suits the suite
	Directions []Direction // nil means what suits the suite
	Backend    string      // "" means all
}

// A Direction is one of Encrypt and Decrypt.
type Direction string

const (
	Encrypt Direction = "encrypt"
	Decrypt Direction = "decrypt"
)

// Choice returns what the command line chose, or else the usual.
func Choice[T any](chosen []T, usual ...T) []T {
	if chosen == nil {
		return usual
	}
	return chosen
}

// Measured returns those settings of a package that are to be measured.
func (opt Options) Measured(settings []Setting) []Setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s Setting) bool {
		return opt.Backend != "" && s.Name != opt.Backend
	})
}
