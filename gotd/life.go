package gotd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/secretchat"
)

// The life of a chat: it is asked for and accepted, is open, and comes to its end. What is
// received meanwhile is in inbox.go, what is sent in outbox.go.

// State of a [Chat].
type State string

const (
	StateWaiting   State = "waiting"   // for the peer to accept
	StateRequested State = "requested" // by the peer, and not yet accepted
	StateAccepting State = "accepting" // which the server does not know yet
	StateOpen      State = "open"
	StateEnding    State = "ending"  // by the peer, of whom something may still come
	StateClosing   State = "closing" // keys are wiped, and the server is being told
	StateDamaged   State = "damaged" // in the store
)

// ErrNotOpen says that a chat has no key yet, or no more.
var ErrNotOpen = errors.New("gotd: chat is not open")

// Chat is a secret chat. Goroutines may use it at the same time.
type Chat struct {
	m  *Manager
	id int

	// unstored says that a peer has asked for the chat, and that the record of that is not in the
	// store yet. The lock is the manager's.
	unstored bool

	// waiting says that the driver may soon have something to ask for again, for the clock.
	waiting atomic.Bool

	mu       sync.Mutex
	rec      chatRecord
	store    stateStore
	outgoing *secretchat.Outgoing // in StateWaiting
	chat     *secretchat.Chat     // in StateAccepting, StateOpen and StateEnding
	damage   error                // in StateDamaged
	asked    bool                 // in StateRequested: the handler was told
	// accepting says that there is a goroutine that tells the server, in StateAccepting.
	accepting bool
	// later are changes that wait for the next transaction.
	later []Change
	// ending ends all that is being sent when the chat comes to its end, and over what waits
	// to be told after that, when it is closed.
	ending context.Context
	end    context.CancelFunc
	over   chan struct{}
	// calls are those that the server may still get: see during.
	calls sync.WaitGroup

	in  inbox
	out outbox
}

func newChat(m *Manager, id int) *Chat {
	c := &Chat{m: m, id: id, store: stateStore{chat: id}, over: make(chan struct{})}
	c.rec = chatRecord{V: recordVersion, ID: id}
	c.ending, c.end = context.WithCancel(context.Background())
	return c
}

// ID returns the id that the server has for the chat.
func (c *Chat) ID() int { return c.id }

// PeerID returns the user id of the other side.
func (c *Chat) PeerID() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec.PeerID
}

// Originator reports whether we have asked for the chat.
func (c *Chat) Originator() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec.Originator
}

// Input returns what the server knows the chat by, for calls of the application's own.
func (c *Chat) Input() tg.InputEncryptedChat {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.input()
}

func (c *Chat) input() tg.InputEncryptedChat {
	return tg.InputEncryptedChat{ChatID: c.id, AccessHash: c.rec.AccessHash}
}

// State returns what has become of the chat.
func (c *Chat) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec.State
}

// Err returns why the chat is in [StateDamaged], or nil.
func (c *Chat) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.damage
}

// TTL returns after how many seconds messages are to disappear once they were read, or 0:
// what the last to set it wanted, on either side. New messages have it.
func (c *Chat) TTL() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec.TTL
}

// Visualization returns the 288 bits that people compare to be sure that nobody is between
// them, for kdf.VisualizationImage or kdf.VisualizationHex, or [ErrNotOpen].
func (c *Chat) Visualization() ([36]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return [36]byte{}, ErrNotOpen
	}
	return c.chat.Visualization(), nil
}

// Fingerprint returns that of the key in use, which is replaced from time to time, or
// [ErrNotOpen].
func (c *Chat) Fingerprint() (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return 0, ErrNotOpen
	}
	return c.chat.Fingerprint(), nil
}

// PeerLayer returns the newest layer that the peer's client is known to understand, or
// [ErrNotOpen].
func (c *Chat) PeerLayer() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return 0, ErrNotOpen
	}
	return c.chat.PeerLayer(), nil
}

// atomically is how all that a chat must not forget changes: f, which is called with c.mu
// held, changes it in memory, puts its records into t, and may call the driver, which puts
// the state there. Then all of it is written at once, also if f fails: an error of the
// driver is part of the state. Only then may anybody see what f has made.
//
// If the write fails, the chat in memory is of no more use, and Run ends.
func (c *Chat) atomically(f func(t *tx) error) error {
	if err := c.m.commits.failed(); err != nil {
		return err
	}
	t := new(tx)
	c.store.tx = t
	err := f(t)
	c.store.tx = nil
	c.waiting.Store(c.chat != nil && c.chat.Waiting())
	if len(t.changes) == 0 {
		return err
	}
	t.changes = append(c.later, t.changes...) // What is newer counts.
	c.later = nil
	if storeErr := c.m.commit(t); storeErr != nil {
		c.abandon()
		return storeErr
	}
	return err
}

// abandon wipes a chat of which nobody knows what is in the store.
func (c *Chat) abandon() {
	if c.chat != nil {
		c.chat.Wipe()
	}
	if c.outgoing != nil {
		c.outgoing.Wipe()
	}
	c.end()
}

func (c *Chat) options() secretchat.Options {
	o := &c.m.opt
	return secretchat.Options{
		ChatID: int64(c.id), PeerID: c.rec.PeerID, Store: &c.store, StateKey: o.StateKey,
		Layer: o.Layer, RefuseV1: o.RefuseV1, MaxPacket: o.MaxPacket, AskAfter: o.AskAfter,
		MaxUnacknowledged: o.MaxUnacknowledged, MaxUnacknowledgedBytes: o.MaxUnacknowledgedBytes,
	}
}

func (c *Chat) record() Change { return put(recordKey(keyChat, c.id), &c.rec) }

// Request asks a user for a chat. It is [StateWaiting] until the user has accepted, on one
// device, and the handler is told [Opened].
func (m *Manager) Request(ctx context.Context, user tg.InputUserClass) (*Chat, error) {
	var peer int64
	switch user := user.(type) {
	case *tg.InputUser:
		peer = user.UserID
	case *tg.InputUserFromMessage:
		peer = user.UserID
	default:
		return nil, fmt.Errorf("gotd: a secret chat is with another user, not with %T", user)
	}
	group, random, err := m.dh.group(ctx, m)
	if err != nil {
		return nil, err
	}
	c := newChat(m, 0)
	for ok := false; !ok; ok = m.add(c) {
		c.id = randomChatID()
	}
	c.store.chat, c.rec.ID = c.id, c.id
	c.rec.PeerID, c.rec.Originator, c.rec.State = peer, true, StateWaiting
	gA, err := c.begin(group, random)
	if err != nil {
		m.forget(c)
		return nil, err
	}
	var answer tg.EncryptedChatClass
	err = c.during(ctx, func(ctx context.Context) (err error) {
		answer, err = m.api.MessagesRequestEncryption(ctx, &tg.MessagesRequestEncryptionRequest{
			UserID: user, RandomID: c.id, GA: gA[:],
		})
		return err
	})
	if err != nil {
		// It may have arrived nevertheless.
		_, refused := tgerr.As(err)
		return nil, errors.Join(err, c.close(closing{By: ByUs, Told: refused, Silent: true}))
	}
	switch answer := answer.(type) {
	case *tg.EncryptedChatWaiting:
		return c, c.setAccessHash(answer.AccessHash)
	case *tg.EncryptedChat: // if the first answer was lost, and the peer is fast
		c.do(func(ctx context.Context) error { return c.complete(nil, answer) })
		return c, c.setAccessHash(answer.AccessHash)
	default:
		return nil, errors.Join(fmt.Errorf("gotd: unexpected %T", answer), c.close(closing{By: ByUs, Silent: true}))
	}
}

// begin makes g_a, and keeps the exponent.
func (c *Chat) begin(group *bigdh.Group, random []byte) (gA [bigdh.Size]byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.atomically(func(t *tx) (err error) {
		opt := c.options()
		opt.ServerRandom = random
		if c.outgoing, gA, err = secretchat.Request(group, opt); err == nil {
			t.add(c.record())
		}
		return err
	})
	return gA, err
}

func (c *Chat) setAccessHash(hash int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateWaiting {
		return nil // the update was faster
	}
	return c.atomically(func(t *tx) error {
		c.rec.AccessHash = hash
		t.add(c.record())
		return nil
	})
}

// complete makes the key of a chat that we have asked for. The update, if it is in the
// journal, is done.
func (c *Chat) complete(update []byte, e *tg.EncryptedChat) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateWaiting || e.ParticipantID != c.rec.PeerID {
		return c.done(update)
	}
	err := c.atomically(func(t *tx) error {
		t.done(update)
		chat, err := c.outgoing.Complete(e.GAOrB, e.KeyFingerprint)
		if err != nil {
			return err
		}
		c.chat, c.outgoing = chat, nil
		c.rec.AccessHash, c.rec.State = e.AccessHash, StateOpen
		t.add(c.record())
		return nil
	})
	if err != nil {
		return c.survive(err)
	}
	c.opened()
	return nil
}

// tellRequested tells the handler that a peer asks, once: the update may come while Run begins.
func (c *Chat) tellRequested(ctx context.Context) error {
	c.mu.Lock()
	done := c.asked || c.rec.State != StateRequested
	c.asked = true
	stored := c.rec.User
	c.mu.Unlock()
	if done {
		return nil
	}
	var user *tg.User
	if stored != nil {
		user = new(tg.User)
		if err := user.Decode(&bin.Buffer{Buf: stored}); err != nil {
			c.m.log.Warn(ctx, "Who asks for a secret chat cannot be read", log.Int("chat", c.id), log.Error(err))
			user = nil // It was stored by a gotd with another layer.
		}
	}
	return c.tell(ctx, &Requested{c, user})
}

// Accept accepts a chat that a peer has asked for, on this device. It returns when the
// server has answered. If it fails on the way there, Run goes on trying, now and after a
// restart, until [Chat.Discard]. If the chat ends meanwhile it returns [ErrNotOpen]. If the
// server refuses for good, it returns that answer, and the chat ends: the handler is told
// [Closed] with [ByServer]. What it refuses for reasons unknown, Run tries three times.
//
// [Opened] comes when it is this device that has the chat, which shows at once or, if
// another device or a lost answer may have been faster, with the first message of the
// peer.
func (c *Chat) Accept(ctx context.Context) error {
	if c.State() == StateRequested {
		if err := c.agree(ctx); err != nil {
			return err
		}
	}
	err := c.accept(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil || c.rec.State != StateAccepting || c.accepting {
		return err
	}
	if d, again := new(attempts).next(err, c.m.delay); again {
		c.accepting = c.m.spawn(func(ctx context.Context) error { return c.acceptAfter(ctx, d) })
	}
	return err
}

// accept tells the server.
func (c *Chat) accept(ctx context.Context) error {
	answer, err := c.answer()
	if err != nil {
		return err
	}
	if answer != nil {
		err = c.during(ctx, func(ctx context.Context) error {
			_, err := c.m.api.MessagesAcceptEncryption(ctx, answer)
			return err
		})
	}
	switch {
	case err == nil:
		return c.accepted()
	case judge(err) == taken:
		c.m.log.Info(ctx, "Secret chat was accepted before, here or elsewhere", log.Int("chat", c.id))
		return nil
	case judge(err) == gone:
		// An earlier answer may have got through, and the peer have written before the end.
		return errors.Join(err, c.ended(nil, closing{By: ByServer, Refusal: newRefusal(err), Told: true}))
	case judge(err) == refused:
		return errors.Join(err, c.unacceptable(err))
	default:
		return err
	}
}

// unacceptable closes a chat that the server will never let us accept, and has the peer told, who
// still waits. If the peer has written meanwhile, an earlier answer has got through.
func (c *Chat) unacceptable(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateAccepting {
		return nil
	}
	return c.closeLocked(closing{By: ByServer, Refusal: newRefusal(err)})
}

// agree makes the key, and keeps what is to be sent to the peer.
func (c *Chat) agree(ctx context.Context) error {
	group, random, err := c.m.dh.group(ctx, c.m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateRequested {
		return nil
	}
	return c.failed(c.atomically(func(t *tx) (err error) {
		opt := c.options()
		opt.ServerRandom = random
		if c.chat, _, _, err = secretchat.Accept(group, c.rec.GA, opt); err != nil {
			return err
		}
		c.rec.State, c.rec.GA, c.rec.User = StateAccepting, nil, nil
		t.add(c.record())
		return nil
	}))
}

// answer returns what the server has to be told, or nil if it knows.
func (c *Chat) answer() (*tg.MessagesAcceptEncryptionRequest, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.rec.State {
	case StateAccepting:
	case StateOpen:
		return nil, nil
	default:
		return nil, fmt.Errorf("%w: it cannot be accepted, it is %s", ErrNotOpen, c.rec.State)
	}
	if err := cmp.Or(c.m.commits.failed(), c.chat.Err()); err != nil {
		return nil, err
	}
	gB, fingerprint, pending := c.chat.Acceptance()
	if !pending {
		return nil, nil // The peer has sent something, so that the answer has got to it.
	}
	return &tg.MessagesAcceptEncryptionRequest{Peer: c.input(), GB: gB[:], KeyFingerprint: fingerprint}, nil
}

// accepted opens the chat if that is what it waits for.
func (c *Chat) accepted() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateAccepting {
		return nil
	}
	err := c.atomically(func(t *tx) error {
		c.rec.State = StateOpen
		t.add(c.record())
		return nil
	})
	if err == nil {
		c.opened()
	}
	return err
}

// opened has the handler told, before anything that comes from the chat, and begins to
// send.
func (c *Chat) opened() {
	c.unpark()
	c.flush()
	c.doFirst(c.tellOpened)
}

// tellOpened tells the handler, once.
func (c *Chat) tellOpened(ctx context.Context) error {
	c.mu.Lock()
	if c.rec.Opened || c.rec.State != StateOpen && c.rec.State != StateEnding {
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()
	if err := c.tell(ctx, &Opened{c}); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Opened = true
	if c.rec.State == StateOpen || c.rec.State == StateEnding {
		c.later = append(c.later, c.record())
	}
	return nil
}

// DiscardOptions are what else there may be to do when a chat ends.
type DiscardOptions struct {
	// DeleteHistory asks the peer to delete the history on its side, too.
	DeleteHistory bool
	// ReportSpam tells the server that the peer has sent nothing but spam.
	ReportSpam bool
}

// Discard ends the chat and wipes its keys, or declines what the peer asks for. The
// handler is told [Closed], and the server, which tells the peer, soon after. Nothing else
// is sent any more.
func (c *Chat) Discard() error { return c.DiscardWith(DiscardOptions{}) }

// DiscardWith is Discard with options.
func (c *Chat) DiscardWith(opt DiscardOptions) error {
	return c.close(closing{By: ByUs, DeleteHistory: opt.DeleteHistory, Spam: opt.ReportSpam})
}

// ended is called when the server says that the chat is over. Messages that the peer has
// sent before may still be on their way: gotd passes on what has no qts first.
func (c *Chat) ended(update []byte, why closing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.rec.State {
	case StateClosing:
		return c.done(update)
	case StateOpen, StateAccepting, StateEnding:
	default:
		return errors.Join(c.closeLocked(why), c.done(update))
	}
	before := c.rec.State
	err := c.atomically(func(t *tx) error {
		if before != StateEnding || why.By == ByPeer {
			c.rec.State, c.rec.Closing = StateEnding, &why
			t.add(c.record())
		}
		t.done(update)
		return nil
	})
	if err != nil || before == StateEnding {
		return err
	}
	c.end() // to send anything
	c.waitForEnd()
	return nil
}

// endGrace is how long a chat that the peer has ended waits for messages of which the
// server has told, but not more than that.
const endGrace = 30 * time.Second

// waitForEnd closes the chat when all that was in the server's queue when it ended has
// been passed on.
func (c *Chat) waitForEnd() {
	c.m.spawn(func(ctx context.Context) error {
		c.m.journal.caughtUp(ctx, c.m.grace)
		if ctx.Err() != nil {
			return nil
		}
		c.do(func(context.Context) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.rec.State != StateEnding {
				return nil
			}
			return c.closeLocked(*c.rec.Closing)
		})
		return nil
	})
}

func (c *Chat) close(why closing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeLocked(why)
}

// closeLocked wipes the chat, and has the handler and the server told.
func (c *Chat) closeLocked(why closing) error {
	if c.rec.State == StateClosing {
		return nil
	}
	err := c.atomically(func(t *tx) (err error) {
		c.rec.State, c.rec.GA, c.rec.User, c.rec.Closing = StateClosing, nil, nil, &why
		switch {
		case c.chat != nil:
			err = c.chat.Discard()
		case c.outgoing != nil:
			err = c.outgoing.Discard()
		}
		t.add(c.record())
		return errors.Join(err, c.removeAll(t, keyState)) // Nothing is left of one that is damaged, either.
	})
	if c.rec.State != StateClosing { // The store has failed before.
		c.abandon()
		return err
	}
	c.end()
	close(c.over)
	c.chat, c.outgoing, c.later = nil, nil, nil
	c.in.clear()
	c.out.clear()
	c.last()
	return err
}

// last has done what is left to do at the end.
func (c *Chat) last() {
	if !c.rec.Closing.Silent {
		c.do(c.tellClosed)
	}
	if !c.rec.Closing.Told {
		c.m.spawn(c.tellServer)
	}
	if c.rec.Closing.Silent && c.rec.Closing.Told {
		c.do(c.vanish)
	}
}

// tellClosed tells the handler that the chat is over.
func (c *Chat) tellClosed(ctx context.Context) error {
	c.mu.Lock()
	why := *c.rec.Closing
	c.mu.Unlock()
	if why.Silent {
		return nil
	}
	if err := c.tell(ctx, &Closed{Chat: c, By: why.By, HistoryDeleted: why.HistoryDeleted, Err: why.err()}); err != nil {
		return err
	}
	return c.closingStep(ctx, func(why *closing) { why.Silent = true })
}

// tellServer tells the server that the chat is over.
func (c *Chat) tellServer(ctx context.Context) error {
	c.mu.Lock()
	why, peer := *c.rec.Closing, c.input()
	c.mu.Unlock()
	c.calls.Wait()
	if why.Spam {
		err := c.m.call(ctx, "reportEncryptedSpam", func(ctx context.Context) error {
			_, err := c.m.api.MessagesReportEncryptedSpam(ctx, peer)
			return err
		})
		if err != nil && ctx.Err() == nil {
			c.m.log.Warn(ctx, "Spam cannot be reported", log.Int("chat", c.id), log.Error(err))
		}
	}
	err := c.m.call(ctx, "discardEncryption", func(ctx context.Context) error {
		_, err := c.m.api.MessagesDiscardEncryption(ctx, &tg.MessagesDiscardEncryptionRequest{
			ChatID: c.id, DeleteHistory: why.DeleteHistory,
		})
		return err
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		c.m.log.Debug(ctx, "Server has discarded the secret chat before", log.Int("chat", c.id), log.Error(err))
	}
	return c.closingStep(ctx, func(why *closing) { why.Told = true })
}

// closingStep notes a step, and has the chat forgotten after the last.
func (c *Chat) closingStep(ctx context.Context, step func(*closing)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	step(c.rec.Closing)
	if c.rec.Closing.Silent && c.rec.Closing.Told {
		return c.vanishLocked()
	}
	return c.atomically(func(t *tx) error {
		t.add(c.record())
		return nil
	})
}

func (c *Chat) vanish(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.vanishLocked()
}

// vanishLocked removes all records of the chat.
func (c *Chat) vanishLocked() error {
	c.m.forget(c)
	return c.atomically(func(t *tx) error {
		return c.removeAll(t, chatKinds...)
	})
}

// removeAll removes what the store has of these kinds.
func (c *Chat) removeAll(t *tx, kinds ...byte) error {
	for _, kind := range kinds {
		err := c.m.opt.Store.Load(recordKey(kind, c.id), func(key, _ []byte) error {
			t.add(remove(append([]byte(nil), key...)))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// failed closes the chat if err says so, and returns err.
func (c *Chat) failed(err error) error {
	var fatal *secretchat.FatalError
	if errors.As(err, &fatal) {
		return errors.Join(err, c.closeLocked(closing{By: ByRule, Rule: fatal.Rule}))
	}
	return err
}

// survive is failed for Run, which goes on unless the store has failed.
func (c *Chat) survive(err error) error {
	var fatal *secretchat.FatalError
	if errors.As(err, &fatal) {
		return c.closeLocked(closing{By: ByRule, Rule: fatal.Rule})
	}
	if errors.Is(err, secretchat.ErrStore) {
		return err
	}
	return nil
}

func (c *Chat) tick(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return nil
	}
	err := c.atomically(func(*tx) error { return c.chat.Tick(now) })
	c.flush()
	return c.survive(err)
}

// restore brings a chat out of the store to life.
func (c *Chat) restore(t *tx, r *chatRecords) {
	if r.found {
		c.rec = r.rec
		c.rec.V = recordVersion
	}
	if err := c.revive(t, r); err != nil {
		c.rec.State, c.damage = StateDamaged, err
		c.rec.ID = c.id
		return
	}
	for _, u := range r.updates {
		c.in.tasks.list = append(c.in.tasks.list, c.taskFor(u))
	}
}

func (c *Chat) revive(t *tx, r *chatRecords) error {
	c.store.tx = t
	defer func() { c.store.tx = nil }()
	switch {
	case r.err != nil:
		return r.err
	case !r.found || c.rec.ID != c.id:
		return errors.New("gotd: records of a chat, and none of the chat itself")
	case c.rec.State == StateClosing && c.rec.Closing != nil, c.rec.State == StateRequested:
		return nil
	}
	switch c.rec.State {
	case StateWaiting:
		outgoing, err := secretchat.RestoreOutgoing(int64(c.id), r.state.all, c.options())
		if err != nil {
			return err
		}
		c.outgoing = outgoing
		if c.rec.AccessHash == 0 {
			// Request has not returned, so that nobody knows of the chat, but perhaps the
			// server.
			c.rec.State, c.rec.Closing = StateClosing, &closing{By: ByUs, Silent: true}
			t.add(c.record())
			return outgoing.Discard()
		}
	case StateAccepting, StateOpen, StateEnding:
		if c.rec.State == StateEnding && c.rec.Closing == nil {
			return errors.New("gotd: chat that ends for no reason")
		}
		chat, err := secretchat.Restore(int64(c.id), r.state.all, c.options())
		if err != nil {
			return err
		}
		c.chat = chat
		c.waiting.Store(chat.Waiting())
		c.out.sends = newSends(r.sends)
	default:
		return fmt.Errorf("gotd: unknown state %q", c.rec.State)
	}
	c.in.files = r.files
	return nil
}

// tellFirst queues what the handler may not have been told before the last stop.
func (c *Chat) tellFirst() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State == StateDamaged {
		c.doFirst(func(ctx context.Context) error { return c.tell(ctx, &Damaged{c, c.Err()}) })
		return
	}
	if c.chat == nil {
		return
	}
	if err := c.chat.Err(); err != nil {
		c.doFirst(func(context.Context) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.survive(err)
		})
	}
	c.tellUnhandled()
	if c.wasOpen() && !c.rec.Opened {
		c.doFirst(c.tellOpened)
	}
	c.tellOutcomes()
}

// wasOpen reports whether the chat is open, or was when it came to its end: it may have been
// accepted by another device.
func (c *Chat) wasOpen() bool {
	_, _, unheard := c.chat.Acceptance()
	return c.rec.State == StateOpen || c.rec.State == StateEnding && !unheard
}

// resume goes on where the chat was left.
func (c *Chat) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.rec.State {
	case StateClosing:
		c.last()
	case StateRequested:
		c.do(c.tellRequested)
	case StateAccepting:
		if !c.accepting {
			c.accepting = c.m.spawn(c.acceptAgain)
		}
	case StateEnding:
		c.waitForEnd()
	}
	c.flush()
	c.wakeUp()
}

// whileOpen makes a call that ends with the chat, or returns ErrNotOpen.
func (c *Chat) whileOpen(ctx context.Context, call func(ctx context.Context) error) error {
	if c.State() != StateOpen {
		return ErrNotOpen
	}
	return c.during(ctx, call)
}

// untilEnd returns a context that also ends when nothing more may be sent.
func (c *Chat) untilEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ending, cancel)
	return ctx, func() { stop(); cancel() }
}

// during makes a call that ends with the chat, or returns ErrNotOpen if nothing more may be
// sent. What is on its way then has come to its end before the server is told that the chat is
// over: a call that is begun may get there later than one that begins after it.
func (c *Chat) during(ctx context.Context, call func(ctx context.Context) error) error {
	c.mu.Lock()
	if c.ending.Err() != nil {
		c.mu.Unlock()
		return ErrNotOpen
	}
	c.calls.Add(1)
	c.mu.Unlock()
	defer c.calls.Done()
	until, cancel := c.untilEnd(ctx)
	defer cancel()
	return c.whyCanceled(ctx, call(until))
}

// whyCanceled replaces the error of what the end of the chat has canceled, and not ctx.
func (c *Chat) whyCanceled(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() == nil && c.ending.Err() != nil {
		return fmt.Errorf("%w: it has ended meanwhile", ErrNotOpen)
	}
	return err
}

// acceptAgain is Accept by Run.
func (c *Chat) acceptAgain(ctx context.Context) error { return c.acceptAfter(ctx, 0) }

func (c *Chat) acceptAfter(ctx context.Context, d time.Duration) error {
	ctx, cancel := c.untilEnd(ctx)
	defer cancel()
	if err := wait(ctx, d); err != nil {
		return nil
	}
	err := c.m.limited(ctx, "acceptEncryption", func(ctx context.Context) error {
		if c.State() != StateAccepting {
			return nil
		}
		return c.accept(ctx)
	})
	if err != nil && ctx.Err() == nil {
		c.m.log.Warn(ctx, "Secret chat cannot be accepted", log.Int("chat", c.id), log.Error(errors.Join(err, c.unacceptable(err))))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepting = false
	return nil
}
