package secretchat

import (
	"errors"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// FuzzReceive has a peer, or anybody, send anything: bytes as they are, or as the body
// of a good packet, or as the message in it. The chat may end for a reason, or refuse,
// but must be one that can be stored and restored.
func FuzzReceive(f *testing.F) {
	a, b := newSettledPair(f)
	f.Add(uint8(0), int8(0), a.forge(text(1, "x")))
	f.Add(uint8(0), int8(0), make([]byte, 40))
	f.Add(uint8(1), int8(0), a.object(text(1, "x")))
	f.Add(uint8(1), int8(0), notifyLayer8(100, 15))
	f.Add(uint8(2), int8(0), text(1, "x"))
	f.Add(uint8(2), int8(1), text(1, "x"))
	for _, id := range []tl.ActionID{tl.RequestKey, tl.AcceptKey, tl.CommitKey, tl.AbortKey} {
		f.Add(uint8(2), int8(0), rekeyMessage(id, exchangeID, a.group, 1))
	}
	f.Add(uint8(2), int8(2), resend(0, 0))
	f.Add(uint8(2), int8(0), service(&tl.Action{ID: tl.ReadMessages, IDs: []int64{1, 2}}))
	opt := b.opt
	state := b.store.state
	f.Fuzz(func(t *testing.T, how uint8, d int8, data []byte) {
		store := new(memStore)
		opt := opt
		opt.Store = store
		c, err := Restore(state, opt)
		if err != nil {
			t.Fatal(err)
		}
		packet := data
		if len(data) > 10000 {
			return
		}
		switch how % 4 {
		case 1:
			packet = seal(a.key, a.side(), data)
		case 2:
			packet = a.forge(data, later(int(d)))
		case 3:
			packet = a.forge(data, later(int(d)), seeing(int(d)))
		}
		events, err := c.Receive(packet)
		if err != nil && !isRefusal(err) && !errors.Is(err, ErrFatal) {
			t.Errorf("error %v", err)
		}
		if isRefusal(err) && (len(events) != 0 || store.commits != 0) {
			t.Errorf("refused with %v, and there are %d events and %d commits", err, len(events), store.commits)
		}
		if n := len(c.history.records); n > 10 {
			t.Errorf("one packet makes %d", n)
		}
		if isRefusal(err) {
			return
		}
		again, err := Restore(store.state, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plainState(again), plainState(c); got != want {
			t.Errorf("restored:\n%x, want\n%x", got, want)
		}
	})
}

// FuzzRestore has states that were sealed by nobody, and ones that were sealed by us
// with anything in them.
func FuzzRestore(f *testing.F) {
	a, b := newSettledPair(f)
	say(f, a, 1, "x")
	a.requestKey(exchangeID)
	deliver(f, b, say(f, a, 2, "y"))
	for _, p := range []*party{a, b} {
		f.Add(false, p.store.state)
		f.Add(true, []byte(plainState(p.Chat)))
	}
	opt := a.opt
	opt.Store = nil
	aead := opt.StateKey.aead()
	f.Fuzz(func(t *testing.T, sealed bool, data []byte) {
		state := data
		if sealed {
			state = sealState(aead, opt.ChatID, opt.PeerID, func(s *coder) { s.array(data) })
		}
		c, err := Restore(state, opt)
		if err != nil {
			if err != ErrState || c != nil {
				t.Errorf("chat %p, error %v, want %v", c, err, ErrState)
			}
			return
		}
		// It can be used.
		c.Outbox()
		c.Encrypt(text(1, "x"))
		c.Receive(make([]byte, 100))
		c.Snapshot()
	})
}

// TestSealedState changes every byte of a state, and every length.
func TestSealedState(t *testing.T) {
	a, _ := newSettledPair(t)
	state := a.store.state
	for i := range state {
		changed := append([]byte(nil), state...)
		changed[i] ^= 1
		if _, err := Restore(changed, a.opt); err != ErrState {
			t.Errorf("byte %d changed: %v, want %v", i, err, ErrState)
		}
		if _, err := Restore(state[:i], a.opt); err != ErrState {
			t.Errorf("%d bytes: %v, want %v", i, err, ErrState)
		}
	}
	if _, err := Restore(append(append([]byte(nil), state...), 0), a.opt); err != ErrState {
		t.Errorf("a byte more: %v, want %v", err, ErrState)
	}
	if again := a.Snapshot(); string(again[1:25]) == string(state[1:25]) {
		t.Error("a nonce was used twice")
	}
}

// TestConcurrentUse has goroutines use both sides at the same time; the race detector
// watches.
func TestConcurrentUse(t *testing.T) {
	a, b := newSettledPair(t)
	const each, senders = 50, 4
	wire := make(chan Packet, 2*each*senders)
	send := func(i int) {
		p, err := a.Encrypt(text(int64(i), "x"))
		if err != nil {
			t.Error(err)
			return
		}
		wire <- p
		a.Sent(p)
		for _, p := range a.Outbox() {
			wire <- p
		}
		a.Tick(testTime)
		a.Layer()
		a.Fingerprint()
		a.Err()
	}
	var receiving sync.WaitGroup
	events := 0
	receiving.Go(func() {
		for p := range wire {
			got, err := b.Receive(p.Data)
			if err != nil {
				t.Error(err)
			}
			for _, e := range got {
				if e.Kind == EventMessage {
					events++
				}
			}
			b.Unhandled()
			b.Outbox()
		}
	})
	for i := range each {
		// All at once, but none so far ahead of another that its messages have to wait for
		// more than a chat lets wait.
		var sending sync.WaitGroup
		for range senders {
			sending.Go(func() { send(i) })
		}
		sending.Wait()
	}
	close(wire)
	receiving.Wait()
	if want := each * senders; events != want {
		t.Errorf("%d messages, want %d", events, want)
	}
}
