package secretchat

import (
	"fmt"
	"time"
)

// Chat is one secret chat, on one side. Goroutines may use it at the same time; they should
// agree on who sends what Outbox returns.
type Chat struct {
}

// Restore returns the chat with this state, which [Store] got or [Chat.Snapshot]
// returned, or [ErrState]. A chat that has failed is restored as such: see [Chat.Err].
//
// If Options.Layer is higher than before, the peer will be told.
func Restore(state []byte, opt Options) (*Chat, error) {
	panic("not implemented")
}

// Encrypt makes a packet of message: a serialised decryptedMessage, of layer 17, 45 or
// 73, or decryptedMessageService of layer 17, with an action that is not the driver's
// own. It returns [ErrContent] otherwise, and [ErrTooLong] if it does not fit.
//
// The message is kept until the peer acknowledges it, in case it asks for it again: up to
// 1000 messages, or 4 MiB. Beyond that the error is [ErrBacklog], until the
// peer, which does so with whatever it sends, comes back.
//
// If message deletes messages that are not acknowledged, by DeleteMessages or
// FlushHistory, their content is destroyed, and what would be sent again is an
// order to delete them.
func (c *Chat) Encrypt(message []byte) (Packet, error) {
	panic("not implemented")
}

// Receive takes a packet from the server. It returns all events that are due: none if the
// message is for the driver, or has to wait for others, and several if others have waited
// for it. They stay part of the state, for [Chat.Unhandled], until the next packet is received,
// or until [Chat.Handled].
//
// [ErrUnknownKey], [ErrDecrypt], [ErrDuplicate] and [ErrObsolete] say that the packet has changed
// nothing. A [FatalError] is final; there may be events that came before it.
func (c *Chat) Receive(packet []byte) ([]Event, error) {
	panic("not implemented")
}

// Unhandled returns the events that the last Receive returned. After [Restore], they
// may have been seen before the crash, or not.
func (c *Chat) Unhandled() []Event {
	panic("not implemented")
}

// Handled says that the events of the last Receive need not be kept any longer.
func (c *Chat) Handled() error {
	panic("not implemented")
}

// Outbox returns the packets that the driver itself has to send, or to send again, each
// of them once, in order. After [Restore] these are all that were not [Chat.Sent]
// before, including what Encrypt returned.
func (c *Chat) Outbox() []Packet {
	panic("not implemented")
}

// Sent says that the server has got packets. It is kept with the next change of state: if there is none before a
// crash, they will be sent again, which does no harm.
func (c *Chat) Sent(packets ...Packet) {
	panic("not implemented")
}

// Tick tells the time. A key that is in use for a week is replaced. Once an hour is
// enough.
func (c *Chat) Tick(now time.Time) error {
	panic("not implemented")
}

// Snapshot returns the sealed state, for callers without a [Store], who need it whenever
// Encrypt, Receive, Handled or Tick has returned, and before anything is done with what it
// returned.
func (c *Chat) Snapshot() []byte {
	panic("not implemented")
}

// Discard wipes the keys and has the Store forget the chat.
func (c *Chat) Discard() error {
	panic("not implemented")
}

// Err returns nil as long as the chat is good, and otherwise what all calls return: a
// [FatalError], [ErrStore] or [ErrDiscarded].
func (c *Chat) Err() error {
	panic("not implemented")
}

// Visualization returns the 288 bits that people compare, by means of
// kdf.VisualizationImage or kdf.VisualizationHex, to be sure that nobody is between
// them. They stay the same when the key is replaced.
func (c *Chat) Visualization() [36]byte {
	panic("not implemented")
}

// ID returns Options.ChatID.
func (c *Chat) ID() int64 { panic("not implemented") }

// Originator reports whether we have asked for the chat.
func (c *Chat) Originator() bool { panic("not implemented") }

// Layer returns the layer for what is to be sent: the lower one of ours and the peer's.
func (c *Chat) Layer() int { panic("not implemented") }

// PeerLayer returns the newest layer that the peer is known to understand.
func (c *Chat) PeerLayer() int { panic("not implemented") }

// Fingerprint returns that of the key in use for sending, which is public.
func (c *Chat) Fingerprint() int64 { panic("not implemented") }

// Format implements [fmt.Formatter] so that no log gets to see a key.
func (c *Chat) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }
