package secretchat

import (
	"crypto/subtle"
	"time"

	"github.com/mtcore/mtcore/envelope"
)

// Layers of the secret-chat schema.
const (
	// MinLayer is the lowest that a chat can be in. It is the first of MTProto 2.0.
	MinLayer = 73
	// LatestLayer is the newest that this package knows.
	LatestLayer = 144
)

// Options are the options of a chat. ChatID, PeerID and StateKey must be the same when the
// chat is restored; the others may change.
type Options struct {
	// ChatID is the id of the chat. On the side that requests the chat, it is the random_id of
	// messages.requestEncryption.
	ChatID int64
	// PeerID is the user id of the other side, if known. A state of another peer, or another
	// chat, is not restored.
	PeerID int64

	// Store, if not nil, gets the changes to the chat's state before anybody sees a packet or
	// an event. Without a Store, the chat ends with the program.
	Store Store
	// StateKey seals the state. It is required with a Store, and for restoring.
	StateKey StateKey

	// Layer is the newest layer that the client understands: 73, 101 or 144, which are the
	// layers that all clients have in common. 0 stands for [LatestLayer].
	Layer int
	// ServerRandom is the random field of dhConfig, if there is one. It is mixed into
	// exponents, and can do no harm.
	ServerRandom []byte
	// RefuseV1 ends the chat, with [RuleV1], at a message in MTProto 1.0, which is broken.
	// Otherwise such messages are accepted as long as the peer has sent nothing better, as
	// Telegram's own apps do: some clients send their first messages in it. This package
	// never sends any.
	RefuseV1 bool
	// Clock tells the time; nil stands for [time.Now]. It limits how often a message is sent
	// again, and decides when an answer is overdue, unless [Chat.Tick] has a later time.
	Clock func() time.Time `json:"-"`
	// AskAfter is how long messages have to wait before the peer is asked for the one that is
	// missing. 0 asks at once, as the protocol has it, so that nothing waits for longer than it
	// has to. A few seconds are for peers that use MadelineProto, which takes in nothing more
	// once it was asked: they keep a chat with it alive in which messages overtake each other.
	// It takes a [Chat.Tick] as often. Sixteen messages do not wait any longer.
	AskAfter time.Duration
	// MaxPacket is the length in bytes of the longest packet, sent or received. 0 stands for
	// [envelope.DefaultMaxPacket].
	MaxPacket int
	// MaxUnacknowledged is how many of the application's messages are kept until the peer
	// acknowledges them, and MaxUnacknowledgedBytes how long all kept messages may be
	// together. 0 stands for 10,000 and 64 MiB. Beyond either, [Chat.Encrypt] returns
	// [ErrBacklog]. The messages take that much memory, and room in the Store.
	MaxUnacknowledged, MaxUnacknowledgedBytes int
}

// StateKey is the key that seals states. It has 32 bytes, and might come from the system's key
// store.
type StateKey [32]byte

// isZero reports whether there is no key, in constant time.
func (k *StateKey) isZero() bool {
	var zero StateKey
	return subtle.ConstantTimeCompare(k[:], zero[:]) == 1
}

// check panics on what only the programmer can have got wrong, and fills in defaults.
func (o *Options) check() {
	if o.Layer == 0 {
		o.Layer = LatestLayer
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.MaxPacket == 0 {
		o.MaxPacket = envelope.DefaultMaxPacket
	}
	if o.MaxUnacknowledged == 0 {
		o.MaxUnacknowledged = 10_000
	}
	if o.MaxUnacknowledgedBytes == 0 {
		o.MaxUnacknowledgedBytes = 64 << 20
	}
	switch {
	case o.MaxUnacknowledged < 0 || o.MaxUnacknowledgedBytes < 0:
		panic("secretchat: Options.MaxUnacknowledged is negative")
	case o.AskAfter < 0:
		panic("secretchat: Options.AskAfter is negative")
	case wrapper(o.Layer) != o.Layer:
		panic("secretchat: Options.Layer is not 73, 101 or 144")
	case o.MaxPacket < minMaxPacket:
		panic("secretchat: Options.MaxPacket leaves no room for messages")
	case o.Store != nil && o.StateKey.isZero():
		panic("secretchat: Options.Store without a StateKey")
	}
}

// checkKey panics if there is no key to open a state with.
func (o *Options) checkKey() {
	if o.StateKey.isZero() {
		panic("secretchat: to restore a state needs Options.StateKey")
	}
}

// minMaxPacket leaves room for an exchange of keys.
const minMaxPacket = 4096
