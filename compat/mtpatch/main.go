// Command mtpatch puts the crypto of an existing Telegram client on mtcore: that of gotd/td,
// gogram, mtgo or teamgram/proto. It is run in the module of a final program, the one with
// the main package:
//
//	go run github.com/mtcore/mtcore/compat/mtpatch@VERSION
//
// It copies each client that the module requires, at its version, to the folder mtpatch
// beside go.mod, rewrites there the functions that cost time or are known to be wrong, so
// that they call package compat/adapter, and adds a replace directive for that version to
// go.mod. A function is rewritten only if its signature and its body are known. If one is
// not, as in a newer client or a fork, mtpatch names it, writes nothing, and exits with
// status 1.
//
// The folder belongs to the program's repository, like vendor. After the client has been
// upgraded, Go uses it as it comes; mtpatch -check, in CI, fails then, and mtpatch run
// again makes a new copy. What was there before comes back with mtpatch -undo.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
)

const usage = `usage: mtpatch [flags]

Puts the crypto of the Telegram clients that this module requires on mtcore.

  -check        write nothing; exit with 1 unless everything is patched and up to date
  -undo         bring go.mod and go.sum back, and remove the copies
  -dir DIR      patch the client in DIR, in place: a fork, or a copy in the tree
  -o DIR        where copies go, instead of mtpatch beside go.mod; -check and -undo need it too
  -partial      rewrite what is known, even if something that is required is not
  -mtcore WHAT  a version of mtcore, or a folder with it, instead of this command's version
  -hashes DIR   print the hash of each function of the tables that DIR has, and stop
`

// options are those of the command line.
type options struct {
	check, undo, partial bool
	dir, out, mtcore     string
	hashes               string
}

func main() {
	err := run(os.Args[1:], ".", os.Stdout)
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "mtpatch:", err)
		os.Exit(1)
	}
}

// run is main for the module around wd.
func run(args []string, wd string, out io.Writer) error {
	opt, err := parse(args)
	if err != nil {
		return err
	}
	if opt.hashes != "" {
		return printHashes(out, opt.hashes)
	}
	m, err := findModule(wd, opt.out)
	if err != nil {
		return err
	}
	if isFolder(opt.mtcore) && !filepath.IsAbs(opt.mtcore) { // go.mod has paths that begin there
		if opt.mtcore, err = m.relative(wd, opt.mtcore); err != nil {
			return err
		}
		opt.mtcore = local(opt.mtcore)
	}
	switch {
	case opt.undo:
		return m.undo(out)
	case opt.check:
		return m.check(out)
	case opt.dir != "":
		return m.patchDir(wd, out, opt)
	default:
		return m.patch(out, opt)
	}
}

func parse(args []string) (options, error) {
	var opt options
	flags := flag.NewFlagSet("mtpatch", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&opt.check, "check", false, "")
	flags.BoolVar(&opt.undo, "undo", false, "")
	flags.BoolVar(&opt.partial, "partial", false, "")
	flags.StringVar(&opt.dir, "dir", "", "")
	flags.StringVar(&opt.out, "o", "", "")
	flags.StringVar(&opt.mtcore, "mtcore", "", "")
	flags.StringVar(&opt.hashes, "hashes", "", "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return opt, err
		}
		return opt, fmt.Errorf("%w; see mtpatch -help", err)
	}
	if flags.NArg() > 0 {
		return opt, fmt.Errorf("unexpected argument %q; see mtpatch -help", flags.Arg(0))
	}
	modes := 0
	for _, on := range []bool{opt.check, opt.undo, opt.dir != "", opt.hashes != ""} {
		if on {
			modes++
		}
	}
	if modes > 1 {
		return opt, errors.New("-check, -undo, -dir and -hashes exclude each other")
	}
	if opt.mtcore == "" {
		opt.mtcore = ownVersion()
	}
	return opt, nil
}

// ownVersion returns the version by which this command was run, which all modules of a
// release share, or "".
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

// printHashes helps whoever adds a version of a client to a table.
func printHashes(out io.Writer, dir string) error {
	for _, c := range clients {
		for _, rw := range c.rewrites {
			for _, folder := range rw.dirs {
				p, err := loadPackage(dir, folder)
				if err != nil {
					return err
				}
				f, d := p.lookup(rw.fn)
				if d == nil {
					continue
				}
				note := ""
				if hash := bodyHash(f.bodyText(d)); !slices.Contains(rw.known, hash) {
					note = "  unknown"
				}
				fmt.Fprintf(out, "%-8s  %s  %s.%s%s%s\n", c.name, bodyHash(f.bodyText(d)), folder, rw.fn, signature(d), note)
			}
		}
	}
	return nil
}
