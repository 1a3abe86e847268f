package gotd

import (
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
)

// Event is what [Options.Handler] is told: a pointer to one of the types below.
type Event interface{ event() }

// Requested: a user asks for a chat. Until [Chat.Accept] or [Chat.Discard] it is asked
// again at every start.
type Requested struct{ Chat *Chat }

// Opened: both sides of a chat have its key. A crash at that moment leaves it to
// [Manager.Chats] to tell.
type Opened struct{ Chat *Chat }

// Closed: the chat has ended, and its keys are wiped. Err is nil if one of the two users
// wanted so. If it is secretchat's FatalError, the peer has broken a rule of the protocol,
// or somebody is between it and us, which the user should know.
type Closed struct {
	Chat *Chat
	Err  error
}

// Message is one that the peer has sent.
type Message struct {
	Chat *Chat
	// Seq is the number of the peer's message, from 0, which is the same when the event
	// comes again after a crash. Seen is how many of our messages it had received before.
	Seq, Seen int
	// Date is when the server got the message, or another that it had to wait for. It is
	// 0 after a crash.
	Date int
	// Message is in the newest form, whatever the layer in which it came.
	Message *e2e.DecryptedMessage
	// File is what the server knows of the file to which Message.Media has the key, or
	// nil if there is none: see [Manager.Download].
	File *tg.EncryptedFile
}

// Action is a service message of the peer: to set the time to live, to delete messages,
// to say that they were read, and so on. Secretchat's own are not among them.
type Action struct {
	Chat      *Chat
	Seq, Seen int
	Action    e2e.DecryptedMessageActionClass
}

// Unsupported is a message that this version does not know, since it is of a newer layer.
// The user should be told to update.
type Unsupported struct {
	Chat *Chat
	Seq  int
	Body []byte
}

// Typing: the peer is writing. It need not be authentic, since it comes from the server.
type Typing struct{ Chat *Chat }

// Read: the peer has seen what was sent until MaxDate, says the server.
type Read struct {
	Chat    *Chat
	MaxDate int
}

func (*Requested) event()   {}
func (*Opened) event()      {}
func (*Closed) event()      {}
func (*Message) event()     {}
func (*Action) event()      {}
func (*Unsupported) event() {}
func (*Typing) event()      {}
func (*Read) event()        {}
