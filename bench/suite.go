package main

import (
	"slices"
	"time"

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
	name       string        // such as "encrypt 16 KiB"
	bytes      int           // that the work processes
	time       time.Duration // to measure for, if the command line says nothing
	inGrid     bool          // shown in a grid rather than as a table of its own
	contenders []contender
}

// A contender is one way to do the work of a case, a row of the table.
type contender struct {
	who, how string      // which identify it within its case
	state    *impl.State // to be entered while it runs, if it depends on one
	op       func()      // does the work
	worth    float64     // how often op does the work; 0 means once
	atLeast  floor       // a time that the work needs even if op does not
	// ratios has the contender to compare with for each column that says
	// something about this one.
	ratios map[column]id
}

// An id is what a table calls a contender.
type id struct{ who, how string }

func (c contender) id() id { return id{c.who, c.how} }

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

// A target is a ratio that the project holds its code to.
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

// statesOf returns the settings of backends that this machine can run a package
// of ours in, the generic one first.
func statesOf(pkg string) []impl.State {
	packages := impl.Packages()
	i := slices.IndexFunc(packages, func(p *impl.Package) bool { return p.Name() == pkg })
	if i < 0 {
		panic("bench: internal error: no package " + pkg)
	}
	return packages[i].States()
}
