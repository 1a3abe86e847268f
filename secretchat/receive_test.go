package secretchat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// TestFatalRules has what an honest peer never sends, each followed by the rule that it
// breaks.
func TestFatalRules(t *testing.T) {
	hello := text(9, "hello")
	tests := []struct {
		name   string
		packet func(a *party) []byte
		want   Rule
	}{
		{"out_seq_no of the other side", func(a *party) []byte {
			return a.forge(hello, func(l *tl.Layer) { l.OutSeqNo ^= 1 })
		}, RuleParity},
		{"in_seq_no of the other side", func(a *party) []byte {
			return a.forge(hello, func(l *tl.Layer) { l.InSeqNo ^= 1 })
		}, RuleParity},
		{"negative out_seq_no", func(a *party) []byte {
			return a.forge(hello, func(l *tl.Layer) { l.OutSeqNo = -1 })
		}, RuleParity},
		{"negative in_seq_no", func(a *party) []byte {
			return a.forge(hello, func(l *tl.Layer) { l.InSeqNo = -2 })
		}, RuleParity},
		{"sees what was not sent", func(a *party) []byte { return a.forge(hello, seeing(3)) }, RuleInSeqNo},
		{"sees what was not sent, too early", func(a *party) []byte { return a.forge(hello, seeing(3), later(1)) }, RuleInSeqNo},
		{"14 random bytes", func(a *party) []byte {
			return a.forge(hello, func(l *tl.Layer) { l.RandomBytes = make([]byte, 14) })
		}, RuleRandomBytes},
		{"layer 16", func(a *party) []byte { return a.forge(hello, inLayer(16)) }, RuleLayer},
		{"negative layer", func(a *party) []byte { return a.forge(hello, inLayer(-1)) }, RuleLayer},
		{"layer in layer", func(a *party) []byte { return a.forge(a.object(hello)) }, RuleMalformed},
		{"no message", func(a *party) []byte { return a.forge(nil) }, RuleMalformed},
		{"cut short", func(a *party) []byte { return a.forge(hello[:8]) }, RuleMalformed},
		{"trailing bytes", func(a *party) []byte {
			return a.forge(append(service(&tl.Action{ID: tl.Noop}), 0, 0, 0, 0))
		}, RuleMalformed},
		{"far ahead", func(a *party) []byte { return a.forge(hello, later(maxQueue+1)) }, RuleGap},

		// Resend. B has sent 4 messages, of which A has seen 2. B's numbers are even.
		{"Resend of our own numbers", func(a *party) []byte { return a.forge(resend(5, 5)) }, RuleResend},
		{"Resend backwards", func(a *party) []byte { return a.forge(resend(6, 4)) }, RuleResend},
		{"Resend of what was not sent", func(a *party) []byte { return a.forge(resend(4, 8)) }, RuleResend},
		{"Resend of negative numbers", func(a *party) []byte { return a.forge(resend(-2, 4)) }, RuleResend},
		{"Resend of everything", func(a *party) []byte { return a.forge(resend(4, 1<<31-2)) }, RuleResend},
		{"Resend, bad and too early", func(a *party) []byte { return a.forge(resend(4, 8), later(3)) }, RuleResend},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := newSettledPair(t)
			deliver(t, a, say(t, b, 1, "seen"))
			deliver(t, b, say(t, a, 1, "what has seen it"))
			say(t, b, 2, "lost")
			say(t, b, 3, "lost")
			if b.sent != 4 || b.acked != 2 {
				t.Fatalf("%d sent and %d acknowledged, want 4 and 2", b.sent, b.acked)
			}
			wantFatal(t, b, test.packet(a), test.want)
		})
	}
}

func resend(start, end int32) []byte {
	return service(&tl.Action{ID: tl.Resend, Start: start, End: end})
}

// TestRefusals has packets that anybody could send, or that are old, and do no harm.
func TestRefusals(t *testing.T) {
	a, b := newSettledPair(t)
	old := say(t, a, 1, "hello")
	deliver(t, b, old)
	say(t, a, 2, "lost")
	early := say(t, a, 3, "early")
	deliver(t, b, early)

	other, _ := newSettledPair(t)
	own := say(t, b, 1, "to a")
	changed := bytes.Clone(old.Data)
	changed[40] ^= 1
	tests := []struct {
		name   string
		packet []byte
		want   error
	}{
		{"nothing", nil, ErrDecrypt},
		{"a few bytes", make([]byte, 7), ErrDecrypt},
		{"zeros", make([]byte, 100), ErrUnknownKey},
		{"of another chat", other.forge(text(1, "x")), ErrUnknownKey},
		{"changed", changed, ErrDecrypt},
		{"cut short", old.Data[:len(old.Data)-16], ErrDecrypt},
		{"too long", append(bytes.Clone(old.Data[:24]), make([]byte, 2<<20)...), ErrDecrypt},
		{"our own", own.Data, ErrDecrypt},
		{"in MTProto 1.0, replayed", a.forgeV1(t, text(1, "x"), later(-3)), ErrDuplicate},
		{"replayed", old.Data, ErrDuplicate},
		{"replayed while it waits", early.Data, ErrDuplicate},
		{"in its old place, other content", a.forge(text(5, "x"), later(-3)), ErrDuplicate},
		{"in its old place, with a higher layer and nonsense", a.forge([]byte{1, 2, 3, 4}, later(-3), inLayer(1000), seeing(1)), ErrDuplicate},
		{"bare text", seal(a.key, a.side(), text(1, "x")), ErrObsolete},
		{"bare service message", seal(a.key, a.side(), service(&tl.Action{ID: tl.NotifyLayer, Layer: 200})), ErrObsolete},
		{"bare nonsense", seal(a.key, a.side(), make([]byte, 16)), ErrObsolete},
		{"bare NotifyLayer with 11 random bytes", seal(a.key, a.side(), notifyLayer8(200, 11)), ErrObsolete},
		{"bare NotifyLayer of less than before", seal(a.key, a.side(), notifyLayer8(LatestLayer, 15)), ErrObsolete},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantRefused(t, b, test.packet, test.want) })
	}
}

// notifyLayer8 returns a decryptedMessageService#aa48327d with n = 15, or 4k-1, random
// bytes.
func notifyLayer8(layer int32, n int) []byte {
	b := []byte{0x7d, 0x32, 0x48, 0xaa, 5, 0, 0, 0, 0, 0, 0, 0, byte(n)}
	b = append(b, make([]byte, n)...)
	b = append(b, 0x83, 0x88, 0x04, 0xf3)
	return append(b, byte(layer), byte(layer>>8), byte(layer>>16), byte(layer>>24))
}

// TestNotifyLayerBefore17 has the only message without numbers that is taken.
func TestNotifyLayerBefore17(t *testing.T) {
	a, b := newPair(t)
	events, err := b.Receive(seal(a.key, a.side(), notifyLayer8(100, 15)))
	if err != nil || len(events) != 1 || events[0].Kind != EventLayer || events[0].Layer != 100 || events[0].Seq != -1 {
		t.Fatalf("events %+v, %v", events, err)
	}
	if b.PeerLayer() != 100 || b.Layer() != 73 || b.received != 0 {
		t.Errorf("layers %d, %d, and %d received, want 100, 73, 0", b.PeerLayer(), b.Layer(), b.received)
	}
}

// TestGap has messages arrive in every order of four.
func TestGap(t *testing.T) {
	for n := range 24 {
		a, b := newSettledPair(t)
		packets := []Packet{say(t, a, 1, "1"), say(t, a, 2, "2"), say(t, a, 3, "3"), say(t, a, 4, "4")}
		var got []Event
		for rest, k := packets, n; len(rest) > 0; {
			i := k % len(rest)
			k /= len(rest)
			got = append(got, deliver(t, b, rest[i])...)
			rest = append(append([]Packet(nil), rest[:i]...), rest[i+1:]...)
		}
		wantEvents(t, got, fmt.Sprintf("%[1]d:1:1 %[1]d:2:2 %[1]d:3:3 %[1]d:4:4 ", EventMessage))
		// What was asked for meanwhile, A sends again, and B drops.
		wantEvents(t, settle(t, a, b), "")
	}
}

// TestResend loses messages; the ones that come later have them sent again.
func TestResend(t *testing.T) {
	a, b := newSettledPair(t)
	say(t, a, 1, "lost")
	lost := say(t, a, 2, "lost too")
	wantEvents(t, deliver(t, b, say(t, a, 3, "third")), "")
	say(t, a, 4, "lost as well")
	wantEvents(t, deliver(t, b, say(t, a, 5, "fifth")), "")

	requests := b.Outbox()
	if len(requests) != 2 {
		t.Fatalf("%d requests for the two holes, want 2", len(requests))
	}
	deliver(t, a, requests[0])
	again := a.Outbox()
	if len(again) != 2 || again[0].Seq != 1 || again[1].Seq != 2 {
		t.Fatalf("sent again: %d packets", len(again))
	}
	if bytes.Equal(again[1].Data[8:24], lost.Data[8:24]) {
		t.Error("the same padding was used twice")
	}
	if again[1].RandomID == lost.RandomID {
		t.Error("a packet sent again has the id of one that the server may drop")
	}
	a.restart(t)
	if p := a.Outbox(); len(p) < 2 || p[1].Seq != lost.Seq || p[1].RandomID == lost.RandomID {
		t.Error("after a crash, it has")
	}
	a.Sent(lost) // The report of the first try, late, is not one of the second.
	if r := a.history.records[lost.Seq-a.acked]; !r.unsent {
		t.Error("what is to be sent again counts as sent")
	}
	got := deliver(t, b, again...)
	wantEvents(t, got, fmt.Sprintf("%[1]d:1:1 %[1]d:2:2 %[1]d:3:3 ", EventMessage))
	deliver(t, a, requests[1])
	got = settle(t, a, b) // the second hole
	wantEvents(t, got, fmt.Sprintf("%[1]d:4:4 %[1]d:5:5 ", EventMessage))
	if b.queue.bytes != 0 || b.queue.waiting != nil {
		t.Errorf("%d bytes in the queue, want none", b.queue.bytes)
	}
}

// TestResendOnce: a request that was answered when it came, before its turn, is not
// answered again when its turn is there.
func TestResendOnce(t *testing.T) {
	a, b := newSettledPair(t)
	say(t, b, 1, "lost")
	first := say(t, a, 1, "first")
	request := a.send(resend(toWire(1, 0), toWire(1, 0)))
	if _, err := b.Receive(request); err != nil { // first is missing
		t.Fatal(err)
	}
	if got := b.Outbox(); len(got) != 2 || got[0].Seq != 1 {
		t.Fatalf("%d packets, want the lost one and a request", len(got))
	}
	deliver(t, b, first)
	if b.received != 3 {
		t.Fatalf("%d received, want 3", b.received)
	}
	if got := b.Outbox(); len(got) != 0 {
		t.Errorf("%d packets are sent again, want none", len(got))
	}
}

// TestQueueBounds fills the queue, by count and by size.
func TestQueueBounds(t *testing.T) {
	t.Run("count", func(t *testing.T) {
		a, b := newSettledPair(t)
		for i := range maxQueue {
			if _, err := b.Receive(a.forge(text(1, "x"), later(i+1))); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		wantFatal(t, b, a.forge(text(1, "x"), later(maxQueue+1)), RuleGap)
	})
	t.Run("size", func(t *testing.T) {
		a, b := newSettledPair(t)
		big := append(text(1, "x"), make([]byte, 1000_000)...)
		for i := range maxQueueBytes / len(big) {
			if _, err := b.Receive(a.forge(big, later(i+1))); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		wantFatal(t, b, a.forge(big, later(maxQueueBytes/len(big)+1)), RuleGap)
	})
	t.Run("random bytes", func(t *testing.T) {
		a, b := newSettledPair(t)
		before := heap()
		const messages = 64
		for i := range messages {
			packet := a.forge(text(1, "x"), later(i+1), func(l *tl.Layer) { l.RandomBytes = make([]byte, 1000_000) })
			if _, err := b.Receive(packet); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		if got := int64(heap() - before); got > messages<<10 {
			t.Errorf("%d short messages with long random bytes take %d bytes", messages, got)
		}
		runtime.KeepAlive(b)
	})
}

// heap returns how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestEventsBeforeFatal: what came before a broken rule is delivered.
func TestEventsBeforeFatal(t *testing.T) {
	a, b := newSettledPair(t)
	bad := a.forge(service(&tl.Action{ID: tl.RequestKey, ExchangeID: 1, G: []byte{1}}), later(1))
	if _, err := b.Receive(bad); err != nil {
		t.Fatalf("a message too early: %v, want it to wait", err)
	}
	got, err := b.Receive(a.forge(text(1, "x")))
	wantEvents(t, got, fmt.Sprintf("%d:1:1 ", EventMessage))
	wantDead(t, b, err, RulePublicValue)
	wantEvents(t, b.Unhandled(), fmt.Sprintf("%d:1:1 ", EventMessage))
	if err := b.Handled(); err != nil {
		t.Error(err)
	}
	b.restart(t)
	wantEvents(t, b.Unhandled(), "")
}

// TestUnansweredQuestions: a peer that has us answer, and acknowledges nothing, does
// not fill the memory.
func TestUnansweredQuestions(t *testing.T) {
	a, b := newSettledPair(t)
	if _, err := b.Receive(a.send(rekeyMessage(tl.RequestKey, 1, a.group, 0))); err != nil {
		t.Fatal(err)
	}
	request := rekeyMessage(tl.RequestKey, 2, a.group, 0)
	for i := range b.maxKept {
		_, err := b.Receive(a.send(request))
		if err != nil {
			if i < 100 {
				t.Errorf("after %d messages", i)
			}
			wantDead(t, b, err, RuleUnacknowledged)
			return
		}
	}
	t.Errorf("%d messages are kept", len(b.history.records))
}

// TestEvents has every service message that is for the application.
func TestEvents(t *testing.T) {
	ids := []int64{3, -4}
	tests := []struct {
		action tl.Action
		want   Event
	}{
		{tl.Action{ID: tl.SetMessageTTL, TTL: 60}, Event{Kind: EventSetTTL, TTL: 60}},
		{tl.Action{ID: tl.SetMessageTTL, TTL: -1}, Event{Kind: EventSetTTL, TTL: 0}},
		{tl.Action{ID: tl.SetMessageTTL, TTL: 1<<31 - 1}, Event{Kind: EventSetTTL, TTL: MaxTTL}},
		{tl.Action{ID: tl.ReadMessages, IDs: ids}, Event{Kind: EventRead, IDs: ids}},
		{tl.Action{ID: tl.DeleteMessages, IDs: ids}, Event{Kind: EventDelete, IDs: ids}},
		{tl.Action{ID: tl.ScreenshotMessages, IDs: ids}, Event{Kind: EventScreenshot, IDs: ids}},
		{tl.Action{ID: tl.FlushHistory}, Event{Kind: EventFlushHistory}},
		{tl.Action{ID: tl.Typing, Typing: []byte{0x4e, 0x74, 0xbf, 0x16}}, Event{Kind: EventTyping}},
	}
	for ttl, want := range map[int32]int{-1: 0, 60: 60, MaxTTL + 1: MaxTTL + 1, 1<<31 - 1: ViewOnce} {
		a, b := newSettledPair(t)
		message := text(1, "x")
		binary.LittleEndian.PutUint32(message[16:], uint32(ttl))
		got, err := b.Receive(a.send(message))
		if err != nil || len(got) != 1 || got[0].Kind != EventMessage || got[0].TTL != want {
			t.Errorf("message with %d seconds to live: events %+v, %v, want %d", ttl, got, err, want)
		}
	}
	a, b := newSettledPair(t)
	for i, test := range tests {
		p, err := a.Encrypt(service(&test.action))
		if err != nil || !p.Service || p.RandomID != 77 {
			t.Fatalf("%+v: packet with id %d, service %t, %v", test.action, p.RandomID, p.Service, err)
		}
		want := test.want
		want.Seq, want.Seen, want.Layer, want.RandomID, want.Body = i+1, 1, LatestLayer, 77, service(&test.action)
		got := deliver(t, b, p)
		if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("%+v: events %+v, want %+v", test.action, got, want)
		}
		// After a crash, they are the same.
		b.restart(t)
		if again := b.Unhandled(); fmt.Sprint(again) != fmt.Sprint(got) {
			t.Errorf("%+v: after a crash %+v, want %+v", test.action, again, got)
		}
	}
}

// TestNewerLayer: messages that we do not understand are counted, and reported.
func TestNewerLayer(t *testing.T) {
	newer := text(5, "hello")
	newer[0]++
	for name, test := range map[string]struct {
		message []byte
		id      int64
		text    string
	}{
		"message":                       {[]byte{1, 2, 3, 4, 5, 6, 7, 8}, 0, ""},
		"message that begins as all do": {append(newer, 1, 2, 3, 4), 5, "hello"},
		"action":                        {append(service(&tl.Action{ID: tl.Noop})[:12], 1, 2, 3, 4, 5, 6, 7, 8), 77, ""},
	} {
		message := test.message
		a, b := newSettledPair(t)
		got, err := b.Receive(a.send(message, inLayer(200)))
		if err != nil {
			t.Fatal(err)
		}
		wantEvents(t, got, fmt.Sprintf("%d:1:0 %d:1:%d ", EventLayer, EventUnsupported, test.id))
		if e := got[1]; e.Layer != 200 || !bytes.Equal(e.Body, message) || e.Text() != test.text {
			t.Errorf("%s: event %+v", name, e)
		}
		if b.PeerLayer() != 200 || b.Layer() != LatestLayer {
			t.Errorf("%s: layers %d and %d, want 200 and %d", name, b.PeerLayer(), b.Layer(), LatestLayer)
		}
		wantEvents(t, deliver(t, b, say(t, a, 1, "next")), fmt.Sprintf("%d:2:1 ", EventMessage))
	}
}

// TestLayers: 46 until more is known, never lower than it was, and not higher than
// either side's.
func TestLayers(t *testing.T) {
	a, b := newPair(t, func(o *Options) { o.Layer = 73 })
	layerOf := func(p []byte) int32 {
		o, err := b.open(p)
		if err != nil {
			t.Fatal(err)
		}
		l, err := tl.ParseLayer(o.body)
		if err != nil {
			t.Fatal(err)
		}
		return l.Layer
	}
	if got := layerOf(say(t, a, 1, "x").Data); got != MinLayer {
		t.Errorf("first message in layer %d, want %d", got, MinLayer)
	}
	settle(t, a, b)
	for _, layer := range []int32{46, 20, 17} { // allowed, and no news
		if _, err := a.Receive(b.send(text(1, "x"), inLayer(layer))); err != nil {
			t.Fatal(err)
		}
		if a.PeerLayer() != 73 {
			t.Errorf("after a message in layer %d: %d, want 73", layer, a.PeerLayer())
		}
	}
	if _, err := a.Receive(b.send(service(&tl.Action{ID: tl.NotifyLayer, Layer: 46}))); err != nil {
		t.Fatal(err)
	}
	if a.PeerLayer() != 73 {
		t.Errorf("after NotifyLayer: %d, want 73", a.PeerLayer())
	}

	// The client learns more, and says so.
	a.opt.Layer = 144
	a.restart(t)
	settle(t, a, b)
	if b.PeerLayer() != 144 || b.Layer() != 73 {
		t.Errorf("layers %d and %d, want 144 and 73", b.PeerLayer(), b.Layer())
	}
	// And forgets it.
	a.opt.Layer = 73
	sent := a.sent
	a.restart(t)
	if a.sent != sent || a.own != 144 {
		t.Errorf("%d messages sent, own layer %d, want %d and 144", a.sent, a.own, sent)
	}
}

func TestContent(t *testing.T) {
	a, _ := newSettledPair(t)
	bad := map[string][]byte{
		"nothing":                   nil,
		"nonsense":                  {1, 2, 3, 4},
		"a message of layer 8":      notifyLayer8(144, 15),
		"decryptedMessageLayer":     a.object(text(1, "x")),
		"an odd number of bytes":    append(text(1, "x"), 0),
		"an unknown action":         append(service(&tl.Action{ID: tl.Noop})[:12], 1, 2, 3, 4),
		"an action and more":        append(service(&tl.Action{ID: tl.FlushHistory}), 1, 2, 3, 4),
		"Resend, the driver's":      resend(0, 0),
		"NotifyLayer, the driver's": service(&tl.Action{ID: tl.NotifyLayer, Layer: 144}),
		"Noop, the driver's":        service(&tl.Action{ID: tl.Noop}),
		"RequestKey, the driver's":  service(&tl.Action{ID: tl.RequestKey}),
		"AcceptKey, the driver's":   service(&tl.Action{ID: tl.AcceptKey}),
		"CommitKey, the driver's":   service(&tl.Action{ID: tl.CommitKey}),
		"AbortKey, the driver's":    service(&tl.Action{ID: tl.AbortKey}),
	}
	state := plainState(a.Chat)
	for name, message := range bad {
		if _, err := a.Encrypt(message); err != ErrContent {
			t.Errorf("%s: %v, want %v", name, err, ErrContent)
		}
	}
	if _, err := a.Encrypt(append(text(1, "x"), make([]byte, 1<<20-1000)...)); err != ErrTooLong {
		t.Errorf("a megabyte: %v, want %v", err, ErrTooLong)
	}
	if plainState(a.Chat) != state {
		t.Error("the chat has changed")
	}
}

// TestLongestMessage: whatever Encrypt takes, Receive does.
func TestLongestMessage(t *testing.T) {
	a, b := newSettledPair(t)
	n := 1 << 20
	for {
		p, err := a.Encrypt(append(text(1, "x"), make([]byte, n)...))
		if errors.Is(err, ErrTooLong) {
			n -= 4
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		deliver(t, b, p)
		break
	}
	if n < 1<<20-2000 {
		t.Errorf("the longest message has %d bytes", n)
	}
}

// TestBacklog: a peer that is away stops us from sending, and nothing is lost.
func TestBacklog(t *testing.T) {
	a, b := newSettledPair(t)
	a.Chat.store, b.Chat.store = nil, nil // which would take its time
	var packets []Packet
	for i := 0; ; i++ {
		p, err := a.Encrypt(text(int64(i), "x"))
		if err == ErrBacklog {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
		packets = append(packets, a.Outbox()...)
	}
	if n := len(a.history.records); n != a.maxOwn {
		t.Errorf("%d messages are kept, want %d", n, a.maxOwn)
	}
	deliver(t, b, packets...)
	settle(t, a, b)
	deliver(t, a, say(t, b, 1, "back again"))
	say(t, a, 1, "at last")

	// By size.
	for i := 0; ; i++ {
		if _, err := a.Encrypt(append(text(1, "x"), make([]byte, 1000_000)...)); err == ErrBacklog {
			if i != 67 {
				t.Errorf("%d megabytes, want 67", i)
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoNumbersLeft: nothing follows the last number.
func TestNoNumbersLeft(t *testing.T) {
	t.Run("sending", func(t *testing.T) {
		a, _ := newSettledPair(t)
		a.sent, a.acked, a.history.records = maxNumbers, maxNumbers, nil
		_, err := a.Encrypt(text(1, "x"))
		wantDead(t, a, err, RuleExhausted)
	})
	t.Run("receiving", func(t *testing.T) {
		a, b := newSettledPair(t)
		a.history.wipe()
		a.sent, a.acked, b.received = maxNumbers-1, maxNumbers-1, maxNumbers-1
		deliver(t, b, say(t, a, 1, "the last"))
		_, err := b.Encrypt(text(1, "x"))
		wantDead(t, b, err, RuleExhausted)
	})
}
