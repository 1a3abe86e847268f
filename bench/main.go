// Command bench compares mtcore with other implementations, for users who want to see for
// themselves and to share what they saw.
//
//	go run .                                        everything, in about two minutes
//	go run . -check                                 only whether results are right
//	go run . -suite ige -size 16KiB -dir decrypt    one case, in a few seconds
//	go run . -backend generic -time 5m              one backend, for longer
//	go run . -suite client                          what a client made with gotd/td gains: only if named, since
//	                                                it compiles three of them, for minutes at first
//	go run -tags openssl,gmp . -suite bigdh         beside OpenSSL and GMP, through cgo
//	go run . -json phone.json -name "my phone"      and keep the results; -buildvcs=true before
//	                                                the dot keeps the commit of mtcore with them
//	go run . -json server.json -tries 5             again while something else uses the machine; if that
//	                                                never ends, the results that the file had stay
//	go run . -targets                               and tell which of its targets the project met
//	go run . -html report.html                      and draw them
//	go run . -card report a.json                    a picture for a link to it: report.svg and report.png
//	go run . -html report.html a.json b.json        draw those of several machines
//	go run . -compare old.json new.json             what changed, and whether that is noise
//	go run . -readme ../README.md                   make the tables there from their JSON
//	go run . -readme ../README.md -check            whether that has been done
//
// Before it measures anything, it compares the results of every backend that the
// CPU has with each other and with those of the peers, and exits with status 1 if
// they differ. Times never change the status, except that of -tries. A run during which something
// else used the machine says so in its first line and in its JSON, and no README is made of it.
//
// The format of the JSON is that of package internal/results of the root module.
//
// It is one static program, which also runs on phones: see mobile/README.md.
//
// A suite is a package in internal/ with a function New, which suites.go lists; package suite is what they share.
// A row is a Contender in one of its cases: its way is its id in every report, goes into testdata/rows.txt, and
// stays when its label changes; to appear in tables of README or on the page, it is wanted by id there.
// A peer is a file in internal/peers, with all that it can do, and a word in the list there; suites find it.
// A target is in its suite's list, with the id of its row. Whatever of this is forgotten, a test of this
// package or of internal/peers names.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/mtcore/mtcore/bench/internal/compare"
)

// Status of the process.
const (
	exitOK      = 0
	exitFailure = 1 // such as a wrong result
	exitUsage   = 2
)

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
		err = compare.Files(stdout, opt.files[0], opt.files[1])
	case opt.readme != "":
		err = updateReadme(stdout, opt.readme, opt.checkOnly)
	case len(opt.files) > 0:
		err = drawFiles(stdout, opt)
	default:
		err = measureAll(opt, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailure
	}
	return exitOK
}
