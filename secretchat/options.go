package secretchat

import (
	"crypto/subtle"

	"github.com/mtcore/mtcore/envelope"
)

// Layers of the secret-chat schema.
const (
	// MinLayer is assumed of a peer that has not told its layer.
	MinLayer = 46
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

	// Store, if not nil, gets the state of the chat before anything else gets to see a
	// packet or an event. Without a Store, the caller has to keep [Chat.Snapshot] at
	// these times.
	Store Store
	// StateKey seals the state. It is needed for a Store and for snapshots.
	StateKey StateKey

	// Layer is the newest layer that the client understands, [LatestLayer] if 0. It is
	// at least [MinLayer].
	Layer int
	// ServerRandom is the random field of dhConfig, if there is any. It is mixed into
	// exponents, and can do no harm.
	ServerRandom []byte
	// AllowLegacyV1 accepts messages of MTProto 1.0, which is broken, from peers that
	// have never sent anything better. Nothing is ever sent in it.
	AllowLegacyV1 bool
	// MaxPacket is the length in bytes of the longest packet, sent or received,
	// [envelope.DefaultMaxPacket] if 0.
	MaxPacket int
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
	if o.MaxPacket == 0 {
		o.MaxPacket = envelope.DefaultMaxPacket
	}
	switch {
	case o.Layer < MinLayer || o.Layer > 1<<20:
		panic("secretchat: Options.Layer is not a layer")
	case o.MaxPacket < minMaxPacket:
		panic("secretchat: Options.MaxPacket leaves no room for messages")
	case o.Store != nil && o.StateKey.isZero():
		panic("secretchat: Options.Store without a StateKey")
	}
}

// minMaxPacket leaves room for an exchange of keys.
const minMaxPacket = 4096
