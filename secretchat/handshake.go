package secretchat

import (
	"github.com/mtcore/mtcore/bigdh"
)

// Outgoing is a chat that we have asked for and the peer has not yet accepted.
type Outgoing struct {
	opt  Options
	priv *bigdh.PrivateKey
}

// Request begins a chat. It returns g_a for messages.requestEncryption.
//
// The Store gets the state of the exchange, which [RestoreOutgoing] takes.
func Request(group *bigdh.Group, opt Options) (o *Outgoing, gA [bigdh.Size]byte, err error) {
	panic("not implemented")
}

// RestoreOutgoing is [Restore] for a chat that the peer has not accepted. It returns
// [ErrState] for the state of a chat.
func RestoreOutgoing(state []byte, opt Options) (*Outgoing, error) {
	panic("not implemented")
}

// Complete takes g_b and key_fingerprint out of the encryptedChat that the server sent when the peer
// accepted. The exponent is used once: whatever comes out, another call returns
// [ErrCompleted].
//
// If the answer is not one that an honest peer would give, the error is a
// [FatalError] and messages.discardEncryption has to be called.
func (o *Outgoing) Complete(gB []byte, fingerprint int64) (*Chat, error) {
	panic("not implemented")
}

// Discard wipes the exponent and has the Store forget it. What the peer answers is then
// refused with [ErrCompleted].
func (o *Outgoing) Discard() error {
	panic("not implemented")
}

// Snapshot returns the sealed state, for callers without a [Store].
func (o *Outgoing) Snapshot() []byte {
	panic("not implemented")
}

// Accept accepts the chat that a peer has asked for with g_a. It returns g_b and
// key_fingerprint for messages.acceptEncryption. The error is a [FatalError] if g_a
// is not a good one.
func Accept(group *bigdh.Group, gA []byte, opt Options) (c *Chat, gB [bigdh.Size]byte, fingerprint int64, err error) {
	panic("not implemented")
}
