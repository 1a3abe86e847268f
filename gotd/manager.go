package gotd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/telegram/downloader"
	"github.com/gotd/td/tg"
	"golang.org/x/sync/errgroup"

	"github.com/mtcore/mtcore/secretchat"
)

var (
	// ErrRunning says that [Manager.Run] was called a second time.
	ErrRunning = errors.New("gotd: Run was called before")
	// ErrStopped says that [Manager.Run] has returned.
	ErrStopped = errors.New("gotd: manager has stopped")
)

// Options of a [Manager]. Store, StateKey and Handler are needed.
type Options struct {
	Store Store
	// StateKey seals the states of chats in the Store.
	StateKey secretchat.StateKey
	// Handler is called with the events of a chat one after the other, in order, and with
	// those of several chats at the same time. It may call all methods. One that is slow
	// keeps the events of its chat waiting, and nobody else. After an error the event
	// comes again, after a growing delay; but not after ErrNotOpen if the chat has ended,
	// as when a message is answered that was the last.
	Handler func(ctx context.Context, e Event) error

	// UploadThreads is how many parts of a large file are uploaded at a time, 1 if 0.
	UploadThreads int
	// Downloader is gotd's default if nil.
	Downloader *downloader.Downloader
	// Parallel is how many calls to send messages wait for the server at a time, over all
	// chats, 16 if 0.
	Parallel int
	// Logger is told of what was ignored or is tried again. It gets no content.
	Logger log.Logger
	// Layer, RefuseV1, MaxPacket, MaxUnacknowledged and MaxUnacknowledgedBytes are those of
	// secretchat.Options.
	Layer     int
	RefuseV1  bool
	MaxPacket int

	MaxUnacknowledged, MaxUnacknowledgedBytes int
	// AskAfter is that of secretchat.Options, for all chats: how long messages wait before the
	// peer is asked for the one that is missing. Official apps answer whenever they are asked, so
	// that 0, which asks at once, is best with them. An application whose users write to
	// programs that use MadelineProto wants 2 seconds: that takes in nothing more once it was
	// asked, and messages that merely overtake each other have it asked.
	AskAfter time.Duration
	// AllowVerifiedPrime accepts any safe prime that the server names, once it is checked,
	// and not only the one that Telegram has always used. Who chose a prime may know how to
	// compute logarithms by it, which no check can tell.
	AllowVerifiedPrime bool
}

const defaultParallel = 16

func (o *Options) check() {
	switch {
	case o.Store == nil:
		panic("gotd: Options without Store")
	case o.StateKey == (secretchat.StateKey{}):
		panic("gotd: Options without StateKey")
	case o.Handler == nil:
		panic("gotd: Options without Handler")
	case o.AskAfter < 0:
		panic("gotd: Options.AskAfter is negative")
	case o.MaxUnacknowledged < 0 || o.MaxUnacknowledgedBytes < 0:
		panic("gotd: Options.MaxUnacknowledged is negative")
	}
	if o.Downloader == nil {
		o.Downloader = downloader.NewDownloader()
	}
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
}

// Manager has the secret chats of one account. Goroutines may use it at the same time.
type Manager struct {
	api     *tg.Client
	opt     Options
	log     log.Helper
	dh      dhCache
	commits committer
	journal journal
	slots   chan struct{} // an element for each call that waits for the server
	// delay is the first of those between attempts, and grace how long a chat that the
	// peer has ended waits for what the peer said before.
	delay, grace time.Duration
	// earlyLimit is how many bytes of messages wait, on disk, for a chat to be accepted.
	earlyLimit int

	mu    sync.Mutex
	chats map[int]*Chat
	// While Run runs:
	running bool
	stopped bool
	ctx     context.Context
	group   *errgroup.Group
	failure chan error
}

// New returns the manager of what is in the store.
func New(api *tg.Client, opt Options) (*Manager, error) {
	opt.check()
	m := &Manager{
		api: api, opt: opt, log: log.For(opt.Logger),
		commits: committer{store: opt.Store},
		slots:   make(chan struct{}, opt.Parallel),
		delay:   firstDelay, grace: endGrace, earlyLimit: earlyLimit,
		chats: map[int]*Chat{}, failure: make(chan error, 1),
	}
	r, err := load(opt.Store, m.log)
	if err != nil {
		return nil, err
	}
	m.dh.last = r.dh
	m.journal.init(m, r.next)
	// What changes by it, such as by a new Options.Layer, is one transaction.
	var t tx
	for id, records := range r.chats {
		c := newChat(m, id)
		c.restore(&t, records)
		m.chats[id] = c
	}
	return m, m.commits.commit(t.changes)
}

// Run sends what is to be sent and calls the handler, until ctx is done or the store fails.
// It is called once, when the client is connected and authorized.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	if m.group != nil {
		m.mu.Unlock()
		return ErrRunning
	}
	group, ctx := errgroup.WithContext(ctx)
	m.group, m.ctx = group, ctx
	m.mu.Unlock()
	// What the handler may not have seen comes first. Only then may anything be done for a
	// chat: to receive a message has the driver forget the events of the one before.
	for _, c := range m.Chats() {
		c.tellFirst()
	}
	m.mu.Lock()
	m.running = true
	m.mu.Unlock()
	group.Go(func() error {
		defer m.stop()
		select {
		case err := <-m.failure:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	group.Go(func() error { return m.journal.run(ctx) })
	group.Go(func() error { return m.journal.acknowledge(ctx) })
	group.Go(func() error { return m.clock(ctx) })
	for _, c := range m.Chats() {
		c.resume()
	}
	err := group.Wait()
	if storeErr := m.commits.failed(); storeErr != nil {
		return storeErr
	}
	return err
}

// stop is the end of spawn and of updates. It is called by a goroutine of the group.
func (m *Manager) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running, m.stopped = false, true
}

func (m *Manager) isStopped() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stopped
}

// spawn runs f beside Run, and reports whether it does. Before, there is no need to: Run
// begins with all that is due.
func (m *Manager) spawn(f func(ctx context.Context) error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		ctx := m.ctx
		m.group.Go(func() error { return f(ctx) })
	}
	return m.running
}

// commit is the store's, and ends Run if it fails.
func (m *Manager) commit(t *tx) error {
	err := m.commits.commit(t.changes)
	if err != nil {
		select {
		case m.failure <- err:
		default:
		}
	}
	return err
}

// Times of the clock, in seconds: how often a chat that waits for nothing is looked at, each at
// its own moment, so that new keys for very many chats do not come at once; and one that may
// have something to ask for again, which package secretchat does after 30 seconds, 60, and so on,
// or for the first time, which it does after Options.AskAfter.
const (
	idlePeriod    = 3600
	waitingPeriod = 10
)

// due reports whether the clock looks at a chat in its n-th second.
func (c *Chat) due(n int) bool {
	return (n+c.id)%idlePeriod == 0 || n%c.m.opt.waitingPeriod() == 0 && c.waiting.Load()
}

// waitingPeriod is at most AskAfter, which is no use if nobody looks.
func (o *Options) waitingPeriod() int {
	if o.AskAfter == 0 {
		return waitingPeriod
	}
	return min(max(1, int(o.AskAfter/time.Second)), waitingPeriod)
}

// clock has chats look at the time.
func (m *Manager) clock(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, c := range m.Chats() {
			if c.due(n) {
				if err := c.tick(time.Now()); err != nil {
					return err
				}
			}
		}
	}
}

// wait waits for d, unless ctx is done before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call makes a call until the server has answered for good: see [judge]. It ends at once
// with ctx.
func (m *Manager) call(ctx context.Context, method string, f func(context.Context) error) error {
	var a attempts
	for {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		d, ok := a.next(err, m.delay)
		if !ok {
			return err
		}
		m.log.Warn(ctx, "Call is tried again", log.String("method", method), log.Duration("after", d), log.Error(err))
		if err := wait(ctx, d); err != nil {
			return err
		}
	}
}

// limited is call for what many chats may do at the same time, such as after a long time
// without a connection.
func (m *Manager) limited(ctx context.Context, method string, f func(context.Context) error) error {
	return m.call(ctx, method, func(ctx context.Context) error {
		select {
		case m.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-m.slots }()
		return f(ctx)
	})
}

// Format implements [fmt.Formatter] so that no log gets to see Options.StateKey.
func (m *Manager) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }

// Chats returns all chats, in the order of their ids.
func (m *Manager) Chats() []*Chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	chats := make([]*Chat, 0, len(m.chats))
	for _, c := range m.chats {
		if !c.unstored {
			chats = append(chats, c)
		}
	}
	slices.SortFunc(chats, func(a, b *Chat) int { return a.id - b.id })
	return chats
}

// Chat returns the chat with this id, or nil.
func (m *Manager) Chat(id int) *Chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.chats[id]; c != nil && !c.unstored {
		return c
	}
	return nil
}

// chat is Chat for the journal, which has more for a chat that is not in the store yet.
func (m *Manager) chat(id int) *Chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chats[id]
}

// show has others see a chat that is in the store now.
func (m *Manager) show(c *Chat) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.unstored = false
}

// add makes a chat known, unless there is one with its id.
func (m *Manager) add(c *Chat) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.chats[c.id]; ok {
		return false
	}
	m.chats[c.id] = c
	return true
}

func (m *Manager) forget(c *Chat) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.chats, c.id)
}

func randomChatID() int {
	for {
		var b [4]byte
		rand.Read(b[:])
		if id := int(binary.LittleEndian.Uint32(b[:]) >> 1); id != 0 {
			return id
		}
	}
}

// randomID is an id for a message, an album or a file.
func randomID() int64 {
	for {
		var b [8]byte
		rand.Read(b[:])
		if id := int64(binary.LittleEndian.Uint64(b[:])); id != 0 {
			return id
		}
	}
}
