// Package report is the format in which bench keeps its results, for who compares
// machines or draws them.
//
// A report is a JSON object; what its fields mean is said here and nowhere else. All times
// are in nanoseconds, all sizes in bytes. Fields may be added without a new Schema; one that
// is removed or means something else needs one.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Schema names this format and its version.
const Schema = "mtcore-bench/1"

// A Report is what one run of bench found out.
type Report struct {
	Schema  string    `json:"schema"`
	Time    time.Time `json:"time"` // of the run's end, in UTC
	Machine Machine   `json:"machine"`
	Build   Build     `json:"build"`
	// Disturbed says that something else used the CPU so much that the numbers are in doubt.
	Disturbed bool     `json:"disturbed"`
	Results   []Result `json:"results"`
	Targets   []Target `json:"targets"`
}

// A Machine is what the numbers depend on.
type Machine struct {
	Name     string   `json:"name"` // that its user gave it, or that of its CPU
	CPU      string   `json:"cpu"`
	OS       string   `json:"os"`   // in Go's words
	Arch     string   `json:"arch"` // in Go's words
	Cores    int      `json:"cores"`
	Features []string `json:"features"` // of the CPU, that mtcore knows to use
	// Backends names, for each package, the implementations that the machine can run,
	// the best one last.
	Backends map[string][]string `json:"backends"`
}

// A Build is what the program was made of.
type Build struct {
	Go       string            `json:"go"`
	Commit   string            `json:"commit,omitempty"`   // if go recorded it
	Modified bool              `json:"modified,omitempty"` // since that commit
	Tags     string            `json:"tags,omitempty"`
	Peers    map[string]string `json:"peers"` // versions, by path of the module
}

// A Kind tells what a result is about.
type Kind string

const (
	Ours  Kind = "mtcore"
	Peer  Kind = "peer"
	Limit Kind = "limit" // what nothing can be faster than on this machine
	Part  Kind = "part"  // a part of the work, to compare with
)

// A Result is what one contender did in one case: a row of a table.
type Result struct {
	Suite string `json:"suite"` // such as "ige"
	Case  string `json:"case"`  // such as "encrypt 16 KiB"; unique in its suite

	// What the case consists of: so many messages of so many bytes. Size is 0 where
	// lengths differ or mean nothing, Bytes is what is processed in all, if anything.
	Op    string `json:"op"`
	Count int    `json:"count"`
	Size  int    `json:"size"`
	Bytes int    `json:"bytes"`

	// Who and How are unique in a case.
	Kind    Kind   `json:"kind"`
	Who     string `json:"who"`
	How     string `json:"how"`
	Backend string `json:"backend,omitempty"` // of ours

	// Ns is the time that the work took, the median over the rounds; half of the
	// rounds took between Low and High. Samples are medians over consecutive
	// rounds, 20 at most.
	Rounds  int       `json:"rounds"`
	Ns      float64   `json:"ns"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
	Samples []float64 `json:"samples"`
	Allocs  float64   `json:"allocs"`
	// Disturbed is the share of the rounds in which something else had the CPU.
	Disturbed float64 `json:"disturbed"`

	Ratios []Ratio `json:"ratios,omitempty"`
}

// A Ratio compares a result with another one of its case: the median of the ratios within
// the rounds.
type Ratio struct {
	Title string `json:"title"` // of the column in tables
	// Multiple says that Value is the own time over the other's. Else it is the other's
	// over the own.
	Multiple bool    `json:"multiple"`
	Who      string  `json:"who"`
	How      string  `json:"how"`
	Value    float64 `json:"value"`
}

// A Target is a bound that the project holds its code to.
type Target struct {
	Suite  string  `json:"suite"`
	What   string  `json:"what"`
	Column string  `json:"column"` // the title of a ratio, or ns/op or allocs/op
	Bound  float64 `json:"bound"`
	// Value is what came out, if Measured.
	Measured bool    `json:"measured"`
	Value    float64 `json:"value"`
	Met      bool    `json:"met"`
	// Limit is the best value that is possible, if it is known.
	Limit float64 `json:"limit,omitempty"`
}

// MBPerSecond is in 10⁶ bytes.
func (r *Result) MBPerSecond() float64 {
	if r.Ns == 0 {
		return 0
	}
	return float64(r.Bytes) / r.Ns * 1e3
}

// Ratio returns the value of the ratio with this title.
func (r *Result) Ratio(title string) (value float64, ok bool) {
	for _, x := range r.Ratios {
		if x.Title == title {
			return x.Value, true
		}
	}
	return 0, false
}

// Find returns the result of a contender in a case of a suite, or nil.
func (r *Report) Find(suite, caseName, who, how string) *Result {
	for i := range r.Results {
		x := &r.Results[i]
		if x.Suite == suite && x.Case == caseName && x.Who == who && x.How == how {
			return x
		}
	}
	return nil
}

// A Case is a group of results that were measured against each other.
type Case struct {
	Name        string
	Op          string
	Count, Size int
	Results     []*Result
}

// Cases returns the cases of a suite, in the order of the report.
func (r *Report) Cases(suite string) []Case {
	var cases []Case
	for i := range r.Results {
		x := &r.Results[i]
		if x.Suite != suite {
			continue
		}
		if n := len(cases); n == 0 || cases[n-1].Name != x.Case {
			cases = append(cases, Case{Name: x.Case, Op: x.Op, Count: x.Count, Size: x.Size})
		}
		c := &cases[len(cases)-1]
		c.Results = append(c.Results, x)
	}
	return cases
}

// Best returns the result of our best backend in the given way, or nil.
func (c *Case) Best(how string) *Result {
	for _, x := range c.Results { // the best backend comes first
		if x.Kind == Ours && x.How == how {
			return x
		}
	}
	return nil
}

// Of returns the result of somebody in the given way, or nil.
func (c *Case) Of(who, how string) *Result {
	for _, x := range c.Results {
		if x.Who == who && x.How == how {
			return x
		}
	}
	return nil
}

// Marshal returns the report as text. Numbers are rounded to five digits; a result or a
// target is one line.
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
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return nil, err
	}
	text = bytes.Replace(text, []byte(`"results": null`), append([]byte(`"results": `), results...), 1)
	text = bytes.Replace(text, []byte(`"targets": null`), append([]byte(`"targets": `), targets...), 1)
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
