package table

import (
	"bytes"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := &Progress{w: &b}
	p.Show("checking %s", "ige")
	p.shown = p.shown.Add(time.Hour) // on a busy machine, the next line may take a while to get to
	p.Show("too soon after it")
	p.Clear()
	p.Done, p.Total = 30*time.Second, 40*time.Second
	p.Show("round %d", 7)
	const clear = "\r\x1b[K"
	if got, want := b.String(), clear+"checking ige"+clear+clear+" 75 %  round 7"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
