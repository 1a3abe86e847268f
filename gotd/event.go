package gotd

import (
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
)

// Event is what [Options.Handler] is told: a pointer to one of the types below.
type Event interface{ event() }

// Requested: a user asks for a chat. Until [Chat.Accept] or [Chat.Discard] the event comes
// again at every start.
type Requested struct {
	Chat *Chat
	// User is who asks, if the server has said so.
	User *tg.User
}

// Opened: both sides of a chat have its key.
type Opened struct{ Chat *Chat }

// ClosedBy tells who has ended a chat.
type ClosedBy string

const (
	// ByUs: [Chat.Discard] was called.
	ByUs ClosedBy = "us"
	// ByPeer: the peer has ended the chat or declined it, or another device of ours has
	// accepted it.
	ByPeer ClosedBy = "peer"
	// ByServer: Closed.Err is what the server answered, as gotd's tgerr has it.
	ByServer ClosedBy = "server"
	// ByRule: the peer has broken a rule of the protocol, or somebody is between it and
	// us, which the user should know. Closed.Err is secretchat's FatalError.
	ByRule ClosedBy = "rule"
)

// Closed: the chat has ended, and its keys are wiped. It is the last event of a chat.
type Closed struct {
	Chat *Chat
	By   ClosedBy
	// HistoryDeleted is set if the peer wants the history deleted on this side, too.
	HistoryDeleted bool
	// Err is nil if one of the two users wanted the end.
	Err error
}

// Damaged: what is stored of the chat cannot be read, for the reason Err. It may be
// [ErrNewer], or secretchat's ErrState. All that can be done with it is [Chat.Discard].
// Other chats go on.
type Damaged struct {
	Chat *Chat
	Err  error
}

// Message is one that the peer has sent.
type Message struct {
	Chat *Chat
	// Seq is the number of the peer's message, from 0, which is the same when the event
	// comes again after a crash. Seen is how many of our messages it had received before.
	Seq, Seen int
	// Date is when the server got the message, or another that it had to wait for.
	Date int
	// Message is in the newest form, whatever the layer in which it came.
	Message *e2e.DecryptedMessage
	// File is what the server knows of the file to which Message.Media has the key, or
	// nil if there is none: see [Manager.Download].
	File *tg.EncryptedFile
	// FileMissing says that there is a key and no file: Telegram for iOS sends a message
	// that was lost without it.
	FileMissing bool
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

// Sent: the server has taken a message of ours.
type Sent struct {
	Chat     *Chat
	RandomID int64
	// Date is when.
	Date int
	// File is where the server keeps the file of the message, or nil. With the media that
	// was sent, [Manager.Download] gets it again.
	File *tg.EncryptedFile
}

// Delivered: the peer's client has these messages of ours. It may come before [Sent], if
// the server's answer was lost.
type Delivered struct {
	Chat      *Chat
	RandomIDs []int64
}

// Failed: the server refuses a message of ours, of any kind. Err is its answer, as gotd's
// tgerr has it. The chat goes on without the message. Failed comes after [Sent] if the
// message got lost and was refused when the peer asked for it.
type Failed struct {
	Chat     *Chat
	RandomID int64
	Err      error
}

// PeerLayer: the peer's client knows this layer, from now on.
type PeerLayer struct {
	Chat  *Chat
	Layer int
}

// KeyChanged: the chat has a new key. There is nothing to do.
type KeyChanged struct{ Chat *Chat }

// Legacy: the peer sends MTProto 1.0, until its first message of 2.0. It comes once; see
// [Options.RefuseV1].
type Legacy struct{ Chat *Chat }

// Gap: messages From to To of the peer, by [Message].Seq, are missing since Since, though it
// was asked for them three times. What comes after them waits. If that lasts, only a new
// chat helps.
type Gap struct {
	Chat     *Chat
	From, To int
	Since    time.Time
}

// Typing: the peer is writing, or so the server says: nothing authenticates it.
type Typing struct{ Chat *Chat }

// Read: the peer has seen what was sent until MaxDate, or so the server says.
type Read struct {
	Chat    *Chat
	MaxDate int
}

func (*Requested) event()   {}
func (*Opened) event()      {}
func (*Closed) event()      {}
func (*Damaged) event()     {}
func (*Message) event()     {}
func (*Action) event()      {}
func (*Unsupported) event() {}
func (*Sent) event()        {}
func (*Delivered) event()   {}
func (*Failed) event()      {}
func (*PeerLayer) event()   {}
func (*KeyChanged) event()  {}
func (*Legacy) event()      {}
func (*Gap) event()         {}
func (*Typing) event()      {}
func (*Read) event()        {}
