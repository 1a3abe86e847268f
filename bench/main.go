// Command bench compares mtcore with other implementations, for users who want to see for
// themselves and share the results.
//
//	go run .                                        everything, in about two minutes
//	go run . -check                                 only whether results are right
//	go run . -suite ige -size 16KiB -dir decrypt    one case, in a few seconds
//	go run . -backend generic -time 5m              one backend, for longer
//	go run . -suite client                          what a client made with gotd/td gains: only if named, since
//	                                                it compiles three of them, for minutes at first
//	go run -tags openssl,gmp . -suite bigdh         beside OpenSSL and GMP, through cgo
//	go run . -json phone.json -name "my phone"      everything, and keep the results; -buildvcs=true
//	                                                before the dot records the commit of mtcore
//	go run . -json server.json -tries 5             repeat while something else uses the machine; if
//	                                                that never ends, the file keeps its old results
//	go run . -cycles                                how many core cycles short messages take, in half a minute
//	go run . -targets                               show which of its targets the project met
//	go run . -html report.html                      draw the results
//	go run . -card report a.json                    a picture to link to them: report.svg and report.png
//	go run . -html report.html a.json b.json        draw the results of several machines
//	go run . -compare old.json new.json             what changed, and whether that is noise
//	go run . -readme ../README.md                   regenerate the tables there from their JSON
//	go run . -readme ../README.md -check            whether these tables are up to date
//
// Before it measures anything, it compares the results of every backend that the CPU supports
// with each other and with those of the peers, and exits with status 1 if they differ. Times
// never change the status, except with -tries. A run during which something else used the machine
// says so in its first line and in its JSON, and README is not made from it.
//
// Package internal/results of the root module documents the format of the JSON.
//
// It is one static program, which also runs on phones: see mobile/README.md.
//
// A suite is a package in internal/ with a function New, which suites.go lists; package suite has what
// they share. A row is a Contender in one of its cases. Its way is its id in every report: it is listed
// in testdata/rows.txt, and stays when the label changes. Tables of README and the page ask for rows by
// id. A peer is a file in internal/peers, with everything it can do, and an entry in the list there;
// suites find it. A target is in its suite's list, with the id of its row. A test of this package or of
// internal/peers names anything that was forgotten.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/mtcore/mtcore/bench/internal/compare"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // a wrong result, for example
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
