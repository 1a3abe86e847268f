package secretchat

import (
	"bytes"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// Key renewal, https://core.telegram.org/api/end-to-end/pfs.
//
//	A  RequestKey(id, g_a)               under the old key
//	B  AcceptKey(id, g_b, fingerprint)   under the old key
//	A  CommitKey(id, fingerprint)        under the old key
//	B  anything, at least Noop           under the new key
//
// All of these have numbers, and are processed in their turn, each once. For the state
// of either side there is one place, exchange; all that may happen is in the four
// methods on*Key, in onKey, onTurn and onSilence, and in renew.
//
//	state      event                      what happens                                         next state
//	idle       key is used up             send RequestKey                                      requested
//	idle       RequestKey(id)             make the new key, send AcceptKey                     accepted
//	requested  RequestKey(less)           keep it: by the rules the peer will accept ours      requested
//	requested  the peer goes on without   drop ours, as if idle and RequestKey(less): for      accepted
//	           AcceptKey after that       Telegram for iOS, the smaller id wins
//	requested  RequestKey(more)           drop ours, as if idle                                accepted
//	requested  RequestKey(equal)          drop both                                            idle
//	requested  AcceptKey(id)              make the new key, send CommitKey                     committed
//	requested  AbortKey(id)               drop ours                                            idle
//	requested  no answer though the peer  send AbortKey(id), and ask ever more rarely          idle
//	           goes on
//	requested  message under the key in   wipe the key before, if it is still there            requested
//	           use, in its turn
//	accepted   CommitKey(id), or packet   use the new key, send Noop                           switched
//	           under the new key
//	accepted   AbortKey(id)               wipe the new key                                     idle
//	switched   message under the new key  wipe the old key                                     idle
//	           in its turn
//	switched   key is used up             send RequestKey, keep the old key                    requested
//	committed  packet under the new key   use the new key, if that is not done                 committed
//	committed  message under the new key  wipe the old key                                     idle
//	           in its turn
//	committed  message under the old key  back to the old key                                  committed
//	           from who has CommitKey
//	committed  AbortKey(id), and nothing  back to the old key, wipe the new one                idle
//	           came under the new key
//	committed  key is used up, and        use the new key, send CommitKey again                committed
//	           nothing came under it
//	committed  message under the old key  send CommitKey again                                 committed
//	           after that
//	accepted,  RequestKey(other)          send AbortKey(other)                                 the same
//	switched,
//	committed
//
// Whatever else comes is ignored: the same message a second time, which Telegram for Android
// answers a second time as well, messages of other exchanges, and AbortKey out of place. What
// ends the chat is a bad g_a or g_b, and a wrong fingerprint in AcceptKey or CommitKey of the
// exchange that is open. There is no use in an AbortKey before that.
//
// There are two keys at most. The old one is needed for as long as something that was sent
// under it may come, which is until a message under the new one is processed in its turn that
// was not sent again: then nothing before it is missing. That a message acknowledges CommitKey says less, and
// from Telegram for Android it never does. That the new one is used up in turn says nothing
// at all: the peer may be off, and what it has sent before under way, or lost and sent again as it
// was, as by TDLib. Without the old key that would never be read, and the chat not get beyond it.
// The request for the next key goes under the new one, so that the answer says that the old one has
// no more use. See TestPeerIsOff and TestGapAndOldKey.
//
// When the initiator begins to use the new key is for the peers to decide. Telegram for iOS
// and MadelineProto cannot read it before they have got CommitKey: for them, and for all
// others, it is with the first packet under it. With Telegram for Android it is at CommitKey,
// since a packet under the old key that overtakes CommitKey has it forget that key, and with
// it all that is on its way.

// A key is replaced after so many messages of the application, sent and received, or after
// a week if there was one at all. What the driver sends does not count, or idle chats would
// renew each other for ever.
const (
	maxUses = 100
	maxAge  = 7 * 24 * time.Hour
)

// A peer that does not renew keys, or is in an exchange of its own, does not answer.
const (
	// maxIgnored is after how many of its messages that have seen RequestKey an exchange is
	// given up, and giveUpAfter after how many seconds, if there was one at all. What is
	// not counted are our own messages, and time alone: the answer may be under way, or
	// one of the devices off.
	maxIgnored  = 100
	giveUpAfter = 24 * 3600
	// maxGivenUp is how often the time to the next exchange doubles.
	maxGivenUp = 6
	// The request of a peer that has lost against ours is accepted after so many of its
	// messages that have seen ours, or so many seconds after the first.
	maxSilent   = 3
	silentAfter = 60
)

type exchangeState uint8

const (
	idle      exchangeState = iota
	requested               // RequestKey sent; other is the key before, if that may still be needed
	accepted                // AcceptKey sent; other is the new key
	switched                // new key in use; other is the old key
	committed               // CommitKey sent; other is the new key, or the old one if it is in use
)

// exchange is the state of key renewal.
type exchange struct {
	state exchangeState
	id    int64

	// If requested: our number of RequestKey and when it was sent, and how many messages
	// of the peer have come that had seen it.
	mine    *bigdh.PrivateKey
	request int
	at      int64
	ignored int
	// The request of the peer that has lost against ours, how many messages of the peer
	// have come since then that had seen ours, and when the first did.
	theirs   *request
	silent   int
	silentAt int64

	// If committed: our number of CommitKey, whether the new key is used since then, and
	// whether the peer has used it.
	commit  int
	early   bool
	usedNew bool
}

// request is RequestKey of the peer.
type request struct {
	id int64
	gA []byte
}

// renewal is what remains between two exchanges.
type renewal struct {
	last      int64 // id of the last exchange, if there is one
	hasLast   bool
	givenUp   int   // exchanges that were given up since the last that was not
	notBefore int64 // Unix time before which age alone is no reason for the next
}

func (e *exchange) wipe() {
	if e.mine != nil {
		e.mine.Wipe()
	}
	*e = exchange{}
}

// renew does what is due when the key is used up.
func (s *session) renew(tooOld bool) error {
	e := &s.exchange
	due := s.uses > maxUses<<s.renewal.givenUp || tooOld && s.uses > 0 && s.now() >= s.renewal.notBefore
	switch e.state {
	case idle:
		if due {
			return s.requestKey(randomInt64())
		}
	case requested:
		if e.ignored >= maxIgnored || e.ignored > 0 && s.now()-e.at >= giveUpAfter {
			return s.giveUp()
		}
	case switched:
		// The peer only reads, or is off.
		if due {
			s.endExchange()
			return s.requestKey(randomInt64())
		}
	case committed:
		if due && !e.early && !e.usedNew {
			e.early = true
			s.swapKeys(s.unnumbered())
			s.remindOfCommit()
		}
	}
	return nil
}

func (s *session) requestKey(id int64) error {
	mine, err := s.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	s.exchange = exchange{state: requested, id: id, mine: mine, request: s.sent, at: s.now()}
	gA := mine.PublicKey().Bytes()
	return s.post(&tl.Action{ID: tl.RequestKey, ExchangeID: id, G: gA[:]})
}

// giveUp ends an exchange that the peer does not take part in. One that has a request of its
// own waits for us: Telegram for iOS would do so for ever.
func (s *session) giveUp() error {
	if theirs := s.exchange.theirs; theirs != nil {
		s.forgetOther()
		return s.acceptKey(theirs.id, theirs.gA)
	}
	id := s.exchange.id
	s.forgetOther()
	s.renewal.givenUp = min(s.renewal.givenUp+1, maxGivenUp)
	s.renewal.notBefore = s.now() + giveUpAfter<<s.renewal.givenUp
	s.uses = 0
	return s.post(&tl.Action{ID: tl.AbortKey, ExchangeID: id})
}

func (s *session) onRequestKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	if s.renewal.hasLast && a.ExchangeID == s.renewal.last {
		return nil
	}
	switch e.state {
	case idle:
	case requested:
		// Both have requested. The larger id wins, as signed numbers.
		if a.ExchangeID < e.id {
			if e.theirs == nil || e.theirs.id != a.ExchangeID {
				e.theirs = &request{a.ExchangeID, bytes.Clone(a.G)}
				e.silent, e.silentAt = 0, 0
			}
			return nil
		}
		equal := a.ExchangeID == e.id
		s.forgetOther()
		if equal {
			return nil
		}
	default:
		if a.ExchangeID == e.id {
			return nil
		}
		return s.post(&tl.Action{ID: tl.AbortKey, ExchangeID: a.ExchangeID})
	}
	return s.acceptKey(a.ExchangeID, a.G)
}

func (s *session) acceptKey(id int64, gA []byte) error {
	peer, err := s.group.NewPublicKey(gA)
	if err != nil {
		return fatal(RulePublicValue)
	}
	mine, err := s.group.GenerateKey(nil)
	if err != nil {
		panic("secretchat: internal error: " + err.Error())
	}
	s.other = newKey(mine, peer, s.maxPacket)
	mine.Wipe()
	s.exchange = exchange{state: accepted, id: id}
	gB := mine.PublicKey().Bytes()
	return s.post(&tl.Action{ID: tl.AcceptKey, ExchangeID: id, G: gB[:], Fingerprint: s.other.fingerprint()})
}

func (s *session) onAcceptKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	if e.state != requested || a.ExchangeID != e.id {
		return nil
	}
	peer, err := s.group.NewPublicKey(a.G)
	if err != nil {
		return fatal(RulePublicValue)
	}
	s.wipeOld() // It is gone already if AcceptKey has come under the key in use, as it should.
	s.other = newKey(e.mine, peer, s.maxPacket)
	e.wipe()
	if a.Fingerprint != s.other.fingerprint() {
		return fatal(RuleFingerprint)
	}
	*e = exchange{state: committed, id: a.ExchangeID, commit: s.sent}
	s.uses, s.keySince = 0, 0
	if err := s.post(&tl.Action{ID: tl.CommitKey, ExchangeID: a.ExchangeID, Fingerprint: a.Fingerprint}); err != nil {
		return err
	}
	if s.peer > LatestLayer { // Telegram for Android
		e.early = true
		s.swapKeys(m)
	}
	return nil
}

func (s *session) onCommitKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	if a.ExchangeID != e.id {
		return nil
	}
	switch e.state {
	case accepted:
		if a.Fingerprint != s.other.fingerprint() {
			return fatal(RuleFingerprint)
		}
		return s.switchKeys(m)
	case switched:
		if a.Fingerprint != s.key.fingerprint() {
			return fatal(RuleFingerprint)
		}
	}
	return nil
}

func (s *session) onAbortKey(m *incoming) error {
	a := &m.message.Action
	e := &s.exchange
	if e.theirs != nil && a.ExchangeID == e.theirs.id {
		e.theirs = nil
	}
	if a.ExchangeID != e.id {
		return nil
	}
	switch e.state {
	case requested:
		if theirs := e.theirs; theirs != nil {
			s.forgetOther()
			return s.acceptKey(theirs.id, theirs.gA)
		}
	case accepted:
	case committed:
		if e.usedNew {
			return nil
		}
		if e.early {
			s.swapKeys(m)
		}
	default:
		return nil
	}
	s.forgetOther()
	s.uses = 0 // Let some time pass before we try again.
	return nil
}

// onKey notes that m, which may have to wait for its turn, came under k.
func (s *session) onKey(m *incoming, k *key) error {
	e := &s.exchange
	switch {
	case e.state == accepted && k == s.other:
		// Only who has sent CommitKey can have used it.
		return s.switchKeys(s.unnumbered())
	case e.state == committed && !e.usedNew && (k == s.key) == e.early:
		e.usedNew = true
		if !e.early {
			s.swapKeys(s.unnumbered())
		}
	case e.state == committed && e.early && !e.usedNew && s.hasCommit(m):
		// It has CommitKey and does not use the new key, so it has dropped that: Telegram for
		// Android does, when it gets RequestKey twice. Its AbortKey may be what is missing.
		e.early = false
		s.swapKeys(s.unnumbered())
	case e.state == committed && e.early && s.peer <= LatestLayer && k == s.other && !m.asked:
		s.remindOfCommit()
	}
	return nil
}

// remindOfCommit sends CommitKey again, in case it is lost: Telegram for iOS and MadelineProto,
// which need it to read what comes under the new key, cannot see that.
func (s *session) remindOfCommit() {
	if commit := s.exchange.commit; commit >= s.acked {
		s.sendAgain(commit)
	}
}

// hasCommit reports whether the peer had processed our CommitKey when it sent m. The in_seq_no
// of Telegram for Android is one too low.
func (s *session) hasCommit(m *incoming) bool {
	seen := m.seen
	if s.peer > LatestLayer {
		seen++
	}
	return !m.asked && seen > s.exchange.commit
}

// switchKeys uses the new key, which the initiator is known to have.
func (s *session) switchKeys(m *incoming) error {
	s.exchange.state = switched
	s.swapKeys(m)
	return s.post(&tl.Action{ID: tl.Noop})
}

// onTurn notes that it is the turn of m, before what it asks for is done: if it came under
// the new key, nothing that was sent under the old one is missing any more. What was asked for
// does not tell: it may have been made under the old key at first, as may be what follows it.
// But who asks for the next key has no old one.
func (s *session) onTurn(m *incoming) {
	if m.under != s.key.fingerprint() || m.asked && !m.is(tl.RequestKey) {
		return
	}
	switch e := &s.exchange; {
	case e.state == requested:
		s.wipeOld()
	case e.state == switched, e.state == committed && e.usedNew:
		s.wipeOld()
		s.endExchange()
	}
}

// onSilence notes that m has come in its turn, and is done with: if it has seen our
// RequestKey, there should have been an answer.
func (s *session) onSilence(m *incoming) error {
	e := &s.exchange
	if e.state != requested || m.asked || m.seen <= e.request {
		return nil
	}
	e.ignored++
	if e.theirs == nil || m.is(tl.RequestKey) {
		return nil
	}
	if e.silent++; e.silent == 1 {
		e.silentAt = s.now()
	}
	return s.acceptTheirs()
}

// acceptTheirs accepts the peer's request instead of ours, if it is time to.
func (s *session) acceptTheirs() error {
	e := &s.exchange
	if e.theirs == nil || e.silent == 0 || e.silent < maxSilent && s.now()-e.silentAt < silentAfter {
		return nil
	}
	theirs := e.theirs
	s.forgetOther()
	return s.acceptKey(theirs.id, theirs.gA)
}

// swapKeys has other used for sending, and key for receiving alone, as m says.
func (s *session) swapKeys(m *incoming) {
	s.key, s.other = s.other, s.key
	s.uses, s.keySince = 0, 0
	s.emit(m, Event{Kind: EventKeyChanged})
}

// wipeOld wipes the key before, if it is still there: the exchange that has replaced it has
// come to a good end.
func (s *session) wipeOld() {
	if s.other == nil {
		return
	}
	s.wiped = s.other.fingerprint()
	s.other.wipe()
	s.other = nil
	s.renewal.givenUp, s.renewal.notBefore = 0, 0
}

// forgetOther ends the exchange, and wipes the key that is not in use for sending.
func (s *session) forgetOther() {
	s.other.wipe()
	s.other = nil
	s.endExchange()
}

func (s *session) endExchange() {
	s.renewal.last, s.renewal.hasLast = s.exchange.id, true
	s.exchange.wipe()
}

// keyFor returns the key under which message seq is sent: CommitKey and what came before it
// under the old one, until the peer is known to have the new one. So are requests to Telegram
// for Android, in case what is missing says that it never will.
func (s *session) keyFor(seq int) *key {
	e := &s.exchange
	isOld := seq <= e.commit || s.peer > LatestLayer && s.history.records[seq-s.acked].action == tl.Resend
	if e.state == committed && e.early && !e.usedNew && isOld {
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
	if t <= 0 {
		return false, nil // not a time
	}
	s.ticked = t
	defer func() { s.ticked = 0 }()
	sent, before := s.sent, s.exchange
	fresh := s.keySince == 0 || t < s.keySince
	if fresh {
		s.keySince = t // a new key, or a clock that was wrong
	}
	s.setClockBack()
	err = s.askInTime()
	if err == nil {
		err = s.breakSilence()
	}
	if err == nil {
		err = s.acceptTheirs()
	}
	if err == nil {
		err = s.renew(t-s.keySince >= int64(maxAge/time.Second))
	}
	return fresh || s.sent > sent || s.exchange != before, err
}

// setClockBack takes the present for what is noted as later, in case the clock was wrong.
func (s *session) setClockBack() {
	now := s.now()
	e := &s.exchange
	e.at, e.silentAt = min(e.at, now), min(e.silentAt, now)
	s.renewal.notBefore = min(s.renewal.notBefore, now+giveUpAfter<<s.renewal.givenUp)
}
