package secretchat

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// Chat is one secret chat, on one side. Goroutines may use it at the same time; they
// should agree on who sends what Outbox returns. A Chat comes from [Outgoing.Complete],
// [Accept] or [Restore].
type Chat struct {
	mu  sync.Mutex
	err error // for good

	id, peerID int64
	store      Store
	aead       cipher.AEAD // of the StateKey, nil if there is none
	allowV1    bool
	maxPacket  int

	group      *bigdh.Group
	originator bool
	picture    [36]byte
	gB         *[bigdh.Size]byte // until the peer has answered it

	// key is for sending and receiving, other, if there is an exchange that needs it,
	// for receiving.
	key, other *key
	exchange   exchange
	uses       int   // of key
	keySince   int64 // in Unix time, 0 before the first Tick

	counters
	layers
	// firstV2 is the lowest number of a message that came in MTProto 2.0. What follows
	// it must as well.
	firstV2 int
	queue   queue
	history history

	// unhandled has the events of the last Receive.
	unhandled []Event
}

// newChat returns a chat with its first key. The responder has a gB.
func newChat(k *key, group *bigdh.Group, gB *[bigdh.Size]byte, opt *Options) (*Chat, error) {
	c := &Chat{
		group:      group,
		originator: gB == nil,
		gB:         gB,
		picture:    kdf.Visualization(&k.auth, &k.auth),
		key:        k,
		layers:     layers{peer: MinLayer},
		firstV2:    maxNumbers,
	}
	c.use(opt)
	// The peer has to know our layer before anything else.
	if err := c.announce(opt.Layer); err != nil {
		return nil, c.fail(err)
	}
	if err := c.commit(); err != nil {
		return nil, err
	}
	return c, nil
}

// use takes over the options that are not part of the state.
func (c *Chat) use(opt *Options) {
	c.id, c.peerID = opt.ChatID, opt.PeerID
	c.store = opt.Store
	c.aead = opt.StateKey.aead()
	c.allowV1 = opt.AllowLegacyV1
	c.maxPacket = opt.MaxPacket
}

// Encrypt makes a packet of message: a serialised decryptedMessage, of layer 17, 45 or
// 73, or decryptedMessageService of layer 17, with an action that is not the driver's
// own. It returns [ErrContent] otherwise, and [ErrTooLong] if it does not fit.
//
// The message is kept until the peer acknowledges it, which it does with whatever it
// sends, in case it asks for it again: up to 900 messages, or 4 MiB. Beyond that the
// error is [ErrBacklog], until the peer comes back.
//
// If message deletes messages that are not acknowledged, by DeleteMessages or
// FlushHistory, their content is destroyed, and what would be sent again is an order to
// delete them.
func (c *Chat) Encrypt(message []byte) (Packet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return Packet{}, c.err
	}
	m, err := c.checkContent(message)
	if err != nil {
		return Packet{}, err
	}
	c.scrub(&m.Action)
	seq := c.sent
	if err := c.number(message); err != nil {
		return Packet{}, c.fail(err)
	}
	p := c.packet(seq)
	if err := c.renew(false); err != nil {
		return Packet{}, c.fail(err)
	}
	if err := c.commit(); err != nil {
		return Packet{}, err
	}
	return p, nil
}

// checkContent parses what the application wants to send.
func (c *Chat) checkContent(message []byte) (tl.Message, error) {
	size := (&tl.Layer{RandomBytes: make([]byte, randomSize)}).Size() + len(message)
	if 4+size+envelope.MaxOverhead > c.maxPacket {
		return tl.Message{}, ErrTooLong
	}
	m, err := tl.ParseMessage(message)
	if err != nil || m.Kind != tl.Text && m.Kind != tl.Service {
		return tl.Message{}, ErrContent
	}
	switch m.Action.ID {
	case tl.Resend, tl.NotifyLayer, tl.RequestKey, tl.AcceptKey, tl.AbortKey, tl.CommitKey, tl.Noop:
		return tl.Message{}, ErrContent
	}
	if n := len(c.history.records); n >= maxOwn || n > 0 && c.history.bytes+size > maxOwnBytes {
		return tl.Message{}, ErrBacklog
	}
	return m, nil
}

// Outbox returns the packets that the driver itself has to send, or to send again, each
// of them once, in order. After [Restore] these are all that were not [Chat.Sent]
// before, including what Encrypt returned.
func (c *Chat) Outbox() []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.history.unhanded == 0 {
		return nil
	}
	packets := make([]Packet, 0, c.history.unhanded)
	for i := range c.history.records {
		if r := &c.history.records[i]; r.unsent && !r.handed {
			packets = append(packets, c.packet(c.acked+i))
		}
	}
	return packets
}

// Sent says that the server has got packets. It is kept with the next change of state:
// if there is none before a crash, they will be sent again, which does no harm.
func (c *Chat) Sent(packets ...Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	for _, p := range packets {
		if p.Seq < c.acked || p.Seq >= c.sent {
			continue
		}
		r := &c.history.records[p.Seq-c.acked]
		// The peer may have asked for a message while its first packet was on the way.
		if r.handed && r.resend == p.resend {
			r.unsent, r.resend, r.handed = false, false, false
		}
	}
}

// Unhandled returns the events that the last Receive returned. After [Restore], they
// may have been seen before the crash, or not. A chat that has failed still has them.
func (c *Chat) Unhandled() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unhandled)
}

// Handled says that the events of the last Receive need not be kept any longer.
func (c *Chat) Handled() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil && !errors.Is(c.err, ErrFatal) {
		return c.err
	}
	if len(c.unhandled) == 0 {
		return nil
	}
	c.unhandled = nil
	return c.commit()
}

// Discard wipes the keys and has the Store forget the chat.
func (c *Chat) Discard() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	if c.store == nil {
		return nil
	}
	return commit(c.store, c.id, nil)
}

// Wipe is Discard for an app that is locked: it wipes the keys and whatever else is secret,
// and leaves the Store alone, so that [Restore] brings the chat back. Events that were
// returned are the app's.
func (c *Chat) Wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
}

// end wipes the chat for good.
func (c *Chat) end() {
	c.wipe()
	c.unhandled = nil
	c.aead = nil
	c.err = ErrDiscarded
}

// fail ends the chat for err, which is a FatalError, and returns it.
func (c *Chat) fail(err error) error {
	c.wipe()
	c.err = err
	// The state says so as well, for after a crash the packet that did it may not come
	// again.
	if storeErr := c.commit(); storeErr != nil {
		c.err = err
		return errors.Join(err, storeErr)
	}
	return err
}

// commit hands the state to the Store. If that fails, there is no telling which state
// will be found later, and the chat must not go on with this one.
func (c *Chat) commit() error {
	if c.store == nil {
		return nil
	}
	if err := commit(c.store, c.id, c.snapshot()); err != nil {
		c.wipe()
		c.err = err
		return err
	}
	return nil
}

// wipe erases all secrets but the events that were released.
func (c *Chat) wipe() {
	c.key.wipe()
	c.other.wipe()
	c.key, c.other = nil, nil
	c.exchange.wipe()
	c.queue.wipe()
	c.history.wipe()
}

// Err returns nil as long as the chat is good, and otherwise what all calls return: a
// [FatalError], [ErrStore] or [ErrDiscarded].
func (c *Chat) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Visualization returns the 288 bits that people compare, by means of
// kdf.VisualizationImage or kdf.VisualizationHex, to be sure that nobody is between
// them. They stay the same when the key is replaced.
func (c *Chat) Visualization() [36]byte { return c.picture }

// ID returns Options.ChatID.
func (c *Chat) ID() int64 { return c.id }

// Originator reports whether we have asked for the chat.
func (c *Chat) Originator() bool { return c.originator }

// Layer returns the layer for what is to be sent: the lower one of ours and the peer's.
func (c *Chat) Layer() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.layer()
}

// PeerLayer returns the newest layer that the peer is known to understand.
func (c *Chat) PeerLayer() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peer
}

// Fingerprint returns that of the key in use for sending, which is public, or 0 if
// there is none any more.
func (c *Chat) Fingerprint() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key == nil {
		return 0
	}
	return c.key.fingerprint()
}

// Format implements [fmt.Formatter] so that no log gets to see a key.
func (c *Chat) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }

// side returns ours: the originator of the chat is the client of kdf.
func (c *Chat) side() kdf.Side {
	if c.originator {
		return kdf.Client
	}
	return kdf.Server
}
