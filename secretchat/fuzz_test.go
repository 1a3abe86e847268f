package secretchat

import (
	"bytes"
	"errors"
	"maps"
	"slices"
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
	state := b.store.records
	f.Fuzz(func(t *testing.T, how uint8, d int8, data []byte) {
		store := &memStore{records: maps.Clone(state)}
		opt := opt
		opt.Store = store
		c, err := Restore(opt.ChatID, state.all(), opt)
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
		again, err := Restore(opt.ChatID, store.records.all(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plainState(again), plainState(c); got != want {
			t.Errorf("restored:\n%x, want\n%x", got, want)
		}
	})
}

// FuzzRestore has records that were sealed by nobody, and ones that were sealed by us with
// anything in them: a head, one more record of each kind, and a state of version 1.
func FuzzRestore(f *testing.F) {
	a, b := newSettledPair(f)
	say(f, a, 1, "x")
	a.requestKey(exchangeID)
	deliver(f, b, say(f, a, 2, "y"))
	kinds := []recordKind{kindHead, kindKeys, kindOwn, kindWaiting, kindEvent}
	for _, p := range []*party{a, b} {
		f.Add(uint8(0), p.store.records[string(headID.appendKey(nil))])
		for _, id := range append(allRecords(p.Chat), headID) {
			w := coder{mode: writing}
			p.code(&w, id)
			f.Add(uint8(1+slices.Index(kinds, id.kind())), w.b)
		}
	}
	for _, pair := range readStatesV1(f).Chats {
		f.Add(uint8(6), pair.A.plain(f))
	}
	opt := a.opt
	opt.Store = nil
	f.Fuzz(func(t *testing.T, how uint8, data []byte) {
		set, l := maps.Clone(a.store.records), newLedger(&opt)
		switch how %= 7; how {
		case 0:
			set = recordSet{string(headID.appendKey(nil)): data}
		case 6:
			set = recordSet{"": sealStateV1(&l, data)}
		default:
			contents := sealedContents{}
			for _, id := range append(allRecords(a.Chat), headID) {
				w := coder{mode: writing}
				a.code(&w, id)
				contents[id] = w.b
			}
			id := newRecordID(kinds[how-1], 0)
			if how > 2 { // In the place of the record after the last.
				id += recordID(a.history.first + len(a.history.records))
			}
			contents[id] = data
			set = nil
			set.seal(&l, contents, contents.ids())
		}
		c, err := Restore(opt.ChatID, set.all(), opt)
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
		if _, err := Restore(opt.ChatID, snapshot(c).all(), opt); err != nil {
			t.Errorf("restored again: %v", err)
		}
	})
}

// sealedContents are records with anything in them.
type sealedContents map[recordID][]byte

func (s sealedContents) code(w *coder, id recordID) bool {
	content, ok := s[id]
	w.array(content)
	return ok
}

// ids returns those of all but the head.
func (s sealedContents) ids() (ids []recordID) {
	for id := range s {
		if id != headID {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestSealedRecords changes every byte of every record and of its key, and every length.
func TestSealedRecords(t *testing.T) {
	_, b := kinds(t)
	for key, value := range b.store.records {
		refused := func(what string, k string, v []byte) {
			t.Helper()
			set := maps.Clone(b.store.records)
			delete(set, key)
			set[k] = v
			if _, err := Restore(b.opt.ChatID, set.all(), b.opt); err != ErrState {
				t.Errorf("record %x, %s: %v, want %v", key, what, err, ErrState)
			}
		}
		for i := range value {
			changed := bytes.Clone(value)
			changed[i] ^= 1
			refused("a byte changed", key, changed)
			refused("cut off", key, value[:i])
		}
		refused("a byte more", key, append(bytes.Clone(value), 0))
		for i := range len(key) * 8 {
			changed := []byte(key)
			changed[i/8] ^= 1 << (i % 8)
			refused("another key", string(changed), value)
		}
		refused("no key", "", value)
		refused("a shorter key", key[1:], value)
	}
	if again := snapshot(b.Chat); string(again[string(headID.appendKey(nil))][1:25]) == string(b.store.records[string(headID.appendKey(nil))][1:25]) {
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
