package secretchat

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/tl"
)

// conversation is a flow of calls between two parties, either of which may crash at any
// commit: before it, when the store keeps the old state, or after it, when the caller
// does not get to see what was returned.
type conversation struct {
	t     *testing.T
	sides [2]*party

	// Packets on their way, by the receiver: servers keep them until they are
	// acknowledged.
	wire [2][][]byte
	// What the application has taken note of, by the receiver, keyed by Event.Seq.
	got [2]map[int]string
	// What every number was used for, by the sender: it must never be something else.
	used [2]map[int]string
	// crashes is how often the stores have failed.
	crashes int
}

// crashStore fails commit number failAt, from 1, before or after it has kept the state.
type crashStore struct {
	records recordSet
	commits *int // of both sides
	failAt  int
	kept    bool // before it fails
}

var errCrash = errors.New("crash")

func (s *crashStore) Commit(_ int64, changes []Change) error {
	*s.commits++
	if *s.commits != s.failAt {
		s.records.apply(changes)
		return nil
	}
	if s.kept {
		s.records.apply(changes)
	}
	return errCrash
}

// try calls f until it does not crash.
func (c *conversation) try(side int, f func(p *party) error) {
	c.t.Helper()
	for {
		err := f(c.sides[side])
		if err == nil {
			return
		}
		if !errors.Is(err, errCrash) {
			c.t.Fatalf("side %d: %v", side, err)
		}
		c.crashes++
		if !errors.Is(err, ErrStore) || !errors.Is(c.sides[side].Err(), ErrStore) {
			c.t.Fatalf("side %d: %v, and Err %v, want both to be %v", side, err, c.sides[side].Err(), ErrStore)
		}
		c.restore(side)
	}
}

func (c *conversation) restore(side int) {
	p := c.sides[side]
	chat, err := Restore(p.opt.ChatID, p.opt.Store.(*crashStore).records.all(), p.opt)
	if err != nil {
		c.t.Fatalf("side %d: %v", side, err)
	}
	p.Chat = chat
	c.take(side, chat.Unhandled())
}

func (c *conversation) take(side int, events []Event) {
	for _, e := range events {
		if e.Kind != EventMessage {
			continue
		}
		if old, ok := c.got[side][e.Seq]; ok && old != string(e.Body) {
			c.t.Errorf("side %d: message %d is %q, and %q", side, e.Seq, old, e.Body)
		}
		c.got[side][e.Seq] = string(e.Body)
	}
}

// transmit puts packets on the wire, and checks what they are.
func (c *conversation) transmit(side int, packets ...Packet) {
	p := c.sides[side]
	for _, packet := range packets {
		content := string(p.history.records[packet.Seq-p.acked].object)
		if old, ok := c.used[side][packet.Seq]; ok && old != content {
			c.t.Errorf("side %d: number %d is used for two messages", side, packet.Seq)
		}
		c.used[side][packet.Seq] = content
		c.wire[1-side] = append(c.wire[1-side], packet.Data)
		p.Sent(packet)
	}
}

// say sends a text, until it has a number.
func (c *conversation) say(side, id int) {
	c.try(side, func(p *party) error {
		body := text(int64(id), "hello")
		// The application asks whether the message made it into the state before the
		// crash.
		for _, r := range p.history.records {
			if bytes.HasSuffix(r.object, body) {
				return nil
			}
		}
		packet, err := p.Encrypt(body)
		if err == nil {
			c.transmit(side, packet)
		}
		return err
	})
}

// exchange delivers everything, in the given order, until nothing is left.
func (c *conversation) exchange(reverse bool) {
	for {
		for side, p := range c.sides {
			c.transmit(side, p.Outbox()...)
		}
		if len(c.wire[0])+len(c.wire[1]) == 0 {
			return
		}
		for side := range c.sides {
			packets := c.wire[side]
			c.wire[side] = nil
			if reverse {
				slices.Reverse(packets)
			}
			for _, packet := range packets {
				c.try(side, func(p *party) error {
					events, err := p.Receive(packet)
					if err == ErrDuplicate || err == ErrUnknownKey {
						return nil // It was received before the crash.
					}
					if err == nil {
						c.take(side, events)
					}
					return err
				})
			}
		}
	}
}

// run has both sides talk, with a loss, and renew the key.
func (c *conversation) run() {
	c.exchange(false)
	for i := range 3 {
		c.say(0, 100+i)
		c.say(1, 200+i)
		c.exchange(i == 1)
	}
	// One is lost, the next is not.
	c.say(0, 110)
	c.wire[1] = nil
	c.say(0, 111)
	c.exchange(false)

	c.try(0, func(p *party) error {
		if p.exchange.state != idle || p.other != nil {
			return nil
		}
		p.uses = maxUses
		packet, err := p.Encrypt(text(120, "due"))
		if err == nil {
			c.transmit(0, packet)
		}
		return err
	})
	c.exchange(false)
	c.say(1, 220)
	c.exchange(true)
	c.say(0, 130)
	c.say(1, 230)
	c.exchange(false)
	c.try(0, func(p *party) error { return p.Handled() })
	c.try(1, func(p *party) error { return p.Handled() })
}

// TestCrashAtEveryCommit crashes at each commit of a conversation, before and after.
func TestCrashAtEveryCommit(t *testing.T) {
	talk := func(t *testing.T, failAt int, kept bool) (commits int, c *conversation) {
		c = &conversation{t: t}
		a, b := newPair(t, func(o *Options) { o.Store = &crashStore{commits: &commits, kept: kept} })
		c.sides = [2]*party{a, b}
		commits = 0
		for side, p := range c.sides {
			c.got[side], c.used[side] = map[int]string{}, map[int]string{}
			p.opt.Store.(*crashStore).failAt = failAt
		}
		c.run()
		return commits, c
	}
	total, want := talk(t, 0, false)
	if total < 30 || want.crashes != 0 || len(want.got[0]) != 5 || len(want.got[1]) != 7 {
		t.Fatalf("%d commits, %d crashes, %d and %d messages; want 30 at least, none, 5 and 7",
			total, want.crashes, len(want.got[0]), len(want.got[1]))
	}
	for failAt := 1; failAt <= total; failAt++ {
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("commit=%d/kept=%t", failAt, kept), func(t *testing.T) {
				_, c := talk(t, failAt, kept)
				if c.crashes != 1 {
					t.Fatalf("%d crashes, want 1", c.crashes)
				}
				a, b := c.sides[0], c.sides[1]
				for side := range c.sides {
					if got, want := texts(c.got[side]), texts(want.got[side]); got != want {
						t.Errorf("side %d got %s, want %s", side, got, want)
					}
				}
				if a.Fingerprint() != b.Fingerprint() || a.Err() != nil || b.Err() != nil {
					t.Errorf("keys %d and %d, errors %v and %v", a.Fingerprint(), b.Fingerprint(), a.Err(), b.Err())
				}
				if a.exchange.state != idle || b.exchange.state != idle || a.other != nil || b.other != nil {
					t.Errorf("exchange in states %d and %d", a.exchange.state, b.exchange.state)
				}
			})
		}
	}
}

// texts returns the ids of messages in the order of their numbers.
func texts(got map[int]string) string {
	var seqs []int
	for seq := range got {
		seqs = append(seqs, seq)
	}
	slices.Sort(seqs)
	s := ""
	for _, seq := range seqs {
		m, err := tl.ParseMessage([]byte(got[seq]))
		if err != nil {
			panic(err)
		}
		s += fmt.Sprintf("%d ", m.RandomID)
	}
	return s
}

// TestCrashInHandshake crashes before and after each commit of an exchange of keys.
func TestCrashInHandshake(t *testing.T) {
	group := testGroup(t)
	for failAt := 1; failAt <= 3; failAt++ {
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("commit=%d/kept=%t", failAt, kept), func(t *testing.T) {
				commits, crashes := 0, 0
				newOptions := func() (Options, *crashStore) {
					s := &crashStore{commits: &commits, failAt: failAt, kept: kept}
					return Options{ChatID: 1, StateKey: StateKey{1}, Store: s}, s
				}
				crashed := func(err error) bool {
					if err != nil && (!errors.Is(err, ErrStore) || !errors.Is(err, errCrash)) {
						t.Fatal(err)
					}
					if err != nil {
						crashes++
					}
					return err != nil
				}

				aOpt, aStore := newOptions()
				out, gA, err := Request(group, aOpt)
				if crashed(err) {
					if len(aStore.records) == 0 {
						out, gA, err = Request(group, aOpt) // Nothing was sent.
					} else if out, err = RestoreOutgoing(1, aStore.records.all(), aOpt); err == nil {
						gA, err = out.GA()
					}
				}
				if err != nil {
					t.Fatal(err)
				}

				bOpt, bStore := newOptions()
				b, gB, fingerprint, err := Accept(group, gA[:], bOpt)
				if crashed(err) {
					if len(bStore.records) == 0 {
						b, gB, fingerprint, err = Accept(group, gA[:], bOpt)
					} else if b, err = Restore(1, bStore.records.all(), bOpt); err == nil {
						var pending bool
						if gB, fingerprint, pending = b.Acceptance(); !pending {
							t.Fatal("the acceptance is lost")
						}
					}
				}
				if err != nil {
					t.Fatal(err)
				}

				a, err := out.Complete(gB[:], fingerprint)
				if crashed(err) {
					if a, err = Restore(1, aStore.records.all(), aOpt); err != nil {
						if out, err = RestoreOutgoing(1, aStore.records.all(), aOpt); err == nil {
							a, err = out.Complete(gB[:], fingerprint)
						}
					}
				}
				if err != nil {
					t.Fatal(err)
				}

				if crashes != 1 {
					t.Errorf("%d crashes, want 1", crashes)
				}
				if _, err := b.Receive(a.Outbox()[0].Data); err != nil {
					t.Error(err)
				}
				if _, _, pending := b.Acceptance(); pending {
					t.Error("the peer has answered the acceptance, and it is kept")
				}
				if a.Visualization() != b.Visualization() {
					t.Error("the two sides have different keys")
				}
			})
		}
	}
}

// TestHandshakeOnce: each step is taken once.
func TestHandshakeOnce(t *testing.T) {
	group := testGroup(t)
	opt, store := testOptions()
	out, gA, err := Request(group, opt)
	if err != nil {
		t.Fatal(err)
	}
	_, gB, fingerprint, err := Accept(group, gA[:], Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := out.Complete(gB[:], fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	commits := store.commits
	if again, err := out.Complete(gB[:], fingerprint); again != nil || err != ErrCompleted {
		t.Errorf("Complete again: %v, want %v", err, ErrCompleted)
	}
	if _, err := out.GA(); err != ErrCompleted {
		t.Errorf("GA: %v, want %v", err, ErrCompleted)
	}
	if err := out.Discard(); err != nil {
		t.Errorf("Discard: %v", err)
	}
	if store.commits != commits || a.Err() != nil {
		t.Error("the chat was changed")
	}
	if _, err := RestoreOutgoing(1, store.records.all(), opt); err != ErrState {
		t.Errorf("RestoreOutgoing of a chat: %v, want %v", err, ErrState)
	}
}

// TestHandshakeFails: a bad value or fingerprint ends it, and nothing is left.
func TestHandshakeFails(t *testing.T) {
	group := testGroup(t)
	for name, test := range map[string]struct {
		spoil func(gB *[bigdh.Size]byte, fingerprint *int64)
		want  Rule
	}{
		"another fingerprint": {func(_ *[bigdh.Size]byte, f *int64) { *f ^= 1 << 40 }, RuleFingerprint},
		"another g_b":         {func(gB *[bigdh.Size]byte, _ *int64) { gB[100] ^= 1 }, RuleFingerprint},
		"g_b of 0":            {func(gB *[bigdh.Size]byte, _ *int64) { clear(gB[:]) }, RulePublicValue},
		"g_b of p-1": {func(gB *[bigdh.Size]byte, _ *int64) {
			*gB = group.Prime()
			gB[bigdh.Size-1]--
		}, RulePublicValue},
	} {
		opt, store := testOptions()
		out, gA, err := Request(group, opt)
		if err != nil {
			t.Fatal(err)
		}
		mine := out.mine
		_, gB, fingerprint, err := Accept(group, gA[:], Options{})
		if err != nil {
			t.Fatal(err)
		}
		test.spoil(&gB, &fingerprint)
		c, err := out.Complete(gB[:], fingerprint)
		if f := (*FatalError)(nil); c != nil || !errors.As(err, &f) || f.Rule != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if len(store.records) != 0 {
			t.Errorf("%s: the store still has a state", name)
		}
		if !wiped(mine) {
			t.Errorf("%s: the exponent was not wiped", name)
		}
	}

	opt, store := testOptions()
	c, _, _, err := Accept(group, make([]byte, 256), opt)
	if f := (*FatalError)(nil); c != nil || !errors.As(err, &f) || f.Rule != RulePublicValue || store.commits != 0 {
		t.Errorf("Accept of 0: %v, %d commits, want %q and none", err, store.commits, RulePublicValue)
	}
}

// TestDiscard wipes everything.
func TestDiscard(t *testing.T) {
	a, b := newSettledPair(t)
	say(t, a, 1, "not acknowledged")
	deliver(t, b, a.Outbox()...)
	k, object := a.key, a.history.records[0].object
	if err := a.Discard(); err != nil {
		t.Fatal(err)
	}
	if k.auth != [256]byte{} || !bytes.Equal(object, make([]byte, len(object))) {
		t.Error("there are secrets left")
	}
	if len(a.store.records) != 0 {
		t.Error("the store still has the chat")
	}
	_, err1 := a.Encrypt(text(1, "x"))
	_, err2 := a.Receive(b.forge(text(1, "x")))
	if err1 != ErrDiscarded || err2 != ErrDiscarded || a.Err() != ErrDiscarded || a.Outbox() != nil {
		t.Errorf("Encrypt %v, Receive %v, Err %v, want %v", err1, err2, a.Err(), ErrDiscarded)
	}
	if a.Discard() != nil {
		t.Error("it cannot be discarded twice")
	}

	opt, store := testOptions()
	out, _, err := Request(testGroup(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Discard(); err != nil || len(store.records) != 0 {
		t.Errorf("Discard of a request: %v, and %d records are left", err, len(store.records))
	}
	if _, err := out.Complete(nil, 0); err != ErrCompleted {
		t.Errorf("Complete: %v, want %v", err, ErrCompleted)
	}
}

// TestWipe: nothing is left in memory, and all of it in the store.
func TestWipe(t *testing.T) {
	a, b := newSettledPair(t)
	say(t, a, 1, "not acknowledged")
	deliver(t, a, say(t, b, 2, "not handled"))
	k, object, state := a.key, a.history.records[0].object, maps.Clone(a.store.records)
	for range 2 { // twice is fine
		a.Wipe()
	}
	if k.auth != [256]byte{} || !bytes.Equal(object, make([]byte, len(object))) || a.unhandled.list != nil || a.ledger.key != (StateKey{}) {
		t.Error("there are secrets left")
	}
	_, err1 := a.Encrypt(text(1, "x"))
	_, err2 := a.Receive(b.forge(text(1, "x")))
	if err1 != ErrDiscarded || err2 != ErrDiscarded || a.Err() != ErrDiscarded || a.Handled() != ErrDiscarded {
		t.Errorf("Encrypt %v, Receive %v, Err %v, want %v", err1, err2, a.Err(), ErrDiscarded)
	}
	if !a.store.records.equal(state) {
		t.Error("the store has changed")
	}
	old := a.Chat
	a.restart(t)
	wantEvents(t, a.Unhandled(), fmt.Sprintf("%d:1:2 ", EventMessage))
	wantEvents(t, deliver(t, b, a.Outbox()...), fmt.Sprintf("%d:1:1 ", EventMessage))
	if err := old.Discard(); err != nil || len(a.store.records) != 0 {
		t.Errorf("Discard after Wipe: %v, and %d records are left", err, len(a.store.records))
	}

	out, gA, err := Request(testGroup(t), a.opt)
	if err != nil {
		t.Fatal(err)
	}
	mine, state := out.mine, maps.Clone(a.store.records)
	for range 2 {
		out.Wipe()
	}
	if !wiped(mine) || out.opt.StateKey != (StateKey{}) {
		t.Error("there are secrets of a request left")
	}
	if _, err := out.Complete(nil, 0); err != ErrCompleted || !a.store.records.equal(state) {
		t.Errorf("Complete: %v, want %v and the store as it was", err, ErrCompleted)
	}
	if out, err = RestoreOutgoing(a.opt.ChatID, state.all(), a.opt); err != nil {
		t.Fatal(err)
	}
	if again, err := out.GA(); err != nil || again != gA {
		t.Errorf("g_a is another one after Wipe and RestoreOutgoing: %v", err)
	}
}

// TestStoreFails: the chat does not go on without its store, and nothing gets out.
func TestStoreFails(t *testing.T) {
	a, b := newSettledPair(t)
	hello := say(t, b, 1, "hello")
	for name, call := range map[string]func() error{
		"Encrypt": func() error {
			p, err := a.Encrypt(text(1, "x"))
			if p.Data != nil {
				t.Error("there is a packet")
			}
			return err
		},
		"Receive": func() error {
			events, err := a.Receive(hello.Data)
			if events != nil {
				t.Error("there are events")
			}
			return err
		},
	} {
		a.restart(t)
		a.store.failAfter = a.store.commits
		k := a.key
		if err := call(); !errors.Is(err, ErrStore) || !errors.Is(err, errDisk) {
			t.Errorf("%s: %v, want %v", name, err, ErrStore)
		}
		if !errors.Is(a.Err(), ErrStore) || a.Outbox() != nil || k.auth != [256]byte{} {
			t.Errorf("%s: the chat goes on", name)
		}
		a.store.failAfter = 0
	}
	a.restart(t)
	wantEvents(t, deliver(t, a, hello), fmt.Sprintf("%d:1:1 ", EventMessage))

	// Nor does one begin without it.
	group := testGroup(t)
	opt, store := testOptions()
	out, gA, err := Request(group, opt)
	if err != nil {
		t.Fatal(err)
	}
	_, gB, fingerprint, err := Accept(group, gA[:], Options{})
	if err != nil {
		t.Fatal(err)
	}
	store.failAfter = store.commits
	if c, err := out.Complete(gB[:], fingerprint); c != nil || !errors.Is(err, ErrStore) {
		t.Errorf("Complete: a chat %t, %v, want none and %v", c != nil, err, ErrStore)
	}
	store.commits, store.failAfter = 1, 1
	if c, _, _, err := Accept(group, gA[:], opt); c != nil || !errors.Is(err, ErrStore) {
		t.Errorf("Accept: a chat %t, %v, want none and %v", c != nil, err, ErrStore)
	}
}
