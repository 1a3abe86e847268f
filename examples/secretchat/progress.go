package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// progress shows how much has been done: as a growing bar on a terminal, and elsewhere as a
// line for each quarter.
type progress struct {
	out      io.Writer
	what     string
	total    int64
	terminal bool
	shown    int64 // percent, or quarters
}

func newProgress(out io.Writer, what string, total int64) *progress {
	p := &progress{out: out, what: what, total: max(total, 1), shown: -1}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) set(n int64) {
	steps := int64(4)
	if p.terminal {
		steps = 100
	}
	step := n * steps / p.total
	if step == p.shown {
		return
	}
	p.shown = step
	if p.terminal {
		const width = 40
		full := int(step * width / steps)
		fmt.Fprintf(p.out, "\r%s [%s%s] %3d %%", p.what, strings.Repeat("#", full), strings.Repeat(".", width-full), step)
	} else {
		fmt.Fprintf(p.out, "%s: %d %%\n", p.what, 100*step/steps)
	}
}

func (p *progress) done() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}
