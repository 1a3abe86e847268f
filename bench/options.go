package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
)

// options are the command line's.
type options struct {
	suite.Options
	checkOnly bool
	time      time.Duration // 0 means the default of each case
	suites    []string      // nil means all
	tries     int
	targets   bool // to print them
	cycles    bool // of short messages, and nothing else

	name       string // of the machine
	json, html string // files to write
	card       string // a picture, written to two files; without their endings
	compare    bool   // two files
	readme     string // file to bring up to date
	files      []string
}

// partial reports whether the options exclude anything.
func (opt options) partial() bool {
	return opt.Sizes != nil || opt.Directions != nil || opt.Backend != "" || opt.suites != nil
}

// parseOptions prints usage to stderr if it returns an error.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var opt options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&opt.checkOnly, "check", false, "only compare results, measure nothing")
	flags.DurationVar(&opt.time, "time", 0, "total `time` to measure for (default less than 2m for everything)")
	flags.Func("size", "only messages of this `size`, such as 64 or 16KiB; several are separated by commas", func(s string) (err error) {
		opt.Sizes, err = parseSizes(s)
		return err
	})
	flags.Func("dir", "only this `direction`, encrypt or decrypt", func(s string) error {
		opt.Directions = []suite.Direction{suite.Direction(s)}
		if d := opt.Directions[0]; d != suite.Encrypt && d != suite.Decrypt {
			return fmt.Errorf("neither %s nor %s", suite.Encrypt, suite.Decrypt)
		}
		return nil
	})
	flags.Func("backend", "measure mtcore only with this `backend`; the check covers all of them", func(s string) error {
		opt.Backend = s
		return checkBackend(s)
	})
	flags.Func("suite", "only this `suite`: "+strings.Join(suiteNames(), ", ")+"; several are separated by commas", func(s string) error {
		opt.suites = strings.Split(s, ",")
		for _, s := range opt.suites {
			if !slices.Contains(suiteNames(), s) {
				return fmt.Errorf("there are %s", strings.Join(suiteNames(), ", "))
			}
		}
		return nil
	})
	flags.BoolVar(&opt.targets, "targets", false, "show which of its targets the project met")
	flags.BoolVar(&opt.cycles, "cycles", false, "show only how many core cycles short messages take")
	flags.IntVar(&opt.tries, "tries", 1, "measure up to so many `times`, until nothing else uses the machine")
	flags.StringVar(&opt.name, "name", "", "`name` of this machine (default that of its CPU)")
	flags.StringVar(&opt.json, "json", "", "write the results to this `file`")
	flags.StringVar(&opt.html, "html", "", "write a page that shows the results, or those in JSON files, to this `file`")
	flags.StringVar(&opt.card, "card", "", "write a picture of the results, to show beside a link, to `file`.svg and file.png")
	flags.BoolVar(&opt.compare, "compare", false, "compare the results in two JSON files, measure nothing")
	flags.StringVar(&opt.readme, "readme", "", "regenerate the tables in this `file` from the JSON files that it names, or with -check report whether they are up to date; measure nothing")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	opt.files = flags.Args()
	if err := opt.verify(); err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
		return options{}, err
	}
	return opt, nil
}

// verify returns an error if flags and arguments do not go together.
func (opt options) verify() error {
	switch {
	case opt.compare && len(opt.files) != 2:
		return errors.New("-compare needs two JSON files")
	case !opt.compare && opt.html == "" && opt.card == "" && len(opt.files) > 0:
		return fmt.Errorf("unexpected argument %q", opt.files[0])
	case opt.tries < 1:
		return errors.New("-tries must be at least 1")
	}
	return nil
}

func parseSizes(list string) ([]int, error) {
	var sizes []int
	for s := range strings.SplitSeq(list, ",") {
		size, err := parseSize(s)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

func parseSize(s string) (int, error) {
	number, unit := s, 1
	for suffix, u := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if n, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = n, u
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > suite.MaxSize/unit || n*unit%ige.BlockSize != 0 {
		return 0, fmt.Errorf("size %q is not a multiple of %d bytes up to %s", s, ige.BlockSize, results.Size(suite.MaxSize))
	}
	return n * unit, nil
}

// checkBackend returns an error unless some suite measures the backend on this machine.
func checkBackend(name string) error {
	available := backends()
	if !slices.Contains(available, name) {
		return fmt.Errorf("available here: %s", strings.Join(available, ", "))
	}
	return nil
}

// backends returns all settings that suites measure.
func backends() []string {
	var names []string
	for _, s := range allSuites {
		names = append(names, s.make(suite.Options{}).Backends...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
