package gotd_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/gotd"
)

// TestOrderOfRefused: the order to delete a message that was refused goes in its place, before
// what was numbered later; and one packet of a chat is on its way at a time.
func TestOrderOfRefused(t *testing.T) {
	a := newOpen(t)
	var mu sync.Mutex
	var calls []string
	var inFlight atomic.Int32
	queued := make(chan struct{})
	refuse := func(q bin.Encoder) error {
		if n := inFlight.Add(1); n > 1 {
			t.Errorf("%d packets are on their way", n)
		}
		defer inFlight.Add(-1)
		mu.Lock()
		defer mu.Unlock()
		if _, service := q.(*tg.MessagesSendEncryptedServiceRequest); service && len(calls) == 0 {
			return nil // what the chat itself has to say
		}
		calls = append(calls, fmt.Sprintf("%T", q))
		<-queued
		if len(calls) == 1 {
			return tgerr.New(400, "DATA_INVALID")
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	for _, text := range []string{"refused", "two", "three"} {
		send(t, a.chat(), text)
	}
	close(queued)
	want[*gotd.Failed](a)
	eventually(t, "all is sent", func() bool { return len(a.chat().Pending()) == 0 })
	a.end()
	message, service := fmt.Sprintf("%T", &tg.MessagesSendEncryptedRequest{}), fmt.Sprintf("%T", &tg.MessagesSendEncryptedServiceRequest{})
	if want := []string{message, service, message, message}; !slices.Equal(calls, want) {
		t.Errorf("got %v, want %v", calls, want)
	}
}

// TestSideBySide: a chat for which the server takes its time keeps no other waiting; but more
// than Options.Parallel calls do not wait for it, as after a restart with something to send
// in each.
func TestSideBySide(t *testing.T) {
	const chats, parallel = 40, 16
	var c crowd
	store := newMemStore()
	c.start(t, store)
	c.open(t, chats)
	for i := range chats {
		i := i + 1
		eventually(t, "the chat is open", func() bool { return c.chats.Chat(i).State() == gotd.StateOpen })
	}
	c.idle(t)
	release := make(chan struct{})
	c.wait = &release
	c.server.wait.Store(c.wait)
	for i := range parallel {
		send(t, c.chats.Chat(i+1), "hello")
	}
	eventually(t, "all are on their way", func() bool { return c.server.waiting.Load() == parallel })
	for i := parallel; i < chats; i++ {
		send(t, c.chats.Chat(i+1), "hello")
	}
	c.stop()

	c.start(t, store)
	eventually(t, "some are on their way", func() bool { return c.server.waiting.Load() == parallel })
	close(release)
	for i := range chats {
		i := i + 1
		eventually(t, "all is sent", func() bool { return len(c.chats.Chat(i).Pending()) == 0 })
	}
	if n := c.server.most.Load(); n != parallel {
		t.Errorf("%d calls waited at the same time, want %d", n, parallel)
	}
	c.stop()
}
