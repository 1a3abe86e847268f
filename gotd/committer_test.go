package gotd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/secretchat"
)

// gate is a store whose commits wait until they are let through, with a result.
type gate struct {
	entered chan struct{} // has room
	through chan func() error

	mu   sync.Mutex
	disk []string // keys
}

func (g *gate) Load([]byte, func(key, value []byte) error) error { return nil }

func (g *gate) Commit(changes []Change) error {
	g.entered <- struct{}{}
	result := <-g.through
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := result(); err != nil {
		return err
	}
	for _, c := range changes {
		g.disk = append(g.disk, string(c.Key))
	}
	return nil
}

func (g *gate) has(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.disk, key)
}

// waiting returns how many changes are in the batch that has not begun.
func (c *committer) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		return 0
	}
	return len(c.next.changes)
}

// TestCommitter: nobody returns before the disk has what he has given, also those who join another's
// batch, and an error is everybody's who was in it or comes later.
func TestCommitter(t *testing.T) {
	for name, result := range map[string]func() error{
		"ok":     func() error { return nil },
		"failed": func() error { return errors.New("disk full") },
		"panics": func() error { panic("store") },
	} {
		t.Run(name, func(t *testing.T) {
			g := &gate{entered: make(chan struct{}, 2), through: make(chan func() error)}
			c := &committer{store: g}
			var all sync.WaitGroup
			commit := func(key string, ok bool) {
				all.Go(func() {
					err := c.commit([]Change{{Key: []byte(key)}})
					if (err == nil) != ok || err != nil && !errors.Is(err, secretchat.ErrStore) {
						t.Errorf("%s: %v", key, err)
					}
					if g.has(key) != ok {
						t.Errorf("%s has returned %v, and it is on disk: %v", key, err, !ok)
					}
				})
			}
			commit("first", true)
			<-g.entered
			const joined = 5 // of which one begins the second batch
			for i := range joined {
				commit(fmt.Sprint(i), name == "ok")
			}
			for c.waiting() < joined {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond) // for who does not wait
			g.through <- func() error { return nil }
			g.through <- result
			all.Wait()
			if name == "ok" {
				return
			}
			if err := c.commit([]Change{{Key: []byte("later")}}); !errors.Is(err, secretchat.ErrStore) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// TestRequestedIsStoredFirst: nobody can accept a chat, or discard it, before the store has it: what is
// written of that would be overwritten.
func TestRequestedIsStoredFirst(t *testing.T) {
	m := &Manager{chats: map[int]*Chat{}}
	var changes tx
	stored := m.requested(&changes, &tg.EncryptedChatRequested{ID: 1}, nil)
	if m.Chat(1) != nil || len(m.Chats()) != 0 {
		t.Error("it is seen before it is in the store")
	}
	if m.chat(1) == nil || len(changes.changes) != 1 {
		t.Errorf("the journal has chat %v and %d changes", m.chat(1), len(changes.changes))
	}
	stored()
	if m.Chat(1) == nil || len(m.Chats()) != 1 {
		t.Error("it is not seen")
	}
}

// TestRequestedOnce: the handler is told that a peer asks once in the life of a manager, though the
// update may come while Run begins, and not any more when somebody has answered.
func TestRequestedOnce(t *testing.T) {
	for state, want := range map[State]int{StateRequested: 1, StateAccepting: 0, StateOpen: 0, StateClosing: 0} {
		told := 0
		m := &Manager{opt: Options{Handler: func(context.Context, Event) error { told++; return nil }}}
		c := newChat(m, 1)
		c.rec.State = state
		for range 2 {
			if err := c.tellRequested(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if told != want {
			t.Errorf("a chat that is %s: told %d times, want %d", state, told, want)
		}
	}
}

// TestStoppedSpawnsNothing: nothing begins after Run.
func TestStoppedSpawnsNothing(t *testing.T) {
	m := &Manager{running: true}
	m.stop()
	if m.spawn(nil) || !m.isStopped() {
		t.Error("something was begun")
	}
}

// counter is a store that counts commits.
type counter struct{ commits int }

func (*counter) Load([]byte, func(key, value []byte) error) error { return nil }

func (s *counter) Commit([]Change) error { s.commits++; return nil }

// TestCommitterGathers: those who were in a batch and come back with something new are in a batch again,
// and not one of them in a batch of his own while the others wait.
func TestCommitterGathers(t *testing.T) {
	const chats, each = 100, 50
	var s counter
	c := &committer{store: &s}
	var all sync.WaitGroup
	for range chats {
		all.Go(func() {
			for range each {
				if err := c.commit([]Change{{Key: []byte("key")}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d transactions in %d commits", chats*each, s.commits)
	if s.commits > chats*each/2 {
		t.Errorf("%d commits for %d transactions", s.commits, chats*each)
	}
}
