package gotd

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/secretchat"
)

// The inbox of a chat: updates become events, one after the other.
//
// An update is in the journal until the transaction that has its result. The result is
// events, which are in the state of the driver until the transaction of the next update or,
// if there is none, until they are settled. Between the two the handler is told. So at any
// moment a crash loses nothing, and repeats the events of one update at most.

// inbox is guarded by Chat.mu, but for the tasks.
type inbox struct {
	tasks tasks
	// early are messages that came before the update that says that the chat is accepted,
	// and earlySize how many bytes they have.
	early     []task
	earlySize int
	// loaded is how many bytes of messages are in memory, waiting for their turn.
	loaded int
	// files are those of messages that the handler has not seen.
	files []storedFile
	// told says that the handler has seen all events that the driver keeps, and settled are
	// the changes that go with having it forget them.
	told    bool
	settled []Change
}

const (
	earlyLimit = 64 << 20 // of Manager.earlyLimit
	// loadedLimit is how many bytes of messages of a chat wait in memory. Others wait on
	// disk only.
	loadedLimit = 4 << 20
	// fileLimit is how many files wait for their messages.
	fileLimit = 256
)

func (b *inbox) clear() {
	b.tasks.clear()
	b.early, b.earlySize, b.loaded, b.files, b.told, b.settled = nil, 0, 0, nil, false, nil
}

// settle has the driver forget the events that the handler has seen.
func (c *Chat) settle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil || !c.in.told && len(c.later) == 0 {
		return nil
	}
	return c.survive(c.atomically(func(t *tx) error {
		t.add(c.later...)
		c.later = nil
		if !c.in.told {
			return nil
		}
		c.in.told = false
		t.add(c.in.settled...)
		c.in.settled = nil
		return c.chat.Handled()
	}))
}

// tell calls the handler until it returns well, or there is no use in it any more.
func (c *Chat) tell(ctx context.Context, e Event) error {
	var a attempts
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := c.m.opt.Handler(ctx, e)
		if err == nil {
			return nil // also if Run ends: the event need not come again
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrNotOpen) && c.isEnded() {
			c.m.log.Info(ctx, "Handler wants something of a secret chat that has ended", log.Int("chat", c.id), log.Error(err))
			return nil // It would for ever, and never be told that the chat is closed.
		}
		d, _ := a.next(errHandler, c.m.delay)
		c.m.log.Error(ctx, "Handler has failed, and gets the event again", log.Int("chat", c.id),
			log.Duration("after", d), log.Error(err))
		if err := c.waitToTell(ctx, e, d); err != nil {
			return err
		}
		if c.pointless(e) {
			return nil
		}
	}
}

// waitToTell waits before an event is told again, but not after the chat was closed, unless
// that is the event.
func (c *Chat) waitToTell(ctx context.Context, e Event, d time.Duration) error {
	over := c.over
	if _, last := e.(*Closed); last {
		over = nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isEnded reports whether the chat is over, or about to be.
func (c *Chat) isEnded() bool {
	state := c.State()
	return state == StateEnding || state == StateClosing
}

var errHandler = errors.New("gotd: handler has failed")

// pointless reports whether an event is of no more interest.
func (c *Chat) pointless(e Event) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.(type) {
	case *Closed:
		return false
	case *Requested:
		return c.rec.State != StateRequested
	default:
		return c.rec.State == StateClosing
	}
}

// done is the transaction of an update that has no result. A nil key is of none.
func (c *Chat) done(update []byte) error {
	return c.atomically(func(t *tx) error {
		t.done(update)
		return nil
	})
}

// done takes an update out of the journal.
func (t *tx) done(update []byte) {
	if update != nil {
		t.add(remove(update))
	}
}

// arrive queues an update that is in the journal.
func (c *Chat) arrive(u storedUpdate) {
	c.do(c.taskFor(u))
}

// taskFor returns what an update has to be done for.
func (c *Chat) taskFor(u storedUpdate) task {
	switch update := u.update.(type) {
	case *tg.UpdateNewEncryptedMessage:
		in := &incoming{key: u.key, stored: u.size}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.in.loaded+u.size <= loadedLimit {
			in.message, in.size = update.Message, u.size
			c.in.loaded += u.size
		}
		return func(ctx context.Context) error { return c.receive(ctx, in) }
	case *tg.UpdateEncryption:
		return func(context.Context) error { return c.encryption(u.key, update.Chat) }
	case *tg.UpdateEncryptedMessagesRead:
		return func(ctx context.Context) error {
			if err := c.tell(ctx, &Read{c, update.MaxDate}); err != nil {
				return err
			}
			return c.finish(u.key)
		}
	default:
		return func(context.Context) error { return c.finish(u.key) }
	}
}

// finish is done for those who do not hold c.mu.
func (c *Chat) finish(update []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done(update)
}

// encryption handles what the server says about a chat. Each step is taken once.
func (c *Chat) encryption(key []byte, chat tg.EncryptedChatClass) error {
	switch chat := chat.(type) {
	case *tg.EncryptedChat:
		return c.complete(key, chat)
	case *tg.EncryptedChatDiscarded:
		return c.ended(key, closing{By: ByPeer, HistoryDeleted: chat.HistoryDeleted, Told: true})
	default:
		return c.finish(key)
	}
}

// incoming is a message as the server has it, with its key in the journal. If there is no
// message, it is to be looked up there.
type incoming struct {
	key          []byte
	message      tg.EncryptedMessageClass
	size, stored int // in memory, and in the journal
}

func (in *incoming) file() *tg.EncryptedFile {
	if m, ok := in.message.(*tg.EncryptedMessage); ok {
		f, _ := m.File.(*tg.EncryptedFile)
		return f
	}
	return nil
}

// look gets a message out of the journal.
func (c *Chat) look(in *incoming) error {
	if in.message != nil {
		c.in.loaded -= in.size
		return nil
	}
	return c.m.opt.Store.Load(in.key, func(_, value []byte) error {
		u, err := decodeUpdate(value)
		if m, ok := u.(*tg.UpdateNewEncryptedMessage); ok {
			in.message = m.Message
		}
		return err
	})
}

// receive takes a message, and tells the handler what is in it, and in others that had to
// wait for it.
func (c *Chat) receive(ctx context.Context, in *incoming) error {
	events, delivered, err := c.decrypt(in)
	if errors.Is(err, secretchat.ErrStore) {
		return err
	}
	if err := c.tellAll(ctx, events, delivered); err != nil {
		return err
	}
	if err == nil {
		return nil
	}
	c.m.log.Debug(ctx, "Message of a secret chat ignored", log.Int("chat", c.id), log.Error(err))
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.survive(err)
}

func (c *Chat) decrypt(in *incoming) (events []secretchat.Event, delivered []*sendRecord, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State == StateWaiting {
		return nil, nil, c.park(in)
	}
	if err := c.look(in); err != nil {
		return nil, nil, err
	}
	if c.chat == nil || in.message == nil {
		return nil, nil, c.done(in.key)
	}
	err = c.atomically(func(t *tx) (err error) {
		t.done(in.key)
		events, err = c.chat.Receive(in.message.GetBytes())
		if changedNothing(err) {
			events = nil
			return err
		}
		c.in.told = false
		t.add(c.in.settled...)
		c.in.settled = nil
		delivered = c.note(t, in, events)
		return err
	})
	if err == nil {
		c.flush()
	}
	return events, delivered, err
}

// changedNothing reports whether Receive has ignored a packet.
func changedNothing(err error) bool {
	return errors.Is(err, secretchat.ErrUnknownKey) || errors.Is(err, secretchat.ErrDecrypt) ||
		errors.Is(err, secretchat.ErrDuplicate) || errors.Is(err, secretchat.ErrObsolete)
}

// park has a message wait until the chat is accepted.
func (c *Chat) park(in *incoming) error {
	if c.in.earlySize+in.stored > c.m.earlyLimit {
		return c.done(in.key) // The peer will be asked for it.
	}
	c.in.earlySize += in.stored
	c.in.early = append(c.in.early, func(ctx context.Context) error { return c.receive(ctx, in) })
	return nil
}

// unpark gives the messages that have waited their turn, which is the next.
func (c *Chat) unpark() {
	c.doFirst(c.in.early...)
	c.in.early, c.in.earlySize = nil, 0
}

// note puts into the transaction what follows from a message that is genuine.
func (c *Chat) note(t *tx, in *incoming, events []secretchat.Event) (delivered []*sendRecord) {
	before := c.rec
	if c.rec.State == StateAccepting {
		// Whoever writes has got our answer, even if we have not heard so from the server.
		c.rec.State = StateOpen
	}
	c.rec.Date = in.message.GetDate()
	if f := in.file(); f != nil {
		c.keepFile(t, f)
	}
	for _, e := range events {
		if e.Kind == secretchat.EventSetTTL {
			c.rec.TTL = e.TTL
		}
		delivered = append(delivered, c.out.acknowledged(t, e.Seen)...)
	}
	if c.rec.State != before.State || c.rec.Date != before.Date || c.rec.TTL != before.TTL {
		t.add(c.record())
	}
	return delivered
}

// tellAll tells the handler of events that the driver's state keeps until then.
func (c *Chat) tellAll(ctx context.Context, events []secretchat.Event, delivered []*sendRecord) error {
	if err := c.tellOpened(ctx); err != nil {
		return err
	}
	if err := c.tellDelivered(ctx, delivered); err != nil {
		return err
	}
	var files []storedFile
	for _, e := range events {
		typed, file := c.typed(e)
		if typed == nil {
			continue
		}
		if err := c.tell(ctx, typed); err != nil {
			return err
		}
		if file.key != nil {
			files = append(files, file)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Without events they are those of before, if the driver still has any.
	c.in.told = c.in.told || len(events) > 0
	for _, f := range files {
		c.in.settled = append(c.in.settled, remove(f.key))
	}
	return nil
}

// typed returns the event as the handler gets it, or nil, and the file that belongs to it.
func (c *Chat) typed(e secretchat.Event) (Event, storedFile) {
	switch e.Kind {
	case secretchat.EventLayer:
		return &PeerLayer{c, e.Layer}, storedFile{}
	case secretchat.EventKeyChanged:
		return &KeyChanged{c}, storedFile{}
	case secretchat.EventLegacy:
		return &Legacy{c}, storedFile{}
	case secretchat.EventGap:
		return &Gap{c, e.From, e.To, e.Since}, storedFile{}
	case secretchat.EventAcknowledged, secretchat.EventRefused:
		return nil, storedFile{} // Delivered, and Closed, tell.
	}
	body, err := decodeBody(e.Body)
	if err != nil || e.Kind == secretchat.EventUnsupported {
		return &Unsupported{Chat: c, Seq: e.Seq, Body: e.Body}, storedFile{}
	}
	if s := upService(body); s != nil {
		if a, ok := s.Action.(*e2e.DecryptedMessageActionSetMessageTTL); ok {
			a.TTLSeconds = e.TTL
		}
		return &Action{Chat: c, Seq: e.Seq, Seen: e.Seen, Action: s.Action}, storedFile{}
	}
	m := upMessage(body)
	m.TTL = max(0, m.TTL)
	c.mu.Lock()
	defer c.mu.Unlock()
	file, hasKey := c.takeFile(m.Media)
	return &Message{
		Chat: c, Seq: e.Seq, Seen: e.Seen, Date: c.rec.Date, Message: m,
		File: file.file, FileMissing: hasKey && file.file == nil,
	}, file
}

// keepFile remembers a file until the message that has its key.
func (c *Chat) keepFile(t *tx, f *tg.EncryptedFile) {
	if len(c.in.files) >= fileLimit {
		t.add(remove(c.in.files[0].key))
		c.in.files = slices.Delete(c.in.files, 0, 1)
	}
	value, err := encode(f)
	if err != nil {
		panic("gotd: internal error: " + err.Error())
	}
	// Messages can share a file, so that its id does not do.
	key := recordKey(keyFile, c.id, c.m.journal.number())
	c.in.files = append(c.in.files, storedFile{key, f})
	t.add(put(key, fileRecord{c.id, value}))
}

// takeFile returns the file for which media has the key, and whether it has one. Which
// message a file came with does not tell: messages are sent again, and wait for others.
func (c *Chat) takeFile(media e2e.DecryptedMessageMediaClass) (f storedFile, hasKey bool) {
	key, iv, _, ok := fileOf(media)
	if !ok {
		return storedFile{}, false
	}
	i := slices.IndexFunc(c.in.files, func(f storedFile) bool {
		k, err := secretchat.ParseFileKey(key, iv, int32(f.file.KeyFingerprint))
		if err == nil {
			k.Wipe()
		}
		return err == nil
	})
	if i < 0 {
		return storedFile{}, true
	}
	f = c.in.files[i]
	c.in.files = slices.Delete(c.in.files, i, i+1)
	return f, true
}

// tellUnhandled has the handler told of the events that it may not have seen.
func (c *Chat) tellUnhandled() {
	events := c.chat.Unhandled()
	delivered := c.out.untold()
	if len(events)+len(delivered) > 0 {
		c.doFirst(func(ctx context.Context) error { return c.tellAll(ctx, events, delivered) })
	}
}
