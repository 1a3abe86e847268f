package table

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A Progress is one line that overwrites itself. It shows nothing if the output is not a
// terminal, where finished tables have to do.
type Progress struct {
	w     io.Writer
	shown time.Time

	Done, Total time.Duration // what is shown as the share; a total of 0 is unknown
}

const progressInterval = 100 * time.Millisecond

// NewProgress returns a Progress on w.
func NewProgress(w io.Writer) *Progress {
	if IsTerminal(w) {
		return &Progress{w: w}
	}
	return &Progress{w: io.Discard}
}

// Show replaces the line, unless it has just been replaced.
func (p *Progress) Show(format string, args ...any) {
	if now := time.Now(); now.Sub(p.shown) >= progressInterval {
		p.shown = now
		fmt.Fprintf(p.w, "\r\x1b[K"+p.share()+format, args...)
	}
}

// share returns how much is done.
func (p *Progress) share() string {
	if p.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%3d %%%%  ", 100*p.Done/p.Total)
}

// Clear makes room for other output.
func (p *Progress) Clear() {
	fmt.Fprint(p.w, "\r\x1b[K")
	p.shown = time.Time{}
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
