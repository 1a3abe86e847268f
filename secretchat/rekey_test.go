package secretchat

import (
	"fmt"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// rekeyMessage returns a message of key renewal with a good public value.
func rekeyMessage(id tl.ActionID, exchange int64, group *bigdh.Group, fingerprint int64) []byte {
	mine, err := group.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	g := mine.PublicKey().Bytes()
	return service(&tl.Action{ID: id, ExchangeID: exchange, G: g[:], Fingerprint: fingerprint})
}

const exchangeID = 1000

var testTime = time.Unix(1700000000, 0)

// parties in each state of B, of a chat where both have nothing on their way but what
// the state is about. The exchange has exchangeID, and each party is a snapshot away.
func inState(t *testing.T, state exchangeState) (a, b *party) {
	t.Helper()
	a, b = newSettledPair(t)
	request := func(p *party) []Packet {
		if err := p.requestKey(exchangeID); err != nil {
			t.Fatal(err)
		}
		return p.Outbox()
	}
	switch state {
	case idle:
	case requested:
		request(b) // and lost
	case accepted:
		deliver(t, b, request(a)...)
		b.Outbox() // and lost
	case switched:
		deliver(t, b, request(a)...)
		deliver(t, a, b.Outbox()...)
		a.Outbox() // CommitKey, lost
		a.switchEarly()
		if _, err := b.Receive(a.send(text(1, "x"))); err != nil {
			t.Fatal(err)
		}
	case committed:
		deliver(t, a, request(b)...)
		deliver(t, b, a.Outbox()...)
		b.Outbox() // CommitKey, lost
	}
	if b.exchange.state != state {
		t.Fatalf("state %d, want %d", b.exchange.state, state)
	}
	return a, b
}

// switchEarly has p use the new key from CommitKey on, as most clients do.
func (p *party) switchEarly() {
	p.exchange.early = true
	p.key, p.other = p.other, p.key
}

// sentActions returns the actions of what p has to send, as the other side sees them.
func sentActions(t *testing.T, p *party) (actions []tl.Action) {
	t.Helper()
	for _, r := range p.history.records {
		if r.unsent && !r.handed {
			l, err := tl.ParseLayer(r.object)
			if err != nil {
				t.Fatal(err)
			}
			m, err := tl.ParseMessage(l.Message)
			if err != nil {
				t.Fatal(err)
			}
			actions = append(actions, m.Action)
		}
	}
	return actions
}

// TestRekeyTable goes through the table of rekey.go, row by row: the state before, what
// A sends, what B answers and what its state is then.
func TestRekeyTable(t *testing.T) {
	const less, more, other = exchangeID - 1, exchangeID + 1, 77
	type row struct {
		state    exchangeState
		name     string
		message  func(a, b *party) []byte
		answer   tl.ActionID // 0 for none
		answerID int64
		next     exchangeState
		want     Rule // instead of all that
	}
	msg := func(id tl.ActionID, exchange int64) func(a, b *party) []byte {
		return func(a, b *party) []byte { return a.forge(rekeyMessage(id, exchange, a.group, 99)) }
	}
	// old and missing are msg in the place of CommitKey, under the key before and the new one.
	old := func(id tl.ActionID, exchange int64) func(a, b *party) []byte {
		return func(a, b *party) []byte { return a.forgeMissing(rekeyMessage(id, exchange, a.group, 99)) }
	}
	missing := func(id tl.ActionID, exchange int64) func(a, b *party) []byte {
		return func(a, b *party) []byte {
			return a.forge(rekeyMessage(id, exchange, a.group, 99), later(a.exchange.commit-a.sent))
		}
	}
	bad := func(id tl.ActionID, g []byte) func(a, b *party) []byte {
		return func(a, b *party) []byte {
			return a.forge(service(&tl.Action{ID: id, ExchangeID: exchangeID, G: g}))
		}
	}
	commit := func(exchange, wrong int64) func(a, b *party) []byte {
		return func(a, b *party) []byte {
			fingerprint := b.key.fingerprint() // if switched
			if b.exchange.state == accepted {
				fingerprint = b.other.fingerprint()
			}
			m := rekeyMessage(tl.CommitKey, exchange, a.group, fingerprint+wrong)
			return a.forgeMissing(m)
		}
	}
	// accept answers b's request honestly.
	accept := func(a, b *party) []byte {
		gA := b.exchange.mine.PublicKey()
		mine, _ := a.group.GenerateKey(nil)
		k := newKey(mine, gA, a.maxPacket)
		gB := mine.PublicKey().Bytes()
		return a.forge(service(&tl.Action{ID: tl.AcceptKey, ExchangeID: exchangeID, G: gB[:], Fingerprint: k.fingerprint()}))
	}
	zero, one := make([]byte, 256), append(make([]byte, 255), 1)
	huge := append([]byte{1}, make([]byte, 256)...)

	rows := []row{
		{idle, "RequestKey", msg(tl.RequestKey, other), tl.AcceptKey, other, accepted, ""},
		{idle, "RequestKey with 0", bad(tl.RequestKey, zero), 0, 0, 0, RulePublicValue},
		{idle, "RequestKey with 1", bad(tl.RequestKey, one), 0, 0, 0, RulePublicValue},
		{idle, "RequestKey with 257 bytes", bad(tl.RequestKey, huge), 0, 0, 0, RulePublicValue},
		{idle, "RequestKey with nothing", bad(tl.RequestKey, nil), 0, 0, 0, RulePublicValue},
		{idle, "AcceptKey", msg(tl.AcceptKey, other), 0, 0, idle, ""},
		{idle, "AbortKey", msg(tl.AbortKey, other), 0, 0, idle, ""},
		{idle, "CommitKey", msg(tl.CommitKey, other), 0, 0, idle, ""},

		{requested, "RequestKey with a smaller id", msg(tl.RequestKey, less), 0, 0, requested, ""},
		{requested, "RequestKey with a negative id", msg(tl.RequestKey, -1<<63), 0, 0, requested, ""},
		{requested, "RequestKey with a larger id", msg(tl.RequestKey, more), tl.AcceptKey, more, accepted, ""},
		{requested, "RequestKey with the same id", msg(tl.RequestKey, exchangeID), 0, 0, idle, ""},
		{requested, "AcceptKey", accept, tl.CommitKey, exchangeID, committed, ""},
		{requested, "AcceptKey with another id", msg(tl.AcceptKey, other), 0, 0, requested, ""},
		{requested, "AcceptKey with a wrong fingerprint", msg(tl.AcceptKey, exchangeID), 0, 0, 0, RuleFingerprint},
		{requested, "AcceptKey with 1", bad(tl.AcceptKey, one), 0, 0, 0, RulePublicValue},
		{requested, "AbortKey", msg(tl.AbortKey, exchangeID), 0, 0, idle, ""},
		{requested, "AbortKey with another id", msg(tl.AbortKey, other), 0, 0, requested, ""},
		{requested, "CommitKey", msg(tl.CommitKey, exchangeID), 0, 0, requested, ""},

		{accepted, "CommitKey", commit(exchangeID, 0), tl.Noop, 0, switched, ""},
		{accepted, "CommitKey with another id", commit(other, 0), 0, 0, accepted, ""},
		{accepted, "CommitKey with a wrong fingerprint", commit(exchangeID, 1), 0, 0, 0, RuleFingerprint},
		{accepted, "RequestKey", msg(tl.RequestKey, other), tl.AbortKey, other, accepted, ""},
		{accepted, "RequestKey a second time", msg(tl.RequestKey, exchangeID), 0, 0, accepted, ""},
		{accepted, "AcceptKey", msg(tl.AcceptKey, other), 0, 0, accepted, ""},
		{accepted, "AcceptKey with our id", msg(tl.AcceptKey, exchangeID), 0, 0, accepted, ""},
		{accepted, "AbortKey", msg(tl.AbortKey, exchangeID), 0, 0, idle, ""},
		{accepted, "AbortKey with another id", msg(tl.AbortKey, other), 0, 0, accepted, ""},

		// The number of CommitKey is missing; a text under the new key waits for it.
		{switched, "CommitKey", commit(exchangeID, 0), 0, 0, idle, ""},
		{switched, "CommitKey with another id", commit(other, 0), 0, 0, idle, ""},
		{switched, "AbortKey", old(tl.AbortKey, exchangeID), 0, 0, idle, ""},
		{switched, "RequestKey", old(tl.RequestKey, other), tl.AbortKey, other, idle, ""},
		{switched, "RequestKey a second time", old(tl.RequestKey, exchangeID), 0, 0, idle, ""},
		{switched, "RequestKey under the new key", missing(tl.RequestKey, other), tl.AcceptKey, other, accepted, ""},
		{switched, "CommitKey with a wrong fingerprint", commit(exchangeID, 1), 0, 0, 0, RuleFingerprint},

		{committed, "RequestKey", msg(tl.RequestKey, other), tl.AbortKey, other, committed, ""},
		{committed, "AcceptKey", msg(tl.AcceptKey, other), 0, 0, committed, ""},
		{committed, "AcceptKey with our id", msg(tl.AcceptKey, exchangeID), 0, 0, committed, ""},
		{committed, "AbortKey", msg(tl.AbortKey, exchangeID), 0, 0, idle, ""},
		{committed, "AbortKey with another id", msg(tl.AbortKey, other), 0, 0, committed, ""},
		{committed, "CommitKey", msg(tl.CommitKey, exchangeID), 0, 0, committed, ""},
	}
	names := [...]string{"idle", "requested", "accepted", "switched", "committed"}
	for _, r := range rows {
		for _, restarted := range []bool{false, true} {
			name := fmt.Sprintf("%s/%s/restarted=%t", names[r.state], r.name, restarted)
			t.Run(name, func(t *testing.T) {
				a, b := inState(t, r.state)
				packet := r.message(a, b)
				if restarted {
					if err := b.commit(); err != nil {
						t.Fatal(err)
					}
					b.restart(t)
				}
				b.Outbox() // which is not an answer
				if mine := b.exchange.mine; mine != nil && r.next != requested {
					defer func() {
						if !wiped(mine) {
							t.Error("the exponent was not wiped")
						}
					}()
				}
				if r.want != "" {
					wantFatal(t, b, packet, r.want)
					return
				}
				keys := []*key{b.key, b.other}
				if _, err := b.Receive(packet); err != nil {
					t.Fatal(err)
				}
				sent := sentActions(t, b)
				switch {
				case r.answer == 0 && len(sent) != 0:
					t.Errorf("answer %+v, want none", sent)
				case r.answer != 0 && (len(sent) != 1 || sent[0].ID != r.answer || sent[0].ExchangeID != r.answerID):
					t.Errorf("answer %+v, want %x with id %d", sent, r.answer, r.answerID)
				}
				if b.exchange.state != r.next {
					t.Errorf("state %s, want %s", names[b.exchange.state], names[r.next])
				}
				// At most two keys; those that have no more use are wiped.
				if (b.other != nil) != (r.next == accepted || r.next == switched || r.next == committed) {
					t.Errorf("there is a second key: %t", b.other != nil)
				}
				for i, k := range keys {
					if k != nil && k != b.key && k != b.other && k.auth != [256]byte{} {
						t.Errorf("key %d was not wiped", i)
					}
				}
				if b.exchange.mine != nil && r.next != requested {
					t.Error("there is an exponent")
				}
			})
		}
	}
}

// forgeMissing forges CommitKey: the message that is missing, if one is.
func (p *party) forgeMissing(message []byte) []byte {
	if p.exchange.state == committed {
		return seal(p.other, p.side(), p.object(message, later(p.exchange.commit-p.sent)))
	}
	return p.forge(message)
}

// wiped reports whether an exponent is, in that it cannot be used.
func wiped(k *bigdh.PrivateKey) (yes bool) {
	defer func() { yes = recover() != nil }()
	k.Bytes()
	return false
}

// TestRekeySwitchedEarly: CommitKey is lost, and what comes after it under the new key
// stands for it.
func TestRekeySwitchedEarly(t *testing.T) {
	a, b := inState(t, switched)
	old := b.other
	sent := sentActions(t, b)
	if len(sent) != 2 || sent[0].ID != tl.Noop || sent[1].ID != tl.Resend {
		t.Fatalf("sent %+v, want Noop and Resend", sent)
	}
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("keys differ")
	}
	// Old messages may still come, under the old key, until CommitKey does.
	if old.auth == [256]byte{} {
		t.Error("the old key was wiped")
	}
	settle(t, a, b)
	if b.other != nil || b.exchange.state != idle || old.auth != [256]byte{} {
		t.Error("the old key was not wiped")
	}
	if a.other != nil || a.exchange.state != idle {
		t.Error("A's old key was not wiped")
	}
}

// TestRekeyEventOrder: that there is a new key is told at once, when a message under it
// comes too early, and not under the number of that, as others are still to come.
func TestRekeyEventOrder(t *testing.T) {
	a, b := newSettledPair(t)
	if err := a.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	deliver(t, b, a.Outbox()...)
	accept := b.Outbox()
	late := say(t, a, 1, "under the old key, late")
	deliver(t, a, accept...)
	commit := a.Outbox()
	a.switchEarly()
	after := say(t, a, 2, "under the new key")
	want := fmt.Sprintf("%d:-1:0 ", EventKeyChanged)
	wantEvents(t, deliver(t, b, after), want)
	b.restart(t)
	wantEvents(t, b.Unhandled(), want)
	if got, want := b.Unhandled()[0].Seen, b.acked; got != want {
		t.Errorf("Seen = %d, want %d", got, want)
	}
	wantEvents(t, deliver(t, b, late), fmt.Sprintf("%d:%d:1 ", EventMessage, late.Seq))
	wantEvents(t, deliver(t, b, commit...), fmt.Sprintf("%d:%d:2 ", EventMessage, after.Seq))
}

// TestRekeyTooEarlyForWiping: A keeps the old key as long as messages under it may be
// on their way.
func TestRekeyTooEarlyForWiping(t *testing.T) {
	a, b := newSettledPair(t)
	if err := a.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	deliver(t, b, a.Outbox()...)
	late := say(t, b, 1, "under the old key, late")
	deliver(t, a, b.Outbox()...)
	deliver(t, b, a.Outbox()...) // CommitKey
	after := say(t, b, 2, "under the new key")
	noop := b.Outbox()
	deliver(t, a, after) // waits for late and noop
	if a.other == nil {
		t.Fatal("the old key is gone")
	}
	got := deliver(t, a, late)
	wantEvents(t, got, fmt.Sprintf("%d:%d:1 ", EventMessage, late.Seq))
	deliver(t, a, noop...)
	if a.other != nil {
		t.Error("the old key was not wiped")
	}
}

// TestRekeySentAgain: a message that is sent again under the new key does not say that nothing
// is on its way under the old one. The next does.
func TestRekeySentAgain(t *testing.T) {
	a, b := newSettledPair(t)
	if err := a.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	deliver(t, b, a.Outbox()...)
	deliver(t, a, b.Outbox()...)
	deliver(t, b, a.Outbox()...) // CommitKey
	noop := b.Outbox()
	say(t, a, 1, "lost")
	second, third := say(t, a, 2, "waits"), say(t, a, 3, "late")
	wantEvents(t, deliver(t, b, second), "")
	deliver(t, a, noop...)
	deliver(t, a, b.Outbox()...) // which asks for the first
	wantEvents(t, deliver(t, b, a.Outbox()...), fmt.Sprintf("%d:%d:1 %[1]d:%[3]d:2 ", EventMessage, second.Seq-1, second.Seq))
	wantEvents(t, deliver(t, b, third), fmt.Sprintf("%d:%d:3 ", EventMessage, third.Seq))
	if b.other == nil {
		t.Error("the old key was wiped too early")
	}
	deliver(t, b, say(t, a, 4, "under the new key"))
	if b.other != nil || b.exchange.state != idle {
		t.Error("the old key was not wiped")
	}
}

// TestRekeyRace has both request at the same time, with ids in either order.
func TestRekeyRace(t *testing.T) {
	for _, ids := range [][2]int64{{1, 2}, {2, 1}, {-1, 1}, {1, -1}, {-1 << 63, 1<<63 - 1}} {
		a, b := newSettledPair(t)
		before := a.Fingerprint()
		if err := a.requestKey(ids[0]); err != nil {
			t.Fatal(err)
		}
		if err := b.requestKey(ids[1]); err != nil {
			t.Fatal(err)
		}
		settle(t, a, b)
		deliver(t, b, say(t, a, 1, "x"))
		deliver(t, a, say(t, b, 1, "x"))
		deliver(t, b, say(t, a, 1, "x"))
		if a.Fingerprint() != b.Fingerprint() || a.Fingerprint() == before {
			t.Errorf("ids %v: keys %d and %d, before %d", ids, a.Fingerprint(), b.Fingerprint(), before)
		}
		if a.exchange != (exchange{}) || b.exchange != (exchange{}) || a.other != nil || b.other != nil {
			t.Errorf("ids %v: there is still an exchange", ids)
		}
	}
	a, b := newSettledPair(t)
	before := a.Fingerprint()
	if err := a.requestKey(5); err != nil {
		t.Fatal(err)
	}
	if err := b.requestKey(5); err != nil {
		t.Fatal(err)
	}
	settle(t, a, b)
	if a.exchange != (exchange{}) || b.exchange != (exchange{}) || a.Fingerprint() != before {
		t.Error("the same id: the exchange goes on")
	}
}

// TestRekeyWhenDue: after a hundred messages, or a week with at least one.
func TestRekeyWhenDue(t *testing.T) {
	week := 7 * 24 * time.Hour
	start := testTime

	t.Run("messages", func(t *testing.T) {
		a, b := newSettledPair(t)
		for a.exchange.state == idle {
			deliver(t, b, say(t, a, 1, "x"))
		}
		// NotifyLayer both ways, then messages, then RequestKey.
		if n := a.sent + a.received; n != 2+maxUses+1+1 {
			t.Errorf("%d messages, want %d", n-3, maxUses+1)
		}
	})
	t.Run("received messages", func(t *testing.T) {
		a, b := newSettledPair(t)
		for range maxUses + 1 {
			deliver(t, b, say(t, a, 1, "x"))
		}
		if b.exchange.state != requested {
			t.Errorf("state %d, want requested", b.exchange.state)
		}
	})
	t.Run("time", func(t *testing.T) {
		a, b := newSettledPair(t)
		deliver(t, b, say(t, a, 1, "x"))
		for _, tick := range []struct {
			after time.Duration
			want  exchangeState
		}{{0, idle}, {week - time.Second, idle}, {week, requested}, {10 * week, requested}} {
			if err := a.Tick(start.Add(tick.after)); err != nil {
				t.Fatal(err)
			}
			a.restart(t)
			if a.exchange.state != tick.want {
				t.Errorf("after %v: state %d, want %d", tick.after, a.exchange.state, tick.want)
			}
		}
		settle(t, a, b)
		deliver(t, a, say(t, b, 1, "x"))
		if a.Fingerprint() != b.Fingerprint() || a.exchange.state != idle || a.keySince != 0 {
			t.Errorf("keys %d and %d, state %d, since %d", a.Fingerprint(), b.Fingerprint(), a.exchange.state, a.keySince)
		}
	})
	t.Run("time, unused", func(t *testing.T) {
		a, _ := newSettledPair(t) // with NotifyLayer both ways, which does not count
		a.Tick(start)
		a.Tick(start.Add(week))
		if a.exchange.state != idle {
			t.Error("a key that was never used is replaced")
		}
	})
	t.Run("time going back", func(t *testing.T) {
		a, _ := newSettledPair(t)
		say(t, a, 1, "x")
		a.Tick(start.Add(1000 * week))
		a.Tick(start)
		a.Tick(start.Add(week))
		if a.exchange.state != requested {
			t.Error("a clock that was once wrong keeps a key in use")
		}
	})
	t.Run("not after AbortKey", func(t *testing.T) {
		a, b := newSettledPair(t)
		a.uses = maxUses + 10
		say(t, a, 1, "x")
		if a.exchange.state != requested {
			t.Fatal("no request")
		}
		abort := service(&tl.Action{ID: tl.AbortKey, ExchangeID: a.exchange.id})
		if _, err := a.Receive(b.forge(abort)); err != nil {
			t.Fatal(err)
		}
		if a.exchange.state != idle {
			t.Error("two sides that abort each other never stop")
		}
	})
}

// TestCommitKeyUnderTheOldKey: it, and what came before, also when it is sent again.
func TestCommitKeyUnderTheOldKey(t *testing.T) {
	a, b := newSettledPair(t)
	a.peer = LatestLayer + 1 // as Android, for which the new key is used at once
	old := a.key.envelope.ID()
	if err := a.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	deliver(t, b, a.Outbox()...)
	accept := b.Outbox()
	say(t, a, 1, "not seen by AcceptKey")
	deliver(t, a, accept...)
	for i := range 3 {
		packets := a.Outbox()
		if want := 1 + min(i, 1); len(packets) != want { // After a crash, the first as well.
			t.Errorf("time %d: %d packets, want %d", i, len(packets), want)
		}
		for _, p := range packets {
			if [8]byte(p.Data) != old {
				t.Errorf("time %d: packet %d for key %x, want %x", i, p.Seq, p.Data[:8], old)
			}
		}
		a.restart(t)
	}
	if p := say(t, a, 2, "x"); [8]byte(p.Data) == old {
		t.Error("what follows is under the old key")
	}
	wantEvents(t, settle(t, a, b), fmt.Sprintf("%d:2:1 %[2]d:3:0 ", EventMessage, EventKeyChanged))
}
