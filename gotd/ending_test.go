package gotd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// newOpen is newAccepting of a chat that is open.
func newOpen(t *testing.T) *accepting {
	t.Helper()
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	return a
}

// end stops a manager that should have nothing to complain of.
func (a *accepting) end() {
	a.t.Helper()
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		a.t.Errorf("Run: got %v, want %v", err, context.Canceled)
	}
}

// wait begins anew, with other delays than those of tests.
func (a *accepting) wait(delay, grace time.Duration) {
	a.t.Helper()
	a.prepare = func() { a.chats.SetDelays(delay, grace) }
	a.restart()
}

// chatRecord returns what a store has of the chat itself.
func chatRecord(t *testing.T, records map[string][]byte) (r struct {
	State   gotd.State
	Closing struct{ Told, Silent bool }
}) {
	t.Helper()
	if value, ok := records[fmt.Sprintf("c%08x", acceptingID)]; ok {
		if err := json.Unmarshal(value, &r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestLastWordsAnswered: a handler that answers everything gets to know that the chat is
// closed, although the last message can no longer be answered. So does one that fails.
func TestLastWordsAnswered(t *testing.T) {
	a := newOpen(t)
	storage := a.chats.StateStorage(&memState{found: true})
	answered := make(chan error, 10)
	failures := 3
	a.handle(func(e gotd.Event) error {
		m, ok := e.(*gotd.Message)
		switch {
		case !ok:
			return nil
		case m.Text() == "fails" && failures > 0:
			failures--
			return errors.New("out of paper")
		}
		_, err := m.Chat.SendText("answer")
		answered <- err
		return err
	})
	// gotd passes on first what has no qts.
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID, HistoryDeleted: true}})
	eventually(t, "the chat is ending", func() bool { return a.chat().State() == gotd.StateEnding })
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "fails"})...)
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "bye"})...)
	if err := storage.SetQts(t.Context(), 1, 1000); err != nil {
		t.Fatal(err)
	}
	if got := want[*gotd.Closed](a); got.By != gotd.ByPeer || !got.HistoryDeleted {
		t.Errorf("got %+v", got)
	}
	for range 2 {
		if err := <-answered; !errors.Is(err, gotd.ErrNotOpen) {
			t.Errorf("answer: got %v, want %v", err, gotd.ErrNotOpen)
		}
	}
	if n := len(answered); n != 0 || failures != 0 {
		t.Errorf("answered %d times more, %d failures left", n, failures)
	}
	a.end()
}

// TestNotOpenYet: ErrNotOpen of a chat that may still be opened is an error like any other.
func TestNotOpenYet(t *testing.T) {
	a := newOpen(t)
	other, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: 3})
	if err != nil {
		t.Fatal(err)
	}
	var tries atomic.Int32
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Message); !ok || tries.Add(1) == 3 {
			return nil
		}
		_, err := other.SendText("to somebody else")
		return err
	})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "hello"})...)
	want[*gotd.Message](a)
	if got := tries.Load(); got != 3 {
		t.Errorf("the handler was called %d times, want 3", got)
	}
	a.end()
}

// TestGraceAsksAgain: a server that cannot say at once how much there is to come does not
// have last words lost.
func TestGraceAsksAgain(t *testing.T) {
	a := newOpen(t)
	storage := a.chats.StateStorage(&memState{found: true})
	var asked atomic.Int32
	refuse := func(q bin.Encoder) error {
		if _, ok := q.(*tg.UpdatesGetStateRequest); ok && asked.Add(1) <= 2 {
			return tgerr.New(500, "INTERNAL")
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID}})
	eventually(t, "the server has answered", func() bool { return asked.Load() == 3 })
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "bye"})...)
	if got := want[*gotd.Message](a); got.Text() != "bye" {
		t.Errorf("got %q", got.Text())
	}
	if err := storage.SetQts(t.Context(), 1, 1000); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	a.end()
}

// TestDiscardWhileHandlerWaits: Closed does not wait until the event that has failed would
// come again. If Closed fails, it does.
func TestDiscardWhileHandlerWaits(t *testing.T) {
	a := newOpen(t)
	a.wait(time.Hour, testGrace)
	failed := make(chan struct{}, 1)
	var closedTries atomic.Int32
	a.handle(func(e gotd.Event) error {
		switch e.(type) {
		case *gotd.Message:
			failed <- struct{}{}
			return errors.New("out of paper")
		case *gotd.Closed:
			closedTries.Add(1)
		}
		return nil
	})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})...)
	<-failed
	if err := a.chat().Discard(); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.end()
	if n := closedTries.Load(); n != 1 {
		t.Errorf("Closed came %d times", n)
	}

	a = newOpen(t)
	a.wait(time.Hour, testGrace)
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Closed); ok {
			closedTries.Add(1)
			failed <- struct{}{}
			return errors.New("out of paper")
		}
		return nil
	})
	closedTries.Store(0)
	if err := a.chat().Discard(); err != nil {
		t.Fatal(err)
	}
	<-failed
	time.Sleep(20 * time.Millisecond) // in which nothing should happen
	if n := closedTries.Load(); n != 1 {
		t.Errorf("Closed came %d times, without a delay", n)
	}
	a.end()
}

// TestDiscardWhileAccepting: nobody waits any more to accept a chat that was discarded.
func TestDiscardWhileAccepting(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	waits := make(chan struct{}, 1)
	refuse := func(q bin.Encoder) error {
		if _, ok := q.(*tg.MessagesAcceptEncryptionRequest); ok {
			waits <- struct{}{}
			return tgerr.New(420, "FLOOD_WAIT_3600")
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	a.restart() // which tries again
	<-waits
	if err := a.chat().Discard(); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	eventually(t, "nobody waits to accept", func() bool { return !running("gotd.(*Chat).acceptAgain(") })
	a.end()
}

// TestNothingAfterDiscard: what an application still has to say is not sent.
func TestNothingAfterDiscard(t *testing.T) {
	a := newOpen(t)
	c := a.chat()
	var late atomic.Int32
	count := func(bin.Encoder) error { late.Add(1); return nil }
	if err := c.Discard(); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.server.refuse.Store(&count)
	m := &gotd.Message{Chat: c, Date: 1, Message: &e2e.DecryptedMessage{RandomID: 1}}
	for name, send := range map[string]func() error{
		"SendText":   func() error { _, err := c.SendText("late"); return err },
		"SendAction": func() error { _, err := c.FlushHistory(); return err },
		"Media": func() error {
			_, err := c.Compose().Media(t.Context(), gotd.Photo(gotd.FromBytes("", []byte("x")), 1, 1, gotd.Thumbnail{}))
			return err
		},
		"Accept":    func() error { return c.Accept(t.Context()) },
		"SetTyping": func() error { return c.SetTyping(t.Context(), true) },
		"SetRead":   func() error { return c.SetRead(t.Context(), 1) },
		"MarkRead":  func() error { return c.MarkRead(t.Context(), m) },
	} {
		if err := send(); !errors.Is(err, gotd.ErrNotOpen) {
			t.Errorf("%s: got %v, want %v", name, err, gotd.ErrNotOpen)
		}
	}
	if err := c.Discard(); err != nil {
		t.Errorf("Discard again: %v", err)
	}
	if n := late.Load(); n != 0 {
		t.Errorf("the server was called %d times", n)
	}
	a.end()
}

// TestDiscardWaitsForCalls: the server is told that a chat is over when nothing else of the chat
// is on its way, which might come after that, although the handler is told at once.
func TestDiscardWaitsForCalls(t *testing.T) {
	photo := gotd.Photo(gotd.FromBytes("", []byte("x")), 1, 1, gotd.Thumbnail{})
	for name, call := range map[string]func(c *gotd.Chat) error{
		"message":        func(c *gotd.Chat) error { _, err := c.SendText("late"); return err },
		"service":        func(c *gotd.Chat) error { _, err := c.FlushHistory(); return err },
		"part of a file": func(c *gotd.Chat) error { _, err := c.Compose().Media(t.Context(), photo); return err },
		"typing":         func(c *gotd.Chat) error { return c.SetTyping(t.Context(), true) },
		"read":           func(c *gotd.Chat) error { return c.SetRead(t.Context(), 1) },
		"accept":         func(c *gotd.Chat) error { return c.Accept(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccepting(t, secretchat.LatestLayer)
			a.end()
			for len(a.server.answers) > 0 {
				<-a.server.answers
			}
			a.prepare = func() { a.chats.SetDelays(time.Hour, testGrace) }
			a.start() // which accepts once
			eventually(t, "the chat was accepted", func() bool { return len(a.server.answers) == 1 })
			if name != "accept" {
				a.deliverAll()
				want[*gotd.Opened](a)
				eventually(t, "the chat has nothing to say of its own", func() bool { return a.server.sent.Load() > 0 })
			}
			begun, release := make(chan struct{}), make(chan struct{})
			var onItsWay, early atomic.Bool
			hold := func(q bin.Encoder) error {
				if _, ok := q.(*tg.MessagesDiscardEncryptionRequest); ok {
					early.Store(onItsWay.Load())
					return nil
				}
				onItsWay.Store(true)
				close(begun)
				<-release
				onItsWay.Store(false)
				return context.Canceled
			}
			a.server.refuse.Store(&hold)
			called := make(chan error, 1)
			go func() { called <- call(a.chat()) }()
			<-begun
			if err := a.chat().Discard(); err != nil {
				t.Fatal(err)
			}
			want[*gotd.Closed](a)
			time.Sleep(20 * time.Millisecond) // in which nothing should happen
			close(release)
			<-a.server.discarded
			if early.Load() {
				t.Error("the server is told that the chat is over before the call has ended")
			}
			if err := <-called; !errors.Is(err, gotd.ErrNotOpen) && name != "message" && name != "service" {
				t.Errorf("got %v, want %v", err, gotd.ErrNotOpen)
			}
			a.end()
		})
	}
}

// TestDiscardByHandler: what was still to be written of a chat does not replace its end.
func TestDiscardByHandler(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.handle(func(e gotd.Event) error {
		if e, ok := e.(*gotd.PeerLayer); ok { // which comes with Opened
			return e.Chat.Discard()
		}
		return nil
	})
	a.store.forget()
	a.deliverAll()
	want[*gotd.Opened](a)
	want[*gotd.Closed](a)
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.end()
	closed := false
	for i, records := range a.store.history {
		state := chatRecord(t, records).State
		hasKeys := false
		for key := range records {
			hasKeys = hasKeys || key[0] == 's'
		}
		if open := state != gotd.StateClosing && state != ""; open != hasKeys {
			t.Errorf("after commit %d the chat is %q, and its keys are there: %v", i, state, hasKeys)
		}
		closed = closed || state == gotd.StateClosing
	}
	if !closed {
		t.Errorf("in none of %d commits the chat is %s", len(a.store.history), gotd.StateClosing)
	}
}

// TestClosingSteps: neither the handler nor the server is told twice that a chat is over.
func TestClosingSteps(t *testing.T) {
	a := newOpen(t)
	never := func(q bin.Encoder) error {
		if _, ok := q.(*tg.MessagesDiscardEncryptionRequest); ok {
			return tgerr.New(420, "FLOOD_WAIT_3600")
		}
		return nil
	}
	a.server.refuse.Store(&never)
	if err := a.chat().Discard(); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	a.restart()
	a.server.refuse.Store(nil)
	a.restart()
	if got := <-a.server.discarded; got != acceptingID {
		t.Errorf("chat %d is discarded", got)
	}
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.end()
	if e, ok := a.events.take(); ok {
		t.Errorf("got %T %+v, which the handler was told before", e, e)
	}

	a = newOpen(t)
	fails := func(e gotd.Event) error {
		if _, ok := e.(*gotd.Closed); ok {
			return errors.New("out of paper")
		}
		return nil
	}
	a.handle(fails)
	if err := a.chat().Discard(); err != nil {
		t.Fatal(err)
	}
	<-a.server.discarded
	eventually(t, "it is stored that the server knows", func() bool { return chatRecord(t, a.store.copy()).Closing.Told })
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	a.handle(nil)
	a.start()
	want[*gotd.Closed](a)
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.end()
	if n := len(a.server.discarded); n != 0 {
		t.Errorf("the server was told %d times more", n)
	}
}

// TestDiscardRefused: a chat is forgotten although the server refuses to hear of its end, or of spam.
func TestDiscardRefused(t *testing.T) {
	a := newOpen(t)
	refuse := func(q bin.Encoder) error {
		switch q.(type) {
		case *tg.MessagesReportEncryptedSpamRequest:
			return tgerr.New(400, "CHAT_ID_INVALID")
		case *tg.MessagesDiscardEncryptionRequest:
			a.server.discarded <- acceptingID
			return tgerr.New(400, "ENCRYPTION_ALREADY_DECLINED")
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	if err := a.chat().DiscardWith(gotd.DiscardOptions{ReportSpam: true}); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	eventually(t, "the chat is forgotten", func() bool { return a.chat() == nil })
	a.end()
	if n := len(a.server.discarded); n != 1 {
		t.Errorf("the server was told %d times, want once", n)
	}
}

// TestDiscardAfterStoreFailed: when the store has failed once, nothing else is written, even
// if it would work again.
func TestDiscardAfterStoreFailed(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	first, _ := newChat(t, a, b)
	second, _ := newChat(t, a, b)
	a.diskFull.Store(true)
	if _, err := first.SendText("lost"); !errors.Is(err, secretchat.ErrStore) {
		t.Errorf("SendText: got %v, want %v", err, secretchat.ErrStore)
	}
	a.diskFull.Store(false)
	if _, err := second.SendText("lost"); !errors.Is(err, secretchat.ErrStore) {
		t.Errorf("another chat: got %v, want %v", err, secretchat.ErrStore)
	}
	for _, c := range []*gotd.Chat{first, second} {
		if err := c.Discard(); !errors.Is(err, secretchat.ErrStore) {
			t.Errorf("Discard: got %v, want %v", err, secretchat.ErrStore)
		}
	}
	a.wait()
	if !errors.Is(a.failed, errDiskFull) {
		t.Errorf("Run: got %v, want %v", a.failed, errDiskFull)
	}
	a.restart()
	for _, c := range []*gotd.Chat{first, second} {
		send(t, a.chats.Chat(c.ID()), "here")
		b.wantText("here")
	}
}

// running reports whether a function is on a goroutine's stack.
func running(function string) bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Contains(stacks, []byte(function))
}

// TestDamagedIsWiped: nothing of the keys of a chat that cannot be read is left once it was
// discarded, however long the server takes to know.
func TestDamagedIsWiped(t *testing.T) {
	a := newOpen(t)
	a.end()
	head := fmt.Appendf(nil, "s%08x6300000000000000", acceptingID) // of the state
	if err := a.store.Commit([]gotd.Change{{Key: head, Value: []byte("nonsense")}}); err != nil {
		t.Fatal(err)
	}
	never := func(bin.Encoder) error { return tgerr.New(420, "FLOOD_WAIT_3600") }
	a.server.refuse.Store(&never)
	a.start()
	if err := want[*gotd.Damaged](a).Chat.Discard(); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Closed](a)
	a.end()
	records := a.store.copy()
	if got := chatRecord(t, records).State; got != gotd.StateClosing {
		t.Errorf("chat is %s, want %s", got, gotd.StateClosing)
	}
	for key := range records {
		if key[0] == 's' {
			t.Errorf("record %s is left behind", key)
		}
	}
}

// TestCrashEnding: that the peer has ended the chat is not forgotten by a crash before
// everything was handed on.
func TestCrashEnding(t *testing.T) {
	a := newOpen(t)
	a.chats.StateStorage(&memState{found: true})
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID, HistoryDeleted: true}})
	eventually(t, "the chat is ending", func() bool { return a.chat().State() == gotd.StateEnding })
	a.restart()
	if got := want[*gotd.Closed](a); got.By != gotd.ByPeer || !got.HistoryDeleted {
		t.Errorf("got %+v", got)
	}
	a.end()
}

// TestRequestFails: the server is told that a chat is over of which it may know.
func TestRequestFails(t *testing.T) {
	a := newOpen(t)
	for _, tt := range []struct {
		err  error
		told bool
	}{{io.ErrUnexpectedEOF, true}, {tgerr.New(400, "USER_ID_INVALID"), false}} {
		refuse := func(q bin.Encoder) error {
			if _, ok := q.(*tg.MessagesRequestEncryptionRequest); ok {
				return tt.err
			}
			return nil
		}
		a.server.refuse.Store(&refuse)
		if _, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: 3}); !errors.Is(err, tt.err) {
			t.Errorf("got %v, want %v", err, tt.err)
		}
		eventually(t, "the chat is forgotten", func() bool { return len(a.chats.Chats()) == 1 })
		if told := len(a.server.discarded) > 0; told != tt.told {
			t.Errorf("%v: the server was told: %v, want %v", tt.err, told, tt.told)
		}
		for len(a.server.discarded) > 0 {
			<-a.server.discarded
		}
	}
	a.end()
}

// TestEndedWhileRequesting: a chat that ends before the answer to Request is there leaves nothing behind.
func TestEndedWhileRequesting(t *testing.T) {
	a := newOpen(t)
	var id int
	a.server.requested = func() {
		for _, c := range a.chats.Chats() {
			if c.ID() != acceptingID {
				id = c.ID()
			}
		}
		a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: id}})
		want[*gotd.Closed](a)
		eventually(t, "the chat is forgotten", func() bool { return a.chats.Chat(id) == nil })
	}
	c, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: 2})
	if err == nil && c.State() != gotd.StateClosing {
		t.Errorf("the chat is %s", c.State())
	}
	for key := range a.store.copy() {
		if strings.HasPrefix(key[1:], fmt.Sprintf("%08x", id)) {
			t.Errorf("record %s is left behind", key)
		}
	}
	a.end()
}

// TestRequestAnsweredAtOnce: a chat is open if the answer to Request already says that the peer has accepted
// it, whatever becomes of the update.
func TestRequestAnsweredAtOnce(t *testing.T) {
	a := newOpen(t)
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	participant := int64(3) // whom nobody has asked
	a.server.accepts = func(q *tg.MessagesRequestEncryptionRequest) *tg.EncryptedChat {
		_, gB, fingerprint, err := secretchat.Accept(group, q.GA, secretchat.Options{})
		if err != nil {
			t.Error(err)
		}
		return &tg.EncryptedChat{ID: q.RandomID, AccessHash: 9, AdminID: 1, ParticipantID: participant, GAOrB: gB[:], KeyFingerprint: fingerprint}
	}
	c, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: 2})
	if err != nil {
		t.Fatal(err)
	}
	a.update(&tg.UpdateEncryptedChatTyping{ChatID: c.ID()})
	want[*gotd.Typing](a)
	if c.State() != gotd.StateWaiting {
		t.Errorf("chat with somebody else is %s, want %s", c.State(), gotd.StateWaiting)
	}
	participant = 2
	if c, err = a.chats.Request(t.Context(), &tg.InputUser{UserID: 2}); err != nil {
		t.Fatal(err)
	}
	if got := want[*gotd.Opened](a).Chat; got != c || c.State() != gotd.StateOpen || c.Input().AccessHash != 9 {
		t.Errorf("chat %d is open, %d is %s under %+v", got.ID(), c.ID(), c.State(), c.Input())
	}
	a.end()
}
