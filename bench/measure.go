package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bench/internal/machine"
	"github.com/mtcore/mtcore/bench/internal/probe"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/bench/internal/summary"
	"github.com/mtcore/mtcore/bench/internal/table"
	"github.com/mtcore/mtcore/internal/results"
)

// measureAll checks and measures what the options select, and writes the results.
func measureAll(opt options, stdout, stderr io.Writer) error {
	var suites []suite.Suite
	for _, s := range allSuites {
		if len(opt.suites) == 0 && !s.asked || slices.Contains(opt.suites, s.name) {
			suites = append(suites, s.make(opt.Options))
		}
	}
	// A file that cannot be written should be reported before minutes are spent on its contents.
	for _, name := range []string{opt.json, opt.html, withEnding(opt.card, ".svg"), withEnding(opt.card, ".png")} {
		if name == "" || opt.checkOnly {
			continue
		}
		if err := checkWritable(name); err != nil {
			return err
		}
	}
	if opt.checkOnly {
		machine.Print(stdout, machine.This(opt.name), machine.Build())
		return checkSuites(suites, stdout, table.NewProgress(stderr))
	}
	if opt.cycles {
		return measureCycles(suites, suite.CycleRounds, stdout, table.NewProgress(stderr))
	}
	rep, err := tries(opt, stdout, func() (*results.Report, error) { return measureSuites(suites, opt, stdout, stderr) })
	if err != nil {
		return err
	}
	if opt.json != "" {
		text, err := rep.Marshal()
		if err != nil {
			return err
		}
		if err := os.WriteFile(opt.json, text, 0o666); err != nil {
			return err
		}
	}
	return draw(stdout, opt, []*results.Report{rep})
}

// measureCycles checks the suites that have short messages, and measures these.
func measureCycles(suites []suite.Suite, rounds int, w io.Writer, line *table.Progress) error {
	suites = slices.DeleteFunc(suites, func(s suite.Suite) bool { return len(s.Cycles) == 0 })
	if err := checkSuites(suites, w, line); err != nil {
		return err
	}
	var rows []table.CycleRow
	for _, s := range suites {
		for _, r := range s.Cycles {
			line.Show("%s: %s", s.Name, r.Name)
			if cycles, ok := s.MeasureCycles(r, rounds); ok {
				rows = append(rows, table.CycleRow{Name: r.Name, Cycles: cycles})
			}
			line.Clear()
		}
	}
	table.Cycles(w, rows)
	table.Text(w, suite.CyclesLegend)
	return nil
}

// tries measures until nothing disturbs it. After the last try, existing results are worth more than
// those of a disturbed machine.
func tries(opt options, w io.Writer, measure func() (*results.Report, error)) (rep *results.Report, err error) {
	for try := 1; ; try++ {
		if rep, err = measure(); err != nil || !rep.Disturbed {
			return rep, err
		}
		if try == opt.tries {
			break
		}
		fmt.Fprintf(w, "That was try %d of %d.\n\n", try, opt.tries)
	}
	if old := readOld(opt.json); opt.tries > 1 && old != nil && !old.Disturbed {
		return nil, fmt.Errorf("%d tries on a disturbed machine: the results in %s stay as they are", opt.tries, opt.json)
	}
	return rep, nil
}

// readOld returns the report in a file, or nil.
func readOld(name string) *results.Report {
	if name == "" {
		return nil
	}
	rep, err := results.Read(name)
	if err != nil {
		return nil
	}
	return rep
}

// quietReference returns what an earlier run, whose results are about to be replaced, learned about
// this machine.
func quietReference(old *results.Report, m results.Machine) float64 {
	if old == nil || old.Probe == nil || old.Machine.CPU != m.CPU || old.Machine.Arch != m.Arch {
		return 0
	}
	return old.Probe.Quiet
}

// checkWritable returns an error if a file cannot be written. It leaves no empty file behind.
func checkWritable(name string) error {
	_, err := os.Stat(name)
	missing := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	err = f.Close()
	if missing {
		err = cmp.Or(err, os.Remove(name))
	}
	return err
}

// measureSuites checks all suites, and then measures them. On a terminal the tables appear as they are
// ready, with the verdict at the end; a file begins with the verdict.
func measureSuites(suites []suite.Suite, opt options, stdout, stderr io.Writer) (*results.Report, error) {
	rep := &results.Report{Schema: results.Schema, Partial: opt.partial(), Machine: machine.This(opt.name), Build: machine.Build()}
	watch := probe.Start(quietReference(readOld(opt.json), rep.Machine))
	line := table.NewProgress(stderr)
	var held bytes.Buffer
	w := io.Writer(&held)
	if table.IsTerminal(stdout) {
		w = stdout
		table.Text(w, firstLine("so far", probe.Disturbances(watch.SoFar(), 0)))
	}
	machine.Print(w, rep.Machine, rep.Build)
	if err := checkSuites(suites, w, line); err != nil {
		io.Copy(stdout, &held)
		return nil, err
	}
	line.Total = totalTime(suites)
	scale := 1.0 // for the time of each case
	if opt.time > 0 {
		scale = float64(opt.time) / float64(line.Total)
	}
	fmt.Fprintf(w, "%s\n\n", suite.MethodLegend)
	for _, s := range suites {
		rows, targets := measureSuite(s, scale, w, line, watch)
		if opt.targets {
			table.Targets(w, targets)
		}
		rep.Results = append(rep.Results, rows...)
		rep.Targets = append(rep.Targets, targets...)
	}
	p := watch.Finish()
	rep.Probe = &p
	rep.Why = probe.Disturbances(p, slowShare(rep.Results))
	rep.Disturbed = len(rep.Why) > 0
	rep.Time = time.Now().UTC().Truncate(time.Second)
	table.Text(stdout, firstLine("", rep.Why))
	if _, err := io.Copy(stdout, &held); err != nil {
		return nil, err
	}
	summary.Print(stdout, rep)
	return rep, nil
}

// firstLine is the verdict on a run.
func firstLine(when string, why []string) string {
	if len(why) > 0 {
		return "DISTURBED, do not trust these numbers: " + strings.Join(why, "; ")
	}
	if when != "" {
		when = " " + when
	}
	return "Nothing disturbs this machine" + when + "."
}

// slowShare returns the share of all slices that took much longer than others of their row.
func slowShare(rows []results.Result) float64 {
	sum := 0.0
	for _, r := range rows {
		sum += r.Disturbed
	}
	return sum / float64(max(1, len(rows)))
}

func checkSuites(suites []suite.Suite, w io.Writer, line *table.Progress) error {
	for _, s := range suites {
		line.Show("%s: checking", s.Name)
		err := s.Check(func(passed string) {
			line.Clear()
			table.Text(w, fmt.Sprintf("check     %s: %s", s.Name, passed))
		})
		line.Clear()
		if err != nil {
			return fmt.Errorf("%s: wrong result: %w", s.Name, err)
		}
	}
	fmt.Fprintln(w)
	return nil
}

// totalTime returns the time of all cases if the command line does not set it.
func totalTime(suites []suite.Suite) (total time.Duration) {
	for _, s := range suites {
		for _, c := range s.Cases {
			total += c.Time
		}
	}
	return total
}

// measureSuite measures the cases of s, each for its time multiplied by scale, and prints the results
// as they come in.
func measureSuite(s suite.Suite, scale float64, w io.Writer, line *table.Progress, watch *probe.Watch) ([]results.Result, []results.Target) {
	var all []results.Result
	for i, c := range s.Cases {
		budget := time.Duration(scale * float64(c.Time))
		rows := suite.Measure(s.Name, c, budget, func(round int) {
			line.Show("%s: %s, case %d of %d, round %d", s.Name, c.Name, i+1, len(s.Cases), round)
		})
		watch.Look()
		line.Done += c.Time
		line.Clear()
		if !c.InGrid {
			table.Case(w, rows, s.Columns)
		}
		all = append(all, rows...)
	}
	for _, g := range s.Grids {
		table.Grid(w, s.Name, g, all)
	}
	fmt.Fprintf(w, "%s\n\n", s.Legend)
	return all, s.Judge(all)
}
