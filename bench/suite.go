package main

import (
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/internal/impl"
)

// A suite is one subject of this program, such as IGE: what makes sure that its
// numbers are numbers of correct code, what is measured, and how to read it.
type suite struct {
	name string
	// check compares all contenders with each other. It passes a line for each
	// thing that it found to be right, and returns an error at the first that is
	// not.
	check   func(passed func(line string)) error
	cases   []benchCase
	columns []column // of ratios, in the order of the table
	grids   []grid
	legend  string
	targets []target
}

// A benchCase is a piece of work and the contenders that do it.
type benchCase struct {
	name        string        // such as "encrypt 16 KiB"
	op          string        // what is done
	count, size int           // to so many messages of so many bytes; 0 if they differ
	bytes       int           // that the work processes, if it processes any
	time        time.Duration // to measure for, if the command line says nothing
	inGrid      bool          // shown in a grid rather than as a table of its own
	contenders  []contender
}

// A contender is one way to do the work of a case, a row of the table.
type contender struct {
	who, how string      // which identify it within its case
	kind     report.Kind // what can be told from the rest may be left out
	setting  *setting    // to be entered while it runs, if it is ours
	op       func()      // does the work
	worth    float64     // how often op does the work; 0 means once
	atLeast  floor       // a time that the work needs even if op does not
	less     id          // whose time is taken off
	noRate   bool        // whether it does something else than process the bytes
	// versus has the contenders to compare with for each column that says something
	// about this one. The fastest of them counts.
	versus map[column][]id
}

// An id is what a table calls a contender.
type id struct{ who, how string }

func (c contender) id() id { return id{c.who, c.how} }

func (c contender) kindOf() report.Kind {
	switch {
	case c.kind != "":
		return c.kind
	case c.setting != nil:
		return report.Ours
	case c.who == limitWho:
		return report.Limit
	default:
		return report.Peer
	}
}

// A floor is a share of the time of another contender. The zero value is none.
type floor struct {
	of    id
	share float64
}

// A column is a column of ratios.
type column struct {
	title string
	// multiple says that the column shows by how much a contender's time exceeds
	// the other's. If false, it shows how many times faster the contender is.
	multiple bool
}

func (c column) ratio(own, other float64) float64 {
	if c.multiple {
		return own / other
	}
	return other / own
}

// Columns that every table has, and that targets may be about.
var (
	nsPerOp     = column{title: "ns/op", multiple: true}
	allocsPerOp = column{title: "allocs/op", multiple: true}
)

// value returns what the column shows of a result.
func (c column) value(r *result) (value float64, ok bool) {
	switch c {
	case nsPerOp:
		return r.Ns, true
	case allocsPerOp:
		return r.Allocs, true
	default:
		return r.Ratio(c.title)
	}
}

// A grid shows one contender of many cases, whose names are made of what begins a
// row and what heads a column.
type grid struct {
	title         string
	corner        string // what the rows begin with
	rows, columns []string
	caseName      func(row, column string) string
	contender     id
	ratio         column
	limit         id // the row whose ratio is the best possible one
}

// A target is a value that the project holds its code to.
type target struct {
	caseName string
	row      id
	column   column
	bound    float64 // the most for a multiple, else the least
	limit    id      // the row whose ratio is the best possible one, if there is one
}

func (t target) met(value float64) bool {
	if t.column.multiple {
		return value <= t.bound
	}
	return value >= t.bound
}

// A setting is one that packages of ours can run in: which of their backends are on.
type setting struct {
	name   string
	states []impl.State
}

// enter turns the backends on and off, and returns what puts them back.
func (s *setting) enter() (leave func()) {
	var leaves []func()
	for _, state := range s.states {
		leaves = append(leaves, state.Enter())
	}
	return func() {
		for _, leave := range leaves {
			leave()
		}
	}
}

// settingsOf returns the settings that this machine can run a package of ours in, the
// generic one first.
func settingsOf(pkg string) []setting {
	var settings []setting
	for _, s := range statesOf(pkg) {
		settings = append(settings, setting{s.Name, []impl.State{s}})
	}
	return settings
}

func statesOf(pkg string) []impl.State {
	packages := impl.Packages()
	i := slices.IndexFunc(packages, func(p *impl.Package) bool { return p.Name() == pkg })
	if i < 0 {
		panic("bench: internal error: no package " + pkg)
	}
	return packages[i].States()
}

// without returns the settings but for those with one of the names, and all of them if
// nothing were left.
func without(settings []setting, names ...string) []setting {
	rest := slices.DeleteFunc(slices.Clone(settings), func(s setting) bool { return slices.Contains(names, s.name) })
	if len(rest) == 0 {
		return settings
	}
	return rest
}

func withoutGeneric(settings []setting) []setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s setting) bool { return s.name == generic })
}

const generic = "generic"
