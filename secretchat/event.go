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
	// EventSetTTL: messages from now on are to disappear TTL seconds after they were
	// read.
	EventSetTTL
	// EventRead: the peer has read IDs.
	EventRead
	// EventDelete: IDs are to be deleted.
	EventDelete
	// EventScreenshot: the peer has made a picture of IDs.
	EventScreenshot
	// EventFlushHistory: all messages are to be deleted.
	EventFlushHistory
	// EventTyping: the peer is doing what Body tells.
	EventTyping
	// EventUnsupported is something that this version of the package does not know,
	// since it is of a newer layer. The user should be told to update.
	EventUnsupported
	// EventLayer: the peer's layer is now Layer.
	EventLayer
	// EventKeyChanged: the chat has a new key. There is nothing to do.
	EventKeyChanged
	// EventLegacy: the peer sends MTProto 1.0, in which texts can be told apart, and which it
	// leaves behind with its first message of 2.0. It comes once.
	EventLegacy
	// EventGap: messages From to To of the peer are missing, though it was asked for them
	// three times. What comes after them waits. Some clients never send again what they
	// were asked for: if it lasts, only a new chat helps.
	EventGap
	// EventAcknowledged: the peer has got our messages below number Seen. It comes when one of
	// them is the application's.
	EventAcknowledged
	// EventRefused: the peer has sent MTProto 1.0, which Options.RefuseV1 refuses. The chat is
	// over.
	EventRefused
)

// Event is what the peer has sent, in the order in which it did. Slices must not be
// changed.
type Event struct {
	Kind EventKind
	// Seq is the number of the peer's message, from 0. It never falls, and is the same
	// when the event is returned again after a crash. One message may have several
	// events, and messages that are for the driver alone have none. -1 stands for what is
	// out of this order: EventLayer by a message without a number, and EventKeyChanged
	// when the new key is seen in use before it is the turn of the message that says so;
	// EventLegacy, EventGap and EventRefused have always -1.
	Seq int
	// Seen is how many of our messages the peer had received when it sent this: it
	// belongs after our message number Seen-1, [Packet.Seq].
	Seen int
	// Layer is that of the message, in which Body is to be parsed.
	Layer int
	// Body is the serialised DecryptedMessage or DecryptedMessageService.
	Body []byte

	// RandomID is the id of the message, if it has one.
	RandomID int64
	// TTL is in seconds, or 0 for never. EventMessage has it, to [ViewOnce], and EventSetTTL,
	// to [MaxTTL].
	TTL int
	// IDs are the random ids of the messages concerned.
	IDs []int64

	// From and To are the first and the last number of what is missing since Since, of
	// EventGap.
	From, To int
	Since    time.Time
}

// MaxTTL is the longest time of EventSetTTL: a year, in seconds. What peers send beyond is
// cut down to it.
const MaxTTL = 365 * 24 * 60 * 60

// ViewOnce is the TTL of an EventMessage to be seen once. It is not acknowledged by
// ReadMessages.
const ViewOnce = 1<<31 - 1

// Packet is what is to be sent to the peer by messages.sendEncrypted,
// messages.sendEncryptedFile or, if Service is set, messages.sendEncryptedService.
// Packets should be sent in the order of Seq, though nothing is lost otherwise.
type Packet struct {
	// Seq is the number of our message, from 0. It is the same when the packet is sent
	// again.
	Seq int
	// RandomID is for the server, which drops packets with an id that it has seen. It
	// is the id of the message, but for one that the peer has asked for again, which
	// has a new one.
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

// Text returns the text of EventMessage, which may be empty, and of EventUnsupported if it
// begins as messages do: then it can be shown, without what came with it.
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
