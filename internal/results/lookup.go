package results

import (
	"errors"
	"slices"
	"strings"
)

// A Lookup finds what a table or a page needs, and notes what is missing.
type Lookup struct {
	*Report
	missing []string
}

// Want returns the row of a way, for mtcore's ways that of the best backend.
func (l *Lookup) Want(id CaseID, way Way) *Result {
	if c := l.Case(id); c != nil {
		return l.Of(c, way)
	}
	l.miss(id.Row(way, ""))
	return nil
}

// Of is Want for a case that is already known.
func (l *Lookup) Of(c *Case, way Way) *Result {
	x := c.Of(way)
	if x == nil {
		l.miss(c.CaseID.Row(way, ""))
	}
	return x
}

// Ratio returns the value of a row in a column. If there is no row, it notes nothing.
func (l *Lookup) Ratio(x *Result, id Column) *Ratio {
	if x == nil {
		return nil
	}
	q := x.Ratio(id)
	if q == nil {
		l.miss(x.ID() + ": " + string(id))
	}
	return q
}

func (l *Lookup) miss(what string) {
	if !slices.Contains(l.missing, what) {
		l.missing = append(l.missing, what)
	}
}

// Err returns an error with the ids of everything that was wanted and is missing.
func (l *Lookup) Err() error {
	if len(l.missing) == 0 {
		return nil
	}
	return errors.New("the results lack " + strings.Join(l.missing, ", "))
}

// Accelerated reports whether the machine has more than the generic backend for a package.
func (m *Machine) Accelerated(pkg string) bool { return len(m.Backends[pkg]) > 1 }
