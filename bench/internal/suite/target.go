package suite

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/results"
)

// A Target is a bound that the project holds its code to.
type Target struct {
	Case   results.CaseID // its suite is filled in
	Row    Row
	Column Column
	Bound  float64 // the maximum for a multiple, otherwise the minimum
	Limit  Row     // the row whose ratio is the best possible one, if there is one
}

func (t Target) met(value float64) bool {
	if t.Column.Multiple {
		return value <= t.Bound
	}
	return value >= t.Bound
}

// Judge returns the outcome of the suite's targets.
func (s *Suite) Judge(rows []results.Result) []results.Target {
	var judged []results.Target
	for _, t := range s.Targets {
		judged = append(judged, s.judge(t, rows))
	}
	return judged
}

func (s *Suite) judge(t Target, rows []results.Result) results.Target {
	sign := "≥"
	if t.Column.Multiple {
		sign = "≤"
	}
	t.Case.Suite = s.Name
	caseName, who, how := s.labels(t)
	j := results.Target{
		Suite: s.Name, Row: t.Case.String() + "/" + string(t.Row),
		What: fmt.Sprintf("%s, %s, %s: %s %s %s", caseName, who, how, t.Column.Title, sign, formatBound(t)),
		ID:   t.Column.ID, Column: t.Column.Title, Bound: t.Bound,
	}
	if r := Find(rows, t.Case, t.Row); r != nil {
		j.Value, j.Measured = t.Column.Value(r)
		j.Met = j.Measured && t.met(j.Value)
	}
	if l := Find(rows, t.Case, t.Limit); l != nil {
		j.Limit, _ = t.Column.Value(l)
	}
	return j
}

// labels returns what tables call the row of the target. A row that is not measured has no
// labels.
func (s *Suite) labels(t Target) (caseName, who, how string) {
	for i := range s.Cases {
		c := &s.Cases[i]
		for j := range c.Contenders {
			if con := &c.Contenders[j]; c.ID(s.Name) == t.Case && con.Row() == t.Row {
				return c.Name, con.who(), con.How
			}
		}
	}
	return t.Case.String(), "mtcore", string(t.Row)
}

func formatBound(t Target) string {
	if t.Column == NsPerOp || t.Column == AllocsPerOp {
		return fmt.Sprintf("%.0f", t.Bound)
	}
	return fmt.Sprintf("%.2f", t.Bound)
}

// Find returns the result of a row of a case, or nil.
func Find(rows []results.Result, c results.CaseID, row Row) *results.Result {
	for i := range rows {
		if r := &rows[i]; r.CaseID() == c && r.Row() == string(row) {
			return r
		}
	}
	return nil
}
