package secretchat

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// memStore keeps one chat. After failAfter commits, if that is not 0, all fail.
type memStore struct {
	records   recordSet
	commits   int
	bytes     int // that were written with the last
	failAfter int
}

var errDisk = errors.New("disk full")

func (s *memStore) Commit(_ int64, changes []Change) error {
	if s.failAfter > 0 && s.commits >= s.failAfter {
		return errDisk
	}
	s.commits++
	s.records.apply(changes)
	s.bytes = 0
	for _, c := range changes {
		s.bytes += len(c.Key) + len(c.Value)
	}
	return nil
}

// party is one side, with what it has sent and received.
type party struct {
	*Chat
	store *memStore
	opt   Options
	clock *time.Time // of both sides
}

// testGroup is Telegram's.
func testGroup(tb testing.TB) *bigdh.Group {
	tb.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		tb.Fatal(err)
	}
	return group
}

func testOptions() (Options, *memStore) {
	store := new(memStore)
	return Options{ChatID: 1, PeerID: 2, Store: store, StateKey: StateKey{1, 2, 3}}, store
}

// newPair returns both sides of a chat, each with the NotifyLayer of the other still on
// its way.
func newPair(tb testing.TB, change ...func(*Options)) (a, b *party) {
	tb.Helper()
	group := testGroup(tb)
	a, b = new(party), new(party)
	a.opt, a.store = testOptions()
	b.opt, b.store = testOptions()
	now := testTime
	for _, p := range []*party{a, b} {
		p.clock, p.opt.Clock = &now, func() time.Time { return now }
	}
	for _, f := range change {
		f(&a.opt)
		f(&b.opt)
	}
	out, gA, err := Request(group, a.opt)
	if err != nil {
		tb.Fatal(err)
	}
	var gB [bigdh.Size]byte
	var fingerprint int64
	if b.Chat, gB, fingerprint, err = Accept(group, gA[:], b.opt); err != nil {
		tb.Fatal(err)
	}
	if a.Chat, err = out.Complete(gB[:], fingerprint); err != nil {
		tb.Fatal(err)
	}
	return a, b
}

// newSettledPair is newPair with nothing on its way.
func newSettledPair(tb testing.TB, change ...func(*Options)) (a, b *party) {
	a, b = newPair(tb, change...)
	settle(tb, a, b)
	return a, b
}

// wait has time pass for both sides.
func (p *party) wait(d time.Duration) { *p.clock = p.clock.Add(d) }

// settle delivers whatever both sides have to send, until there is nothing.
func settle(tb testing.TB, a, b *party) (events []Event) {
	tb.Helper()
	for range 100 {
		pa, pb := a.Outbox(), b.Outbox()
		if len(pa)+len(pb) == 0 {
			return events
		}
		events = append(events, deliver(tb, b, pa...)...)
		events = append(events, deliver(tb, a, pb...)...)
		a.Sent(pa...)
		b.Sent(pb...)
	}
	tb.Fatal("no end to what has to be sent")
	return nil
}

// deliver has to receive packets. Some may be duplicates, after a crash.
func deliver(tb testing.TB, to *party, packets ...Packet) (events []Event) {
	tb.Helper()
	for _, p := range packets {
		e, err := to.Receive(p.Data)
		if err != nil && err != ErrDuplicate {
			tb.Fatalf("packet %d: %v", p.Seq, err)
		}
		events = append(events, e...)
	}
	return events
}

// text returns a decryptedMessage#91cc4674 with an id.
func text(id int64, s string) []byte {
	b := []byte{0x74, 0x46, 0xcc, 0x91, 0, 0, 0, 0}
	for i := range 8 {
		b = append(b, byte(id>>(8*i)))
	}
	b = append(b, 0, 0, 0, 0) // ttl
	b = append(b, byte(len(s)))
	b = append(b, s...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func service(a *tl.Action) []byte { return tl.AppendService(nil, 77, a) }

// say encrypts a text.
func say(tb testing.TB, from *party, id int64, s string) Packet {
	tb.Helper()
	p, err := from.Encrypt(text(id, s))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// restart has the party crash and restore what its store has.
func (p *party) restart(tb testing.TB) {
	tb.Helper()
	c, err := Restore(p.opt.ChatID, p.store.records.all(), p.opt)
	if err != nil {
		tb.Fatal(err)
	}
	p.Chat = c
}

// summary tells kinds and ids of events, for comparisons.
func summary(events []Event) string {
	s := ""
	for _, e := range events {
		if e.Kind == 0 {
			panic("an event of no kind")
		}
		if e.Kind == EventAcknowledged {
			continue // See TestMessagesBothWays.
		}
		s += fmt.Sprintf("%d:%d:%d ", e.Kind, e.Seq, e.RandomID)
	}
	return s
}

func wantEvents(tb testing.TB, got []Event, want string) {
	tb.Helper()
	if s := summary(got); s != want {
		tb.Errorf("events %q, want %q", s, want)
	}
}

func TestMessagesBothWays(t *testing.T) {
	a, b := newPair(t)
	wantEvents(t, settle(t, a, b), fmt.Sprintf("%d:0:0 %d:0:0 ", EventLayer, EventLayer))
	if a.Visualization() != b.Visualization() || a.Fingerprint() != b.Fingerprint() {
		t.Error("the two sides have different keys")
	}
	if a.Layer() != LatestLayer || b.PeerLayer() != LatestLayer {
		t.Errorf("layers %d and %d, want %d", a.Layer(), b.PeerLayer(), LatestLayer)
	}
	for i := range 10 {
		id := int64(i + 1)
		got := deliver(t, b, say(t, a, id, "question"))
		wantEvents(t, got, fmt.Sprintf("%d:%d:%d ", EventMessage, i+1, id))
		if e := got[len(got)-1]; string(e.Body) != string(text(id, "question")) || e.Text() != "question" {
			t.Errorf("event %+v", e)
		}
		got = deliver(t, a, say(t, b, id, "answer"))
		wantEvents(t, got, fmt.Sprintf("%d:%d:%d ", EventMessage, i+1, id))
		if e := got[1]; e.Seen != i+2 {
			t.Errorf("Seen = %d, want %d", e.Seen, i+2)
		}
		if e := got[0]; e.Kind != EventAcknowledged || e.Seen != i+2 || e.Seq != i+1 {
			t.Errorf("event %+v, want that %d messages are acknowledged", e, i+2)
		}
	}
	if n := len(a.history.records); n != 0 {
		t.Errorf("%d messages are kept, want none", n)
	}
}

func TestRekeyAfter100(t *testing.T) {
	a, b := newSettledPair(t)
	before := a.Fingerprint()
	picture := a.Visualization()
	for i := range 250 {
		deliver(t, b, say(t, a, int64(i), "x"))
		settle(t, a, b)
		if a.Fingerprint() != b.Fingerprint() {
			t.Fatalf("message %d: keys differ", i)
		}
		a.restart(t)
		b.restart(t)
	}
	if a.Fingerprint() == before {
		t.Error("the key was not replaced")
	}
	deliver(t, a, say(t, b, 1, "so that the last CommitKey is seen"))
	if a.other != nil || b.other != nil {
		t.Error("old keys are kept")
	}
	if a.Visualization() != picture || b.Visualization() != picture {
		t.Error("the picture has changed")
	}
}
