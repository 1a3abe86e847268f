package secretchat

import (
	"errors"
	"fmt"
	"sync"

	"github.com/mtcore/mtcore/bigdh"
)

// Outgoing is a chat that we have requested and the peer has not accepted yet.
type Outgoing struct {
	mu     sync.Mutex
	opt    Options
	ledger ledger
	group  *bigdh.Group
	mine   *bigdh.PrivateKey // nil when it was used
}

func newOutgoing(opt *Options) *Outgoing {
	opt.ServerRandom = nil
	return &Outgoing{opt: *opt, ledger: newLedger(opt)}
}

// Request begins a chat. It returns the g_a for messages.requestEncryption.
//
// The group is made from what messages.getDhConfig returns: [bigdh.Telegram] insists on the
// prime that Telegram has always used, [bigdh.NewGroup] accepts any that it finds safe.
//
// The Store gets the state of the exchange, for [RestoreOutgoing].
func Request(group *bigdh.Group, opt Options) (o *Outgoing, gA [bigdh.Size]byte, err error) {
	opt.check()
	mine, err := group.GenerateKey(opt.ServerRandom)
	if err != nil {
		return nil, gA, err
	}
	o = newOutgoing(&opt)
	o.group, o.mine = group, mine
	if opt.Store != nil {
		_, changes := o.ledger.batch(o, nil)
		if err := commit(opt.Store, opt.ChatID, changes); err != nil {
			mine.Wipe()
			return nil, gA, err
		}
	}
	return o, mine.PublicKey().Bytes(), nil
}

// GA returns g_a, in case messages.requestEncryption has to be repeated after a crash. The
// error is [ErrCompleted] if the exchange is over.
func (o *Outgoing) GA() (gA [bigdh.Size]byte, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine == nil {
		return gA, ErrCompleted
	}
	return o.mine.PublicKey().Bytes(), nil
}

// Complete takes the g_b and key_fingerprint of the encryptedChat that the server sends
// when the peer has accepted. The exponent is used only once: whatever the outcome, another
// call returns [ErrCompleted].
//
// If no honest peer would give that answer, the error is a [FatalError], and
// messages.discardEncryption has to be called.
func (o *Outgoing) Complete(gB []byte, fingerprint int64) (*Chat, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine == nil {
		return nil, ErrCompleted
	}
	defer o.wipe()
	peer, err := o.group.NewPublicKey(gB)
	if err != nil {
		return nil, o.fail(RulePublicValue)
	}
	k := newKey(o.mine, peer, o.opt.MaxPacket)
	if k.fingerprint() != fingerprint {
		k.wipe()
		return nil, o.fail(RuleFingerprint)
	}
	return newChat(k, o.group, nil, &o.opt, o.ledger.stale)
}

// Discard wipes the exponent and removes it from the Store. If the peer accepts after all,
// Complete returns [ErrCompleted].
func (o *Outgoing) Discard() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine == nil {
		return nil // There may be a chat, which has the Store.
	}
	o.wipe()
	return o.forget()
}

// Wipe wipes the exponent and leaves the Store alone, so that [RestoreOutgoing] brings the
// exchange back. This object cannot be used any more, not even to Discard the exchange.
func (o *Outgoing) Wipe() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine != nil {
		o.wipe()
	}
}

// Format implements [fmt.Formatter] to keep keys out of logs.
func (o *Outgoing) Format(s fmt.State, _ rune) { fmt.Fprint(s, "REDACTED") }

func (o *Outgoing) fail(r Rule) error {
	if err := o.forget(); err != nil {
		return errors.Join(fatal(r), err)
	}
	return fatal(r)
}

func (o *Outgoing) forget() error {
	if o.opt.Store == nil {
		return nil
	}
	return commit(o.opt.Store, o.opt.ChatID, o.ledger.forget(nil))
}

func (o *Outgoing) wipe() {
	o.mine.Wipe()
	o.mine, o.opt.StateKey = nil, StateKey{}
}

// Accept accepts the chat that a peer has requested with g_a. Call it once per request. It
// returns the g_b and key_fingerprint for messages.acceptEncryption, which has to be sent
// before any packet. The error is a [FatalError] if g_a is unacceptable.
func Accept(group *bigdh.Group, gA []byte, opt Options) (c *Chat, gB [bigdh.Size]byte, fingerprint int64, err error) {
	opt.check()
	peer, err := group.NewPublicKey(gA)
	if err != nil {
		return nil, gB, 0, fatal(RulePublicValue)
	}
	mine, err := group.GenerateKey(opt.ServerRandom)
	if err != nil {
		return nil, gB, 0, err
	}
	defer mine.Wipe()
	k := newKey(mine, peer, opt.MaxPacket)
	gB = mine.PublicKey().Bytes()
	if c, err = newChat(k, group, &gB, &opt, nil); err != nil {
		return nil, gB, 0, err
	}
	return c, gB, k.fingerprint(), nil
}
