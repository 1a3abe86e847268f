package secretchat

import (
	"time"

	"github.com/mtcore/mtcore/internal/tl"
)

// EventKind tells what an [Event] is.
type EventKind uint8

const (
	// EventMessage is a DecryptedMessage.
	EventMessage EventKind = iota + 1
	// EventSetTTL: from now on, messages are to disappear TTL seconds after they have been
	// read.
	EventSetTTL
	// EventRead: the peer has read IDs.
	EventRead
	// EventDelete: IDs are to be deleted.
	EventDelete
	// EventScreenshot: the peer has taken a screenshot of IDs.
	EventScreenshot
	// EventFlushHistory: all messages are to be deleted.
	EventFlushHistory
	// EventTyping: the peer is typing, or doing whatever else Body says.
	EventTyping
	// EventUnsupported is something from a newer layer that this version of the package does
	// not know. The user should be told to update.
	EventUnsupported
	// EventLayer: the peer's layer is now Layer.
	EventLayer
	// EventKeyChanged: the chat has a new key. There is nothing to do.
	EventKeyChanged
	// EventLegacy: the peer uses MTProto 1.0, which gives away whether two texts are the
	// same, until it first sends a message in 2.0. It comes once.
	EventLegacy
	// EventGap: the peer's messages From to To are missing, though it has been asked for them
	// three times. The messages after them have to wait. Some clients never resend anything:
	// if the gap lasts, only a new chat helps.
	EventGap
	// EventAcknowledged: the peer has received our messages below number Seen, and at least
	// one that is newly acknowledged is the application's.
	EventAcknowledged
	// EventRefused: the peer has used MTProto 1.0, which Options.RefuseV1 refuses. The chat is
	// over.
	EventRefused
)

// Event is something that the peer has sent, or that has become known of it. Events come in
// the order in which the peer sent its messages. Their slices must not be changed.
type Event struct {
	Kind EventKind
	// Seq is the number of the peer's message, from 0. It never decreases, and is the same if
	// the event is returned again after a crash. One message may cause several events;
	// messages that are for the driver alone cause none. Events outside of this order have
	// -1: EventLayer from a message without a number, EventKeyChanged when the new key comes
	// into use before it is the turn of the message that announces it, and always
	// EventLegacy, EventGap and EventRefused.
	Seq int
	// Seen is how many of our messages the peer had received when it sent this: the event
	// belongs after our message number Seen-1, [Packet.Seq].
	Seen int
	// Layer is the layer of the message, in which to parse Body.
	Layer int
	// Body is the serialised DecryptedMessage or DecryptedMessageService.
	Body []byte

	// RandomID is the id of the message, if it has one.
	RandomID int64
	// TTL is in seconds; 0 means forever. EventMessage has it, up to [ViewOnce], and so does
	// EventSetTTL, up to [MaxTTL].
	TTL int
	// IDs are the random ids of the messages that the event is about.
	IDs []int64

	// From and To are the first and last number of the messages that EventGap is about, which
	// have been missing since Since.
	From, To int
	Since    time.Time
}

// MaxTTL is the longest TTL of EventSetTTL: a year, in seconds. Longer ones are cut down to
// it.
const MaxTTL = 365 * 24 * 60 * 60

// ViewOnce is the TTL of a message that can be seen only once. Do not send ReadMessages for
// it.
const ViewOnce = 1<<31 - 1

// Packet is to be sent by messages.sendEncrypted, messages.sendEncryptedFile or, if Service
// is set, messages.sendEncryptedService. Packets should be sent in the order of Seq, but
// nothing is lost if they are not.
type Packet struct {
	// Seq is the number of our message, from 0. It stays the same when the message is sent
	// again.
	Seq int
	// RandomID is for the server, which drops packets whose id it has seen before. It is the
	// id of the message, except that a message that the peer has asked for gets a new one.
	RandomID int64
	Service  bool
	Data     []byte

	resend bool // the peer has asked for it
}

// describe sets what follows from the body, which was parsed as m.
func (e *Event) describe(m *tl.Message) {
	e.RandomID = m.RandomID
	switch m.Kind {
	case tl.Text:
		e.Kind = EventMessage
		e.TTL = max(int(m.TTL), 0)
		return
	case tl.Service:
	default:
		e.Kind = EventUnsupported
		// What a message of any layer begins with can be shown.
		if id, _, ok := tl.ReadText(e.Body); ok {
			e.RandomID = id
		}
		return
	}
	e.IDs = m.Action.IDs
	e.Kind = findAction(m.Action.ID).event
	if e.Kind == EventSetTTL {
		e.TTL = min(max(int(m.Action.TTL), 0), MaxTTL)
	}
}

// Text returns the text of an EventMessage, which may be empty. For an EventUnsupported that
// begins like a message it returns the text as well, which can be shown without the rest;
// otherwise it returns "".
func (e *Event) Text() string {
	if e.Kind != EventMessage && e.Kind != EventUnsupported {
		return ""
	}
	_, text, _ := tl.ReadText(e.Body)
	return string(text)
}

// events are those that the application has not handled. They have numbers, from 0, by
// which the Store keeps them.
type events struct {
	first   int
	list    []Event
	touched touched
}

func (e *events) add(event Event) {
	e.touched.add(e.first + len(e.list))
	if e.list == nil {
		e.list = make([]Event, 0, 2) // A message often acknowledges others.
	}
	e.list = append(e.list, event)
}

// clear forgets all events. It does not change the list, which others may have.
func (e *events) clear() {
	for i := range e.list {
		e.touched.add(e.first + i)
	}
	e.first += len(e.list)
	if e.first >= maxNumbers { // Long ago it has removed those before.
		e.first = 0
	}
	e.list = nil
}
