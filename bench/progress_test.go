package main

import (
	"bytes"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := &progress{w: &b}
	p.show("checking %s", "ige")
	p.show("too soon after it")
	p.clear()
	p.done, p.total = 30*time.Second, 40*time.Second
	p.show("round %d", 7)
	const clear = "\r\x1b[K"
	if got, want := b.String(), clear+"checking ige"+clear+clear+" 75 %  round 7"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
