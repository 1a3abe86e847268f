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
	"github.com/gotd/td/telegram/uploader"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"golang.org/x/sync/errgroup"

	"github.com/mtcore/mtcore/secretchat"
)

// Options of a [Manager]. Store, StateKey and Handler are needed.
type Options struct {
	Store Store
	// StateKey seals the states of chats in the Store.
	StateKey secretchat.StateKey
	// Handler is called with one event after the other, in order. It may call all methods,
	// and should start a goroutine for what takes long. An error ends [Manager.Run], and
	// the event comes again when it is next run.
	Handler func(ctx context.Context, e Event) error

	// Uploader and Downloader are gotd's defaults if nil.
	Uploader   *uploader.Uploader
	Downloader *downloader.Downloader
	// Logger is told of what was ignored or is tried again. It gets no content.
	Logger log.Logger
	// Layer, RefuseV1 and MaxPacket are those of secretchat.Options.
	Layer     int
	RefuseV1  bool
	MaxPacket int
	// AllowVerifiedPrime accepts any safe prime that the server names, once it is checked,
	// and not only the one that Telegram has always used. Who chose a prime may know how to
	// compute logarithms by it, which no check can tell.
	AllowVerifiedPrime bool
}

func (o *Options) check() {
	if o.Store == nil || o.Handler == nil || o.StateKey == (secretchat.StateKey{}) {
		panic("gotd: Options without Store, StateKey or Handler")
	}
}

// Manager has the secret chats of one account. Goroutines may use it at the same time.
type Manager struct {
	api *tg.Client
	opt Options
	log log.Helper
	dh  dhCache

	// work is what Run does, one thing after the other.
	work work
	// received is the qts to be acknowledged.
	received chan int
	// learn, if not nil, has the last qts learnt. It is Run's alone.
	learn func(ctx context.Context) error
	// unsettled are the chats whose events the handler has seen. It is Run's alone.
	unsettled map[*Chat]bool

	mu    sync.Mutex
	chats map[int]*Chat
	// While Run runs:
	running bool
	ctx     context.Context
	group   *errgroup.Group
}

// New returns the manager of what is in the store.
func New(api *tg.Client, opt Options) (*Manager, error) {
	opt.check()
	if opt.Uploader == nil {
		opt.Uploader = uploader.NewUploader(api)
	}
	if opt.Downloader == nil {
		opt.Downloader = downloader.NewDownloader()
	}
	m := &Manager{
		api: api, opt: opt, log: log.For(opt.Logger),
		work: newWork(), received: make(chan int, 1),
		unsettled: map[*Chat]bool{}, chats: map[int]*Chat{},
	}
	r, err := load(opt.Store)
	if err != nil {
		return nil, err
	}
	m.dh.last = r.dh
	for _, rec := range r.chats {
		c := &Chat{m: m, id: rec.ID, rec: rec, sends: r.send[rec.ID], files: r.files[rec.ID]}
		if err := c.restore(r.state[rec.ID]); err != nil {
			return nil, fmt.Errorf("gotd: chat %d: %w", rec.ID, err)
		}
		m.chats[rec.ID] = c
	}
	return m, nil
}

// Run sends what is to be sent and calls the handler, until ctx is done, or the store or
// the handler fails. It may be called once, when the client is connected and authorized.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	if m.group != nil {
		m.mu.Unlock()
		panic("gotd: Run called twice")
	}
	group, ctx := errgroup.WithContext(ctx)
	m.group, m.ctx, m.running = group, ctx, true
	m.mu.Unlock()
	group.Go(func() error { return m.acknowledge(ctx) })
	group.Go(func() error {
		err := m.handle(ctx)
		m.stop()
		return err
	})
	return group.Wait()
}

// stop is the end of spawn and of updates. It is called by a goroutine of the group.
func (m *Manager) stop() {
	m.mu.Lock()
	m.running = false
	m.mu.Unlock()
	m.work.stop()
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

// fail ends Run.
func (m *Manager) fail(err error) { m.work.add(func(context.Context) error { return err }) }

// handle does the work, in order, beginning with what was left over the last time.
func (m *Manager) handle(ctx context.Context) error {
	for _, c := range m.Chats() {
		if err := c.resume(ctx); err != nil {
			return err
		}
	}
	clock := time.NewTicker(time.Hour)
	defer clock.Stop()
	for ctx.Err() == nil {
		if f, ok := m.work.next(); ok {
			if err := f(ctx); err != nil {
				return err
			}
			continue
		}
		if err := m.settle(); err != nil {
			return err
		}
		select {
		case <-m.work.wake:
		case <-clock.C:
			if err := m.tick(); err != nil {
				return err
			}
		case <-ctx.Done():
		}
	}
	if err := m.settle(); err != nil {
		return err
	}
	return ctx.Err()
}

// settle has chats forget the events that the handler has seen, when there is time for it.
func (m *Manager) settle() error {
	for c := range m.unsettled {
		delete(m.unsettled, c)
		if err := c.settle(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) tick() error {
	for _, c := range m.Chats() {
		if err := c.tick(); err != nil {
			return err
		}
	}
	return nil
}

// Format implements [fmt.Formatter] so that no log gets to see Options.StateKey.
func (m *Manager) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }

// Chats returns all chats, in the order of their ids.
func (m *Manager) Chats() []*Chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	chats := make([]*Chat, 0, len(m.chats))
	for _, c := range m.chats {
		chats = append(chats, c)
	}
	slices.SortFunc(chats, func(a, b *Chat) int { return a.id - b.id })
	return chats
}

// Chat returns the chat with this id, or nil.
func (m *Manager) Chat(id int) *Chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chats[id]
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

// Request asks a user for a chat. It is [StateWaiting] until the user has accepted, on one
// device, and the handler is told [Opened].
func (m *Manager) Request(ctx context.Context, user *tg.InputUser) (*Chat, error) {
	group, random, err := m.dh.group(ctx, m)
	if err != nil {
		return nil, err
	}
	c := &Chat{m: m, rec: chatRecord{PeerID: user.UserID, Originator: true, State: StateWaiting}}
	for ok := false; !ok; ok = m.add(c) {
		c.id = randomChatID()
		c.rec.ID = c.id
	}
	gA, err := c.begin(group, random)
	if err != nil {
		m.forget(c)
		return nil, err
	}
	answer, err := m.api.MessagesRequestEncryption(ctx, &tg.MessagesRequestEncryptionRequest{
		UserID: user, RandomID: c.id, GA: gA[:],
	})
	if err != nil {
		// It may have arrived nevertheless.
		_, refused := tgerr.As(err)
		return nil, errors.Join(err, c.close(closing{Told: refused, Silent: true}))
	}
	switch answer := answer.(type) {
	case *tg.EncryptedChatWaiting:
		return c, c.setAccessHash(answer.AccessHash)
	case *tg.EncryptedChat: // if the first answer was lost, and the peer is fast
		m.work.add(func(ctx context.Context) error { return c.complete(ctx, answer) })
		return c, c.setAccessHash(answer.AccessHash)
	default:
		return nil, errors.Join(fmt.Errorf("gotd: unexpected %T", answer), c.close(closing{Silent: true}))
	}
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

// randomID is an id for a message.
func randomID() int64 {
	for {
		var b [8]byte
		rand.Read(b[:])
		if id := int64(binary.LittleEndian.Uint64(b[:])); id != 0 {
			return id
		}
	}
}
