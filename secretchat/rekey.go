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
func (s *session) renew(tooOld bool) error {
	if s.exchange.state != idle || s.uses <= maxUses && !(tooOld && s.uses > 0) {
		return nil
	}
	return s.requestKey(randomInt64())
}

func (s *session) requestKey(id int64) error {
	mine, err := s.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	s.exchange = exchange{state: requested, id: id, mine: mine}
	gA := mine.PublicKey().Bytes()
	return s.post(&tl.Action{ID: tl.RequestKey, ExchangeID: id, G: gA[:]})
}

func (s *session) onRequestKey(m *incoming) error {
	a := &m.message.Action
	switch s.exchange.state {
	case accepted, switched, committed:
		return s.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	case requested:
		// Both have requested. The larger id wins, as signed numbers.
		if a.ExchangeID < s.exchange.id {
			return nil
		}
		equal := a.ExchangeID == s.exchange.id
		s.exchange.wipe()
		if equal {
			return nil
		}
	}
	peer, err := s.group.NewPublicKey(a.G)
	if err != nil {
		return fatal(RulePublicValue)
	}
	mine, err := s.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	s.other = newKey(mine, peer, s.maxPacket)
	mine.Wipe()
	s.exchange = exchange{state: accepted, id: a.ExchangeID}
	gB := mine.PublicKey().Bytes()
	return s.post(&tl.Action{ID: tl.AcceptKey, ExchangeID: a.ExchangeID, G: gB[:], Fingerprint: s.other.fingerprint()})
}

func (s *session) onAcceptKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	switch {
	case e.state == requested && a.ExchangeID == e.id:
	case e.state == requested:
		e.wipe()
		return s.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	case e.state != idle && a.ExchangeID == e.id:
		return fatal(RuleKeyExchange)
	default:
		return s.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	}
	peer, err := s.group.NewPublicKey(a.G)
	if err != nil {
		return fatal(RulePublicValue)
	}
	s.other = newKey(e.mine, peer, s.maxPacket)
	e.wipe()
	if a.Fingerprint != s.other.fingerprint() {
		return fatal(RuleFingerprint)
	}
	*e = exchange{state: committed, id: a.ExchangeID, commit: s.sent}
	if err := s.post(&tl.Action{ID: tl.CommitKey, ExchangeID: a.ExchangeID, Fingerprint: a.Fingerprint}); err != nil {
		return err
	}
	s.swapKeys(m)
	return nil
}

func (s *session) onCommitKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	fresh := s.key // if switched
	if e.state == accepted {
		fresh = s.other
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
		s.swapKeys(m)
		if err := s.post(&tl.Action{ID: tl.Noop}); err != nil {
			return err
		}
	}
	s.forgetOther()
	return nil
}

func (s *session) onAbortKey(m *incoming) error {
	a := &m.message.Action
	if s.exchange.state == idle || a.ExchangeID != s.exchange.id {
		return nil
	}
	switch s.exchange.state {
	case requested, accepted:
		s.forgetOther()
		s.uses = 0 // Let some time pass before we try again.
		return nil
	}
	return fatal(RuleKeyExchange) // The peer knows CommitKey, or has sent it.
}

// onNewKey notes that a message, which may have to wait for its turn, came under k.
func (s *session) onNewKey(k *key) error {
	switch {
	case s.exchange.state == accepted && k == s.other:
		// Only who has sent CommitKey can have used it.
		s.exchange.state = switched
		s.swapKeys(&incoming{seq: -1, seen: s.acked})
		return s.post(&tl.Action{ID: tl.Noop})
	case s.exchange.state == committed && k == s.key:
		s.exchange.usedNew = true
	}
	return nil
}

// onSeen notes that the peer has processed our messages before number seen. It comes
// before what the message itself asks for.
func (s *session) onSeen(seen int) {
	if s.exchange.state == committed && s.exchange.usedNew && seen > s.exchange.commit {
		s.forgetOther()
	}
}

// swapKeys has other used for sending, and key for receiving alone, as m says.
func (s *session) swapKeys(m *incoming) {
	s.key, s.other = s.other, s.key
	s.uses, s.keySince = 0, 0
	s.emit(m, Event{Kind: EventKeyChanged})
}

// forgetOther ends the exchange.
func (s *session) forgetOther() {
	s.other.wipe()
	s.other = nil
	s.exchange.wipe()
}

// keyFor returns the key under which message seq is sent: CommitKey under the old one,
// as long as that is there, and what came before it as well, until the peer is known to
// have the new one.
func (s *session) keyFor(seq int) *key {
	e := &s.exchange
	if e.state == committed && (seq == e.commit || seq < e.commit && !e.usedNew) {
		return s.other
	}
	return s.key
}

// tick tells the time, and reports whether that has changed anything.
func (s *session) tick(now time.Time) (changed bool, err error) {
	if s.over != nil {
		return false, s.over
	}
	t := now.Unix()
	if s.keySince == 0 || t < s.keySince {
		s.keySince = t // a new key, or a clock that was wrong
		return true, nil
	}
	before := s.sent
	err = s.renew(t-s.keySince >= int64(maxAge/time.Second))
	return s.sent > before, err
}
