package secretchat

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// TestInconsistentStates: a state in which a chat cannot be is refused, though it was
// sealed with the key.
func TestInconsistentStates(t *testing.T) {
	for name, spoil := range map[string]func(c *Chat){
		"a message without a number":   func(c *Chat) { c.sent-- },
		"a number without a message":   func(c *Chat) { c.sent++ },
		"acknowledged and not sent":    func(c *Chat) { c.acked = c.sent + 1 },
		"more numbers than there are":  func(c *Chat) { c.sent, c.acked = maxNumbers+2, maxNumbers+1 },
		"negative numbers":             func(c *Chat) { c.received = -1 },
		"negative uses":                func(c *Chat) { c.uses = -1 },
		"no key":                       func(c *Chat) { c.key = nil },
		"two keys and no exchange":     func(c *Chat) { c.other = c.key },
		"an exchange without its key":  func(c *Chat) { c.exchange.state = accepted },
		"an exponent without exchange": func(c *Chat) { c.exchange.mine, _ = c.group.GenerateKey(nil) },
		"an exchange without exponent": func(c *Chat) { c.exchange.state = requested },
		"keys, and it is over": func(c *Chat) {
			c.history.wipe()
			c.queue.wipe()
			c.over = fatal(RuleGap)
		},
		"an unknown state":              func(c *Chat) { c.exchange.state = 9 },
		"a layer before 46":             func(c *Chat) { c.peer = 45 },
		"a message that waits for none": func(c *Chat) { c.queue.waiting[0].seq = c.received },
		"a message that is not one":     func(c *Chat) { c.queue.waiting[0].body = []byte{1} },
		"a message of ours, the same":   func(c *Chat) { c.history.records[0].object = []byte{1, 2, 3, 4} },
		"an event, the same":            func(c *Chat) { c.unhandled.list = []Event{{Kind: EventMessage, Body: []byte{1}}} },
	} {
		a, b := newSettledPair(t)
		say(t, a, 1, "lost")
		deliver(t, b, say(t, a, 2, "waits"))
		if _, err := Restore(b.opt.ChatID, snapshot(b.Chat).all(), b.opt); err != nil {
			t.Fatal(err)
		}
		spoil(b.Chat)
		if _, err := Restore(b.opt.ChatID, snapshot(b.Chat).all(), b.opt); err != ErrState {
			t.Errorf("%s: %v, want %v", name, err, ErrState)
		}
	}
}

// TestStateOfAnotherKind: a chat is not a request, nor the other way round.
func TestStateOfAnotherKind(t *testing.T) {
	a, _ := newSettledPair(t)
	if _, err := RestoreOutgoing(a.opt.ChatID, a.store.records.all(), a.opt); err != ErrState {
		t.Errorf("RestoreOutgoing of a chat: %v, want %v", err, ErrState)
	}
	opt, store := testOptions()
	out, _, err := Request(testGroup(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(opt.ChatID, store.records.all(), opt); err != ErrState {
		t.Errorf("Restore of a request: %v, want %v", err, ErrState)
	}
	if _, err := RestoreOutgoing(opt.ChatID, store.records.all(), opt); err != nil {
		t.Errorf("RestoreOutgoing: %v", err)
	}
	if err := out.Discard(); err != nil || len(store.records) != 0 {
		t.Errorf("a request that is over has %d records, %v", len(store.records), err)
	}
}

// TestSmallerMaxPacket: what was numbered under a higher limit can still be sent.
func TestSmallerMaxPacket(t *testing.T) {
	a, b := newSettledPair(t)
	if _, err := a.Encrypt(append(text(1, "x"), make([]byte, 100_000)...)); err != nil {
		t.Fatal(err)
	}
	a.opt.MaxPacket = minMaxPacket
	a.restart(t)
	got := settle(t, a, b)
	wantEvents(t, got, fmt.Sprintf("%d:1:1 ", EventMessage))
}

// TestFatalAndStoreFails: a chat that ends ends, also if that cannot be stored.
func TestFatalAndStoreFails(t *testing.T) {
	a, b := newSettledPair(t)
	b.store.failAfter = b.store.commits
	_, err := b.Receive(a.forge(text(1, "x"), inLayer(1)))
	if !errors.Is(err, ErrFatal) || !errors.Is(err, ErrStore) || !errors.Is(err, errDisk) {
		t.Errorf("Receive: %v, want %v and %v", err, ErrFatal, ErrStore)
	}
	if _, err := b.Encrypt(text(1, "x")); !errors.Is(err, ErrFatal) {
		t.Errorf("Encrypt: %v, want %v", err, ErrFatal)
	}
}

// TestSentOfOthers: reports about what was never sent, or is acknowledged, change
// nothing.
func TestSentOfOthers(t *testing.T) {
	a, b := newSettledPair(t)
	p := say(t, a, 1, "x")
	state := plainState(a.Chat)
	a.Sent(Packet{Seq: -1}, Packet{Seq: a.sent}, Packet{Seq: 1 << 30})
	if plainState(a.Chat) != state {
		t.Error("the chat has changed")
	}
	deliver(t, b, p)
	deliver(t, a, say(t, b, 1, "has seen it"))
	state = plainState(a.Chat)
	a.Sent(p)
	if plainState(a.Chat) != state {
		t.Error("the chat has changed")
	}
}

func TestPanics(t *testing.T) {
	group := testGroup(t)
	for name, f := range map[string]func(){
		"layer 46":                func() { Request(group, Options{Layer: 46}) },
		"layer 102":               func() { Request(group, Options{Layer: 102}) },
		"a layer of a million":    func() { Request(group, Options{Layer: 2 << 20}) },
		"packets of 100 bytes":    func() { Request(group, Options{MaxPacket: 100}) },
		"a store without key":     func() { Request(group, Options{Store: new(memStore)}) },
		"a negative limit":        func() { Request(group, Options{MaxUnacknowledged: -1}) },
		"a chat without key":      func() { Restore(1, recordSet{}.all(), Options{}) },
		"an exchange without key": func() { RestoreOutgoing(1, recordSet{}.all(), Options{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestOldFormsInLayer: of messages of layer 8 where they do not belong, a text is not
// understood, but counted, and an action is one.
func TestOldFormsInLayer(t *testing.T) {
	a, b := newSettledPair(t)
	got, err := b.Receive(a.send([]byte{0x1f, 0x4f, 0x81, 0x1f, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}))
	if err != nil {
		t.Fatal(err)
	}
	wantEvents(t, got, fmt.Sprintf("%d:1:5 ", EventUnsupported))
	if m, err := tl.ParseMessage(got[0].Body); err != nil || m.Kind != tl.OldText {
		t.Errorf("%+v, %v", m, err)
	}
	got, err = b.Receive(a.send(notifyLayer8(200, 15)))
	if err != nil || b.PeerLayer() != 200 {
		t.Errorf("layer %d, %v, want 200", b.PeerLayer(), err)
	}
	wantEvents(t, got, fmt.Sprintf("%d:2:0 ", EventLayer))
	deletion := notifyLayer8(0, 15)
	deletion = append(deletion[:len(deletion)-8], service(&tl.Action{ID: tl.DeleteMessages, IDs: []int64{7}})[12:]...)
	got, err = b.Receive(a.send(deletion))
	if err != nil || len(got) != 1 || got[0].Kind != EventDelete || len(got[0].IDs) != 1 || got[0].IDs[0] != 7 {
		t.Errorf("DeleteMessages in the form of layer 8: %+v, %v", got, err)
	}
	b.restart(t)
	if again := b.Unhandled(); fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("after a crash %+v, want %+v", again, got)
	}
}

// TestSentIsKept: what Sent says is part of the state, from the next commit on.
func TestSentIsKept(t *testing.T) {
	a, b := newSettledPair(t)
	var packets []Packet
	for i := range 4 {
		packets = append(packets, say(t, a, int64(i+1), "x"))
	}
	unsent := func(want ...int) {
		t.Helper()
		a.restart(t)
		var got []int
		for _, p := range a.Outbox() {
			got = append(got, p.Seq-packets[0].Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after a crash, messages %v are to be sent, want %v", got, want)
		}
	}
	a.Sent(packets[0], packets[2])
	unsent(0, 1, 2, 3)
	a.Sent(packets[0], packets[2])
	if err := a.Tick(*a.clock); err != nil { // a change of state
		t.Fatal(err)
	}
	unsent(1, 3)
	a.Sent(packets[3])
	receive(t, a, b.send(text(1, "x"), seenIs(packets[0].Seq)))
	unsent(1)
	// One that the peer asks for is to be sent again, until the server has got it again.
	number := toWire(packets[0].Seq, outBit(a.originator))
	receive(t, a, b.send(resend(number, number), seenIs(packets[0].Seq)))
	unsent(0, 1)
	a.Sent(packets[0]) // The first copy says nothing of the second.
	packets = append(packets, say(t, a, 5, "x"))
	unsent(0, 1, 4)
}
