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

// Chat is one secret chat, on one side. Goroutines may use it at the same time; they
// should agree on who sends what Outbox returns. A Chat comes from [Outgoing.Complete],
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
	b := c.ledger.batch(&c.session, c.touched(room[:0]))
	err := commit(c.store, c.ledger.chat, b.changes)
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

// Encrypt makes a packet of message: a serialised decryptedMessage, of layer 17, 45 or
// 73, or decryptedMessageService of layer 17, with an action that is not the driver's
// own. It returns [ErrContent] otherwise, and [ErrTooLong] if it does not fit. What is in
// it should be of the layer that [Chat.Layer] names; a message that was made before that has
// risen is sent in a form that fits.
//
// The message is kept until the peer acknowledges it, which it does with whatever it
// sends, in case it asks for it again: up to Options.MaxUnacknowledged messages. Beyond that
// the error is [ErrBacklog], until the peer comes back.
//
// If message deletes messages that are not acknowledged, by DeleteMessages or
// FlushHistory, their content is destroyed, and what would be sent again is an order to
// delete them.
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
	// TTL is after how many seconds the message disappears once it was read; 0 is never,
	// and [ViewOnce] at once.
	TTL int
	// Silent has the peer not be notified. messages.sendEncrypted has a field for the same.
	Silent bool
	// ReplyTo is the random id of the message that is answered, 0 if none is.
	ReplyTo int64
}

// EncryptText is [Chat.Encrypt] for a message that is nothing but text, and gets an id,
// [Packet.RandomID]. The error is [ErrContent] if there is no text, or it is not UTF-8, or the
// TTL is not one.
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

// Receive takes a packet from the server. It returns all events that are due: none if
// the message is for the driver, or has to wait for others, and several if others have
// waited for it. They stay part of the state, for [Chat.Unhandled], until the next
// packet is received, or until [Chat.Handled].
//
// [ErrUnknownKey], [ErrReplacedKey], [ErrDecrypt], [ErrDuplicate] and [ErrObsolete] say that
// the packet has changed nothing. A [FatalError] is final; there may be events that came before
// it.
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

// Outbox returns the packets that the driver itself has to send, or to send again, each
// of them once, in order. After [Restore] these are all that were not [Chat.Sent]
// before, including what Encrypt returned. There are a thousand at most at a time: call it
// until it returns none.
//
// To Telegram for Android, Outbox returns no more while four packets, with those of Encrypt,
// have not been Sent: it ends the chat when a fifth message waits for one that is missing. So
// call it again after Sent. A client whose server may change the order of what it sends should
// keep to four with Encrypt as well.
func (c *Chat) Outbox() []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil
	}
	return c.outbox()
}

// Sent says that the server has got packets. It is kept with the next change of state:
// if there is none before a crash, they will be sent again, which does no harm.
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

// Withdraw takes back message number seq of the application's, [Packet.Seq], which the server has
// refused, or which is not to be sent any more. Its content is destroyed. As the number cannot be
// missing, Outbox returns an order to delete the message in its place, also if it was a service
// message, unless the server has got the message: then it is the order that is sent again if
// the peer asks for it. To delete what the peer may have is up to a DeleteMessages of its own.
//
// The error is [ErrWithdraw] if there is no such message: it is one of the driver's, or the
// peer has acknowledged it. If the server refuses what the driver has to send, or the order as
// well, the chat cannot go on.
func (c *Chat) Withdraw(seq int) error {
	return c.do(func() (bool, error) { return true, c.withdraw(seq) })
}

// Unhandled returns the events that the last Receive returned. After [Restore], they
// may have been seen before the crash, or not. A chat that has failed still has them.
func (c *Chat) Unhandled() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unhandled.list)
}

// Handled says that the events of the last Receive need not be kept any longer.
func (c *Chat) Handled() error {
	return c.do(func() (bool, error) { return c.handled(), nil })
}

// Tick tells the time: a key that is in use for a week is replaced, and what the peer does
// not send again is asked for once more. Once a minute is enough. The zero time is ignored.
func (c *Chat) Tick(now time.Time) error {
	return c.do(func() (bool, error) { return c.tick(now) })
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

// Wipe is Discard for an app that is locked: it wipes the keys and whatever else is secret,
// and leaves the Store alone, so that [Restore] brings the chat back. Events that were
// returned are the app's.
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

// Err returns nil as long as the chat is good, and otherwise what all calls return: a
// [FatalError], [ErrStore] or [ErrDiscarded].
func (c *Chat) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return c.over
}

// Acceptance returns what [Accept] returned, until the peer is known to have got it, in
// case messages.acceptEncryption has to be repeated after a crash.
func (c *Chat) Acceptance() (gB [bigdh.Size]byte, fingerprint int64, pending bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gB == nil || c.key == nil {
		return gB, 0, false
	}
	return *c.gB, c.key.fingerprint(), true
}

// Visualization returns the 288 bits that people compare, by means of
// kdf.VisualizationImage or kdf.VisualizationHex, to be sure that nobody is between
// them. They stay the same when the key is replaced.
func (c *Chat) Visualization() [36]byte { return c.picture }

// ID returns Options.ChatID.
func (c *Chat) ID() int64 { return c.ledger.chat }

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
