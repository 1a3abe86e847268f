package secretchat

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/secretchat/peertest"
)

// What other people's clients do, each with how the chat lives with it. Package peertest has
// the clients themselves, for TestSim and TestSurvival.

// seenIs sets in_seq_no to n.
func seenIs(n int) func(*tl.Layer) {
	return func(l *tl.Layer) { l.InSeqNo = l.InSeqNo&1 | int32(2*n) }
}

// messageIDs returns the ids of EventMessage.
func messageIDs(events []Event) (ids []int64) {
	for _, e := range events {
		if e.Kind == EventMessage {
			ids = append(ids, e.RandomID)
		}
	}
	return ids
}

// actionsOf returns the actions of what p has to send, and hands it out.
func actionsOf(t *testing.T, p *party) []tl.Action {
	t.Helper()
	actions := sentActions(t, p)
	p.Sent(p.Outbox()...)
	return actions
}

func receive(t *testing.T, p *party, packet []byte) []Event {
	t.Helper()
	events, err := p.Receive(packet)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestInSeqNoOfToday: Telegram for iOS sends again with the in_seq_no of now, which is more
// than that of what waits.
func TestInSeqNoOfToday(t *testing.T) {
	a, b := newSettledPair(t)
	waits := a.forge(text(2, "x"), later(1))
	for i := range 3 {
		say(t, b, int64(10+i), "x")
	}
	wantEvents(t, receive(t, b, waits), "")
	b.Outbox()
	b.restart(t)
	again := a.forge(text(1, "x"), seenIs(b.sent))
	if got := messageIDs(receive(t, b, again)); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("delivered %v, want both", got)
	}
	if b.acked != 1 {
		t.Errorf("%d messages are acknowledged, want those of the second message, 1", b.acked)
	}
	// The same number of a message that was not asked for is a lie.
	a.sent += 2
	wantFatal(t, b, a.forge(text(3, "x"), seenIs(b.sent+1)), RuleInSeqNo)
}

// TestInSeqNoOfDeleted: in the place of what was deleted, Telegram for Android has
// in_seq_no = out_seq_no + 1, which may be more than was ever sent.
func TestInSeqNoOfDeleted(t *testing.T) {
	a, b := newSettledPair(t)
	for i := range 10 {
		receive(t, b, a.send(text(int64(i+1), "x")))
	}
	lost := a.forge(text(50, "x"))
	_ = lost
	receive(t, b, a.forge(text(51, "x"), later(1)))
	deleted := a.forge(service(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{50}}), seenIs(a.sent+1))
	got := receive(t, b, deleted)
	if len(got) != 2 || got[0].Kind != EventDelete || got[1].RandomID != 51 || got[0].Seen != b.acked {
		t.Errorf("events %+v", got)
	}
}

// TestInSeqNoFalls: that of Telegram for Android is one too low once it has received
// something. It is a lower bound.
func TestInSeqNoFalls(t *testing.T) {
	a, b := newSettledPair(t)
	deliver(t, a, say(t, b, 1, "x"))
	receive(t, b, a.send(text(1, "x")))
	if b.acked != 2 {
		t.Fatalf("%d messages are acknowledged, want 2", b.acked)
	}
	got := receive(t, b, a.send(text(2, "x"), seeing(-1)))
	wantEvents(t, got, fmt.Sprintf("%d:2:2 ", EventMessage))
	if b.acked != 2 || got[0].Seen != 2 {
		t.Errorf("%d messages are acknowledged, Seen is %d, want 2", b.acked, got[0].Seen)
	}
}

// TestManyRequests: Telegram for iOS asks for the same hole once per batch of packets, and
// late; MadelineProto with each message that waits, always for what was missing first.
func TestManyRequests(t *testing.T) {
	a, b := newSettledPair(t)
	for i := range 5 {
		say(t, b, int64(i), "x") // numbers 1 to 5, lost
	}
	sent := 0
	for i := range 40 {
		receive(t, b, a.send(resend(toWire(1, 0), toWire(3, 0))))
		for packets := b.Outbox(); len(packets) > 0; packets = b.Outbox() {
			sent += len(packets)
			b.Sent(packets...)
		}
		if i == 20 {
			b.restart(t) // after which everything is to be sent once more
			sent -= len(b.history.records)
		}
	}
	if sent < 9 || sent > 9+9+3 {
		t.Errorf("3 messages are sent again %d times within half a minute, want each 3 times", sent)
	}
	a.wait(time.Minute)
	receive(t, b, a.send(resend(toWire(1, 0), toWire(3, 0))))
	if got := len(b.Outbox()); got != 3 {
		t.Errorf("after a minute %d are sent again, want 3", got)
	}

	// Later it has got all of them, and asks still; also for what it only partly has.
	receive(t, b, a.send(text(1, "x"), seenIs(4)))
	a.wait(time.Minute)
	for _, start := range []int{0, 1, 3} {
		receive(t, b, a.send(resend(toWire(start, 0), toWire(3, 0)), seenIs(4)))
		if got := b.Outbox(); len(got) != 0 {
			t.Errorf("%d packets are sent again, which it has", len(got))
		}
	}
	receive(t, b, a.send(resend(toWire(0, 0), toWire(5, 0)), seenIs(4)))
	if got := b.Outbox(); len(got) != 2 || got[0].Seq != 4 {
		t.Errorf("%d packets are sent again, want the 2 that it does not have", len(got))
	}
}

// TestRequestsForAll: a range may be as long as all that was ever sent.
func TestRequestsForAll(t *testing.T) {
	a, b := newSettledPair(t)
	b.Chat.store = nil // which would take its time
	b.history.drop(1)
	b.sent, b.acked = 5000, 5000
	b.history.records = nil
	for range 3 {
		say(t, b, 1, "x")
	}
	receive(t, b, a.send(resend(toWire(0, 0), toWire(5002, 0)), seenIs(1)))
	if got := b.Outbox(); len(got) != 3 {
		t.Errorf("%d packets are sent again, want 3", len(got))
	}
}

// TestPieces: a peer that asks for very much gets it in pieces.
func TestPieces(t *testing.T) {
	a, b := newSettledPair(t)
	b.Chat.store = nil // which would take its time
	const n = 2*maxPiece + 500
	for i := range n {
		p := say(t, b, int64(i+1), "x")
		b.Sent(p)
	}
	b.Sent(b.Outbox()...)
	receive(t, b, a.send(resend(toWire(1, 0), toWire(n, 0))))
	next := 1
	for _, want := range []int{maxPiece, maxPiece, 500, 0} {
		packets := b.Outbox()
		if len(packets) != want {
			t.Fatalf("%d packets, want %d", len(packets), want)
		}
		for _, p := range packets {
			if p.Seq != next {
				t.Fatalf("packet %d, want %d", p.Seq, next)
			}
			next++
		}
		b.Sent(packets...)
	}
}

// TestReminder: what a peer has asked for is sent once more when its in_seq_no says that it
// has not come; Telegram for Android never asks again.
func TestReminder(t *testing.T) {
	a, b := newSettledPair(t)
	say(t, b, 1, "lost")
	say(t, b, 2, "x")
	receive(t, b, a.send(resend(toWire(1, 0), toWire(1, 0))))
	b.Sent(b.Outbox()...) // lost again
	b.restart(t)
	b.Sent(b.Outbox()...)
	receive(t, b, a.send(text(1, "x"), seenIs(1)))
	if got := b.Outbox(); len(got) != 1 || got[0].Seq != 1 {
		t.Fatalf("%d packets, want the lost one", len(got))
	}
	a.wait(time.Minute)
	receive(t, b, a.send(text(2, "x"), seenIs(3)))
	receive(t, b, a.send(text(3, "x"), seenIs(3)))
	if got := b.Outbox(); len(got) != 0 {
		t.Errorf("%d packets, and it has everything", len(got))
	}
}

// TestV1InAnyWrapper: telethon-secret-chat begins with MTProto 1.0 in layer 101, with
// NotifyLayer in the form of layer 8; Telegram for iOS with such a form and nothing around it.
func TestV1InAnyWrapper(t *testing.T) {
	a, b := newPair(t)
	a.history.wipe()
	a.sent = 0
	events := receive(t, b, a.forgeV1(t, notifyLayer8(101, 15), inLayer(101)))
	wantEvents(t, events, fmt.Sprintf("%d:-1:0 %d:0:0 ", EventLegacy, EventLayer))
	if b.PeerLayer() != 101 || b.received != 1 {
		t.Errorf("layer %d, %d received", b.PeerLayer(), b.received)
	}

	a, b = newPair(t)
	bare := sealV1(t, a, notifyLayer8(46, 15))
	wantEvents(t, receive(t, b, bare), fmt.Sprintf("%d:-1:0 ", EventLegacy))
	wantRefused(t, b, bare, ErrObsolete)
	receive(t, b, a.Outbox()[0].Data)
	wantRefused(t, b, bare, ErrObsolete) // a replay, which proves nothing
	_, b = newPair(t, func(o *Options) { o.RefuseV1 = true })
	b.key.auth = a.key.auth
	b.key.prepare(b.maxPacket)
	wantFatal(t, b, bare, RuleV1)
}

// TestWrappers: messages leave in layers that all clients have in common, and never below 73.
func TestWrappers(t *testing.T) {
	a, b := newPair(t)
	for _, test := range []struct{ peer, want int }{{46, 73}, {72, 73}, {73, 73}, {100, 73}, {101, 101}, {143, 101}, {144, 144}, {151, 144}} {
		b.peer = test.peer
		say(t, b, 1, "x")
		if got := b.history.records[len(b.history.records)-1].layer; got != test.want || b.Layer() != test.want {
			t.Errorf("peer of layer %d: wrapper %d, Layer %d, want %d", test.peer, got, b.Layer(), test.want)
		}
	}
	_ = a
}

// TestForms: a message that was made before the layer has risen is wrapped so that its form
// fits, or brought to the form that does.
func TestForms(t *testing.T) {
	media := func(id uint32) []byte {
		m := text(1, "x")
		m[4] |= 0
		binary.LittleEndian.PutUint32(m[4:], 1<<9)
		return append(binary.LittleEndian.AppendUint32(m, id), 1, 2, 3, 4)
	}
	document := func(id uint32, size ...byte) []byte {
		thumb := make([]byte, 12) // none, of no size
		m := slices.Concat(media(id)[:len(media(id))-4], thumb, []byte{3, 'a', '/', 'b'}, size)
		return append(m, 9, 9, 9, 9) // what follows
	}
	old := text(7, "x")
	binary.LittleEndian.PutUint32(old, 0x36b091de)
	older := slices.Concat([]byte{0x78, 0x38, 0x4d, 0x20}, text(7, "x")[8:], []byte{0x28, 0x6d, 0x9c, 0x08})
	for _, test := range []struct {
		name    string
		peer    int
		message []byte
		want    []byte
		layer   int // 0 if it is refused
	}{
		{"text", 144, text(7, "x"), text(7, "x"), 144},
		{"text of layer 45", 144, old, text(7, "x"), 144},
		{"text of layer 17", 73, older, slices.Concat([]byte{0x74, 0x46, 0xcc, 0x91, 0, 2, 0, 0}, older[4:]), 73},
		{"document of layer 45", 144, document(tl.Document45, 1, 2, 3, 4), document(tl.Document143, 1, 2, 3, 4, 0, 0, 0, 0), 144},
		{"document of layer 45", 101, document(tl.Document45, 1, 2, 3, 4), document(tl.Document45, 1, 2, 3, 4), 101},
		{"document of layer 45", 73, document(tl.Document45, 1, 2, 3, 4), document(tl.Document45, 1, 2, 3, 4), 73},
		{"the beginning of one", 144, media(tl.Document45), media(tl.Document45), 101},
		{"document of layer 143", 144, media(tl.Document143), media(tl.Document143), 144},
		{"document of layer 143", 101, media(tl.Document143), nil, 0},
	} {
		_, b := newPair(t)
		b.peer = test.peer
		_, err := b.Encrypt(test.message)
		if test.layer == 0 {
			if err != ErrContent {
				t.Errorf("%s for layer %d: %v, want %v", test.name, test.peer, err, ErrContent)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		l, err := tl.ParseLayer(b.history.records[len(b.history.records)-1].object)
		if err != nil || int(l.Layer) != test.layer || !slices.Equal(l.Message, test.want) {
			t.Errorf("%s for layer %d: %x in layer %d, want %x in %d", test.name, test.peer, l.Message, l.Layer, test.want, test.layer)
		}
	}
}

// TestLayerNeverFalls: a document made before the layer has risen leaves in the layer of now, since
// TDLib ends the chat when that of one message is lower than that of another before it.
func TestLayerNeverFalls(t *testing.T) {
	them := peertest.New(peertest.TDLib, testGroup(t), 1)
	gA := them.Request()
	us, gB, fingerprint, err := Accept(testGroup(t), gA[:], Options{})
	if err != nil {
		t.Fatal(err)
	}
	them.Complete(gB[:], fingerprint)
	for _, packet := range them.Out() {
		if _, err := us.Receive(packet.Data); err != nil {
			t.Fatal(err)
		}
	}
	document := text(1, "x")
	binary.LittleEndian.PutUint32(document[4:], 1<<9)
	document = append(binary.LittleEndian.AppendUint32(document, tl.Document45), make([]byte, 80)...)
	packets := us.Outbox()
	for _, message := range [][]byte{text(1, "x"), document, text(2, "x")} {
		p, err := us.Encrypt(message)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	for _, p := range packets {
		them.Receive(p.Data)
	}
	if end := them.Over(); end != nil || len(them.Delivered) != 3 {
		t.Errorf("%v, %d messages delivered, want 3", end, len(them.Delivered))
	}
}

// TestOldKeyOfResponder: Telegram for Android goes on under the old key after CommitKey, until
// it has got something under the new one. If that is lost, the responder must still read it.
func TestOldKeyOfResponder(t *testing.T) {
	a, b := inState(t, accepted)
	old := b.key
	deliver(t, a, b.history.packets(b)...)
	deliver(t, b, a.Outbox()...)
	b.Outbox() // Noop, lost
	if b.exchange.state != switched || b.key == old {
		t.Fatalf("state %d, want switched", b.exchange.state)
	}
	b.restart(t)
	for i := range 3 {
		packet := seal(a.key, a.side(), a.object(text(int64(i+1), "x")))
		if a.key.fingerprint() != old.fingerprint() && a.key.fingerprint() == b.key.fingerprint() {
			t.Fatal("A uses the new key")
		}
		a.send(text(int64(i+1), "x"))
		wantEvents(t, receive(t, b, packet), fmt.Sprintf("%d:%d:%d ", EventMessage, a.sent-1, i+1))
	}
	a.switchEarly()
	oldPacket := seal(a.other, a.side(), a.object(text(9, "x"), later(1)))
	receive(t, b, a.send(text(8, "x")))
	if b.other != nil || b.exchange.state != idle {
		t.Error("the old key is kept after a message under the new one")
	}
	wantRefused(t, b, oldPacket, ErrReplacedKey)
	b.restart(t)
	wantRefused(t, b, oldPacket, ErrReplacedKey)
}

// packets returns all that p has not got acknowledged.
func (h *history) packets(p *party) (packets []Packet) {
	for i := range h.records {
		packets = append(packets, p.packet(p.acked+i))
	}
	return packets
}

// TestWhenTheNewKeyIsUsed: Telegram for iOS and MadelineProto cannot read it before they have
// got CommitKey. Telegram for Android forgets the old key when something under it is processed
// after CommitKey.
func TestWhenTheNewKeyIsUsed(t *testing.T) {
	for _, android := range []bool{false, true} {
		a, b := inState(t, requested)
		if android {
			b.peer = LatestLayer + 1
		}
		deliver(t, a, b.history.packets(b)...)
		old := b.Fingerprint()
		deliver(t, b, a.Outbox()...)
		fingerprint := func(data []byte) int64 { return int64(binary.LittleEndian.Uint64(data)) }
		for _, p := range b.Outbox() {
			if fingerprint(p.Data) != old {
				t.Error("CommitKey is not under the old key")
			}
		}
		if got := fingerprint(say(t, b, 1, "x").Data); (got != old) != android {
			t.Errorf("Android %t: new key after CommitKey: %t", android, got != old)
		}
		// CommitKey comes, and Noop under the new key, with an in_seq_no that is too low.
		a.switchEarly()
		receive(t, b, a.send(service(&tl.Action{ID: tl.Noop}), seeing(-1)))
		if got := fingerprint(say(t, b, 2, "x").Data); got == old || b.other != nil || b.exchange.state != idle {
			t.Errorf("Android %t: old key in use: %t; there: %t", android, got == old, b.other != nil)
		}
	}
}

// TestNewKeyDropped: Telegram for Android answers the second copy of RequestKey as it did the
// first, and drops the key of the first. We learn that by AbortKey, for which we have to ask if
// it is lost: in a way that Android can read, as it has to read what it asks for then.
func TestNewKeyDropped(t *testing.T) {
	a, b := inState(t, requested)
	b.peer = LatestLayer + 1
	deliver(t, a, b.history.packets(b)...)
	deliver(t, b, a.Outbox()...)
	old := a.Fingerprint()
	wantKey := func(what string, p Packet, wantOld bool) {
		t.Helper()
		if got := int64(binary.LittleEndian.Uint64(p.Data)); (got == old) != wantOld {
			t.Errorf("%s is under the old key: %t, want %t", what, got == old, wantOld)
		}
	}
	outbox := func() []Packet {
		packets := b.Outbox()
		b.Sent(packets...)
		return packets
	}
	commit := outbox()[0]
	// AbortKey has number 1 from here, and is lost.
	receive(t, b, a.forge(rekeyMessage(tl.AcceptKey, exchangeID, a.group, 0), later(1), seenIs(commit.Seq-1)))
	b.restart(t)
	for _, p := range b.Outbox() {
		b.Sent(p)
		wantKey("CommitKey, or a request", p, true)
	}
	hidden := say(t, b, 1, "that Android cannot read")
	wantKey("a text", hidden, false)

	number := toWire(hidden.Seq, outBit(b.originator))
	receive(t, b, a.forge(resend(number, number), later(2), seenIs(commit.Seq)))
	b.restart(t)
	if again := b.Outbox(); len(again) != 1 || again[0].Seq != hidden.Seq {
		t.Errorf("sent again %v, want message %d", again, hidden.Seq)
	} else {
		wantKey("what was asked for", again[0], true)
	}
	wantKey("another text", say(t, b, 2, "x"), true)

	receive(t, b, a.forge(service(&tl.Action{ID: tl.AbortKey, ExchangeID: exchangeID}), seenIs(commit.Seq)))
	if b.exchange.state != idle || b.other != nil || b.Fingerprint() != old {
		t.Errorf("state %d after AbortKey, another key there: %t", b.exchange.state, b.other != nil)
	}
}

// TestSmallerWins: with Telegram for iOS the smaller id wins. It waits for our AcceptKey, while
// we wait for its.
func TestSmallerWins(t *testing.T) {
	for _, way := range []string{"messages", "time", "days", "abort", "answer"} {
		a, b := inState(t, requested)
		request := rekeyMessage(tl.RequestKey, exchangeID-1, a.group, 0)
		receive(t, b, a.send(request, seenIs(b.sent)))
		b.Outbox()
		if err := b.commit(); err != nil {
			t.Fatal(err)
		}
		b.restart(t)
		b.Sent(b.Outbox()...)
		switch way {
		case "messages":
			for i := range maxSilent {
				if b.exchange.state != requested {
					t.Fatalf("after %d messages state %d", i, b.exchange.state)
				}
				receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
			}
		case "time":
			receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
			a.wait(time.Minute)
			if err := b.Tick(*b.clock); err != nil {
				t.Fatal(err)
			}
		case "days": // The first message comes when the exchange would be given up.
			a.wait(48 * time.Hour)
			receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
		case "abort":
			receive(t, b, a.send(service(&tl.Action{ID: tl.AbortKey, ExchangeID: exchangeID}), seenIs(b.sent)))
		case "answer": // By the rules, ours wins.
			receive(t, b, a.send(service(&tl.Action{ID: tl.AbortKey, ExchangeID: exchangeID - 1}), seenIs(b.sent)))
			for range 2 * maxSilent {
				receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
			}
			if b.exchange.state != requested {
				t.Errorf("%s: state %d, want requested", way, b.exchange.state)
			}
			continue
		}
		sent := actionsOf(t, b)
		if b.exchange.state != accepted || len(sent) != 1 || sent[0].ID != tl.AcceptKey || sent[0].ExchangeID != exchangeID-1 {
			t.Errorf("%s: state %d, sent %+v, want that theirs is accepted", way, b.exchange.state, sent)
		}
	}
}

// TestNoAnswer: a peer that does not renew keys, or Telegram for Android in an exchange of its
// own, never answers. The chat goes on, and asks ever more rarely.
func TestNoAnswer(t *testing.T) {
	a, b := inState(t, requested)
	b.Sent(b.Outbox()...)
	b.Chat.store, a.Chat.store = nil, nil
	for i := range 2 * maxUses { // our own do not count
		say(t, b, int64(i), "x")
	}
	a.wait(30 * 24 * time.Hour) // nor does time alone
	if err := b.Tick(*b.clock); err != nil {
		t.Fatal(err)
	}
	if b.exchange.state != requested {
		t.Fatal("given up though the peer has sent nothing")
	}
	a.wait(-30 * 24 * time.Hour)
	for i := range maxIgnored {
		if b.exchange.state != requested {
			t.Fatalf("given up after %d messages", i)
		}
		receive(t, b, a.send(text(1, "x"), seenIs(2)))
	}
	abort := func() {
		t.Helper()
		sent := actionsOf(t, b)
		if last := sent[len(sent)-1]; b.exchange.state != idle || last.ID != tl.AbortKey || last.ExchangeID != exchangeID {
			t.Fatalf("state %d, last sent %+v, want AbortKey", b.exchange.state, last)
		}
	}
	abort()
	wantEvents(t, receive(t, b, a.send(rekeyMessage(tl.AcceptKey, exchangeID, a.group, 1), seenIs(2))), "") // late
	b.uses = 2 * maxUses
	receive(t, b, a.send(service(&tl.Action{ID: tl.Noop}), seenIs(2)))
	if b.exchange.state != idle {
		t.Error("the next try is as soon as the first")
	}
	receive(t, b, a.send(text(1, "x"), seenIs(2)))
	if b.exchange.state != requested {
		t.Error("there is no next try")
	}

	// One message that had seen it, a day later.
	a, b = inState(t, requested)
	b.Sent(b.Outbox()...)
	receive(t, b, a.send(text(1, "x"), seenIs(2)))
	a.wait(24 * time.Hour)
	if err := b.Tick(*b.clock); err != nil {
		t.Fatal(err)
	}
	abort()
}

// TestPeerOnlyReads: a responder whose peer sends nothing more asks for the next key when this
// one is used up, and an initiator uses the new key at last.
func TestPeerOnlyReads(t *testing.T) {
	a, b := inState(t, accepted)
	deliver(t, a, b.history.packets(b)...)
	deliver(t, b, a.Outbox()...)
	b.Chat.store = nil
	for i := 0; b.exchange.state == switched; i++ {
		if i > maxUses+1 {
			t.Fatalf("%d messages under one key", i)
		}
		say(t, b, 1, "x")
	}
	if b.exchange.state != requested || b.other == nil {
		t.Errorf("state %d, old key there: %t", b.exchange.state, b.other != nil)
	}

	_, b = inState(t, committed)
	b.Chat.store = nil
	before := b.Fingerprint()
	for i := 0; b.Fingerprint() == before; i++ {
		if i > maxUses+1 {
			t.Fatalf("%d messages under one key", i)
		}
		say(t, b, 1, "x")
	}
}

// TestCommitIsLost: an initiator that uses the new key at last, since the peer only reads, sends
// CommitKey again: without it, Telegram for iOS reads nothing under the new key, and does not
// see that something is missing. If that is lost as well, what the peer sends says so.
func TestCommitIsLost(t *testing.T) {
	a, b := inState(t, committed)
	old := b.key
	for b.key == old {
		say(t, b, 1, "x") // and lost
	}
	wantCommit := func() Packet {
		t.Helper()
		packets := b.Outbox()
		if len(packets) != 1 || packets[0].Seq != b.exchange.commit || [8]byte(packets[0].Data) != old.envelope.ID() {
			t.Fatalf("got %d packets, want CommitKey under the old key", len(packets))
		}
		b.Sent(packets...)
		return packets[0]
	}
	wantCommit()
	deliver(t, b, say(t, a, 1, "x"))
	deliver(t, a, wantCommit())
	if a.exchange.state != switched {
		t.Fatalf("state %d, want switched", a.exchange.state)
	}
	deliver(t, b, a.Outbox()...)
	if b.exchange.state != idle || a.Fingerprint() != b.Fingerprint() {
		t.Errorf("state %d, keys %d and %d", b.exchange.state, a.Fingerprint(), b.Fingerprint())
	}
}

// TestGapAndPeerIsOff: a peer that is off, or only reads, while something that it has sent is
// missing costs some requests, and not the chat.
func TestGapAndPeerIsOff(t *testing.T) {
	for _, c := range []struct{ max, backlog, holes int }{{0, 0, 1}, {30, 0, 1}, {30, 25, 1}, {1, 0, 1}, {30, 0, 10}, {1000, 900, 10}} {
		a, b := newSettledPair(t)
		if c.max > 0 {
			a.maxOwn, a.maxKept = c.max, c.max+driverRoom
		}
		for i := range c.backlog {
			say(t, a, int64(i), "for later")
		}
		var lost []Packet
		for range c.holes {
			lost = append(lost, say(t, b, 1, "lost"))
			deliver(t, a, say(t, b, 2, "waits"))
		}
		requests := 0
		for range 500 * 24 {
			a.wait(time.Hour)
			if err := a.Tick(*a.clock); err != nil {
				t.Fatalf("%+v: after %d requests: %v", c, requests, err)
			}
			for _, p := range a.Outbox() {
				a.Sent(p)
				if a.history.records[p.Seq-a.acked].action == tl.Resend {
					requests++
				}
			}
		}
		if kept := a.sent - a.acked; c.holes == 1 && requests != maxUnseen || kept > a.maxKept-driverRoom/2+maxSpans {
			t.Errorf("%+v: %d requests, %d messages that wait for the peer", c, requests, kept)
		}
		if events := deliver(t, a, lost...); len(events) < 2*c.holes {
			t.Errorf("%+v: got %d events, want %d messages", c, len(events), 2*c.holes)
		}
	}
}

// TestGapsAndLittleRoom: a burst of which much is lost has the driver ask often, which does not end
// the chat even if the application's backlog is as large as it may be.
func TestGapsAndLittleRoom(t *testing.T) {
	for _, every := range []int{2, 3, 10} {
		for _, backlog := range []int{0, 1, 200} {
			a, b := newSettledPair(t)
			b.maxOwn, b.maxKept = backlog+2, backlog+2+driverRoom
			for i := range backlog {
				say(t, b, int64(i), "for later")
			}
			b.Sent(b.Outbox()...)
			var lost []Packet
			got := 0
			for i := range 1000 {
				p := say(t, a, int64(i), "x")
				if i%every == 0 {
					lost = append(lost, p)
					continue
				}
				got += len(messageIDs(deliver(t, b, p)))
			}
			if kept := len(b.history.records); kept > b.maxKept-driverRoom/2 {
				t.Errorf("every %d, backlog %d: %d messages that wait for the peer", every, backlog, kept)
			}
			for _, p := range lost {
				got += len(messageIDs(deliver(t, b, p)))
			}
			got += len(messageIDs(settle(t, a, b))) // with those that a key has been asked for by
			if want := 1000 + backlog; got != want || a.received != b.sent || b.received != a.sent {
				t.Errorf("every %d, backlog %d: %d messages delivered, want %d", every, backlog, got, want)
			}
		}
	}
}

// fill encrypts texts for as long as there is room.
func fill(t *testing.T, p *party) (packets []Packet) {
	t.Helper()
	for {
		packet, err := p.Encrypt(text(1, "x"))
		if err == ErrBacklog {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, packet)
	}
}

// TestBothBacklogs: two sides that have each written as much as they may do not wait for each other
// for ever, whether all of that has arrived, all but the last, or nothing.
func TestBothBacklogs(t *testing.T) {
	for _, c := range []struct{ messages, bytes int }{{messages: 1}, {messages: 3}, {messages: 20}, {bytes: 1000}} {
		for _, lost := range []string{"nothing", "the last", "all"} {
			a, b := newSettledPair(t, func(o *Options) { o.MaxUnacknowledged, o.MaxUnacknowledgedBytes = c.messages, c.bytes })
			fromA, fromB := fill(t, a), fill(t, b)
			a.Sent(fromA...)
			b.Sent(fromB...)
			keep := map[string]int{"nothing": len(fromA), "the last": max(0, len(fromA)-1)}[lost]
			deliver(t, b, fromA[:keep]...)
			deliver(t, a, fromB[:keep]...)
			for range 2 {
				a.wait(time.Minute)
				if !a.Waiting() || !b.Waiting() {
					t.Errorf("%+v, %s is lost: A waiting %t, B %t", c, lost, a.Waiting(), b.Waiting())
				}
				for _, p := range []*party{a, b} {
					if err := p.Tick(*p.clock); err != nil {
						t.Fatal(err)
					}
				}
				settle(t, a, b)
				fromA, fromB = fill(t, a), fill(t, b)
				deliver(t, b, fromA...)
				deliver(t, a, fromB...)
				settle(t, a, b)
			}
			if a.received != b.sent || b.received != a.sent {
				t.Errorf("%+v, %s is lost: %d messages of %d have arrived, and %d of %d", c, lost, a.received, b.sent, b.received, a.sent)
			}
			if len(fromA) == 0 || len(fromB) == 0 {
				t.Errorf("%+v, %s is lost: %d and %d more messages can be sent", c, lost, len(fromA), len(fromB))
			}
		}
	}
}

// TestBacklogAndPeerIsOff: who can send nothing more to a peer that is off does not make up for
// that, takes no room from requests, and does not end the chat.
func TestBacklogAndPeerIsOff(t *testing.T) {
	requests := func(full bool) (n int) {
		a, b := newSettledPair(t)
		a.opt.MaxUnacknowledged = 2
		a.restart(t)
		fill(t, a)
		for i := range 500 * 24 {
			if _, err := a.Encrypt(text(3, "x")); full && err != ErrBacklog {
				t.Fatal(err)
			} else if !full {
				a.blocked = blocked{}
			}
			a.wait(time.Hour)
			if err := a.Tick(*a.clock); err != nil {
				t.Fatal(err)
			}
			a.Sent(a.Outbox()...)
			if i%24 == 0 {
				a.restart(t)
			}
			if want := min(i+1, maxNoops); full && i < 24 && a.history.noops > want {
				t.Errorf("%d Noops after %d hours", a.history.noops, i+1)
			}
			if i == 100*24 {
				for range 10 {
					say(t, b, 1, "lost")
					deliver(t, a, say(t, b, 2, "waits"))
				}
			}
		}
		if full != (a.history.noops == maxNoops) || a.history.noops > maxNoops {
			t.Errorf("full %t: %d Noops", full, a.history.noops)
		}
		for _, r := range a.history.records {
			if r.action == tl.Resend {
				n++
			}
		}
		return n
	}
	if got, want := requests(true), requests(false); got != want || want == 0 {
		t.Errorf("%d requests, and %d if the application has nothing to say", got, want)
	}

	// Nor is it the last straw.
	a, _ := newSettledPair(t)
	a.opt.MaxUnacknowledged = 2
	a.restart(t)
	for a.kept() < a.maxKept {
		if err := a.post(&tl.Action{ID: tl.AbortKey}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Encrypt(text(1, "x")); err != ErrBacklog {
		t.Fatal(err)
	}
	a.wait(time.Hour)
	if err := a.Tick(*a.clock); err != nil {
		t.Error(err)
	}
}

// TestClockSetBack: what was noted while the clock was ahead does not count when it is right again.
func TestClockSetBack(t *testing.T) {
	const ahead = 10 * 365 * 24 * time.Hour
	tick := func(p *party) {
		t.Helper()
		if err := p.Tick(*p.clock); err != nil {
			t.Fatal(err)
		}
	}
	// An exchange was given up then. The next key is due a week after the clock is right.
	a, b := newSettledPair(t)
	a.wait(ahead)
	if err := b.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	b.Sent(b.Outbox()...)
	for i := range maxIgnored {
		receive(t, b, a.send(text(int64(i), "x"), seenIs(b.sent)))
	}
	if b.exchange.state != idle {
		t.Fatalf("state %d, want that the exchange was given up", b.exchange.state)
	}
	a.wait(-ahead)
	tick(b)
	b.restart(t)
	say(t, b, 1, "x")
	tick(b)
	a.wait(8 * 24 * time.Hour)
	if tick(b); b.exchange.state != requested {
		t.Errorf("state %d a week later, want requested", b.exchange.state)
	}

	// An exchange was begun then, and one message was not an answer.
	a, b = newSettledPair(t)
	a.wait(ahead)
	if err := b.requestKey(exchangeID); err != nil {
		t.Fatal(err)
	}
	b.Sent(b.Outbox()...)
	receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
	a.wait(-ahead)
	tick(b)
	a.wait(25 * time.Hour)
	if tick(b); b.exchange.state != idle {
		t.Errorf("state %d a day later, want that the exchange was given up", b.exchange.state)
	}

	// The peer's request has lost then, and the peer does not answer ours.
	a, b = inState(t, requested)
	b.Sent(b.Outbox()...)
	receive(t, b, a.send(rekeyMessage(tl.RequestKey, exchangeID-1, a.group, 0), seenIs(b.sent)))
	a.wait(12 * time.Hour)
	receive(t, b, a.send(text(1, "x"), seenIs(b.sent)))
	a.wait(-12 * time.Hour)
	tick(b)
	a.wait(2 * time.Minute)
	if tick(b); b.exchange.state != accepted {
		t.Errorf("state %d two minutes later, want accepted", b.exchange.state)
	}

	// Something was asked for then.
	a, b = newSettledPair(t)
	a.wait(ahead)
	receive(t, b, a.forge(text(1, "x"), later(1)))
	b.Sent(b.Outbox()...)
	a.wait(-ahead)
	tick(b)
	a.wait(time.Minute)
	if tick(b); len(b.Outbox()) != 1 {
		t.Error("what is missing is not asked for again")
	}

	// The application could send nothing more then.
	_, b = newSettledPair(t)
	b.maxOwn = 0
	b.wait(ahead)
	if _, err := b.Encrypt(text(1, "x")); err != ErrBacklog {
		t.Fatal(err)
	}
	b.wait(-ahead)
	tick(b)
	b.wait(time.Minute)
	if tick(b); len(b.Outbox()) != 1 {
		t.Error("nothing is sent at a full backlog")
	}
}

// TestTickIsAhead: what is overdue by the time of Tick is, whatever Options.Clock says.
func TestTickIsAhead(t *testing.T) {
	a, b := newSettledPair(t)
	receive(t, b, a.forge(text(1, "x"), later(1)))
	b.Sent(b.Outbox()...)
	now := *b.clock
	for i, step := range []struct {
		after time.Duration
		want  int
	}{{29 * time.Second, 0}, {30 * time.Second, 1}, {89 * time.Second, 0}, {90 * time.Second, 1}, {0, 0}} {
		if err := b.Tick(now.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		if got := b.Outbox(); len(got) != step.want {
			t.Errorf("step %d: %d requests, want %d", i, len(got), step.want)
		}
	}
}

// TestGapAndOldKey: a responder that misses something does not give up the old key, under
// which TDLib sends it again, because the new one is used up.
func TestGapAndOldKey(t *testing.T) {
	_, b := inState(t, switched)
	b.Chat.store = nil
	old := b.other
	for range 3 * maxUses {
		say(t, b, 1, "x")
	}
	if b.exchange.state != requested || b.other != old {
		t.Errorf("state %d, old key there: %t", b.exchange.state, b.other == old)
	}
}

// TestPeerIsOff: what a peer has sent under the old key before it was off, and the responder
// does not get before the new one is used up, is read all the same; and the exchange that
// begins meanwhile comes to its end when the peer is back.
func TestPeerIsOff(t *testing.T) {
	for _, swapped := range []bool{false, true} {
		a, b := inState(t, accepted)
		deliver(t, a, b.history.packets(b)...)
		deliver(t, b, a.Outbox()...) // CommitKey
		before := b.Fingerprint()
		late := []Packet{say(t, a, 1, "one"), say(t, a, 2, "two")}
		noop := b.Outbox()
		var unread []Packet
		for range 3 * maxUses {
			unread = append(unread, say(t, b, 3, "x"))
			unread = append(unread, b.Outbox()...)
		}
		if b.exchange.state != requested {
			t.Fatalf("state %d, want requested", b.exchange.state)
		}
		b.restart(t)
		old := b.other
		if swapped { // or one is lost, and TDLib sends it again as it was
			slices.Reverse(late)
		}
		wantEvents(t, deliver(t, b, late...), fmt.Sprintf("%d:%d:1 %[1]d:%[3]d:2 ", EventMessage, a.sent-2, a.sent-1))
		deliver(t, a, append(noop, unread...)...)
		settle(t, a, b)
		deliver(t, b, say(t, a, 4, "x"))
		deliver(t, a, say(t, b, 4, "x"))
		if a.Fingerprint() != b.Fingerprint() || b.Fingerprint() == before || a.exchange.state != idle || b.exchange.state != idle ||
			a.other != nil || b.other != nil || old.auth != [256]byte{} {
			t.Errorf("swapped %t: keys %d and %d, before %d, states %d and %d, old key there: %t",
				swapped, a.Fingerprint(), b.Fingerprint(), before, a.exchange.state, b.exchange.state, old.auth != [256]byte{})
		}
	}
}

// TestIdleChats: what the driver sends is no use of a key.
func TestIdleChats(t *testing.T) {
	a, b := newSettledPair(t)
	deliver(t, b, say(t, a, 1, "the last"))
	for week := range 10 {
		for _, p := range []*party{a, b} {
			if err := p.Tick(*p.clock); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, a, b)
		a.wait(8 * 24 * time.Hour)
		if week == 4 {
			a.Chat.unhandled.clear()
			b.Chat.unhandled.clear()
		}
		if before := a.sent + b.sent; week > 4 {
			for _, p := range []*party{a, b} {
				if err := p.Tick(*p.clock); err != nil {
					t.Fatal(err)
				}
			}
			if settle(t, a, b); a.sent+b.sent != before {
				t.Errorf("week %d: %d messages", week, a.sent+b.sent-before)
			}
		}
	}
}

// TestNoTime: the time zero is none, and does not make the key old.
func TestNoTime(t *testing.T) {
	a, _ := newSettledPair(t)
	say(t, a, 1, "x")
	for _, now := range []time.Time{{}, testTime, testTime.Add(time.Hour)} {
		if err := a.Tick(now); err != nil {
			t.Fatal(err)
		}
	}
	if a.exchange.state != idle {
		t.Error("the key is replaced after an hour")
	}
}

// TestAskAgain: a request, or its answer, that is lost is asked for again, by what comes and by
// time; and the application is told when that does not help.
func TestAskAgain(t *testing.T) {
	asked := func(b *party) (n int) {
		for _, a := range actionsOf(t, b) {
			if a.ID == tl.Resend {
				n++
			}
		}
		return n
	}
	gaps := func(events []Event) (n int) {
		for _, e := range events {
			if e.Kind == EventGap {
				n++
				if e.From != 1 || e.To != 1 || !e.Since.Equal(testTime) || e.Seq != -1 {
					t.Errorf("event %+v, want that message 1 is missing since %v", e, testTime)
				}
			}
		}
		return n
	}
	t.Run("messages that have seen it", func(t *testing.T) {
		a, b := newSettledPair(t)
		told := 0
		for i := range 12 {
			seen := b.sent
			events := receive(t, b, a.forge(text(int64(i), "x"), later(i+1), seenIs(seen)))
			told += gaps(events)
			want := 0
			if i%askAgain == 0 && i/askAgain < maxTries {
				want = 1
			}
			if got := asked(b); got != want {
				t.Errorf("message %d: %d requests, want %d", i, got, want)
			}
			if !b.Waiting() || a.Waiting() {
				t.Errorf("message %d: B, which has asked, is waiting: %v; A: %v", i, b.Waiting(), a.Waiting())
			}
			if want := i / askAgain / toldTries; min(told, 1) != min(want, 1) || told > 1 {
				t.Errorf("message %d: told %d times, want %d", i, told, want)
			}
			if got := b.Unhandled(); len(got) != len(events) || len(got) > 0 && gaps(got) != gaps(events) {
				t.Errorf("Unhandled %+v, want %+v", got, events)
			}
			b.restart(t)
			b.Sent(b.Outbox()...)
			if got := b.Unhandled(); len(got) != len(events) || len(got) > 0 && gaps(got) != gaps(events) {
				t.Errorf("after a crash Unhandled %+v, want %+v", got, events)
			}
		}
	})
	t.Run("time", func(t *testing.T) {
		a, b := newSettledPair(t)
		receive(t, b, a.forge(text(1, "x"), later(1)))
		if asked(b) != 1 {
			t.Fatal("no request")
		}
		for i := range 4 {
			for _, step := range []struct {
				wait time.Duration
				want int
			}{{askAfter<<i*time.Second - time.Second, 0}, {time.Second, 1}} {
				a.wait(step.wait)
				if err := b.Tick(*b.clock); err != nil {
					t.Fatal(err)
				}
				if got := asked(b); got != step.want {
					t.Errorf("time %d, after %v: %d requests, want %d", i, step.wait, got, step.want)
				}
				b.restart(t)
				b.Sent(b.Outbox()...)
			}
		}
		if told := gaps(receive(t, b, a.forge(text(2, "x"), later(2)))); told != 1 {
			t.Errorf("told %d times, want once", told)
		}
	})
	t.Run("16 that wait", func(t *testing.T) {
		a, b := newSettledPair(t)
		for i := range 40 {
			receive(t, b, a.forge(text(int64(i), "x"), later(i+1)))
			want := 0
			if i == 0 || (i+1)%askAgainAt == 0 {
				want = 1
			}
			if got := asked(b); got != want {
				t.Errorf("message %d: %d requests, want %d", i, got, want)
			}
		}
	})
	t.Run("many holes", func(t *testing.T) {
		a, b := newSettledPair(t)
		total := 0
		for i := range 100 {
			receive(t, b, a.forge(text(int64(i), "x"), later(2*i+1)))
			total += asked(b)
		}
		if total < maxSpans || total > 200 {
			t.Errorf("%d requests for 100 holes", total)
		}
	})
}

// TestAskAfter: what comes by itself is not asked for, if the application wants to wait for that.
func TestAskAfter(t *testing.T) {
	const patience = 3
	begin := func() (a, b *party) {
		a, b = newSettledPair(t)
		b.opt.AskAfter = (patience - 1) * time.Second
		b.restart(t)
		b.Sent(b.Outbox()...)
		return a, b
	}
	tick := func(b *party, after time.Duration, want int) {
		t.Helper()
		b.wait(after)
		if err := b.Tick(*b.clock); err != nil {
			t.Fatal(err)
		}
		if got := len(b.Outbox()); got != want {
			t.Errorf("after %v: %d requests, want %d", after, got, want)
		}
	}

	a, b := begin()
	for range 20 { // Each overtakes another, and each time there is something missing.
		one, two, three, four := say(t, a, 1, "one"), say(t, a, 2, "two"), say(t, a, 3, "three"), say(t, a, 4, "four")
		deliver(t, b, two)
		tick(b, (patience-2)*time.Second, 0)
		deliver(t, b, four)
		tick(b, time.Second, 0)
		deliver(t, b, one)
		tick(b, (patience-1)*time.Second, 0)
		deliver(t, b, three)
		a.Chat.uses = 0
		b.Chat.uses = 0
	}
	deliver(t, a, say(t, b, 1, "x"))

	lost, waits := say(t, a, 1, "one"), say(t, a, 2, "two")
	deliver(t, b, waits)
	if !b.Waiting() {
		t.Error("B, which is going to ask, is not waiting")
	}
	tick(b, (patience-1)*time.Second, 0)
	tick(b, time.Second, 1)
	deliver(t, b, lost)
	tick(b, time.Hour, 0)

	// The next one is another gap; and a later message has it asked for as well.
	say(t, a, 1, "one")
	deliver(t, b, say(t, a, 2, "two"))
	tick(b, 0, 0)
	b.wait(patience * time.Second)
	deliver(t, b, say(t, a, 3, "three"))
	tick(b, 0, 1)

	for name, hurry := range map[string]func(b *party){
		"restart":             func(b *party) { b.restart(t) },
		"the clock was wrong": func(b *party) { b.wait(-time.Hour) },
		"sixteen wait": func(b *party) {
			for i := range askAgainAt - 1 {
				deliver(t, b, say(t, a, int64(i), "x"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b = begin()
			say(t, a, 1, "one")
			deliver(t, b, say(t, a, 2, "two"))
			tick(b, 0, 0)
			hurry(b)
			tick(b, 0, 1)
		})
	}
}

// TestManyWait: 65 messages and more wait, and come in their turn.
func TestManyWait(t *testing.T) {
	a, b := newSettledPair(t)
	b.Chat.store = nil
	for i := range 200 {
		receive(t, b, a.forge(text(int64(i+2), "x"), later(i+1)))
	}
	if got := messageIDs(receive(t, b, a.forge(text(1, "x")))); len(got) != 201 {
		t.Errorf("%d messages are delivered, want 201", len(got))
	}
}

// TestRequestBecomesNoop: Telegram for iOS stops for good at a second copy of a request for
// what it has dropped.
func TestRequestBecomesNoop(t *testing.T) {
	a, b := newSettledPair(t)
	receive(t, b, a.forge(text(2, "x"), later(1)))
	sent := actionsOf(t, b)
	number := int32(b.sent - 1)
	if len(sent) != 1 || sent[0].ID != tl.Resend {
		t.Fatalf("sent %+v, want Resend", sent)
	}
	receive(t, b, a.forge(resend(toWire(int(number), 0), toWire(int(number), 0)), later(2)))
	if sent = actionsOf(t, b); len(sent) != 0 {
		t.Errorf("sent %+v, while the request may be under way", sent)
	}
	a.wait(requestTime * time.Second)
	receive(t, b, a.forge(resend(toWire(int(number), 0), toWire(int(number), 0)), later(3)))
	sent = actionsOf(t, b)
	if len(sent) != 2 || sent[0].ID != tl.Noop || sent[1].ID != tl.Resend || sent[1].Start != sent[1].End {
		t.Errorf("sent %+v, want Noop in its place, and a new request", sent)
	}
}

// TestFirstTwo: Telegram for Android acts on a request in its turn alone, and asks for its own
// holes once: with each of ours go our first two messages.
func TestFirstTwo(t *testing.T) {
	for _, android := range []bool{false, true} {
		a, b := newSettledPair(t)
		if android {
			b.peer = LatestLayer + 1
		}
		for i := range 3 {
			b.Sent(say(t, b, int64(i), "lost"))
		}
		receive(t, b, a.forge(text(2, "x"), later(1)))
		want := 1
		if android {
			want = 3
		}
		if got := b.Outbox(); len(got) != want || android && (got[0].Seq != 0 || got[1].Seq != 1) {
			t.Errorf("Android %t: %d packets, want %d", android, len(got), want)
		}
	}
}

// TestFourAtATime: Telegram for Android ends the chat at the fifth message that waits.
func TestFourAtATime(t *testing.T) {
	for _, android := range []bool{false, true} {
		a, b := newSettledPair(t)
		if android {
			b.peer = LatestLayer + 1
		}
		for i := range 10 {
			b.Sent(say(t, b, int64(i), "lost"))
		}
		say(t, b, 10, "under way")
		receive(t, b, a.send(resend(toWire(1, 0), toWire(10, 0))))
		for i, want := range []int{3, 1, 4, 2, 0} {
			got := b.Outbox()
			if !android {
				if i == 0 && len(got) != 10 {
					t.Errorf("%d packets, want all 10", len(got))
				}
				continue
			}
			if len(got) != want {
				t.Errorf("step %d: %d packets, want %d", i, len(got), want)
			}
			if i == 0 {
				got = got[:1]
			} else if i == 1 {
				// All that are under way arrive.
				for seq := b.acked; seq < b.sent; seq++ {
					b.Sent(Packet{Seq: seq, resend: seq < 11})
				}
				b.Sent(Packet{Seq: 11})
				continue
			}
			b.Sent(got...)
		}
	}
}

// TestEncryptText has everything that a plain text can have.
func TestEncryptText(t *testing.T) {
	a, b := newSettledPair(t)
	for _, opt := range []TextOptions{{}, {TTL: 30}, {TTL: ViewOnce, Silent: true}, {ReplyTo: -5}, {TTL: 1, Silent: true, ReplyTo: 7}} {
		p, err := a.EncryptText("hällo", opt)
		if err != nil || p.Service {
			t.Fatalf("%+v: service %t, %v", opt, p.Service, err)
		}
		events := deliver(t, b, p)
		e := events[len(events)-1]
		if e.Kind != EventMessage || e.Text() != "hällo" || e.TTL != opt.TTL || e.RandomID != p.RandomID {
			t.Errorf("%+v: event %+v", opt, e)
		}
		flags := binary.LittleEndian.Uint32(e.Body[4:])
		if silent := flags&(1<<5) != 0; silent != opt.Silent {
			t.Errorf("%+v: silent %t", opt, silent)
		}
		if reply := flags&(1<<3) != 0; reply != (opt.ReplyTo != 0) ||
			reply && int64(binary.LittleEndian.Uint64(e.Body[len(e.Body)-8:])) != opt.ReplyTo {
			t.Errorf("%+v: body %x", opt, e.Body)
		}
	}
	tooLong := ViewOnce
	tooLong++ // negative where an int has 32 bits
	for name, bad := range map[string]struct {
		text string
		opt  TextOptions
	}{"no text": {}, "not UTF-8": {text: "\xff"}, "negative TTL": {text: "x", opt: TextOptions{TTL: -1}}, "long TTL": {text: "x", opt: TextOptions{TTL: tooLong}}} {
		if _, err := a.EncryptText(bad.text, bad.opt); err != ErrContent {
			t.Errorf("%s: %v, want %v", name, err, ErrContent)
		}
	}
	for _, n := range []int{2 << 20, 17 << 20} {
		if _, err := a.EncryptText(string(make([]byte, n)), TextOptions{}); err != ErrTooLong {
			t.Errorf("%d bytes: %v, want %v", n, err, ErrTooLong)
		}
	}
}
