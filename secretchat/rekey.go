package secretchat

import (
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// Key renewal, https://core.telegram.org/api/end-to-end/pfs.
//
//	A  RequestKey(id, g_a)               under the old key
//	B  AcceptKey(id, g_b, fingerprint)   under the old key
//	A  CommitKey(id, fingerprint)        under the old key; A sends with the new one from here on
//	B  anything, at least Noop           under the new key
//
// All of these have numbers, and are processed in their turn, each once. For the state
// of either side there is one place, exchange; all that may happen is in the four
// methods on* and in onNewKey.
//
//	state      event                    what happens                                       next state
//	idle       key is used up           send RequestKey                                    requested
//	idle       RequestKey(id)           make the new key, send AcceptKey                   accepted
//	requested  RequestKey(less)         nothing: the peer will accept ours                 requested
//	requested  RequestKey(more)         drop ours, as if idle                              accepted
//	requested  RequestKey(equal)        drop both                                          idle
//	requested  AcceptKey(id)            make the new key, send CommitKey, use the new one  committed
//	requested  AcceptKey(other)         send AbortKey(other), drop ours                    idle
//	requested  AbortKey(id)             drop ours                                          idle
//	accepted   CommitKey(id)            use the new key, wipe the old, send Noop           idle
//	accepted   packet under the new key use the new key, send Noop: CommitKey is missing   switched
//	accepted   AbortKey(id)             wipe the new key                                   idle
//	switched   CommitKey(id)            wipe the old key                                   idle
//	committed  message under the new    wipe the old key                                   idle
//	           key that has seen CommitKey
//	not idle,  RequestKey(id)           send AbortKey(id)                                  the same
//	not requested
//	not        AcceptKey(other)         send AbortKey(other)                               the same
//	requested
//	any        AbortKey(other)          nothing                                            the same
//
// Anything else ends the chat, as do a bad g_a or g_b and a wrong fingerprint. There is
// no use in an AbortKey before that.
//
// There are two keys at most. When CommitKey is processed, so has been all that was
// sent before it, and the old key has no more use; the same goes for a message that has
// seen CommitKey.

// A key is replaced after so many messages, sent and received, or after a week if there
// was one at all.
const (
	maxUses = 100
	maxAge  = 7 * 24 * time.Hour
)

type exchangeState uint8

const (
	idle      exchangeState = iota
	requested               // RequestKey sent
	accepted                // AcceptKey sent; other is the new key
	switched                // new key in use, CommitKey still missing; other is the old key
	committed               // CommitKey sent, new key in use; other is the old key
)

// exchange is the state of key renewal.
type exchange struct {
	state exchangeState
	id    int64
	mine  *bigdh.PrivateKey // if requested

	// Our number of CommitKey, and whether the peer has used the new key, if committed.
	commit  int
	usedNew bool
}

func (e *exchange) wipe() {
	if e.mine != nil {
		e.mine.Wipe()
	}
	*e = exchange{}
}

// renew requests a new key if it is time to.
func (c *Chat) renew(tooOld bool) error {
	if c.exchange.state != idle || c.uses <= maxUses && !(tooOld && c.uses > 0) {
		return nil
	}
	return c.requestKey(randomInt64())
}

func (c *Chat) requestKey(id int64) error {
	mine, err := c.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	c.exchange = exchange{state: requested, id: id, mine: mine}
	gA := mine.PublicKey().Bytes()
	return c.post(&tl.Action{ID: tl.RequestKey, ExchangeID: id, G: gA[:]})
}

func (c *Chat) onRequestKey(m *incoming) error {
	a := &m.message.Action
	switch c.exchange.state {
	case accepted, switched, committed:
		return c.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	case requested:
		// Both have requested. The larger id wins, as signed numbers.
		if a.ExchangeID < c.exchange.id {
			return nil
		}
		equal := a.ExchangeID == c.exchange.id
		c.exchange.wipe()
		if equal {
			return nil
		}
	}
	peer, err := c.group.NewPublicKey(a.G)
	if err != nil {
		return fatal(RulePublicValue)
	}
	mine, err := c.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	c.other = newKey(mine, peer, c.maxPacket)
	mine.Wipe()
	c.exchange = exchange{state: accepted, id: a.ExchangeID}
	gB := mine.PublicKey().Bytes()
	return c.post(&tl.Action{ID: tl.AcceptKey, ExchangeID: a.ExchangeID, G: gB[:], Fingerprint: c.other.fingerprint()})
}

func (c *Chat) onAcceptKey(m *incoming) error {
	a := &m.message.Action
	e := &c.exchange
	switch {
	case e.state == requested && a.ExchangeID == e.id:
	case e.state == requested:
		e.wipe()
		return c.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	case e.state != idle && a.ExchangeID == e.id:
		return fatal(RuleKeyExchange)
	default:
		return c.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	}
	peer, err := c.group.NewPublicKey(a.G)
	if err != nil {
		return fatal(RulePublicValue)
	}
	c.other = newKey(e.mine, peer, c.maxPacket)
	e.wipe()
	if a.Fingerprint != c.other.fingerprint() {
		return fatal(RuleFingerprint)
	}
	*e = exchange{state: committed, id: a.ExchangeID, commit: c.sent}
	if err := c.post(&tl.Action{ID: tl.CommitKey, ExchangeID: a.ExchangeID, Fingerprint: a.Fingerprint}); err != nil {
		return err
	}
	c.swapKeys(m)
	return nil
}

func (c *Chat) onCommitKey(m *incoming) error {
	a := &m.message.Action
	e := &c.exchange
	fresh := c.key // if switched
	if e.state == accepted {
		fresh = c.other
	} else if e.state != switched {
		return fatal(RuleKeyExchange)
	}
	if a.ExchangeID != e.id {
		return fatal(RuleKeyExchange)
	}
	if a.Fingerprint != fresh.fingerprint() {
		return fatal(RuleFingerprint)
	}
	if e.state == accepted {
		c.swapKeys(m)
		if err := c.post(&tl.Action{ID: tl.Noop}); err != nil {
			return err
		}
	}
	c.forgetOther()
	return nil
}

func (c *Chat) onAbortKey(m *incoming) error {
	a := &m.message.Action
	if c.exchange.state == idle || a.ExchangeID != c.exchange.id {
		return nil
	}
	switch c.exchange.state {
	case requested, accepted:
		c.forgetOther()
		c.uses = 0 // Let some time pass before we try again.
		return nil
	}
	return fatal(RuleKeyExchange) // The peer knows CommitKey, or has sent it.
}

// onNewKey notes that a message, which may have to wait for its turn, came under k.
func (c *Chat) onNewKey(k *key) error {
	switch {
	case c.exchange.state == accepted && k == c.other:
		// Only who has sent CommitKey can have used it.
		c.exchange.state = switched
		c.swapKeys(&incoming{seq: -1, seen: c.acked})
		return c.post(&tl.Action{ID: tl.Noop})
	case c.exchange.state == committed && k == c.key:
		c.exchange.usedNew = true
	}
	return nil
}

// onSeen notes that the peer has processed our messages before number seen. It comes
// before what the message itself asks for.
func (c *Chat) onSeen(seen int) {
	if c.exchange.state == committed && c.exchange.usedNew && seen > c.exchange.commit {
		c.forgetOther()
	}
}

// swapKeys has other used for sending, and key for receiving alone, as m says.
func (c *Chat) swapKeys(m *incoming) {
	c.key, c.other = c.other, c.key
	c.uses, c.keySince = 0, 0
	c.emit(m, Event{Kind: EventKeyChanged})
}

// forgetOther ends the exchange.
func (c *Chat) forgetOther() {
	c.other.wipe()
	c.other = nil
	c.exchange.wipe()
}

// keyFor returns the key under which message seq is sent: CommitKey under the old one,
// as long as that is there, and what came before it as well, until the peer is known to
// have the new one.
func (c *Chat) keyFor(seq int) *key {
	e := &c.exchange
	if e.state == committed && (seq == e.commit || seq < e.commit && !e.usedNew) {
		return c.other
	}
	return c.key
}

// Tick tells the time. A key that is in use for a week is replaced. Once an hour is
// enough.
func (c *Chat) Tick(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	t := now.Unix()
	if c.keySince == 0 || t < c.keySince {
		c.keySince = t // a new key, or a clock that was wrong
		return c.commit()
	}
	before := c.sent
	if err := c.renew(t-c.keySince >= int64(maxAge/time.Second)); err != nil {
		return c.fail(err)
	}
	if c.sent == before {
		return nil
	}
	return c.commit()
}
