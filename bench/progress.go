package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A progress is one line that overwrites itself, or nothing where the output is not
// a terminal: finished tables must do there.
type progress struct {
	w     io.Writer
	shown time.Time

	done, total time.Duration // of what is to be shown; a total of 0 is unknown
}

const progressInterval = 100 * time.Millisecond

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w}
	}
	return &progress{w: io.Discard}
}

// show replaces the line, unless it has just been replaced.
func (p *progress) show(format string, args ...any) {
	if now := time.Now(); now.Sub(p.shown) >= progressInterval {
		p.shown = now
		fmt.Fprintf(p.w, "\r\x1b[K"+p.share()+format, args...)
	}
}

// share is how much is done.
func (p *progress) share() string {
	if p.total == 0 {
		return ""
	}
	return fmt.Sprintf("%3d %%%%  ", 100*p.done/p.total)
}

// clear makes room for other output.
func (p *progress) clear() {
	fmt.Fprint(p.w, "\r\x1b[K")
	p.shown = time.Time{}
}
