package mobile

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/mtcore/mtcore/mobile/internal/clock"
	"github.com/mtcore/mtcore/secretchat"
)

// Store keeps the states of chats, each as a few records, for example in a table of a
// database with three columns: chat, key and value. What it is given is encrypted.
//
// It is called on the thread that called the chat, which is locked meanwhile: a Store must
// not call the chat. Nor may it hold a reference to the Chat, which holds one to it: no
// garbage collector sees a cycle that spans both languages. If it throws, that chat cannot be
// used any longer, since nobody knows what was stored: see ErrorStore.
type Store interface {
	// Commit makes all changes to the records of the chat, or none of them, as a
	// transaction does, and returns when they are safe on disk.
	Commit(chatID int64, changes *Changes) error
}

// Change sets a record of a chat, or removes it.
type Change struct {
	change secretchat.Change
}

// Key returns the key of the record, of at most eight bytes, which other chats have as well.
func (c *Change) Key() []byte { return c.change.Key }

// Value returns the new value of the record, or null if it is Removed.
func (c *Change) Value() []byte { return c.change.Value }

// Removed reports whether the record is to be removed. It is not an error if there is no such
// record.
func (c *Change) Removed() bool { return c.change.Value == nil }

// Changes is a list of changes, no two of which have the same key.
type Changes struct {
	changes []secretchat.Change
}

// Len returns the number of changes.
func (c *Changes) Len() int { return len(c.changes) }

// Get returns the change at index i, from 0.
func (c *Changes) Get(i int) (*Change, error) {
	if err := checkIndex(i, len(c.changes)); err != nil {
		return nil, err
	}
	return &Change{c.changes[i]}, nil
}

// Records are everything that a Store has for one chat, to restore it from.
type Records struct {
	records []secretchat.Change
}

// Add adds a record; the order does not matter. A state of version 1, when a chat had a single
// record, is added alone, under any key, which the next commit removes.
func (r *Records) Add(key, value []byte) {
	r.records = append(r.records, secretchat.Change{Key: bytes.Clone(key), Value: bytes.Clone(value)})
}

func (r *Records) all(yield func(key, value []byte) bool) {
	if r == nil {
		return
	}
	for _, c := range r.records {
		if !yield(c.Key, c.Value) {
			return
		}
	}
}

// Layers that an app may name in ChatOptions.
const (
	MinLayer    = secretchat.MinLayer
	LatestLayer = secretchat.LatestLayer
)

// ChatOptions are the options of one chat.
type ChatOptions struct {
	// Layer is the newest layer that the app understands, or 0 for the newest that this
	// library understands.
	Layer int
	// RefuseV1 ends the chat at a message of MTProto 1.0, which is broken. Otherwise it is
	// accepted from those who have sent nothing better so far, as Telegram's own apps do.
	// Nothing is ever sent in it.
	RefuseV1 bool
	// AskAfter is how many seconds messages wait before the other side is asked for the one that
	// is missing. 0 asks at once, which is best with Telegram's own apps: they answer whenever
	// they are asked. Set it to 2 if the other side may use MadelineProto, which takes in nothing
	// more once it was asked, so that messages which merely overtake each other cost the chat;
	// and call Chat.tick as often. Sixteen messages do not wait any longer.
	AskAfter int
	// MaxPacket is the length in bytes of the longest packet, sent or received: at least 4096, or
	// 0 for the default of 1 MiB.
	MaxPacket int
	// MaxUnacknowledged is how many of the app's messages are kept until the other side has
	// acknowledged them, and MaxUnacknowledgedBytes how long all kept messages may be together.
	// 0 stands for 10,000 and 64 MiB. Beyond either, Chat.encrypt throws ErrorBacklog.
	MaxUnacknowledged      int
	MaxUnacknowledgedBytes int

	opt      secretchat.Options         // all but the StateKey
	stateKey func() secretchat.StateKey // which fmt cannot print
	err      error                      // returned by the first call that can throw it
}

// NewChatOptions returns the options of the chat with this user and id; for the side that
// requests the chat, the id is the random_id of messages.requestEncryption. If store is null,
// the chat ends with the app. The stateKey has 32 bytes, is secret, and encrypts the states;
// keep it in the system's key store. All of this must be the same when the chat is restored.
func NewChatOptions(chatID, peerID int64, store Store, stateKey []byte) *ChatOptions {
	o := &ChatOptions{opt: secretchat.Options{ChatID: chatID, PeerID: peerID, Clock: clock.Now}}
	if store != nil {
		o.opt.Store = storeAdapter{store}
	}
	var key secretchat.StateKey
	if len(stateKey) != len(key) {
		o.err = errSize("state key", len(key), len(stateKey))
		return o
	}
	copy(key[:], stateKey)
	o.stateKey = func() secretchat.StateKey { return key }
	return o
}

// SetServerRandom provides the random bytes of messages.getDhConfig, to be mixed into new
// keys. They can do no harm.
func (o *ChatOptions) SetServerRandom(random []byte) {
	o.opt.ServerRandom = bytes.Clone(random)
}

func (o *ChatOptions) options() (secretchat.Options, error) {
	switch {
	case o == nil:
		return secretchat.Options{}, errors.New("mobile: no options")
	case o.err != nil:
		return secretchat.Options{}, o.err
	case o.stateKey == nil || o.stateKey() == secretchat.StateKey{}:
		return secretchat.Options{}, errNoStateKey
	case o.Layer != 0 && o.Layer != MinLayer && o.Layer != 101 && o.Layer != LatestLayer:
		return secretchat.Options{}, fmt.Errorf("mobile: layer %d is not %d, 101 or %d",
			o.Layer, MinLayer, LatestLayer)
	case o.AskAfter < 0 || o.AskAfter > maxAskAfter:
		return secretchat.Options{}, fmt.Errorf("mobile: AskAfter is %d seconds", o.AskAfter)
	case o.MaxPacket != 0 && o.MaxPacket < minMaxPacket:
		return secretchat.Options{}, fmt.Errorf("mobile: MaxPacket is %d, less than %d", o.MaxPacket, minMaxPacket)
	case o.MaxUnacknowledged < 0 || o.MaxUnacknowledgedBytes < 0:
		return secretchat.Options{}, errors.New("mobile: MaxUnacknowledged is negative")
	}
	opt := o.opt
	opt.StateKey = o.stateKey()
	opt.Layer, opt.RefuseV1, opt.MaxPacket = o.Layer, o.RefuseV1, o.MaxPacket
	opt.AskAfter = time.Duration(o.AskAfter) * time.Second
	opt.MaxUnacknowledged, opt.MaxUnacknowledgedBytes = o.MaxUnacknowledged, o.MaxUnacknowledgedBytes
	return opt, nil
}

const (
	maxAskAfter  = 3600 // seconds: no sane app waits as long, and no Duration overflows
	minMaxPacket = 4096 // secretchat's, which panics below it
)

var errNoStateKey = errors.New("mobile: options without a state key, or with one of zeros")

type storeAdapter struct{ store Store }

func (a storeAdapter) Commit(chat int64, changes []secretchat.Change) error {
	return a.store.Commit(chat, &Changes{changes})
}

// RequestChat starts a chat with a new key exchange in this group.
func RequestChat(group *DHGroup, options *ChatOptions) (*OutgoingChat, error) {
	opt, err := usable(group, options)
	if err != nil {
		return nil, err
	}
	o, _, err := secretchat.Request(group.group, opt)
	if err != nil {
		return nil, err
	}
	return &OutgoingChat{outgoing: o}, nil
}

// AcceptChat accepts a chat that the other side requested with g_a. Do so once per request.
// Chat.acceptance has the answer, which is to be sent before anything else.
func AcceptChat(group *DHGroup, gA []byte, options *ChatOptions) (*Chat, error) {
	opt, err := usable(group, options)
	if err != nil {
		return nil, err
	}
	c, _, _, err := secretchat.Accept(group.group, gA, opt)
	return newChat(c, err)
}

func usable(group *DHGroup, options *ChatOptions) (secretchat.Options, error) {
	if group == nil || group.group == nil {
		return secretchat.Options{}, errUnusable
	}
	return options.options()
}

// RestoreChat restores a chat from all the records that its Store has for it. Then send what
// is in its outbox, and process its unhandled events. A state must never go back in time, as
// one from a backup would: numbers that are used twice end the chat.
func RestoreChat(records *Records, options *ChatOptions) (*Chat, error) {
	opt, err := options.options()
	if err != nil {
		return nil, err
	}
	return newChat(secretchat.Restore(opt.ChatID, records.all, opt))
}

// RestoreOutgoing is RestoreChat for one that the other side has not accepted. It throws
// ErrorState for the records of a Chat, as RestoreChat does for those of an OutgoingChat.
func RestoreOutgoing(records *Records, options *ChatOptions) (*OutgoingChat, error) {
	opt, err := options.options()
	if err != nil {
		return nil, err
	}
	o, err := secretchat.RestoreOutgoing(opt.ChatID, records.all, opt)
	if err != nil {
		return nil, err
	}
	return &OutgoingChat{outgoing: o}, nil
}

// OutgoingChat is a chat that we requested and the other side has not accepted yet. It
// comes from RequestChat or RestoreOutgoing.
type OutgoingChat struct {
	outgoing *secretchat.Outgoing // nil if it cannot be used
}

// GA returns the g_a to send with messages.requestEncryption.
func (o *OutgoingChat) GA() ([]byte, error) {
	if o.outgoing == nil {
		return nil, errUnusable
	}
	gA, err := o.outgoing.GA()
	if err != nil {
		return nil, err
	}
	return gA[:], nil
}

// Complete takes the g_b and key_fingerprint of the encryptedChat that the server sends
// once the other side has accepted, and returns the chat. It can be called only once.
func (o *OutgoingChat) Complete(gB []byte, fingerprint int64) (*Chat, error) {
	if o.outgoing == nil {
		return nil, errUnusable
	}
	return newChat(o.outgoing.Complete(gB, fingerprint))
}

// Discard erases the secrets and has the Store forget the chat, unless it has been
// completed.
func (o *OutgoingChat) Discard() error {
	if o.outgoing == nil {
		return errUnusable
	}
	return o.outgoing.Discard()
}

// Wipe erases what is secret, and leaves the Store alone: RestoreOutgoing brings the chat back.
// This object cannot be used afterwards.
func (o *OutgoingChat) Wipe() {
	if o.outgoing == nil {
		return
	}
	o.outgoing.Wipe()
}

// Chat is one side of a secret chat, from the key exchange to the last message: it encrypts
// and decrypts, puts messages in order, requests those that are missing, and renews keys.
// It comes from OutgoingChat.complete, AcceptChat or RestoreChat.
//
// An app hands it what the server delivers for the chat, and sends what the chat produces:
//
//	events = chat.receive(packet)
//	show all events
//	chat.handled()
//	for all packets of chat.outbox(): send the packet; chat.sent(packet)
//
// Every call returns only after its result is in the Store, so that nothing is lost and no
// number is used twice, whenever the app may be killed.
type Chat struct {
	chat *secretchat.Chat // nil if it cannot be used
}

func newChat(c *secretchat.Chat, err error) (*Chat, error) {
	if err != nil {
		return nil, err
	}
	return &Chat{c}, nil
}

// Encrypt returns the packet of a message: a serialised decryptedMessage of the layer that
// Layer names, or decryptedMessageService. See ErrorContent and ErrorBacklog.
func (c *Chat) Encrypt(message []byte) (*Packet, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	p, err := c.chat.Encrypt(message)
	if err != nil {
		return nil, err
	}
	return &Packet{p}, nil
}

// TextOptions are those of Chat.encryptText.
type TextOptions struct {
	// TTL is how many seconds after it is read the message disappears: 0 for never, ViewOnce for
	// at once.
	TTL int
	// Silent asks the other side's app not to notify its user. messages.sendEncrypted has a field
	// for the same purpose.
	Silent bool
	// ReplyTo is the random id of the message that is answered, or 0.
	ReplyTo int64
}

// EncryptText is Encrypt for a message that is nothing but text. Its id is Packet.randomID. The
// options may be null. See ErrorContent and ErrorBacklog.
func (c *Chat) EncryptText(text string, options *TextOptions) (*Packet, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	var opt secretchat.TextOptions
	if options != nil {
		opt = secretchat.TextOptions(*options)
	}
	p, err := c.chat.EncryptText(text, opt)
	if err != nil {
		return nil, err
	}
	return &Packet{p}, nil
}

// Receive takes the bytes of an encryptedMessage and returns all events that are now due,
// which may be none while earlier messages are missing. See ErrorRefused, ErrorDuplicate
// and ErrorFatal.
func (c *Chat) Receive(packet []byte) (*Events, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	events, err := c.chat.Receive(packet)
	if err != nil {
		return nil, err
	}
	return &Events{events}, nil
}

// Unhandled returns the events of the last Receive, including one that threw ErrorFatal,
// until Handled is called. After a restore the app may have seen them already: compare
// Event.seq.
func (c *Chat) Unhandled() (*Events, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	return &Events{c.chat.Unhandled()}, nil
}

// Handled says that the events of the last Receive need not be kept any longer.
func (c *Chat) Handled() error {
	if c.chat == nil {
		return errUnusable
	}
	return c.chat.Handled()
}

// Outbox returns the packets that the chat itself has to send or resend, each of them once.
// Call it after every other call. After a restore it returns everything that was not marked
// as Sent.
func (c *Chat) Outbox() (*Packets, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	return &Packets{c.chat.Outbox()}, nil
}

// Sent says that the server has received the packet.
func (c *Chat) Sent(packet *Packet) error {
	if c.chat == nil || packet == nil {
		return errUnusable
	}
	c.chat.Sent(packet.packet)
	return nil
}

// Withdraw takes back our message with this number, Packet.seq, because the server has refused it.
// Its content is erased, and in its place the outbox has a request to delete it, so that no number
// is missing. It throws ErrorContent if the other side has acknowledged the message, or if it is
// one of the chat's own: if the server refuses those, the chat cannot go on.
func (c *Chat) Withdraw(seq int) error {
	if c.chat == nil {
		return errUnusable
	}
	return c.chat.Withdraw(seq)
}

// Tick tells the chat the time, in seconds since 1970, so that it can replace a key after a
// week of use, and ask again for messages that are missing. Once a minute is enough.
func (c *Chat) Tick(unixTime int64) error {
	if c.chat == nil {
		return errUnusable
	}
	return c.chat.Tick(time.Unix(unixTime, 0))
}

// Acceptance returns the arguments of messages.acceptEncryption. It is null if we requested
// the chat, and once the other side is known to have it. It survives a crash.
func (c *Chat) Acceptance() (*Acceptance, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	gB, fingerprint, pending := c.chat.Acceptance()
	if !pending {
		return nil, nil
	}
	return &Acceptance{gB[:], fingerprint}, nil
}

// Check throws what every call throws once the chat is over: see ErrorFatal, ErrorStore and
// ErrorOver.
func (c *Chat) Check() error {
	if c.chat == nil {
		return errUnusable
	}
	return c.chat.Err()
}

// Visualization returns the 36 bytes for KeyPicture and KeyText, which users should
// compare. They stay the same when the key is replaced.
func (c *Chat) Visualization() ([]byte, error) {
	if c.chat == nil {
		return nil, errUnusable
	}
	v := c.chat.Visualization()
	return v[:], nil
}

// ChatID returns the id that was given in the options.
func (c *Chat) ChatID() int64 {
	if c.chat == nil {
		return 0
	}
	return c.chat.ID()
}

// Fingerprint returns the fingerprint of the key in use for sending, or 0 if there is no
// key any more.
func (c *Chat) Fingerprint() int64 {
	if c.chat == nil {
		return 0
	}
	return c.chat.Fingerprint()
}

// Layer returns the layer in which to serialise outgoing messages.
func (c *Chat) Layer() int {
	if c.chat == nil {
		return 0
	}
	return c.chat.Layer()
}

// Originator reports whether we requested the chat.
func (c *Chat) Originator() bool {
	return c.chat != nil && c.chat.Originator()
}

// Discard erases the keys and has the Store forget the chat.
func (c *Chat) Discard() error {
	if c.chat == nil {
		return errUnusable
	}
	return c.chat.Discard()
}

// Wipe erases the keys and all else that is secret, when an app is locked for example. The
// Store keeps its state, so that RestoreChat brings the chat back; this object cannot be used
// afterwards.
func (c *Chat) Wipe() {
	if c.chat != nil {
		c.chat.Wipe()
	}
}

// Acceptance has the arguments of messages.acceptEncryption: see Chat.acceptance.
type Acceptance struct {
	gB          []byte
	fingerprint int64
}

// GB returns g_b.
func (a *Acceptance) GB() []byte { return a.gB }

// Fingerprint returns key_fingerprint.
func (a *Acceptance) Fingerprint() int64 { return a.fingerprint }

// Packet is to be sent with messages.sendEncrypted or messages.sendEncryptedFile, or, if
// Service is true, with messages.sendEncryptedService.
type Packet struct {
	packet secretchat.Packet
}

// Seq returns the number of our message, from 0. It stays the same when the message is
// resent.
func (p *Packet) Seq() int { return p.packet.Seq }

// RandomID returns the random_id for the server, which drops packets whose id it has seen
// before.
func (p *Packet) RandomID() int64 { return p.packet.RandomID }

// Service reports whether the packet goes with messages.sendEncryptedService.
func (p *Packet) Service() bool { return p.packet.Service }

// Data returns the bytes to send.
func (p *Packet) Data() []byte { return p.packet.Data }

// Packets is a list of packets, to be sent in order.
type Packets struct {
	packets []secretchat.Packet
}

// Len returns the number of packets.
func (p *Packets) Len() int { return len(p.packets) }

// Get returns the packet at index i, from 0.
func (p *Packets) Get(i int) (*Packet, error) {
	if err := checkIndex(i, len(p.packets)); err != nil {
		return nil, err
	}
	return &Packet{p.packets[i]}, nil
}

// ViewOnce is the TTL of a message to be seen once.
const ViewOnce = secretchat.ViewOnce

// Kinds of events.
const (
	// EventMessage is a decryptedMessage: see Body.
	EventMessage = int(secretchat.EventMessage)
	// EventSetTTL says that from now on messages disappear TTL seconds after they are read.
	EventSetTTL = int(secretchat.EventSetTTL)
	// EventRead says that the other side has read MessageIDs.
	EventRead = int(secretchat.EventRead)
	// EventDelete says that MessageIDs are to be deleted.
	EventDelete = int(secretchat.EventDelete)
	// EventScreenshot says that the other side has taken a screenshot of MessageIDs.
	EventScreenshot = int(secretchat.EventScreenshot)
	// EventFlushHistory says that all messages are to be deleted.
	EventFlushHistory = int(secretchat.EventFlushHistory)
	// EventTyping says that the other side is typing, or doing whatever else Body says.
	EventTyping = int(secretchat.EventTyping)
	// EventUnsupported is something from a newer layer: tell the user to update.
	EventUnsupported = int(secretchat.EventUnsupported)
	// EventLayer says that the other side now understands Layer.
	EventLayer = int(secretchat.EventLayer)
	// EventKeyChanged says that the chat has a new key. There is nothing to do.
	EventKeyChanged = int(secretchat.EventKeyChanged)
	// EventLegacy says that the other side sends MTProto 1.0, which gives away which texts are
	// alike, until it first sends 2.0. It comes once.
	EventLegacy = int(secretchat.EventLegacy)
	// EventGap says that the other side's messages From to To are missing since Since, though
	// they were asked for three times. What comes after them waits. If it lasts, only a new
	// chat helps.
	EventGap = int(secretchat.EventGap)
	// EventAcknowledged says that the other side has received our messages below number Seen,
	// one of the app's among them.
	EventAcknowledged = int(secretchat.EventAcknowledged)
	// EventRefused says that the other side has sent MTProto 1.0, which the options refuse. The
	// chat is over.
	EventRefused = int(secretchat.EventRefused)
)

// Event is something that the other side has sent.
type Event struct {
	event secretchat.Event
}

// Kind returns one of the constants whose names begin with Event.
func (e *Event) Kind() int { return int(e.event.Kind) }

// Seq returns the number of the message that the event comes from, from 0. It is the same
// if the event is returned again after a crash. It never decreases, except for EventLayer
// and EventKeyChanged, where it may be -1.
func (e *Event) Seq() int { return e.event.Seq }

// Seen returns how many of our messages the other side had received when it sent this: the
// event belongs after our message number Seen-1.
func (e *Event) Seen() int { return e.event.Seen }

// From returns the number of the first message that is missing, of EventGap.
func (e *Event) From() int { return e.event.From }

// To returns the number of the last message that is missing, of EventGap.
func (e *Event) To() int { return e.event.To }

// Since returns when it was first missed, of EventGap, in seconds since 1970; 0 of others.
func (e *Event) Since() int64 {
	if e.event.Since.IsZero() {
		return 0
	}
	return e.event.Since.Unix()
}

// Layer returns the layer in which to parse Body.
func (e *Event) Layer() int { return e.event.Layer }

// Body returns the serialised decryptedMessage or decryptedMessageService.
func (e *Event) Body() []byte { return e.event.Body }

// RandomID returns the id of the message, or 0.
func (e *Event) RandomID() int64 { return e.event.RandomID }

// Text returns the text of EventMessage, and of EventUnsupported if it has one that can be
// read; otherwise it is empty.
func (e *Event) Text() string { return e.event.Text() }

// TTL returns the time to live of EventMessage and EventSetTTL, in seconds; 0 means
// forever.
func (e *Event) TTL() int { return e.event.TTL }

// MessageIDs returns the random ids of the messages that the event is about.
func (e *Event) MessageIDs() *MessageIDs { return &MessageIDs{e.event.IDs} }

// Events is a list of events, in the order in which the other side sent them.
type Events struct {
	events []secretchat.Event
}

// Len returns the number of events.
func (e *Events) Len() int { return len(e.events) }

// Get returns the event at index i, from 0.
func (e *Events) Get(i int) (*Event, error) {
	if err := checkIndex(i, len(e.events)); err != nil {
		return nil, err
	}
	return &Event{e.events[i]}, nil
}

// MessageIDs is a list of random ids.
type MessageIDs struct {
	ids []int64
}

// Len returns the number of ids.
func (l *MessageIDs) Len() int { return len(l.ids) }

// Get returns the id at index i, from 0.
func (l *MessageIDs) Get(i int) (int64, error) {
	if err := checkIndex(i, len(l.ids)); err != nil {
		return 0, err
	}
	return l.ids[i], nil
}

func checkIndex(i, n int) error {
	if i < 0 || i >= n {
		return fmt.Errorf("mobile: index %d in a list of %d", i, n)
	}
	return nil
}
