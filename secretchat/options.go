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
	// LatestLayer is the newest layer that this package knows.
	LatestLayer = 144
)

// Options are those of a chat. ChatID, PeerID and StateKey must be the same when the
// chat is restored; the others may change.
type Options struct {
	// ChatID is the id of the chat. For who asks for a chat, it is the random_id of
	// messages.requestEncryption.
	ChatID int64
	// PeerID is the user id of the other side, if known. State that is restored for
	// another peer, or another chat, is refused.
	PeerID int64

	// Store, if not nil, gets what has changed of the chat before anything else gets to
	// see a packet or an event. Without a Store, the chat ends with the program.
	Store Store
	// StateKey seals the state. It is needed for a Store, and to restore.
	StateKey StateKey

	// Layer is the newest layer that the client understands: 73, 101 or 144, and
	// [LatestLayer] if 0. These are the layers that all clients have in common.
	Layer int
	// ServerRandom is the random field of dhConfig, if there is any. It is mixed into
	// exponents, and can do no harm.
	ServerRandom []byte
	// RefuseV1 ends the chat at a message of MTProto 1.0, which is broken, with [RuleV1].
	// Otherwise messages of it are accepted from a peer that has sent nothing better so
	// far, as Telegram's own apps do: some clients send their first messages in it. Nothing
	// is ever sent in it.
	RefuseV1 bool
	// Clock tells the time, [time.Now] if nil. It bounds how often a message is sent
	// again, and says when what was asked for is late.
	Clock func() time.Time `json:"-"`
	// MaxPacket is the length in bytes of the longest packet, sent or received,
	// [envelope.DefaultMaxPacket] if 0.
	MaxPacket int
	// MaxUnacknowledged is how many messages of the application's are kept for a peer that
	// has not acknowledged them, 10,000 if 0, and MaxUnacknowledgedBytes how many bytes
	// all that is kept may have, 64 MiB if 0. Beyond either, [Chat.Encrypt] returns
	// [ErrBacklog]. They take that much memory, and of the Store.
	MaxUnacknowledged, MaxUnacknowledgedBytes int
}

// StateKey is the key of [Options], of 32 bytes, for example out of the system's key
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
