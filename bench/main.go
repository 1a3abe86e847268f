// Command bench compares mtcore with other implementations, for users who would see
// for themselves, and who would send what they saw to others.
//
//	go run .                                        everything, in about two minutes
//	go run . -check                                 only whether results are right
//	go run . -suite ige -size 16KiB -dir decrypt    one case, in a few seconds
//	go run . -backend generic -time 5m              one backend, for longer
//	go run -tags openssl,gmp . -suite bigdh         beside OpenSSL and GMP, through cgo
//	go run . -json phone.json -name "my phone"      and keep the results; -buildvcs=true before
//	                                                the dot keeps the commit of mtcore with them
//	go run . -html report.html                      and draw them
//	go run . -html report.html a.json b.json        draw those of several machines
//	go run . -compare old.json new.json             what changed, and whether that is noise
//	go run . -readme ../README.md                   make the tables there from their JSON
//	go run . -readme ../README.md -check            whether that has been done
//
// Before it measures anything, it compares the results of every backend that the
// CPU has with each other and with those of the peers, and exits with status 1 if
// they differ. Times never change the status.
//
// The format of the JSON is that of package internal/report.
//
// It is one static program, which also runs on phones: see mobile/README.md.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mtcore/mtcore/bench/internal/report"
	"github.com/mtcore/mtcore/ige"
)

// Status of the process.
const (
	exitOK      = 0
	exitFailure = 1 // such as a wrong result
	exitUsage   = 2
)

// allSuites are the subjects, in the order of the output.
var allSuites = []struct {
	name string
	make func(options) suite
}{
	{"ige", igeSuite},
	{"batch", batchSuite},
	{"kdf", kdfSuite},
	{"envelope", envelopeSuite},
	{"bigdh", bigdhSuite},
	{"secretchat", secretchatSuite},
	{"handshake", handshakeSuite},
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	opt, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	switch {
	case opt.compare:
		err = compareFiles(stdout, opt.files[0], opt.files[1])
	case opt.readme != "":
		err = updateReadme(stdout, opt.readme, opt.checkOnly)
	case len(opt.files) > 0:
		err = drawFiles(stdout, opt.html, opt.files)
	default:
		err = measureAll(opt, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailure
	}
	return exitOK
}

// measureAll checks and measures what the options ask for, and keeps the results.
func measureAll(opt options, stdout, stderr io.Writer) error {
	var suites []suite
	for _, s := range allSuites {
		if len(opt.suites) == 0 || slices.Contains(opt.suites, s.name) {
			suites = append(suites, s.make(opt))
		}
	}
	// What cannot be written is to be known before minutes are spent on it.
	for _, name := range []string{opt.json, opt.html} {
		if name == "" || opt.checkOnly {
			continue
		}
		if err := checkWritable(name); err != nil {
			return err
		}
	}
	rep, err := runSuites(suites, opt, stdout, stderr)
	if err != nil || opt.checkOnly {
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
	if opt.html != "" {
		return draw(stdout, opt.html, []*report.Report{rep})
	}
	return nil
}

// checkWritable returns an error if a file cannot be written. It leaves no empty one.
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

// runSuites checks all suites, and then measures them.
func runSuites(suites []suite, opt options, stdout, stderr io.Writer) (*report.Report, error) {
	rep := &report.Report{Schema: report.Schema, Machine: thisMachine(opt.name), Build: thisBuild()}
	printHeader(stdout, rep.Machine, rep.Build)
	line := newProgress(stderr)
	for _, s := range suites {
		line.show("%s: checking", s.name)
		err := s.check(func(passed string) {
			line.clear()
			fmt.Fprintf(stdout, "check     %s: %s\n", s.name, passed)
		})
		line.clear()
		if err != nil {
			return nil, fmt.Errorf("%s: wrong result: %w", s.name, err)
		}
	}
	fmt.Fprintln(stdout)
	if opt.checkOnly {
		return rep, nil
	}

	total := totalTime(suites)
	scale := 1.0 // of the time for each case
	if opt.time > 0 {
		scale = float64(opt.time) / float64(total)
	}
	line.total = total
	fmt.Fprintf(stdout, "%s\n\n", methodLegend)
	for _, s := range suites {
		results, targets := runSuite(s, scale, stdout, line)
		rep.Results = append(rep.Results, results...)
		rep.Targets = append(rep.Targets, targets...)
	}
	rep.Time = time.Now().UTC().Truncate(time.Second)
	rep.Disturbed = disturbance(rep.Results) > tolerable
	return rep, nil
}

// totalTime is what the cases of the suites take if the command line says nothing.
func totalTime(suites []suite) (total time.Duration) {
	for _, s := range suites {
		for _, c := range s.cases {
			total += c.time
		}
	}
	return total
}

// runSuite measures the cases of s, each for its time scaled, and prints the
// results as they come.
func runSuite(s suite, scale float64, w io.Writer, line *progress) ([]report.Result, []report.Target) {
	var all []result
	for i, c := range s.cases {
		budget := time.Duration(scale * float64(c.time))
		results := measure(s.name, c, budget, func(round int) {
			line.show("%s: %s, case %d of %d, round %d", s.name, c.name, i+1, len(s.cases), round)
		})
		line.done += c.time
		line.clear()
		if !c.inGrid {
			printCase(w, results, s.columns)
		}
		all = append(all, results...)
	}
	for _, g := range s.grids {
		printGrid(w, g, all)
	}
	fmt.Fprintf(w, "%s\n\n", s.legend)
	printDisturbance(w, all)
	targets := judge(s.name, s.targets, all)
	printTargets(w, targets)
	return all, targets
}

// options are what the command line says.
type options struct {
	checkOnly  bool
	time       time.Duration // 0 means what the cases say
	sizes      []int         // nil means what suits the suite
	directions []direction   // nil means what suits the suite
	backend    string        // "" means all
	suites     []string      // nil means all

	name       string // of the machine
	json, html string // files to write
	compare    bool   // the two files
	readme     string // file to bring up to date
	files      []string
}

// parseOptions explains itself on stderr if it returns an error.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var opt options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&opt.checkOnly, "check", false, "only compare results, measure nothing")
	flags.DurationVar(&opt.time, "time", 0, "total `time` to measure for (default less than 2m for everything)")
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
	flags.Func("suite", "only this `suite`: "+strings.Join(suiteNames(), ", ")+"; several are separated by commas", func(s string) error {
		opt.suites = strings.Split(s, ",")
		for _, s := range opt.suites {
			if !slices.Contains(suiteNames(), s) {
				return fmt.Errorf("there are %s", strings.Join(suiteNames(), ", "))
			}
		}
		return nil
	})
	flags.StringVar(&opt.name, "name", "", "`name` of this machine (default that of its CPU)")
	flags.StringVar(&opt.json, "json", "", "write the results to this `file`")
	flags.StringVar(&opt.html, "html", "", "write a page that shows the results, or those in JSON files, to this `file`")
	flags.BoolVar(&opt.compare, "compare", false, "compare the results in two JSON files, measure nothing")
	flags.StringVar(&opt.readme, "readme", "", "make the tables in this `file` from the JSON that it names, or with -check see whether they are up to date; measure nothing")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	opt.files = flags.Args()
	if err := opt.checkFiles(); err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
		return options{}, err
	}
	return opt, nil
}

// checkFiles returns an error if the arguments are not those that the flags ask for.
func (opt options) checkFiles() error {
	switch {
	case opt.compare && len(opt.files) != 2:
		return errors.New("-compare needs two JSON files")
	case !opt.compare && opt.html == "" && len(opt.files) > 0:
		return fmt.Errorf("unexpected argument %q", opt.files[0])
	}
	return nil
}

func suiteNames() []string {
	var names []string
	for _, s := range allSuites {
		names = append(names, s.name)
	}
	return names
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
		return 0, fmt.Errorf("size %q is not a multiple of %d bytes up to %s", s, ige.BlockSize, report.Size(maxSize))
	}
	return n * unit, nil
}

// checkBackend returns an error unless one of our packages has the backend here.
func checkBackend(name string) error {
	var available []string
	for _, s := range slices.Concat(settingsOf("ige"), settingsOf("kdf"), envelopeSettings(), settingsOf("bigdh"), chatSettings()) {
		if s.name == name {
			return nil
		}
		available = append(available, s.name)
	}
	slices.Sort(available)
	return fmt.Errorf("available here: %s", strings.Join(slices.Compact(available), ", "))
}

// choice returns what the command line chose, or what is usual if it did not.
func choice[T any](chosen []T, usual ...T) []T {
	if chosen == nil {
		return usual
	}
	return chosen
}

// measured returns those of the settings of a package that are to be measured.
func (opt options) measured(settings []setting) []setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s setting) bool {
		return opt.backend != "" && s.name != opt.backend
	})
}
