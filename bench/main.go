// Command bench compares mtcore with other implementations, for users who would see
// for themselves.
//
//	go run .                                everything, in about a minute
//	go run . -check                         only whether results are right
//	go run . -size 16KiB -dir decrypt       one case, in a few seconds
//	go run . -backend generic -time 5m      one backend, for longer
//
// Before it measures anything, it compares the results of every backend that the
// CPU has with each other and with those of the peers, and exits with status 1 if
// they differ. Times never change the status.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impl"
)

// Status of the process.
const (
	exitOK       = 0
	exitMismatch = 1
	exitUsage    = 2
)

// timePerCase is what a case takes if the command line says nothing: the default
// cases together take 70 s.
const timePerCase = 7 * time.Second

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	opt, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	return runSuites([]suite{igeSuite(opt)}, opt, stdout, stderr)
}

// runSuites checks all suites, and then measures them.
func runSuites(suites []suite, opt options, stdout, stderr io.Writer) int {
	printHeader(stdout)
	line := newProgress(stderr)
	for _, s := range suites {
		line.show("%s: checking", s.name)
		err := s.check(func(passed string) {
			line.clear()
			fmt.Fprintf(stdout, "check     %s: %s\n", s.name, passed)
		})
		line.clear()
		if err != nil {
			fmt.Fprintf(stderr, "bench: %s: wrong result: %v\n", s.name, err)
			return exitMismatch
		}
	}
	fmt.Fprintln(stdout)
	if opt.checkOnly {
		return exitOK
	}

	cases := 0
	for _, s := range suites {
		cases += len(s.cases)
	}
	budget := timePerCase
	if opt.time > 0 {
		budget = opt.time / time.Duration(cases)
	}
	for _, s := range suites {
		runSuite(s, budget, stdout, line)
	}
	return exitOK
}

// runSuite measures the cases of s for as long as budget each and prints the
// results as they come.
func runSuite(s suite, budget time.Duration, w io.Writer, line *progress) {
	var all []result
	for i, c := range s.cases {
		results := measure(s.name, c, budget, func(round int) {
			line.show("%s: %s, case %d of %d, round %d", s.name, c.name, i+1, len(s.cases), round)
		})
		line.clear()
		printCase(w, results, s.columns)
		all = append(all, results...)
	}
	fmt.Fprintf(w, "%s\n%s\n\n", methodLegend, s.legend)
	printTargets(w, s.targets, all)
}

// options are what the command line says.
type options struct {
	checkOnly  bool
	time       time.Duration // 0 means timePerCase
	sizes      []int
	directions []direction
	backend    string // "" means all
}

// parseOptions explains itself on stderr if it returns an error.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	opt := options{
		sizes:      []int{64, 256, 1 << 10, 16 << 10, 1 << 20},
		directions: []direction{encrypt, decrypt},
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&opt.checkOnly, "check", false, "only compare results, measure nothing")
	flags.DurationVar(&opt.time, "time", 0, "total `time` to measure for (default 7s per size and direction)")
	flags.Func("size", "only messages of this `size`, such as 64 or 16KiB; several are separated by commas", func(s string) (err error) {
		opt.sizes, err = parseSizes(s)
		return err
	})
	flags.Func("dir", "only this `direction`, encrypt or decrypt", func(s string) error {
		opt.directions = []direction{direction(s)}
		if d := opt.directions[0]; d != encrypt && d != decrypt {
			return fmt.Errorf("neither %s nor %s", encrypt, decrypt)
		}
		return nil
	})
	flags.Func("backend", "of ours, measure only this `backend`; the check covers all nevertheless", func(s string) error {
		opt.backend = s
		return checkBackend(s)
	})
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		fmt.Fprintln(stderr, err)
		flags.Usage()
		return options{}, err
	}
	return opt, nil
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

// maxSize is enough to leave every cache, and little enough for any machine.
const maxSize = 64 << 20

func parseSize(s string) (int, error) {
	number, unit := s, 1
	for suffix, u := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if n, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = n, u
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > maxSize/unit || n*unit%ige.BlockSize != 0 {
		return 0, fmt.Errorf("size %q is not a multiple of %d bytes up to %s", s, ige.BlockSize, formatSize(maxSize))
	}
	return n * unit, nil
}

// checkBackend returns an error unless one of our packages has the backend here.
func checkBackend(name string) error {
	var available []string
	for _, p := range impl.Packages() {
		for _, s := range p.States() {
			if s.Name == name {
				return nil
			}
			available = append(available, s.Name)
		}
	}
	slices.Sort(available)
	return fmt.Errorf("available here: %s", strings.Join(slices.Compact(available), ", "))
}

// measured returns those of the states of a package that are to be measured.
func (opt options) measured(states []impl.State) []impl.State {
	return slices.DeleteFunc(slices.Clone(states), func(s impl.State) bool {
		return opt.backend != "" && s.Name != opt.backend
	})
}
