package secretchat

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
)

// What went wrong in secret chats before, in Telegram's own clients and in others, each
// with its test.

// Until 2013, random bytes of the server were added to the shared key, so that a server
// between two chats could make their pictures the same
// (https://habr.com/en/articles/206900/). Today they may only go into our own exponent.
func TestBugServerRandomInTheKey(t *testing.T) {
	group := testGroup(t)
	opt := Options{ServerRandom: bytes.Repeat([]byte{7}, 256)}
	out, _, err := Request(group, opt)
	if err != nil {
		t.Fatal(err)
	}
	a := out.mine.Bytes()
	theirs, err := group.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	gB := theirs.PublicKey().Bytes()
	var want kdf.AuthKey
	if err := group.Exp((*[bigdh.Size]byte)(&want), &gB, &a); err != nil {
		t.Fatal(err)
	}
	c, err := out.Complete(gB[:], want.Fingerprint())
	if err != nil {
		t.Fatal(err)
	}
	if c.key.auth != want {
		t.Error("the key is not g_b^a")
	}
}

// telegram-cli of 2013 made its exponent of the server's bytes and a bad generator: the
// server knew all keys.
func TestBugServerChoosesTheExponent(t *testing.T) {
	opt := Options{ServerRandom: bytes.Repeat([]byte{7}, 256)}
	_, one, err := Request(testGroup(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	_, two, err := Request(testGroup(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("the same random bytes give the same g_a")
	}
}

// The picture had 128 bits until 2015, for which somebody in the middle needs 2^64
// steps. MadelineProto takes the ends of both hashes, and computes one of them anew
// when the key is replaced.
func TestBugPicture(t *testing.T) {
	a, b := newSettledPair(t)
	want := kdf.Visualization(&a.key.auth, &a.key.auth)
	if err := a.requestKey(1); err != nil {
		t.Fatal(err)
	}
	before := a.Fingerprint()
	settle(t, a, b)
	a.restart(t)
	if a.Fingerprint() == before {
		t.Fatal("the key was not replaced")
	}
	if a.Visualization() != want || b.Visualization() != want {
		t.Errorf("pictures %x and %x, want %x", a.Visualization(), b.Visualization(), want)
	}
}

// In MTProto 1.0, msg_key does not cover the padding: blocks can be added to it, and
// the last be exchanged (Jakobsen and Orlandi, https://eprint.iacr.org/2015/1177).
func TestBugPaddingOfVersion1(t *testing.T) {
	a, b := newSettledPair(t, func(*Options) {})
	b.firstV2 = maxNumbers // as if nothing had come in 2.0
	good := a.forgeV1(t, text(1, "x"), inLayer(minPeer))
	for _, blocks := range []int{1, 2, 64} {
		wantRefused(t, b, append(bytes.Clone(good), make([]byte, 16*blocks)...), ErrDecrypt)
	}
	if _, err := b.Receive(good); err != nil {
		t.Errorf("the packet itself: %v", err)
	}
}

// Before layer 17 nothing prevented replay and reflection; clients that do not look at
// the numbers, as telethon-secret-chat and gogram, are there still.
func TestBugReplayAndReflection(t *testing.T) {
	for _, v1 := range []bool{false, true} {
		a, b := newSettledPair(t, func(*Options) {})
		packet := a.forge(text(1, "x"))
		if v1 {
			a.firstV2, b.firstV2 = maxNumbers, maxNumbers
			packet = a.forgeV1(t, text(1, "x"), inLayer(minPeer))
		}
		if _, err := b.Receive(packet); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, b, packet, ErrDuplicate)
		b.restart(t)
		wantRefused(t, b, packet, ErrDuplicate)
		if !v1 {
			wantRefused(t, a, packet, ErrDecrypt)
		} else {
			// One key schedule for both directions: only the parity tells. We never
			// send such a packet, so it is not a relay who did this.
			wantFatal(t, a, packet, RuleParity)
		}
	}
}

// Somebody who drops a packet and has it sent again must not learn that it is the same
// (Albrecht, Mareková, Paterson and Stepanovs, https://mtpsym.github.io).
func TestBugResentCiphertext(t *testing.T) {
	a, b := newSettledPair(t)
	first := say(t, a, 1, "x")
	seen := map[string]bool{string(first.Data[8:24]): true}
	for i := range 5 {
		if _, err := a.Receive(b.send(resend(toWire(first.Seq, 1), toWire(first.Seq, 1)))); err != nil {
			t.Fatal(err)
		}
		a.wait(time.Minute)
		again := a.Outbox()
		if len(again) != 1 || again[0].Seq != first.Seq {
			t.Fatalf("%d packets, want number %d", len(again), first.Seq)
		}
		if msgKey := string(again[0].Data[8:24]); seen[msgKey] {
			t.Errorf("time %d: the same msg_key", i)
		} else {
			seen[msgKey] = true
		}
	}
}

// MadelineProto allows for an in_seq_no that is one too high.
func TestBugInSeqNoOneTooHigh(t *testing.T) {
	a, b := newSettledPair(t)
	if a.received != b.sent {
		t.Fatalf("%d received of %d", a.received, b.sent)
	}
	wantFatal(t, b, a.forge(text(1, "x"), seeing(1)), RuleInSeqNo)
}

// telethon-secret-chat falls back to MTProto 1.0 whenever 2.0 fails, and stays with it.
func TestBugDowngrade(t *testing.T) {
	hello := text(1, "x")
	// old returns parties of which a is one that has sent n messages in 1.0.
	old := func(n int, change ...func(*Options)) (a, b *party, legacy func(d int) []byte) {
		a, b = newPair(t, change...)
		a.history.wipe()
		a.sent = 0
		legacy = func(d int) []byte { return a.forgeV1(t, hello, inLayer(minPeer), later(d)) }
		for i := range n {
			events, err := b.Receive(legacy(0))
			if err != nil {
				t.Fatal(err)
			}
			if told := events[0].Kind == EventLegacy; told != (i == 0) {
				t.Errorf("message %d: events %+v", i, events)
			}
			a.send(hello)
			b.restart(t)
		}
		return a, b, legacy
	}

	// Message 2 is missing, and message 3 comes in 2.0. The former can still come in 1.0.
	a, b, legacy := old(2)
	if _, err := b.Receive(a.forge(hello, later(1))); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	wantRefused(t, b, legacy(-1), ErrDuplicate)
	if _, err := b.Receive(legacy(0)); err != nil {
		t.Fatalf("an older message in 1.0: %v", err)
	}
	a.send(hello)
	a.send(hello)
	if _, err := b.Receive(a.forge(hello)); err != nil {
		t.Errorf("2.0: %v", err)
	}

	// What comes after it cannot, wherever there is a gap.
	for name, d := range map[string]int{"next": 0, "too early": 1, "far too early": 100} {
		for _, restarted := range []bool{false, true} {
			a, b, legacy := old(2)
			if _, err := b.Receive(a.forge(hello)); err != nil {
				t.Fatal(err)
			}
			a.send(hello)
			if restarted {
				b.restart(t)
			}
			t.Run(name, func(t *testing.T) { wantFatal(t, b, legacy(d), RuleV1) })
		}
	}

	// The same goes for what waits already when a message of 2.0 comes that precedes it.
	a, b, legacy = old(2)
	if _, err := b.Receive(legacy(2)); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	wantFatal(t, b, a.forge(hello), RuleV1)

	// And with the option there is no 1.0 at all: never a silent hole.
	_, b, legacy = old(0, func(o *Options) { o.RefuseV1 = true })
	events, err := b.Receive(legacy(0))
	wantEvents(t, events, fmt.Sprintf("%d:-1:0 ", EventRefused))
	wantDead(t, b, err, RuleV1)
}

// telethon-secret-chat draws exchange_id from eight digits of a bad generator.
func TestBugExchangeID(t *testing.T) {
	seen := map[int64]bool{}
	high := int64(0)
	for range 1000 {
		id := randomInt64()
		if seen[id] {
			t.Fatalf("id %d twice", id)
		}
		seen[id] = true
		high |= id >> 32
	}
	if high&0x7fffffff != 0x7fffffff {
		t.Errorf("upper bits %x are never set", ^high)
	}
}

// telethon-secret-chat compares the new key with its fingerprint in CommitKey, so that
// the responder never has a new key.
func TestBugRekeyAsResponder(t *testing.T) {
	for _, swap := range []bool{false, true} {
		a, b := newSettledPair(t)
		if swap {
			a, b = b, a
		}
		before := b.Fingerprint()
		if err := a.requestKey(1); err != nil {
			t.Fatal(err)
		}
		settle(t, a, b)
		if b.Fingerprint() == before || b.Fingerprint() != a.Fingerprint() {
			t.Errorf("originator requests %t: keys %d and %d, before %d", !swap, a.Fingerprint(), b.Fingerprint(), before)
		}
	}
}

// gogram answers a request with the peer's own g_a.
func TestBugOwnPublicValue(t *testing.T) {
	group := testGroup(t)
	_, gA, err := Request(group, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, gB, _, err := Accept(group, gA[:], Options{})
	if err != nil {
		t.Fatal(err)
	}
	if gA == gB {
		t.Error("g_b is g_a")
	}
}

// gogram applies the layer of a message before its turn, and before it knows that it is
// no duplicate.
func TestBugLayerOutOfOrder(t *testing.T) {
	a, b := newSettledPair(t, func(o *Options) { o.Layer = 73 })
	if _, err := b.Receive(a.forge(text(1, "x"), inLayer(144), later(1))); err != nil {
		t.Fatal(err)
	}
	if b.PeerLayer() != 73 {
		t.Errorf("layer %d of a message that waits, want 73", b.PeerLayer())
	}
	wantRefused(t, b, a.forge(text(1, "x"), inLayer(144), later(-1)), ErrDuplicate)
	if _, err := b.Receive(a.forge(text(1, "x"))); err != nil {
		t.Fatal(err)
	}
	if b.PeerLayer() != 144 {
		t.Errorf("layer %d when its turn has come, want 144", b.PeerLayer())
	}
}

// A contact can have two others share a key when keys are renewed (Miculan and
// Vitacolonna, https://arxiv.org/abs/2012.03141). A chat's state at least is of no use
// in another chat.
func TestBugStateOfAnotherChat(t *testing.T) {
	a, _ := newSettledPair(t)
	for name, change := range map[string]func(*Options){
		"chat": func(o *Options) { o.ChatID++ },
		"peer": func(o *Options) { o.PeerID++ },
		"key":  func(o *Options) { o.StateKey[31] ^= 1 },
	} {
		opt := a.opt
		change(&opt)
		if _, err := Restore(opt.ChatID, a.store.records.all(), opt); err != ErrState {
			t.Errorf("another %s: %v, want %v", name, err, ErrState)
		}
	}
}

// A message that is deleted before the peer has it is never sent again; its number is.
func TestDeleteUnacknowledged(t *testing.T) {
	for name, action := range map[string]*tl.Action{
		"DeleteMessages": {ID: tl.DeleteMessages, IDs: []int64{2, 99}},
		"FlushHistory":   {ID: tl.FlushHistory},
	} {
		a, b := newSettledPair(t)
		say(t, a, 1, "first") // lost, as the rest
		say(t, a, 2, "secret")
		object := a.history.records[len(a.history.records)-1].object
		read, err := a.Encrypt(service(&tl.Action{ID: tl.ReadMessages, IDs: []int64{7}}))
		if err != nil {
			t.Fatal(err)
		}
		order, err := a.Encrypt(service(action))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(object, make([]byte, len(object))) {
			t.Errorf("%s: the content was not wiped", name)
		}
		a.restart(t)
		if strings.Contains(plainState(a.Chat), "secret") {
			t.Errorf("%s: the state still has it", name)
		}

		got := deliver(t, b, order) // which asks for the rest
		got = append(got, settle(t, a, b)...)
		kinds := []EventKind{EventMessage, EventDelete, EventRead, EventDelete}
		if action.ID == tl.FlushHistory {
			kinds = []EventKind{EventDelete, EventDelete, EventRead, EventFlushHistory}
		}
		if len(got) != len(kinds) {
			t.Fatalf("%s: events %+v", name, got)
		}
		for i, e := range got {
			if e.Kind != kinds[i] || e.Seq != i+1 || strings.Contains(string(e.Body), "secret") {
				t.Errorf("%s: event %d is %+v", name, i, e)
			}
		}
		if e := got[1]; fmt.Sprint(e.IDs) != "[2]" {
			t.Errorf("%s: to be deleted: %v, want 2", name, e.IDs)
		}
		if b.received != read.Seq+2 {
			t.Errorf("%s: %d received, want %d", name, b.received, read.Seq+2)
		}
	}
}

// TestWithdraw: what the server has refused is destroyed, of whatever kind it is, and an order to
// delete it has its number, so that the chat goes on.
func TestWithdraw(t *testing.T) {
	for _, android := range []bool{false, true} {
		a, b := newSettledPair(t)
		if android {
			a.peer = LatestLayer + 1
		}
		refused := []Packet{say(t, a, 1, "secret")}
		for _, action := range []*tl.Action{{ID: tl.SetMessageTTL, TTL: 5}, {ID: tl.ReadMessages, IDs: []int64{7}}} {
			p, err := a.Encrypt(service(action))
			if err != nil {
				t.Fatal(err)
			}
			refused = append(refused, p)
		}
		taken := say(t, a, 2, "taken")
		a.Sent(taken)
		for _, p := range refused {
			object := a.history.records[p.Seq-a.acked].object
			if err := a.Withdraw(p.Seq); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(object, make([]byte, len(object))) {
				t.Error("the content was not wiped")
			}
		}
		if err := a.Withdraw(taken.Seq); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plainState(a.Chat), "secret") {
			t.Error("the state still has it")
		}
		for range 2 { // the second time after a crash
			orders := a.Outbox()
			if len(orders) != len(refused) || a.history.flying != len(refused) {
				t.Fatalf("%d packets to be sent, %d in flight, want %d", len(orders), a.history.flying, len(refused))
			}
			for i, p := range orders {
				if p.Seq != refused[i].Seq || p.RandomID == refused[i].RandomID || !p.Service {
					t.Errorf("in the place of %d: %+v", refused[i].Seq, p)
				}
			}
			a.restart(t)
		}
		got := deliver(t, b, taken) // which asks for the rest
		got = append(got, settle(t, a, b)...)
		if len(got) != 4 || got[3].RandomID != 2 {
			t.Fatalf("events %+v", got)
		}
		for i, e := range got[:3] {
			want := refused[i].RandomID
			if e.Kind != EventDelete || e.Seq != refused[i].Seq || !slices.Equal(e.IDs, []int64{want}) {
				t.Errorf("event %+v, want that %d is deleted", e, want)
			}
		}
		// What the server has, and the peer not, is withdrawn as well.
		deliver(t, a, say(t, b, 1, "x"))
		lost := say(t, a, 3, "secret")
		a.Sent(lost)
		if err := a.Withdraw(lost.Seq); err != nil {
			t.Fatal(err)
		}
		if out := a.Outbox(); len(out) != 0 {
			t.Errorf("%d packets to be sent, in the place of one that the server has", len(out))
		}
		got = deliver(t, b, say(t, a, 4, "x"))
		got = append(got, settle(t, a, b)...)
		got = slices.DeleteFunc(got, func(e Event) bool { return e.Kind == EventAcknowledged })
		if len(got) != 2 || got[0].Kind != EventDelete || !slices.Equal(got[0].IDs, []int64{3}) || got[1].RandomID != 4 {
			t.Errorf("events %+v", got)
		}
	}
}

// TestWithdrawWhat: a message must be there, and the application's.
func TestWithdrawWhat(t *testing.T) {
	a, b := newSettledPair(t)
	known := say(t, a, 1, "x")
	deliver(t, b, known)
	deliver(t, a, say(t, b, 1, "x"))
	if err := a.announce(a.own + 1); err != nil { // a message of the driver's
		t.Fatal(err)
	}
	own := a.sent - 1
	last := say(t, a, 2, "x")
	state := plainState(a.Chat)
	for what, seq := range map[string]int{
		"acknowledged": known.Seq, "the driver's": own, "never made": last.Seq + 1, "negative": -1, "none": math.MinInt,
	} {
		if err := a.Withdraw(seq); err != ErrWithdraw {
			t.Errorf("%s: %v, want %v", what, err, ErrWithdraw)
		}
	}
	if plainState(a.Chat) != state {
		t.Error("the chat has changed")
	}
	if err := errors.Join(a.Withdraw(last.Seq), a.Withdraw(last.Seq)); err != nil {
		t.Error(err)
	}
	a.Wipe()
	if err := a.Withdraw(last.Seq); err != ErrDiscarded {
		t.Errorf("%v, want %v", err, ErrDiscarded)
	}
}

// TestDeleteNothing: an order to delete no messages deletes none.
func TestDeleteNothing(t *testing.T) {
	a, _ := newSettledPair(t)
	say(t, a, 1, "hello")
	for _, ids := range [][]int64{nil, {}, {2}} {
		if _, err := a.Encrypt(service(&tl.Action{ID: tl.DeleteMessages, IDs: ids})); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plainState(a.Chat), "hello") {
			t.Errorf("the message is gone, to delete %v", ids)
		}
	}
}

// TestNothingPrintsKeys formats everything that has one.
func TestNothingPrintsKeys(t *testing.T) {
	opt, _ := testOptions()
	out, _, err := Request(testGroup(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := newSettledPair(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{a.Chat, out, opt.StateKey, &opt.StateKey} {
			if got := fmt.Sprintf(verb, v); got != "REDACTED" {
				t.Errorf("%s of %T is %s", verb, v, got)
			}
		}
		opt.Store = nil // which prints itself
		if got := fmt.Sprintf(verb, opt); !strings.Contains(got, "REDACTED") {
			t.Errorf("%s of Options is %s", verb, got)
		}
	}
	redacttest.Printed(t, opt.StateKey)
	redacttest.NotEncoded(t, opt.StateKey)
}
