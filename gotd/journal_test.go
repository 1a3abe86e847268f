package gotd_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// spyState has before called before anything is learnt.
type spyState struct {
	*memState
	before func()
}

func (s *spyState) SetState(ctx context.Context, user int64, state updates.State) error {
	s.before()
	return s.memState.SetState(ctx, user, state)
}

func (s *spyState) SetPts(ctx context.Context, user int64, pts int) error {
	s.before()
	return s.memState.SetPts(ctx, user, pts)
}

func (s *spyState) SetQts(ctx context.Context, user int64, qts int) error {
	s.before()
	return s.memState.SetQts(ctx, user, qts)
}

func (s *spyState) SetDate(ctx context.Context, user int64, date int) error {
	s.before()
	return s.memState.SetDate(ctx, user, date)
}

func (s *spyState) SetSeq(ctx context.Context, user int64, seq int) error {
	s.before()
	return s.memState.SetSeq(ctx, user, seq)
}

func (s *spyState) SetDateSeq(ctx context.Context, user int64, date, seq int) error {
	s.before()
	return s.memState.SetDateSeq(ctx, user, date, seq)
}

// TestJournalFirst: an update is in the store before gotd's state can say, in any of its
// fields, that it was received.
func TestJournalFirst(t *testing.T) {
	store := newMemStore()
	chats, err := gotd.New(tg.NewClient(newFakeServer()), gotd.Options{Store: store, StateKey: stateKey, Handler: nothing})
	if err != nil {
		t.Fatal(err)
	}
	chat, err := chats.Request(t.Context(), &tg.InputUser{UserID: 2})
	if err != nil {
		t.Fatal(err)
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	arrived := 0
	storage := chats.StateStorage(&spyState{&memState{found: true}, func() {
		t.Helper()
		stored := 0
		for key := range store.copy() {
			if strings.HasPrefix(key, "u") {
				stored++
			}
		}
		if stored != arrived {
			t.Errorf("%d updates are in the store, want %d", stored, arrived)
		}
	}})
	for name, set := range map[string]func() error{
		"SetState":   func() error { return storage.SetState(t.Context(), 1, updates.State{}) },
		"SetPts":     func() error { return storage.SetPts(t.Context(), 1, 1) },
		"SetQts":     func() error { return storage.SetQts(t.Context(), 1, 1) },
		"SetDate":    func() error { return storage.SetDate(t.Context(), 1, 1) },
		"SetSeq":     func() error { return storage.SetSeq(t.Context(), 1, 1) },
		"SetDateSeq": func() error { return storage.SetDateSeq(t.Context(), 1, 1, 1) },
	} {
		u := &tg.UpdateEncryptedMessagesRead{ChatID: chat.ID(), MaxDate: 1}
		if err := dispatcher.Handle(t.Context(), &tg.Updates{Updates: []tg.UpdateClass{u}}); err != nil {
			t.Fatal(err)
		}
		arrived++
		if err := set(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStopped: a manager that has stopped takes no update, and gotd does not get to know that any
// was received: the server sends it again.
func TestStopped(t *testing.T) {
	a := newOpen(t)
	state := &memState{found: true}
	storage := a.chats.StateStorage(state)
	a.end()
	before := a.store.copy()
	u := &tg.UpdateEncryptedMessagesRead{ChatID: acceptingID, MaxDate: 1}
	if err := a.dispatcher.Handle(t.Context(), &tg.Updates{Updates: []tg.UpdateClass{u}}); !errors.Is(err, gotd.ErrStopped) {
		t.Errorf("an update: got %v, want %v", err, gotd.ErrStopped)
	}
	for name, err := range map[string]error{
		"SetState":   storage.SetState(t.Context(), 1, updates.State{Pts: 1, Qts: 1, Date: 1, Seq: 1}),
		"SetPts":     storage.SetPts(t.Context(), 1, 1),
		"SetQts":     storage.SetQts(t.Context(), 1, 1),
		"SetDate":    storage.SetDate(t.Context(), 1, 1),
		"SetSeq":     storage.SetSeq(t.Context(), 1, 1),
		"SetDateSeq": storage.SetDateSeq(t.Context(), 1, 1, 1),
	} {
		if !errors.Is(err, gotd.ErrStopped) {
			t.Errorf("%s: got %v, want %v", name, err, gotd.ErrStopped)
		}
	}
	if state.state != (updates.State{}) {
		t.Errorf("gotd knows %+v", state.state)
	}
	if after := a.store.copy(); !maps.EqualFunc(before, after, bytes.Equal) {
		t.Error("something was stored")
	}
}

// TestAcknowledge: the server is told what was received, but not of the first state of all,
// before which nothing was.
func TestAcknowledge(t *testing.T) {
	a := newAccepting(t, 73)
	storage := a.chats.StateStorage(new(memState))
	for _, qts := range []int{3, 3, 5} {
		if err := storage.SetState(t.Context(), 1, updates.State{Qts: qts}); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-a.server.received; got != 5 {
		t.Errorf("qts %d is acknowledged, want 5", got)
	}
	if err := storage.SetQts(t.Context(), 1, 6); err != nil {
		t.Fatal(err)
	}
	if got := <-a.server.received; got != 6 {
		t.Errorf("qts %d is acknowledged, want 6", got)
	}
	// What the server does not take is no reason to stop.
	var refused atomic.Int32
	refuse := func(q bin.Encoder) error {
		if _, ok := q.(*tg.MessagesReceivedQueueRequest); ok && refused.Add(1) <= 3 {
			return tgerr.New(400, "SOMETHING_NEW")
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	if err := storage.SetQts(t.Context(), 1, 7); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server has refused for good", func() bool { return refused.Load() == 3 })
	if err := storage.SetQts(t.Context(), 1, 8); err != nil {
		t.Fatal(err)
	}
	if got := <-a.server.received; got != 8 {
		t.Errorf("qts %d is acknowledged, want 8", got)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestPushedBeforeState: what the server pushes before gotd has its state comes before what
// there is to catch up on, and again with that. If it is the first state of all, it does not.
func TestPushedBeforeState(t *testing.T) {
	for _, found := range []bool{true, false} {
		a := newAccepting(t, 73)
		a.deliverAll()
		want[*gotd.Opened](a)
		storage := a.chats.StateStorage(&memState{found: found, state: updates.State{Qts: 1}})
		texts := 1
		if found {
			texts = 1100 // so many may not be missing
		}
		var packets []secretchat.Packet
		for i := range texts {
			packets = append(packets, a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 1)})...)
		}
		last := packets[len(packets)-1]
		a.update(&tg.UpdateNewEncryptedMessage{
			Message: &tg.EncryptedMessage{ChatID: acceptingID, Bytes: last.Data, File: noFile}, Qts: 1 + texts,
		})
		if _, _, err := storage.GetState(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if found {
			a.deliver(noFile, packets...)
		}
		if err := storage.SetState(t.Context(), 1, updates.State{Qts: 1 + texts}); err != nil {
			t.Fatal(err)
		}
		for i := range texts {
			if got := want[*gotd.Message](a).Message.RandomID; got != int64(i+1) {
				t.Fatalf("found %t: got message %d, want %d", found, got, i+1)
			}
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestGrace: a chat that the peer has ended waits for what was said before, but not for ever.
func TestGrace(t *testing.T) {
	for _, passedOn := range []bool{true, false} {
		a := newAccepting(t, 73)
		a.deliverAll()
		want[*gotd.Opened](a)
		if !passedOn {
			a.wait(testDelay, testDelay)
		}
		storage := a.chats.StateStorage(&memState{found: true})
		a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID}})
		if passedOn {
			if err := storage.SetQts(t.Context(), 1, 999); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the chat is ending", func() bool { return a.chat().State() == gotd.StateEnding })
			if err := storage.SetQts(t.Context(), 1, 1000); err != nil {
				t.Fatal(err)
			}
		}
		if got := want[*gotd.Closed](a); got.By != gotd.ByPeer {
			t.Errorf("got %+v", got)
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestFailedSurvives: the handler that has not returned well is told again after a restart.
func TestFailedSurvives(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	last := wantNext(t, atA, b, -1)
	told := make(chan struct{}, 100)
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Failed); ok {
			told <- struct{}{}
			return errors.New("not now")
		}
		return nil
	})
	alice.Refuse(tg.MessagesSendEncryptedRequestTypeID, 1, tgerr.New(400, "DATA_INVALID"))
	id, err := atA.SendText("refused")
	if err != nil {
		t.Fatal(err)
	}
	<-told
	if got := atA.Pending(); slices.Contains(got, id) {
		t.Errorf("pending: got %d, among them message %d, which has failed", got, id)
	}
	a.stop()
	a.handle(nil)
	a.start()
	if got := next[*gotd.Failed](a); got.RandomID != id || !tgerr.Is(got.Err, "DATA_INVALID") {
		t.Errorf("got %+v, want message %d", got, id)
	}
	wantNext(t, a.chats.Chat(atA.ID()), b, last)
	a.restart()
	a.quiet()
}
