// Package client measures what a client made with gotd/td gains: the program as it comes, with package
// ige dropped in, and patched, each against a gotd/td server built in the same way, over the loopback
// device.
//
// It measures the CPU time of the processes. The go command builds them from the module in program,
// with a checkout of mtcore. That takes minutes, so the suite only runs on request.
package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/internal/results"
)

const name = "client"

// What the author of an existing client can do.
var variants = []variant{
	{patched, results.ClientPatched, results.BothPatched, "mtcore", "mtpatch"},
	{dropIn, results.ClientDropIn, results.BothDropIn, "mtcore", "replace gotd/ige"},
	{stock, results.GotdClient, results.GotdBoth, "gotd/td", "as it comes"},
}

// A variant is a way to build the program.
type variant struct {
	build     func(b *builder) error
	way, both results.Way // of the client's time, and of the client's and the server's
	who, how  string
}

// An operation is something the program does when it is sent this name.
type operation struct {
	name, title string
	size        int
	server      bool // whether the server takes part
	time        time.Duration
}

var operations = []operation{
	{"exchange", "exchange of an authorization key", 0, true, 20 * time.Second},
	{"password", "check of a password", 0, false, 10 * time.Second},
	{"upload", "upload of a part", partSize, true, 10 * time.Second},
	{"download", "download of a part", partSize, true, 10 * time.Second},
	{"call", "small call", 0, true, 10 * time.Second},
	{"encrypt", "Cipher.Encrypt", 64, false, 4 * time.Second},
	{"encrypt", "Cipher.Encrypt", partSize, false, 4 * time.Second},
	{"decrypt", "Cipher.Decrypt", 64, false, 4 * time.Second},
	{"decrypt", "Cipher.Decrypt", partSize, false, 4 * time.Second},
}

// partSize is the size of a part of a file.
const partSize = 512 << 10

// New returns the suite. The programs are built when it is checked.
func New(suite.Options) suite.Suite {
	var p programs
	s := suite.Suite{
		Name: name, Check: p.check, Columns: []suite.Column{vsStock}, Targets: targets,
		Legend: `CPU time, in user mode and in the kernel, of a client made with gotd/td that talks to gotd/td's test
server over the loopback device; "and server" is the time of both processes. Each row ran for about
100 ms in each round.
vs gotd: how many times as much CPU time gotd/td takes for the same, as it comes.`,
	}
	for _, o := range operations {
		s.Cases = append(s.Cases, p.newCase(o))
	}
	return s
}

var vsStock = suite.Column{ID: results.VsGotd, Title: "vs gotd"}

func (o operation) id() results.CaseID {
	return results.CaseID{Suite: name, Op: o.name, Count: 1, Size: o.size}
}

func (p *programs) newCase(o operation) suite.Case {
	c := suite.Case{Name: o.title, Op: o.name, Count: 1, Size: o.size, Bytes: o.size, Time: o.time, Slice: 100 * time.Millisecond}
	if o.size > 0 {
		c.Name += ", " + results.Size(o.size)
	}
	add := func(way, than results.Way, v variant, how string, run func(*program, operation, int) (used, error)) {
		con := suite.Contender{
			Label: suite.Label{Way: way, Who: v.who, How: how},
			Elsewhere: func(n int) (ns, allocs float64) {
				u := suite.Must(run(p.of(v), o, n))
				return float64(u.ns), float64(u.allocs)
			},
		}
		if way != than {
			con.Versus = map[suite.Column][]suite.Row{vsStock: {suite.Row(than)}}
		}
		c.Contenders = append(c.Contenders, con)
	}
	for _, v := range variants {
		add(v.way, results.GotdClient, v, v.how, (*program).client)
	}
	if o.server {
		for _, v := range variants {
			add(v.both, results.GotdBoth, v, v.how+", and server", (*program).both)
		}
	}
	return c
}

// targets are for a machine with instructions for AES and SHA, and with IFMA.
var targets = []suite.Target{
	target("exchange", 0, results.BothPatched, 150),
	target("exchange", 0, results.ClientPatched, 150),
	target("upload", partSize, results.BothPatched, 1.6),
	target("decrypt", partSize, results.ClientPatched, 1.9),
	target("encrypt", 64, results.ClientPatched, 1.1),
}

func target(op string, size int, way results.Way, bound float64) suite.Target {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == op && o.size == size })
	return suite.Target{Case: operations[i].id(), Row: suite.Row(way), Column: vsStock, Bound: bound}
}

// programs are those of the variants, once they are built.
type programs []*program

func (p programs) of(v variant) *program {
	i := slices.IndexFunc(variants, func(x variant) bool { return x.way == v.way })
	if len(p) <= i {
		panic("client: internal error: measured before it was checked")
	}
	return p[i]
}

// check builds and starts the programs, and makes each do everything once; they check their own
// results.
func (p *programs) check(passed func(string)) error {
	if *p == nil {
		all, err := start(passed)
		if err != nil {
			return err
		}
		*p = all
	}
	for i, v := range variants {
		for _, o := range operations {
			if _, err := (*p)[i].client(o, 1); err != nil {
				return fmt.Errorf("%s: %w", v.how, err)
			}
		}
		passed(fmt.Sprintf("%s, %s: a key, calls, parts of files and a password arrive", v.who, v.how))
	}
	return nil
}
