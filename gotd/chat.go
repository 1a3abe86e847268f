package gotd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/secretchat"
)

// State of a [Chat].
type State string

const (
	StateWaiting   State = "waiting"   // for the peer to accept
	StateRequested State = "requested" // by the peer, and not yet accepted
	StateAccepting State = "accepting" // which the server does not know yet
	StateOpen      State = "open"
	StateClosing   State = "closing" // keys are wiped, and the server is being told
)

// ErrNotOpen says that a chat has no key yet, or no more.
var ErrNotOpen = errors.New("gotd: chat is not open")

// Chat is a secret chat. Goroutines may use it at the same time.
type Chat struct {
	m  *Manager
	id int

	announced bool // that it is open, as far as Run's goroutine is concerned

	mu       sync.Mutex
	rec      chatRecord
	outgoing *secretchat.Outgoing // in StateWaiting
	chat     *secretchat.Chat     // in StateAccepting and StateOpen
	// with goes with the next commit of the chat's state.
	with []Change

	// early are messages that came before the update that says that the chat is accepted.
	early []*incoming
	// files are those of messages that the handler has not seen.
	files []*tg.EncryptedFile
	// forgotten is what can be removed with the events that the handler has seen.
	forgotten []Change

	queue   []secretchat.Packet // to be sent
	sends   []*sendRecord       // files that belong to messages of ours
	sending bool                // if there is a goroutine that does
}

// Limits of what is kept for a chat until its turn comes.
const (
	earlyLimit = 16
	fileLimit  = 256
)

// ID returns the id that the server has for the chat.
func (c *Chat) ID() int { return c.id }

// PeerID returns the user id of the other side.
func (c *Chat) PeerID() int64 { return c.rec.PeerID }

// Originator reports whether we have asked for the chat.
func (c *Chat) Originator() bool { return c.rec.Originator }

// State returns what has become of the chat.
func (c *Chat) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec.State
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

// layer returns the layer for what is to be sent.
func (c *Chat) layer() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateOpen {
		return 0, ErrNotOpen
	}
	return c.chat.Layer(), nil
}

// Accept accepts a chat that a peer has asked for, on this device. It returns when the
// server knows. If it fails on the way there it may be called again, as Run will do the next
// time.
func (c *Chat) Accept(ctx context.Context) error {
	if c.State() == StateRequested {
		if err := c.agree(ctx); err != nil {
			return err
		}
	}
	answer, err := c.answer()
	if err != nil {
		return err
	}
	if answer != nil {
		_, err = c.m.api.MessagesAcceptEncryption(ctx, answer)
	}
	switch {
	case tgerr.Is(err, "ENCRYPTION_ALREADY_ACCEPTED"):
		// By us, if an answer was lost. Otherwise by another device, and then the server
		// sends encryptedChatDiscarded to this one.
	case isGone(err):
		return errors.Join(err, c.close(closing{Reason: err.Error(), Told: true}))
	case err != nil:
		return err
	}
	return c.accepted()
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
	opt := c.options()
	opt.ServerRandom = random
	gA := c.rec.GA
	c.rec.State, c.rec.GA = StateAccepting, nil
	c.with = []Change{c.record()}
	c.chat, _, _, err = secretchat.Accept(group, gA, opt)
	c.with = nil
	if err != nil {
		c.rec.State, c.rec.GA = StateRequested, gA
		return c.failed(err)
	}
	return nil
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
		return nil, fmt.Errorf("gotd: chat cannot be accepted: it is %s", c.rec.State)
	}
	if err := c.chat.Err(); err != nil {
		return nil, err
	}
	gB, fingerprint, pending := c.chat.Acceptance()
	if !pending {
		return nil, nil // The peer has sent something, so that the answer has got to it.
	}
	return &tg.MessagesAcceptEncryptionRequest{Peer: c.inputLocked(), GB: gB[:], KeyFingerprint: fingerprint}, nil
}

// accepted opens the chat if that is what it waits for.
func (c *Chat) accepted() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateAccepting {
		return nil
	}
	c.rec.State = StateOpen
	if err := c.m.opt.Store.Commit([]Change{c.record()}); err != nil {
		return err
	}
	c.flush()
	c.m.work.add(c.announce)
	return nil
}

// announce tells the handler that the chat is open, before anything that comes from it.
func (c *Chat) announce(ctx context.Context) error {
	if c.announced {
		return nil
	}
	c.announced = true
	return c.m.opt.Handler(ctx, &Opened{c})
}

// begin makes g_a, and keeps the exponent.
func (c *Chat) begin(group *bigdh.Group, random []byte) (gA [bigdh.Size]byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	opt := c.options()
	opt.ServerRandom = random
	c.with = []Change{c.record()}
	c.outgoing, gA, err = secretchat.Request(group, opt)
	return gA, err
}

func (c *Chat) setAccessHash(hash int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateWaiting {
		return nil // the update was faster
	}
	c.rec.AccessHash = hash
	return c.m.opt.Store.Commit([]Change{c.record()})
}

// complete makes the key of a chat that we have asked for.
func (c *Chat) complete(ctx context.Context, e *tg.EncryptedChat) error {
	early, ok, err := c.takeAnswer(e)
	if err != nil || !ok {
		return err
	}
	if err := c.announce(ctx); err != nil {
		return err
	}
	for _, in := range early {
		if err := c.receive(ctx, in); err != nil {
			return err
		}
	}
	return c.m.learnQts(ctx)
}

// hasEarly reports whether there are messages that wait, in memory, for the chat.
func (c *Chat) hasEarly() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.early) > 0
}

func (c *Chat) takeAnswer(e *tg.EncryptedChat) (early []*incoming, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateWaiting || e.ParticipantID != c.rec.PeerID {
		return nil, false, nil
	}
	c.rec.AccessHash, c.rec.State = e.AccessHash, StateOpen
	c.with = []Change{c.record()}
	chat, err := c.outgoing.Complete(e.GAOrB, e.KeyFingerprint)
	if err != nil {
		c.rec.State = StateWaiting
		return nil, false, c.survive(err)
	}
	c.chat, c.outgoing = chat, nil
	early, c.early = c.early, nil
	c.flush()
	return early, true, nil
}

// receive takes a message, and tells the handler what is in it, and in others that had to
// wait for it.
func (c *Chat) receive(ctx context.Context, in *incoming) error {
	events, err := c.decrypt(in)
	if err := c.tell(ctx, events, in.date); err != nil {
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

func (c *Chat) decrypt(in *incoming) ([]secretchat.Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State == StateWaiting && len(c.early) < earlyLimit {
		c.early = append(c.early, in)
	}
	if c.chat == nil {
		return nil, nil
	}
	files := c.files
	c.with = nil
	if in.file != nil {
		files, c.with = c.filesWith(in.file)
	}
	events, err := c.chat.Receive(in.data)
	if c.with == nil { // stored, with the chat's state
		c.files = files
	}
	c.with = nil
	for _, e := range events {
		c.acknowledged(e.Seen)
	}
	c.flush()
	return events, err
}

// tell calls the handler for events that the chat's state keeps until then.
func (c *Chat) tell(ctx context.Context, events []secretchat.Event, date int) error {
	if len(events) > 0 {
		// Whoever writes has got our answer, even if we have not heard so from the server.
		if err := c.accepted(); err != nil {
			return err
		}
		if err := c.announce(ctx); err != nil {
			return err
		}
	}
	for _, e := range events {
		typed := c.typed(e, date)
		if typed == nil {
			continue
		}
		if err := c.m.opt.Handler(ctx, typed); err != nil {
			return err
		}
	}
	if len(events) > 0 {
		c.m.unsettled[c] = true
	}
	return nil
}

// typed returns the event as the handler gets it, or nil.
func (c *Chat) typed(e secretchat.Event, date int) Event {
	if len(e.Body) == 0 {
		return nil // about the chat, and nothing that the peer has written
	}
	body, err := decodeBody(e.Body)
	if err != nil || e.Kind == secretchat.EventUnsupported {
		return &Unsupported{Chat: c, Seq: e.Seq, Body: e.Body}
	}
	if s := upService(body); s != nil {
		if a, ok := s.Action.(*e2e.DecryptedMessageActionSetMessageTTL); ok {
			a.TTLSeconds = e.TTL
		}
		return &Action{Chat: c, Seq: e.Seq, Seen: e.Seen, Action: s.Action}
	}
	m := upMessage(body)
	if m == nil {
		return &Unsupported{Chat: c, Seq: e.Seq, Body: e.Body}
	}
	m.TTL = e.TTL
	return &Message{Chat: c, Seq: e.Seq, Seen: e.Seen, Date: date, Message: m, File: c.takeFile(m.Media)}
}

// settle has the state forget the events that the handler has seen.
func (c *Chat) settle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return nil
	}
	c.with, c.forgotten = c.forgotten, nil
	err := c.chat.Handled()
	if err == nil {
		// There was nothing to forget, and no commit: the last message had no events.
		c.forgotten, c.with = c.with, nil
	}
	return c.survive(err)
}

func (c *Chat) tick() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return nil
	}
	err := c.chat.Tick(time.Now())
	c.flush()
	return c.survive(err)
}

// Discard ends the chat and wipes its keys. The server, which tells the peer, is told soon
// after.
func (c *Chat) Discard() error { return c.close(closing{}) }

func (c *Chat) close(why closing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeLocked(why)
}

func (c *Chat) closeLocked(why closing) error {
	if c.rec.State == StateClosing {
		return nil
	}
	c.rec.State, c.rec.GA, c.rec.Closing = StateClosing, nil, &why
	c.with = append(c.forgotten, c.record())
	for _, s := range c.sends {
		c.with = append(c.with, remove(s.key()))
	}
	for _, f := range c.files {
		c.with = append(c.with, remove(fileKey(c.id, f)))
	}
	var err error
	switch {
	case c.chat != nil:
		err = c.chat.Discard()
	case c.outgoing != nil:
		err = c.outgoing.Discard()
	}
	if c.with != nil {
		err = stateStore{c}.Commit(int64(c.id), nil)
	}
	c.chat, c.outgoing, c.early, c.files, c.forgotten, c.sends, c.queue = nil, nil, nil, nil, nil, nil, nil
	c.flush()
	return err
}

// failed closes the chat if err says so, and returns err.
func (c *Chat) failed(err error) error {
	var fatal *secretchat.FatalError
	if errors.As(err, &fatal) {
		return errors.Join(err, c.closeLocked(closing{Rule: fatal.Rule}))
	}
	return err
}

// survive is failed for Run, which goes on unless the store has failed.
func (c *Chat) survive(err error) error {
	var fatal *secretchat.FatalError
	if errors.As(err, &fatal) {
		return c.closeLocked(closing{Rule: fatal.Rule})
	}
	if errors.Is(err, secretchat.ErrStore) {
		return err
	}
	return nil
}

// finish tells the handler that the chat is over, and forgets it.
func (c *Chat) finish(ctx context.Context) error {
	c.mu.Lock()
	why := c.rec.Closing
	c.mu.Unlock()
	if !why.Silent {
		if err := c.m.opt.Handler(ctx, &Closed{c, why.err()}); err != nil {
			return err
		}
	}
	c.m.forget(c)
	if err := c.m.opt.Store.Commit([]Change{remove(recordKey(keyChat, c.id))}); err != nil {
		return err
	}
	return c.m.learnQts(ctx) // A message may have waited for the chat in vain.
}

// restore brings a chat out of the store to life. One without a state was about to be
// closed, for its peer's fault.
func (c *Chat) restore(state []byte) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.rec.State == StateClosing || c.rec.State == StateRequested:
	case state == nil:
		c.rec.State, c.rec.Closing = StateClosing, &closing{Reason: "its state is lost"}
	case c.rec.State == StateWaiting:
		c.outgoing, err = secretchat.RestoreOutgoing(state, c.options())
		if err == nil && c.rec.AccessHash == 0 {
			// Request has not returned, so that nobody knows of the chat, but perhaps the
			// server.
			err = c.closeLocked(closing{Silent: true})
		}
	default:
		c.chat, err = secretchat.Restore(state, c.options())
	}
	return err
}

// resume goes on where the chat was left.
func (c *Chat) resume(ctx context.Context) error {
	c.announced = c.State() == StateOpen
	if err := c.tell(ctx, c.unhandled(), 0); err != nil {
		return err
	}
	switch c.State() {
	case StateRequested:
		return c.m.opt.Handler(ctx, &Requested{c})
	case StateAccepting:
		c.m.spawn(func(ctx context.Context) error {
			err := c.m.retry(ctx, "acceptEncryption", isFinal, func() error {
				if c.State() != StateAccepting {
					return nil
				}
				return c.Accept(ctx)
			})
			if err != nil {
				c.m.log.Warn(ctx, "Secret chat cannot be accepted", log.Int("chat", c.id), log.Error(err))
			}
			return nil
		})
	}
	if err := c.tick(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	if c.chat != nil {
		return c.survive(c.chat.Err())
	}
	return nil
}

func (c *Chat) unhandled() []secretchat.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return nil
	}
	return c.chat.Unhandled()
}

// SetTyping tells the server, and it the peer, that our user is writing.
func (c *Chat) SetTyping(ctx context.Context, typing bool) error {
	_, err := c.m.api.MessagesSetEncryptedTyping(ctx, &tg.MessagesSetEncryptedTypingRequest{Peer: c.input(), Typing: typing})
	return err
}

// SetRead tells the server, and it the peer, that our user has seen what was sent until
// maxDate.
func (c *Chat) SetRead(ctx context.Context, maxDate int) error {
	_, err := c.m.api.MessagesReadEncryptedHistory(ctx, &tg.MessagesReadEncryptedHistoryRequest{Peer: c.input(), MaxDate: maxDate})
	return err
}

// input returns what the server knows the chat by.
func (c *Chat) input() tg.InputEncryptedChat {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inputLocked()
}

func (c *Chat) inputLocked() tg.InputEncryptedChat {
	return tg.InputEncryptedChat{ChatID: c.id, AccessHash: c.rec.AccessHash}
}

func (c *Chat) options() secretchat.Options {
	o := &c.m.opt
	return secretchat.Options{
		ChatID: int64(c.id), PeerID: c.rec.PeerID, Store: stateStore{c}, StateKey: o.StateKey,
		Layer: o.Layer, RefuseV1: o.RefuseV1, MaxPacket: o.MaxPacket,
	}
}

func (c *Chat) record() Change { return put(recordKey(keyChat, c.id), &c.rec) }

// filesWith returns what c.files is if a message about to be received, which has file f,
// turns out to be genuine, and the changes that store it.
func (c *Chat) filesWith(f *tg.EncryptedFile) (files []*tg.EncryptedFile, changes []Change) {
	files = slices.Clone(c.files)
	if len(files) >= fileLimit {
		changes = append(changes, remove(fileKey(c.id, files[0])))
		files = files[1:]
	}
	var b bin.Buffer
	if err := f.Encode(&b); err != nil {
		panic("gotd: internal error: " + err.Error())
	}
	return append(files, f), append(changes, put(fileKey(c.id, f), fileRecord{c.id, b.Buf}))
}

// takeFile returns the file for which media has the key, and has it forgotten with the
// event. Which message a file came with does not tell: messages are sent again, and wait
// for others.
func (c *Chat) takeFile(media e2e.DecryptedMessageMediaClass) *tg.EncryptedFile {
	key, iv, _, ok := fileOf(media)
	if !ok {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.files, func(f *tg.EncryptedFile) bool {
		k, err := secretchat.ParseFileKey(key, iv, int32(f.KeyFingerprint))
		if err == nil {
			k.Wipe()
		}
		return err == nil
	})
	if i < 0 {
		return nil
	}
	f := c.files[i]
	c.files = slices.Delete(c.files, i, i+1)
	c.forgotten = append(c.forgotten, remove(fileKey(c.id, f)))
	return f
}
