package gotd_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/gotd/internal/relay"
	"github.com/mtcore/mtcore/secretchat"
)

// newServer starts a server with two users, and stops it at the end of the test.
func newServer(t *testing.T) (s *relay.Server, alice, bob *relay.User) {
	t.Helper()
	s = relay.New()
	users := make([]*relay.User, 2)
	for i := range users {
		var err error
		if users[i], err = s.AddUser(int64(100 + i)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		s.Close()
		for _, v := range s.Violations() {
			t.Errorf("server: %s", v)
		}
	})
	return s, users[0], users[1]
}

// client is a real client of gotd's with a manager. It can be stopped, and started with
// what is on disk.
type client struct {
	t     *testing.T
	user  *relay.User
	path  string
	layer int // 0 for the latest
	db    *bbolt.DB
	store gotd.Store // in db
	state memState

	api    *tg.Client
	chats  *gotd.Manager
	events *eventQueue
	status *eventQueue // what becomes of our messages, and of keys and layers
	// prepare, if not nil, is called before a manager runs.
	prepare  func()
	hook            // is called before an event is passed on
	stop     func() // and wait
	done     chan struct{}
	failed   error       // what Run returned
	diskFull atomic.Bool // for the store
}

var stateKey = secretchat.StateKey{1, 2, 3}

func newClient(t *testing.T, user *relay.User) *client {
	c := &client{t: t, user: user, path: filepath.Join(t.TempDir(), "secret.db"), stop: func() {}}
	t.Cleanup(func() { c.stop() })
	c.start()
	return c
}

func (c *client) openStore() gotd.Store {
	c.t.Helper()
	if c.db != nil {
		c.db.Close()
	}
	var err error
	if c.store, err = c.open(); err != nil {
		c.t.Fatal(err)
	}
	return c.store
}

// open does not wait for the disk: what these tests survive are crashes of the process.
func (c *client) open() (store gotd.Store, err error) {
	if c.db, err = bbolt.Open(c.path, 0o600, &bbolt.Options{NoSync: true}); err != nil {
		return nil, err
	}
	return boltstore.New(c.db, "secret chats")
}

// start begins anew with what the store has, and returns when updates come in.
func (c *client) start() {
	c.t.Helper()
	store := c.openStore()
	var gaps *updates.Manager
	options := c.user.Options()
	options.UpdateHandler = telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
		return gaps.Handle(ctx, u)
	})
	tgClient := telegram.NewClient(1, "hash", options)
	c.api = tgClient.API()
	c.events = newEventQueue()
	c.status = newEventQueue()
	events, status := c.events, c.status
	var err error
	c.chats, err = gotd.New(c.api, gotd.Options{
		Store: fullStore{store, &c.diskFull}, StateKey: stateKey, Layer: c.layer,
		Handler: func(_ context.Context, e gotd.Event) error {
			if err := c.call(e); err != nil {
				return err
			}
			switch e.(type) {
			case *gotd.Sent, *gotd.Delivered, *gotd.PeerLayer, *gotd.KeyChanged:
				status.put(e)
			default:
				events.put(e)
			}
			return nil
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.chats.SetDelays(testDelay, testGrace)
	if c.prepare != nil {
		c.prepare()
	}
	dispatcher := tg.NewUpdateDispatcher()
	c.chats.Register(dispatcher)
	gaps = updates.New(updates.Config{Handler: dispatcher, Storage: c.chats.StateStorage(&c.state)})

	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan struct{})
	c.done = done
	go func() {
		defer close(done)
		c.failed = tgClient.Run(ctx, func(ctx context.Context) error {
			go gaps.Run(ctx, c.api, c.user.ID, updates.AuthOptions{
				OnStart: func(context.Context) { close(ready) },
			})
			return c.chats.Run(ctx)
		})
	}()
	c.stop = func() {
		cancel()
		<-done
		c.stop = func() {}
		if err := c.db.Close(); err != nil {
			c.t.Error(err)
		}
	}
	select {
	case <-ready:
	case <-done:
		c.t.Fatalf("client has ended: %v", c.failed)
	case <-time.After(patience):
		c.t.Fatal("client does not start")
	}
}

const (
	// testDelay is waited for instead of a second.
	testDelay = 10 * time.Millisecond
	// testGrace is longer than any test: no messages are given up on a busy machine.
	testGrace = time.Hour
)

func nothing(context.Context, gotd.Event) error { return nil }

// wait until the client has ended by itself.
func (c *client) wait() {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatal("client does not end")
	}
}

// hook is a handler that tests change while events come in.
type hook struct {
	f atomic.Pointer[func(gotd.Event) error]
}

// handle has f called from now on, or nothing if it is nil.
func (h *hook) handle(f func(gotd.Event) error) {
	if f == nil {
		h.f.Store(nil)
		return
	}
	h.f.Store(&f)
}

func (h *hook) call(e gotd.Event) error {
	if f := h.f.Load(); f != nil {
		return (*f)(e)
	}
	return nil
}

func (c *client) restart() {
	c.t.Helper()
	c.stop()
	c.start()
}

// patience is for what should happen at once. A test that needs it has failed, even on a
// machine with a hundred things to do.
const patience = 3 * time.Minute

// next returns the next event, which must be an E.
func next[E gotd.Event](c *client) E {
	c.t.Helper()
	return nextOf[E](c, c.events)
}

// nextStatus returns the next E of what becomes of messages, keys and layers.
func nextStatus[E gotd.Event](c *client) E {
	c.t.Helper()
	for {
		if e, ok := nextOf[gotd.Event](c, c.status).(E); ok {
			return e
		}
	}
}

func nextOf[E gotd.Event](c *client, events *eventQueue) E {
	c.t.Helper()
	e, ok := events.wait(patience)
	if !ok {
		c.t.Fatalf("no event, want %v", reflect.TypeFor[E]())
	}
	typed, ok := e.(E)
	if !ok {
		c.t.Fatalf("got %T %+v, want %v", e, e, reflect.TypeFor[E]())
	}
	return typed
}

// quiet fails if there is an event that nobody has asked for.
func (c *client) quiet() {
	c.t.Helper()
	if e, ok := c.events.take(); ok {
		c.t.Errorf("unexpected %T %+v", e, e)
	}
}

// eventQueue is like a channel, but its capacity has no limit: a handler must not wait because a
// test does not look.
type eventQueue struct {
	mu   sync.Mutex
	list []gotd.Event
	more chan struct{} // something was put since the list was empty
}

func newEventQueue() *eventQueue { return &eventQueue{more: make(chan struct{}, 1)} }

func (q *eventQueue) put(e gotd.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, e)
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *eventQueue) take() (gotd.Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil, false
	}
	e := q.list[0]
	q.list = q.list[1:]
	return e, true
}

// wait is take that waits for an event, but not longer than d.
func (q *eventQueue) wait(d time.Duration) (gotd.Event, bool) {
	for timeout := time.After(d); ; {
		if e, ok := q.take(); ok {
			return e, true
		}
		select {
		case <-q.more:
		case <-timeout:
			return nil, false
		}
	}
}

// wantText fails unless the next event is a message with this text.
func (c *client) wantText(want string) *gotd.Message {
	c.t.Helper()
	m := next[*gotd.Message](c)
	if m.Message.Message != want {
		c.t.Fatalf("got message %q, want %q", m.Message.Message, want)
	}
	return m
}

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// newChat returns both sides of a chat between a and b.
func newChat(t *testing.T, a, b *client) (atA, atB *gotd.Chat) {
	t.Helper()
	atA, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: b.user.ID, AccessHash: 1})
	if err != nil {
		t.Fatal(err)
	}
	atB = next[*gotd.Requested](b).Chat
	if err := atB.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Opened](b)
	if got := next[*gotd.Opened](a).Chat; got != atA {
		t.Fatalf("opened chat %d, want %d", got.ID(), atA.ID())
	}
	return atA, atB
}

func send(t *testing.T, c *gotd.Chat, text string) {
	t.Helper()
	if _, err := c.SendText(text); err != nil {
		t.Fatal(err)
	}
}

// memState is what a database would keep for updates.Manager.
type memState struct {
	mu    sync.Mutex
	found bool
	state updates.State
}

var errNoState = errors.New("no state")

func (s *memState) set(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.found {
		return errNoState
	}
	f()
	return nil
}

func (s *memState) GetState(context.Context, int64) (updates.State, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.found, nil
}

func (s *memState) SetState(_ context.Context, _ int64, state updates.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.found = state, true
	return nil
}

func (s *memState) SetPts(_ context.Context, _ int64, pts int) error {
	return s.set(func() { s.state.Pts = pts })
}

func (s *memState) SetQts(_ context.Context, _ int64, qts int) error {
	return s.set(func() { s.state.Qts = qts })
}

func (s *memState) SetDate(_ context.Context, _ int64, date int) error {
	return s.set(func() { s.state.Date = date })
}

func (s *memState) SetSeq(_ context.Context, _ int64, seq int) error {
	return s.set(func() { s.state.Seq = seq })
}

func (s *memState) SetDateSeq(_ context.Context, _ int64, date, seq int) error {
	return s.set(func() { s.state.Date, s.state.Seq = date, seq })
}

func (s *memState) GetChannelPts(context.Context, int64, int64) (int, bool, error) {
	return 0, false, nil
}

func (s *memState) SetChannelPts(context.Context, int64, int64, int) error { return nil }

func (s *memState) ForEachChannels(context.Context, int64, func(context.Context, int64, int) error) error {
	return nil
}
