package gotd_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/gotd"
)

// TestExample runs the example of the package against a server. It survives a stranger who
// asks and withdraws.
func TestExample(t *testing.T) {
	_, alice, bob := newServer(t)
	stdout := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	dir := t.TempDir()
	go func() { ended <- printMessages(ctx, dir, stateKey, 1, "hash", bob.Options()) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()

	a := newClient(t, alice)
	eventually(t, "the example listens", func() bool { return bob.Calls(tg.UpdatesGetDifferenceRequestTypeID) > 0 })
	for range 3 {
		c, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Discard(); err != nil {
			t.Fatal(err)
		}
		for closed := false; !closed; {
			_, closed = next[gotd.Event](a).(*gotd.Closed)
		}
	}
	c, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	next[*gotd.Opened](a)
	send(t, c, "Hello!")
	lines := bufio.NewScanner(r)
	if !lines.Scan() || lines.Text() != "Hello!" {
		t.Errorf("the example prints %q, %v", lines.Text(), lines.Err())
	}
}
