package secretchat

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

// statesV1 are states that were written by the last code that wrote version 1, with what
// it said about them.
type statesV1 struct {
	StateKey       []byte
	ChatID, PeerID int64
	Outgoing, GA   []byte
	Chats          []struct {
		Name string
		A, B stateV1
	}
}

type stateV1 struct {
	State                 []byte
	Over                  string
	Originator            bool
	Picture               []byte
	Fingerprint           int64
	Layer, PeerLayer      int
	Sent, Acked, Received int
	Waiting               []int
	Exchange, Keys        int
	Outbox                []int
	Events                []string
	Acceptance            bool

	opt Options
}

func readStatesV1(tb testing.TB) (states statesV1) {
	tb.Helper()
	data, err := os.ReadFile("testdata/state_v1.json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, &states); err != nil {
		tb.Fatal(err)
	}
	if len(states.Chats) < 8 {
		tb.Fatalf("%d chats, want 8 at least", len(states.Chats))
	}
	opt := Options{ChatID: states.ChatID, PeerID: states.PeerID, StateKey: StateKey(states.StateKey)}
	for i := range states.Chats {
		states.Chats[i].A.opt, states.Chats[i].B.opt = opt, opt
	}
	return states
}

// plain returns a state as it is when it is opened.
func (v *stateV1) plain(tb testing.TB) []byte {
	tb.Helper()
	l := newLedger(&v.opt)
	content, ok := l.openV1(v.State)
	if !ok {
		tb.Fatal("a state cannot be opened")
	}
	return content
}

// sealStateV1 seals a state of version 1.
func sealStateV1(l *ledger, content []byte) []byte {
	sealed := append([]byte{stateVersion1}, make([]byte, stateHeader-1)...)
	rand.Read(sealed[1:])
	aad := append([]byte("mtcore secret chat"), 1)
	aad = binary.LittleEndian.AppendUint64(aad, uint64(l.chat))
	aad = binary.LittleEndian.AppendUint64(aad, uint64(l.peer))
	aead, err := chacha20poly1305.NewX(l.key[:])
	if err != nil {
		panic(err)
	}
	return aead.Seal(sealed, sealed[1:], content, aad)
}

// restore restores the state and compares the chat with what is known of it.
func (v *stateV1) restore(t *testing.T) *party {
	t.Helper()
	const at = "the one of the application"
	p := &party{opt: v.opt, store: &memStore{records: recordSet{at: v.State}}}
	p.opt.Store = p.store
	p.restart(t)
	got := *v
	got.Originator, got.Picture, got.Fingerprint = p.originator, p.picture[:], p.Fingerprint()
	got.Layer, got.PeerLayer = p.Layer(), p.PeerLayer()
	got.Sent, got.Acked, got.Received, got.Exchange = p.sent, p.acked, p.received, int(p.exchange.state)
	if v.Over != "" { // Of a chat that is over, no more than this is kept.
		got.Layer, got.PeerLayer, got.Sent, got.Acked, got.Received = v.Layer, v.PeerLayer, v.Sent, v.Acked, v.Received
	}
	if v.Layer < MinLayer { // which was 46 then
		got.Layer = v.Layer
	}
	got.Over, got.Keys, got.Waiting, got.Outbox, got.Events = "", 0, nil, nil, nil
	if err := p.Err(); err != nil {
		got.Over = err.Error()
	}
	for _, k := range []*key{p.key, p.other} {
		if k != nil {
			got.Keys++
		}
	}
	for _, m := range p.queue.waiting {
		got.Waiting = append(got.Waiting, m.seq)
	}
	for _, packet := range p.Outbox() {
		got.Outbox = append(got.Outbox, packet.Seq)
	}
	for _, e := range p.Unhandled() {
		got.Events = append(got.Events, fmt.Sprintf("%d:%d:%d:%d:%d:%d:%x", e.Kind, e.Seq, e.Seen, e.Layer, e.RandomID, e.TTL, e.Body))
	}
	_, _, got.Acceptance = p.Acceptance()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", *v); g != w {
		t.Errorf("restored:\n%s, want\n%s", g, w)
	}
	p.restart(t)
	if p.store.commits != 0 {
		t.Error("to restore has changed the store")
	}
	if p.Err() == nil {
		if _, err := p.Encrypt(text(1000, "of version 2")); err != nil {
			t.Fatal(err)
		}
	} else if err := p.Handled(); err != nil {
		t.Fatal(err)
	}
	if p.store.commits == 0 { // A chat that is over, and has no events.
		return p
	}
	if _, ok := p.store.records[at]; ok {
		t.Error("the state of version 1 is still there")
	}
	p.restart(t)
	return p
}

// TestStatesV1: states of version 1 are read, and the chats go on.
func TestStatesV1(t *testing.T) {
	states := readStatesV1(t)
	for _, chat := range states.Chats {
		t.Run(chat.Name, func(t *testing.T) {
			a, b := chat.A.restore(t), chat.B.restore(t)
			if a.Err() != nil || b.Err() != nil {
				return
			}
			n := 0
			exchange := func(from, to *party, packets ...Packet) {
				for _, packet := range append(packets, from.Outbox()...) {
					events, err := to.Receive(packet.Data)
					if err != nil && !isRefusal(err) { // Some had arrived before.
						t.Fatal(err)
					}
					from.Sent(packet)
					for _, e := range events {
						if e.RandomID == 1000 {
							n++
						}
					}
				}
			}
			for i := range 6 {
				exchange(a, b, say(t, a, int64(2000+i), "more"))
				exchange(b, a, say(t, b, int64(2000+i), "more"))
			}
			if n != 2 || a.sent-a.acked > 2 || b.sent-b.acked > 2 || a.Fingerprint() != b.Fingerprint() ||
				a.exchange.state != idle || b.exchange.state != idle || a.queue.waiting != nil || b.queue.waiting != nil {
				t.Errorf("%d of 2 messages, %d of %d and %d of %d acknowledged, keys %d and %d, exchanges %d and %d",
					n, a.acked, a.sent, b.acked, b.sent, a.Fingerprint(), b.Fingerprint(), a.exchange.state, b.exchange.state)
			}
		})
	}

	opt := states.Chats[0].A.opt
	store := &memStore{records: recordSet{"x": states.Outgoing}}
	opt.Store = store
	out, err := RestoreOutgoing(opt.ChatID, store.records.all(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if gA, err := out.GA(); err != nil || !slices.Equal(gA[:], states.GA) {
		t.Errorf("another g_a, %v", err)
	}
	_, gB, fingerprint, err := Accept(testGroup(t), states.GA, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Complete(gB[:], fingerprint); err != nil || store.records["x"] != nil {
		t.Errorf("Complete: %v, and the state of version 1 is there: %t", err, store.records["x"] != nil)
	}
	if _, err := Restore(opt.ChatID, store.records.all(), opt); err != nil {
		t.Error(err)
	}
}

// TestStatesV1Tampered: nor are they taken for others, or read beside other records.
func TestStatesV1Tampered(t *testing.T) {
	states := readStatesV1(t)
	a, b := states.Chats[1].A, states.Chats[1].B
	refused := func(what string, opt Options, set recordSet) {
		t.Helper()
		if _, err := Restore(opt.ChatID, set.all(), opt); err != ErrState {
			t.Errorf("%s: %v, want %v", what, err, ErrState)
		}
	}
	for i := range a.State {
		changed := slices.Clone(a.State)
		changed[i] ^= 1
		refused("a byte changed", a.opt, recordSet{"": changed})
		refused("cut off", a.opt, recordSet{"": a.State[:i]})
	}
	for name, change := range map[string]func(*Options){
		"chat": func(o *Options) { o.ChatID++ },
		"peer": func(o *Options) { o.PeerID++ },
		"key":  func(o *Options) { o.StateKey[31] ^= 1 },
	} {
		opt := a.opt
		change(&opt)
		refused("another "+name, opt, recordSet{"": a.State})
	}
	refused("two", a.opt, recordSet{"": a.State, "x": b.State})
	refused("nothing", a.opt, nil)
	p := a.restore(t)
	for _, key := range []string{"", "z"} { // before the others, and after
		set := recordSet{key: a.State}
		for k, v := range p.store.records {
			set[k] = v
		}
		refused("beside its successors", a.opt, set)
	}
	refused("an exchange", a.opt, recordSet{"": states.Outgoing})
}
