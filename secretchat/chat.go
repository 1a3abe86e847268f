package secretchat

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// Chat is one side of a secret chat. It is safe for concurrent use, but goroutines should
// agree on which of them sends what Outbox returns. A Chat comes from [Outgoing.Complete],
// [Accept] or [Restore].
type Chat struct {
	mu  sync.Mutex
	err error // ErrStore or ErrDiscarded, for good

	store  Store
	ledger ledger

	session
}

// newChat returns a chat with its first key, which has the Store remove what is stale. The
// responder has a gB.
func newChat(k *key, group *bigdh.Group, gB *[bigdh.Size]byte, opt *Options, stale [][]byte) (*Chat, error) {
	c := new(Chat)
	c.use(opt)
	c.ledger.stale = stale
	c.begin(k, group, gB)
	// The peer has to know our layer before anything else.
	err := c.do(func() (bool, error) { return true, c.announce(opt.Layer) })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// use takes over the options that are not part of the state.
func (c *Chat) use(opt *Options) {
	c.store = opt.Store
	c.ledger = newLedger(opt)
	c.session.use(opt)
}

// do has call use the session, and commits what that has changed before anybody gets to
// see what it returns. All changes that matter after a crash are made here.
//
// An error of call says that nothing has changed, unless it is a FatalError that is new:
// the chat is over then. The state says so as well, for after a crash the packet that
// did it may not come again.
func (c *Chat) do(call func() (changed bool, err error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	wasOver := c.over != nil
	changed, err := call()
	if err != nil {
		if wasOver || !errors.Is(err, ErrFatal) {
			return err
		}
		c.end(err)
	} else if !changed {
		return nil
	}
	return errors.Join(err, c.commit())
}

// commit hands what has changed to the Store. If that fails, there is no telling which
// state will be found later, and the chat must not go on with this one. The same goes for a
// Store that panics.
func (c *Chat) commit() error {
	if c.store == nil {
		c.settled()
		return nil
	}
	c.err = errNoReturn
	defer func() {
		if c.err != nil {
			c.wipe()
		}
	}()
	var room [2 * usuallyTouched]recordID
	b, changes := c.ledger.batch(&c.session, c.touched(room[:0]))
	err := commit(c.store, c.ledger.chat, changes)
	if err == nil {
		c.ledger.committed(&b)
		c.settled()
	}
	c.err = err
	if c.over != nil {
		c.err = nil // There is nothing to go on with, and the reason is of more use.
	}
	return err
}

// Encrypt makes a packet of a message: a serialised decryptedMessage of layer 17, 45 or 73,
// or a decryptedMessageService of layer 17 whose action is not one of the driver's own. The
// error is [ErrContent] for anything else, and [ErrTooLong] for a message that does not fit
// into a packet. The contents should be of the layer that [Chat.Layer] names. If the layer
// has risen since the message was made, it is sent in a form that fits.
//
// The message is kept, in case the peer asks for it again, until the peer acknowledges it,
// which everything that the peer sends does. When Options.MaxUnacknowledged messages are
// kept, the error is [ErrBacklog], until the peer comes back. In case it is in the same position
// and waits for us, [Chat.Tick] has the driver say what has come from it.
//
// If the message deletes others that are not acknowledged yet, by DeleteMessages or
// FlushHistory, their content is destroyed. If they have to be sent again, an order to
// delete them is sent in their place.
func (c *Chat) Encrypt(message []byte) (Packet, error) {
	var p Packet
	err := c.do(func() (_ bool, err error) {
		p, err = c.encrypt(message)
		return true, err
	})
	if err != nil {
		return Packet{}, err
	}
	return p, nil
}

// TextOptions are those of [Chat.EncryptText].
type TextOptions struct {
	// TTL is for how many seconds the message stays once it has been read. 0 means forever,
	// and [ViewOnce] that it can be seen once.
	TTL int
	// Silent sends the message without a notification. messages.sendEncrypted has a field
	// for the same.
	Silent bool
	// ReplyTo is the random id of the message that this one answers, or 0.
	ReplyTo int64
}

// EncryptText is [Chat.Encrypt] for a message that is nothing but text. The message gets a
// random id, [Packet.RandomID]. The error is [ErrContent] if the text is empty or not UTF-8,
// or if the TTL is out of range.
func (c *Chat) EncryptText(text string, opt TextOptions) (Packet, error) {
	if text == "" || !utf8.ValidString(text) || opt.TTL < 0 || opt.TTL > ViewOnce {
		return Packet{}, ErrContent
	}
	if len(text) > maxText {
		return Packet{}, ErrTooLong
	}
	return c.Encrypt(tl.AppendText(nil, randomInt64(), int32(opt.TTL), text, opt.Silent, opt.ReplyTo))
}

// maxText is how long a string of TL can be.
const maxText = 1<<24 - 1

// Receive takes a packet from the server. It returns all events that are now due: none if
// the message is for the driver or has to wait for others, several if others have waited
// for it. They remain part of the state, for [Chat.Unhandled], until the next packet is
// received or [Chat.Handled] is called.
//
// [ErrUnknownKey], [ErrReplacedKey], [ErrDecrypt], [ErrDuplicate] and [ErrObsolete] mean that
// the packet has changed nothing. A [FatalError] is final; events that came before it are
// returned along with it.
func (c *Chat) Receive(packet []byte) ([]Event, error) {
	var events []Event
	err := c.do(func() (_ bool, err error) {
		events, err = c.receive(packet)
		return true, err
	})
	if errors.Is(err, ErrStore) {
		return nil, err
	}
	return events, err
}

// Outbox returns the packets that the driver itself has to send or to resend, in order and
// each of them once. After [Restore] that is everything that had not been reported as
// [Chat.Sent], including what Encrypt had returned. It returns a thousand at most: call it
// until it returns none.
//
// Telegram for Android ends the chat when a fifth message has to wait for a missing one.
// Therefore, if that is the peer, Outbox returns nothing while four packets, including those
// of Encrypt, have not been reported as Sent: call it again after Sent. If packets may reach
// the server in another order, Encrypt should not be called for more than four either.
func (c *Chat) Outbox() []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil
	}
	return c.outbox()
}

// Sent reports that the server has accepted the packets. The next change of state saves
// that; if there is a crash before one, they are sent again, which does no harm.
func (c *Chat) Sent(packets ...Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.over != nil {
		return
	}
	for i := range packets {
		c.onSent(&packets[i])
	}
}

// Withdraw takes back the application's message with the number seq, [Packet.Seq], of
// whatever kind, because the server has refused it or it is no longer wanted. Its content is
// destroyed. Since no number may be missing, an order to delete the message takes its place.
// Outbox returns that order, unless the message has been reported as [Chat.Sent]: then the
// order is sent only if the peer asks for the message. Withdraw does not delete a message
// that the peer may have already; that takes a DeleteMessages.
//
// The error is [ErrWithdraw] if the message is one of the driver's, if the peer has
// acknowledged it, or if there is none with that number. If the server refuses the order as
// well, or anything that the driver has to send, the chat cannot go on.
func (c *Chat) Withdraw(seq int) error {
	return c.do(func() (bool, error) { return true, c.withdraw(seq) })
}

// Unhandled returns the events of the last Receive. After [Restore], the application may or
// may not have seen them before the crash. They are there even if the chat has failed.
func (c *Chat) Unhandled() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unhandled.list)
}

// Handled reports that the events of the last Receive need not be kept any longer.
func (c *Chat) Handled() error {
	return c.do(func() (bool, error) { return c.handled(), nil })
}

// Tick tells the chat the time, so that it can replace a key that has been in use for a week
// ask once more for messages that the peer has not resent, and say something in place of an
// application that has had [ErrBacklog]. Once a minute is enough. The zero time is ignored.
func (c *Chat) Tick(now time.Time) error {
	return c.do(func() (bool, error) { return c.tick(now) })
}

// Waiting reports whether the chat may have to say something before long: ask the peer for messages
// that are missing, or about its key, or speak for an application that has had [ErrBacklog]. If it
// does not, Tick has nothing to do for an hour or more, which is for those who have very many
// chats.
func (c *Chat) Waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && c.over == nil && (len(c.queue.waiting) > 0 || c.blocked.size > 0 || c.exchange.theirs != nil)
}

// Discard wipes the keys and removes all records of the chat from the Store.
func (c *Chat) Discard() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.discard()
	if c.store == nil {
		return nil
	}
	return commit(c.store, c.ledger.chat, c.ledger.forget(c.touched(nil)))
}

// Wipe is for an app that is being locked: like Discard, it wipes the keys and everything
// else that is secret, but it leaves the Store alone, so that [Restore] brings the chat back.
// Events that have been returned are up to the app.
func (c *Chat) Wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.discard()
}

func (c *Chat) discard() {
	c.wipe()
	c.unhandled.clear()
	c.ledger.key = StateKey{}
	c.err = ErrDiscarded
}

// Err returns nil as long as the chat can be used, and otherwise the error that all calls
// return: a [FatalError], [ErrStore] or [ErrDiscarded].
func (c *Chat) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return c.over
}

// Acceptance returns what [Accept] returned, in case messages.acceptEncryption has to be
// repeated after a crash. It is pending until the peer is known to have it.
func (c *Chat) Acceptance() (gB [bigdh.Size]byte, fingerprint int64, pending bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gB == nil || c.key == nil {
		return gB, 0, false
	}
	return *c.gB, c.key.fingerprint(), true
}

// Visualization returns the 288 bits that people compare, as kdf.VisualizationImage or
// kdf.VisualizationHex show them, to make sure that nobody is in between. They stay the same
// when the key is replaced.
func (c *Chat) Visualization() [36]byte { return c.picture }

// ID returns Options.ChatID.
func (c *Chat) ID() int64 { return c.ledger.chat }

// Originator reports whether this side requested the chat.
func (c *Chat) Originator() bool { return c.originator }

// Layer returns the layer of messages to be sent: the lower one of ours and the peer's, and
// never less than [MinLayer].
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

// Fingerprint returns the fingerprint of the key in use for sending, which is public, or 0
// if there is no key any more.
func (c *Chat) Fingerprint() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key == nil {
		return 0
	}
	return c.key.fingerprint()
}

// Format implements [fmt.Formatter] to keep keys out of logs.
func (c *Chat) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }
