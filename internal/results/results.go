// Package results defines the format of benchmark results: the program in bench and the benchmark of
// package mobile write it, and tables, pages and comparisons are made from it.
//
// A report is a JSON object. Its fields are documented here and nowhere else. All times are in
// nanoseconds, all sizes in bytes. A field may be added without a new Schema; to remove one or to
// change its meaning takes a new one. Ids are explained in ids.go.
package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Schema names this format and its version.
const Schema = "mtcore-bench/1"

// A Report is the outcome of one run of bench.
type Report struct {
	Schema string `json:"schema"`
	// Disturbed says that something else used the machine so much that the numbers are in doubt. Why
	// says what in Probe shows it.
	Disturbed bool     `json:"disturbed"`
	Why       []string `json:"why,omitempty"`
	// Partial says that less than everything was requested, or can be measured by the program.
	Partial bool      `json:"partial,omitempty"`
	Time    time.Time `json:"time"` // when the run ended, in UTC
	Machine Machine   `json:"machine"`
	Build   Build     `json:"build"`
	Probe   *Probe    `json:"probe,omitempty"`
	Results []Result  `json:"results"`
	Targets []Target  `json:"targets"`
}

// A Probe is what was observed of the machine before, during and after a run. See
// bench/internal/probe.
type Probe struct {
	Before Reading   `json:"before"`
	During []Reading `json:"during"`
	After  Reading   `json:"after"`
	// Quiet is the lowest known ratio of throughput to latency on this machine.
	Quiet float64 `json:"quiet"`
	// Steal is the share of the time in which the hypervisor took the CPUs away, if the system
	// reports it.
	Steal float64 `json:"steal"`
}

// A Reading is how long an operation takes on average, in a loop of independent ones and in a chain
// in which each waits for the one before.
type Reading struct {
	Throughput float64 `json:"throughput"`
	Latency    float64 `json:"latency"`
}

// A Machine is what the numbers depend on.
type Machine struct {
	Name     string   `json:"name"` // given by the user, or that of the CPU
	CPU      string   `json:"cpu"`
	OS       string   `json:"os"`   // in Go's words
	Arch     string   `json:"arch"` // in Go's words
	Cores    int      `json:"cores"`
	Features []string `json:"features"` // of the CPU, of those that mtcore uses
	// Backends names, for each package, the implementations that the machine can run,
	// the best one last.
	Backends map[string][]string `json:"backends"`
}

// A Build says what the program was built from.
type Build struct {
	Go       string            `json:"go"`
	Commit   string            `json:"commit,omitempty"`   // if go recorded it
	Modified bool              `json:"modified,omitempty"` // since that commit
	Tags     string            `json:"tags,omitempty"`
	Peers    map[string]string `json:"peers"` // versions, by module path
}

// A Kind says what a result is about.
type Kind string

const (
	Ours  Kind = "mtcore"
	Peer  Kind = "peer"
	Limit Kind = "limit" // the most that is possible on this machine
	Part  Kind = "part"  // a part of the work, for comparison
)

// A Result is what one contender did in one case: a row of a table.
type Result struct {
	Suite string `json:"suite"` // such as "ige"
	Case  string `json:"case"`  // what a reader calls it, such as "encrypt 16 KiB"

	// The case is Count messages of Size bytes each. Size is 0 where lengths differ or mean nothing;
	// Bytes is the total that is processed, if any. Suite, Op, Count and Size are the id of the
	// case.
	Op    string `json:"op"`
	Count int    `json:"count"`
	Size  int    `json:"size"`
	Bytes int    `json:"bytes"`

	// Way and Backend are the id of the row within its case; only mtcore's own rows have a Backend.
	// Who and How are the labels that a reader sees.
	Kind    Kind   `json:"kind"`
	Way     Way    `json:"way"`
	Who     string `json:"who"`
	How     string `json:"how"`
	Backend string `json:"backend,omitempty"`

	// Ns is the time that the work took, the median over the rounds. Half of the rounds took between
	// Low and High, all of them between Min and Max. Samples are medians over consecutive rounds, 20
	// at most.
	Rounds  int       `json:"rounds"`
	Ns      float64   `json:"ns"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
	Min     float64   `json:"min"`
	Max     float64   `json:"max"`
	Samples []float64 `json:"samples"`
	Allocs  float64   `json:"allocs"`
	// Disturbed is the share of the rounds in which something else had the CPU.
	Disturbed float64 `json:"disturbed"`

	Ratios []Ratio `json:"ratios,omitempty"`
}

// A Ratio compares a result with another one of the same case: it is the median of the ratios within
// the rounds.
type Ratio struct {
	ID    Column `json:"id"`
	Title string `json:"title"` // of the column in tables
	// Multiple says that Value is this row's time over the other's. Otherwise it is the other's over
	// this row's.
	Multiple bool `json:"multiple"`
	// Of is the other row, as RowName writes it; Who and How are its labels.
	Of    string  `json:"of"`
	Who   string  `json:"who"`
	How   string  `json:"how"`
	Value float64 `json:"value"`
	// Half of the rounds had a ratio between Low and High. Both are 0 in old reports.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// A Target is a bound that the project holds its code to.
type Target struct {
	Suite  string  `json:"suite"`
	Row    string  `json:"row"` // the id; empty in old reports
	What   string  `json:"what"`
	ID     Column  `json:"id"`
	Column string  `json:"column"` // its title
	Bound  float64 `json:"bound"`
	// Value is the result, if Measured.
	Measured bool    `json:"measured"`
	Value    float64 `json:"value"`
	Met      bool    `json:"met"`
	// Limit is the best possible value, if it is known.
	Limit float64 `json:"limit,omitempty"`
}

// MBPerSecond returns the throughput in 10⁶ bytes per second.
func (r *Result) MBPerSecond() float64 {
	if r.Ns == 0 {
		return 0
	}
	return float64(r.Bytes) / r.Ns * 1e3
}

// Ratio returns the ratio in a column, or nil.
func (r *Result) Ratio(id Column) *Ratio {
	for i := range r.Ratios {
		if x := &r.Ratios[i]; x.ID == id {
			return x
		}
	}
	return nil
}

// Find returns the result with an id, or nil.
func (r *Report) Find(id string) *Result {
	for i := range r.Results {
		if x := &r.Results[i]; x.ID() == id {
			return x
		}
	}
	return nil
}

// Has reports whether the report has results of a kind.
func (r *Report) Has(kind Kind) bool {
	return slices.ContainsFunc(r.Results, func(x Result) bool { return x.Kind == kind })
}

// Suites returns the suites that have results, in their order.
func (r *Report) Suites() []string {
	var names []string
	for _, x := range r.Results {
		if !slices.Contains(names, x.Suite) {
			names = append(names, x.Suite)
		}
	}
	return names
}

// A Case is a group of results that were measured against each other.
type Case struct {
	CaseID
	Name    string
	Results []*Result
}

// Cases returns the cases of a suite, in the order of the report.
func (r *Report) Cases(suite string) []Case {
	var cases []Case
	for i := range r.Results {
		x := &r.Results[i]
		if x.Suite != suite {
			continue
		}
		if n := len(cases); n == 0 || cases[n-1].CaseID != x.CaseID() {
			cases = append(cases, Case{CaseID: x.CaseID(), Name: x.Case})
		}
		c := &cases[len(cases)-1]
		c.Results = append(c.Results, x)
	}
	return cases
}

// Case returns the case with an id, or nil.
func (r *Report) Case(id CaseID) *Case {
	for _, c := range r.Cases(id.Suite) {
		if c.CaseID == id {
			return &c
		}
	}
	return nil
}

// Has reports whether the case has results of a kind.
func (c *Case) Has(kind Kind) bool {
	return slices.ContainsFunc(c.Results, func(x *Result) bool { return x.Kind == kind })
}

// Of returns the result of a way, for mtcore's ways that of the best backend, or nil.
func (c *Case) Of(way Way) *Result {
	for _, x := range c.Results { // the best backend comes first
		if x.Way == way {
			return x
		}
	}
	return nil
}

// Marshal returns the report as text. Numbers are rounded to five digits; a result, a
// target or a reading is one line.
func (r *Report) Marshal() ([]byte, error) {
	c := r.rounded()
	results, err := lines(c.Results)
	if err != nil {
		return nil, err
	}
	targets, err := lines(c.Targets)
	if err != nil {
		return nil, err
	}
	c.Results, c.Targets = nil, nil
	var during []byte
	if c.Probe != nil {
		if during, err = lines(c.Probe.During); err != nil {
			return nil, err
		}
		c.Probe.During = nil
	}
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return nil, err
	}
	text = bytes.Replace(text, []byte(`"results": null`), append([]byte(`"results": `), results...), 1)
	text = bytes.Replace(text, []byte(`"targets": null`), append([]byte(`"targets": `), targets...), 1)
	text = bytes.Replace(text, []byte(`"during": null`), append([]byte(`"during": `), during...), 1)
	return append(text, '\n'), nil
}

// lines marshals an array with a line for each of its elements.
func lines[T any](elements []T) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("[")
	for i, e := range elements {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  ")
		b.Write(text)
	}
	b.WriteString("\n ]")
	return b.Bytes(), nil
}

// Parse returns the report in the text.
func Parse(text []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("not a report: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("not a report of this version: schema %q, want %q", r.Schema, Schema)
	}
	if r.upgrade() {
		r.Partial = true // such reports do not say
	}
	return &r, nil
}

// Read returns the report in the file.
func Read(name string) (*Report, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
