package gotd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gotd/td/telegram/message/styling"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// TestSent: the server's date, the peer's receipt, and what is left after a crash.
func TestSent(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	m, err := atA.Compose().Silent().Text("one")
	if err != nil {
		t.Fatal(err)
	}
	sent := nextStatus[*gotd.Sent](a)
	if got := b.wantText("one"); sent.RandomID != m.RandomID || sent.Date == 0 || sent.Date != got.Date {
		t.Errorf("got %+v, want message %d of %d", sent, m.RandomID, got.Date)
	}
	if n := alice.Silent(); n != 1 {
		t.Errorf("the server was told of %d silent messages, want 1", n)
	}
	send(t, atB, "answer")
	if got := nextStatus[*gotd.Delivered](a); !slices.Equal(got.RandomIDs, []int64{m.RandomID}) {
		t.Errorf("got %v delivered, want %d", got.RandomIDs, m.RandomID)
	}
	a.wantText("answer")

	// Nothing gets through: what is pending is known after a crash, and is sent then.
	refused := alice.RefuseAfter(tg.MessagesSendEncryptedRequestTypeID, 0, 1<<30, tgerr.New(500, "INTERNAL"))
	var ids []int64
	for _, text := range []string{"two", "three"} {
		m, err := atA.Compose().Text(text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.RandomID)
	}
	eventually(t, "the server refuses", func() bool { return refused() > 1 })
	if got := atA.Pending(); !slices.Equal(got, ids) {
		t.Errorf("pending: got %d, want %d", got, ids)
	}
	a.stop()
	a.prepare = func() {
		if got := a.chats.Chat(atA.ID()).Pending(); !slices.Equal(got, ids) {
			t.Errorf("pending after a restart: got %d, want %d", got, ids)
		}
	}
	alice.Forgive()
	a.start()
	b.wantText("two")
	b.wantText("three")
	for _, id := range ids {
		if got := nextStatus[*gotd.Sent](a); got.RandomID != id || got.Date == 0 {
			t.Errorf("got %+v, want %d", got, id)
		}
	}
	if got := a.chats.Chat(atA.ID()).Pending(); len(got) != 0 {
		t.Errorf("pending at last: %d", got)
	}
	photo := gotd.Photo(gotd.FromBytes("", []byte("x")), 1, 1, gotd.Thumbnail{})
	if _, err := a.chats.Chat(atA.ID()).Compose().Silent().Media(t.Context(), photo); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Message](b)
	if n := alice.Silent(); n != 2 {
		t.Errorf("the server was told of %d silent messages, want 2", n)
	}
}

// TestSendsAreForgotten: nothing is left of a message of which the handler knows that it was
// sent and delivered, nor of the update that the chat was accepted.
func TestSendsAreForgotten(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	send(t, atA, "one")
	nextStatus[*gotd.Sent](a)
	b.wantText("one")
	send(t, atB, "answer")
	nextStatus[*gotd.Delivered](a)
	a.wantText("answer")
	a.stop()
	for key := range contents(t, a.openStore()) {
		if key[0] == 'o' || key[0] == 'u' {
			t.Errorf("record %s of a message or an update is left behind", key)
		}
	}
}

// TestDatesSurvive: the handler that has not returned well is told the same date after a
// restart.
func TestDatesSurvive(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	dates := make(chan int, 100)
	fails := func(e gotd.Event) error {
		switch e := e.(type) {
		case *gotd.Message:
			dates <- e.Date
			return errors.New("not now")
		case *gotd.Sent:
			dates <- e.Date
			return errors.New("not now")
		}
		return nil
	}
	a.handle(fails)
	b.handle(fails)
	send(t, atA, "one")
	first, second := <-dates, <-dates
	send(t, atA, "two") // with which the driver's state says that the first was sent
	a.stop()
	b.stop()
	a.handle(nil)
	b.handle(nil)
	a.start()
	b.start()
	if got := nextStatus[*gotd.Sent](a).Date; got != first || got == 0 {
		t.Errorf("sent at %d, before the restart at %d", got, first)
	}
	if got := b.wantText("one").Date; got != second || got != first {
		t.Errorf("received of %d, before the restart of %d, sent at %d", got, second, first)
	}
}

// wantNext sends a text, which must arrive under the next number.
func wantNext(t *testing.T, from *gotd.Chat, to *client, last int) int {
	t.Helper()
	send(t, from, "next")
	for {
		switch e := next[gotd.Event](to).(type) {
		case *gotd.Message:
			if e.Text() != "next" || e.Seq <= last {
				t.Errorf("got message %q with number %d after %d", e.Text(), e.Seq, last)
			}
			return e.Seq
		case *gotd.Action: // what is in the place of messages that were refused
			if _, ok := e.Action.(*e2e.DecryptedMessageActionDeleteMessages); !ok {
				t.Errorf("got %v, want an order to delete", e.Action)
			}
		default:
			t.Fatalf("unexpected %T %+v", e, e)
		}
	}
}

// wantLayer waits until a chat knows that its peer is as new as we are.
func wantLayer(t *testing.T, c *gotd.Chat) {
	t.Helper()
	eventually(t, "the peer's layer is known", func() bool {
		layer, err := c.PeerLayer()
		return err == nil && layer == secretchat.LatestLayer
	})
}

// TestFailed: a message that the server refuses fails alone, with the server's answer.
func TestFailed(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	last := wantNext(t, atA, b, -1)
	for _, tt := range []struct {
		err   *tgerr.Error
		file  bool
		tries int
	}{
		{tgerr.New(400, "DATA_TOO_LONG"), false, 1},
		{tgerr.New(400, "DATA_INVALID"), false, 1},
		{tgerr.New(403, "USER_IS_BLOCKED"), false, 1},
		{tgerr.New(400, "USER_DELETED"), false, 1},
		{tgerr.New(400, "SOMETHING_NEW"), false, 3},
		{tgerr.New(400, "FILE_PARTS_INVALID"), true, 1},
		{tgerr.New(400, "MD5_CHECKSUM_INVALID"), true, 1},
	} {
		var m *e2e.DecryptedMessage
		var err error
		method := uint32(tg.MessagesSendEncryptedRequestTypeID)
		if tt.file {
			method = tg.MessagesSendEncryptedFileRequestTypeID
		}
		refused := alice.RefuseAfter(method, 0, tt.tries, tt.err)
		if tt.file {
			m, err = atA.Compose().Media(t.Context(), gotd.Document(gotd.FromBytes("a", []byte("b")), "text/plain", gotd.Thumbnail{}))
		} else {
			m, err = atA.Compose().Text("refused")
		}
		if err != nil {
			t.Fatal(err)
		}
		failed := next[*gotd.Failed](a)
		if failed.RandomID != m.RandomID || !tgerr.Is(failed.Err, tt.err.Type) || refused() != tt.tries {
			t.Errorf("%v: got %+v after %d tries, want message %d after %d", tt.err, failed, refused(), m.RandomID, tt.tries)
		}
		last = wantNext(t, atA, b, last)
	}
	if got := atA.State(); got != gotd.StateOpen {
		t.Errorf("chat is %s", got)
	}
	a.quiet()
}

// TestFailedActions: a service message that the server refuses fails alone, too.
func TestFailedActions(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	wantLayer(t, atA)
	wantLayer(t, atB) // after which neither has anything to say of its own
	last := wantNext(t, atA, b, -1)
	for _, tt := range []struct {
		name string
		send func() (int64, error)
	}{
		{"SetTTL", func() (int64, error) { return atA.SetTTL(60) }},
		{"Delete", func() (int64, error) { return atA.Delete(1, 2) }},
		{"FlushHistory", atA.FlushHistory},
		{"ReadMessages", func() (int64, error) {
			return atA.SendAction(&e2e.DecryptedMessageActionReadMessages{RandomIDs: []int64{1}})
		}},
	} {
		refused := alice.RefuseAfter(tg.MessagesSendEncryptedServiceRequestTypeID, 0, 1, tgerr.New(400, "DATA_INVALID"))
		id, err := tt.send()
		if err != nil {
			t.Fatal(err)
		}
		failed := next[*gotd.Failed](a)
		if failed.RandomID != id || !tgerr.Is(failed.Err, "DATA_INVALID") || refused() != 1 {
			t.Errorf("%s: got %+v after %d tries, want message %d after 1", tt.name, failed, refused(), id)
		}
		// What has its number is nothing but an order to delete it.
		order := next[*gotd.Action](b).Action
		if d, ok := order.(*e2e.DecryptedMessageActionDeleteMessages); !ok || !slices.Equal(d.RandomIDs, []int64{id}) {
			t.Errorf("%s: the peer got %v", tt.name, order)
		}
		last = wantNext(t, atA, b, last)
	}
	a.restart()
	a.quiet()
	wantNext(t, a.chats.Chat(atA.ID()), b, last)
}

// TestFailedAfterSent: a message that got lost after the server had taken it, and that is
// refused when the peer asks for it.
func TestFailedAfterSent(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	wantLayer(t, atA)
	wantLayer(t, atB)
	last := wantNext(t, atA, b, -1)
	nextStatus[*gotd.Sent](a)
	bob.LoseMessages(1)
	id, err := atA.SendText("lost")
	if err != nil {
		t.Fatal(err)
	}
	if got := nextStatus[*gotd.Sent](a); got.RandomID != id {
		t.Errorf("got %+v, want message %d", got, id)
	}
	alice.RefuseAfter(tg.MessagesSendEncryptedRequestTypeID, 1, 1, tgerr.New(400, "DATA_INVALID"))
	last = wantNext(t, atA, b, last)
	if got := next[*gotd.Failed](a); got.RandomID != id {
		t.Errorf("got %+v, want message %d", got, id)
	}
	wantNext(t, atA, b, last)
}

// TestNotDelivered: what got lost is not delivered, although the peer has what was sent before.
func TestNotDelivered(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	wantLayer(t, atA)
	wantLayer(t, atB)
	arrives, err := atA.SendText("arrives")
	if err != nil {
		t.Fatal(err)
	}
	nextStatus[*gotd.Sent](a)
	b.wantText("arrives")
	bob.LoseMessages(1)
	send(t, atA, "lost")
	nextStatus[*gotd.Sent](a)
	send(t, atB, "answer")
	a.wantText("answer") // before which the handler was told what the peer has
	if got := nextStatus[*gotd.Delivered](a); !slices.Equal(got.RandomIDs, []int64{arrives}) {
		t.Errorf("got %d delivered, want %d", got.RandomIDs, arrives)
	}
	if e, ok := a.status.take(); ok {
		t.Errorf("unexpected %T %+v", e, e)
	}
}

// TestRefusedAfterAll: a message of which the server says that it was refused, and which
// the peer has.
func TestRefusedAfterAll(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	wantLayer(t, atA)
	alice.LoseAnswers(tg.MessagesSendEncryptedRequestTypeID, 1)
	known := make(chan struct{})
	alice.RefuseLate(tg.MessagesSendEncryptedRequestTypeID, known, tgerr.New(400, "DATA_INVALID"))
	id, err := atA.SendText("one")
	if err != nil {
		t.Fatal(err)
	}
	b.wantText("one")
	send(t, atB, "answer")
	a.wantText("answer")
	if got := nextStatus[*gotd.Delivered](a); !slices.Equal(got.RandomIDs, []int64{id}) {
		t.Errorf("got %v delivered, want %d", got.RandomIDs, id)
	}
	close(known)
	wantNext(t, atA, b, -1)
	a.quiet()
	eventually(t, "nothing is pending", func() bool { return len(atA.Pending()) == 0 })
	nextStatus[*gotd.Sent](a) // of the next
	a.stop()
	key := fmt.Sprintf("o%08x%016x", uint32(atA.ID()), uint64(id))
	if _, ok := contents(t, a.openStore())[key]; ok {
		t.Error("the message is in the store for ever")
	}
}

// TestNotSentAgain: after a restart, what the server has is not sent once more, but for the
// last of it.
func TestNotSentAgain(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	for range 10 {
		send(t, atA, "hello")
		nextStatus[*gotd.Sent](a)
		b.wantText("hello")
	}
	a.restart()
	send(t, a.chats.Chat(atA.ID()), "the next")
	b.wantText("the next")
	if n := alice.Duplicates(); n > 1 {
		t.Errorf("%d messages were sent again", n)
	}
}

// TestDriverRefused: without what the protocol itself has to say a chat cannot go on.
func TestDriverRefused(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	opened := make(chan struct{})
	bob.RefuseLate(tg.MessagesSendEncryptedServiceRequestTypeID, opened, tgerr.New(400, "DATA_INVALID")) // NotifyLayer
	newChat(t, a, b)
	close(opened)
	if got := next[*gotd.Closed](b); got.By != gotd.ByServer || !tgerr.Is(got.Err, "DATA_INVALID") {
		t.Errorf("got %+v", got)
	}
	next[*gotd.Closed](a)
}

// TestFailedTwice: if the order to delete it is refused as well, the chat cannot go on.
func TestFailedTwice(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	wantNext(t, atA, b, -1)
	alice.Refuse(tg.MessagesSendEncryptedRequestTypeID, 1, tgerr.New(400, "DATA_INVALID"))
	alice.Refuse(tg.MessagesSendEncryptedServiceRequestTypeID, 1, tgerr.New(400, "DATA_INVALID"))
	send(t, atA, "refused")
	for {
		e := next[gotd.Event](a)
		if _, ok := e.(*gotd.Failed); ok {
			continue
		}
		if c, ok := e.(*gotd.Closed); !ok || c.By != gotd.ByServer || !tgerr.Is(c.Err, "DATA_INVALID") {
			t.Errorf("got %T %+v", e, e)
		}
		break
	}
	if got := next[*gotd.Closed](b); got.By != gotd.ByPeer || got.Err != nil {
		t.Errorf("got %+v", got)
	}
}

// TestTriedAgain: what passes is waited for, without end.
func TestTriedAgain(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	for _, err := range []*tgerr.Error{
		tgerr.New(500, "INTERNAL"), tgerr.New(400, "CONNECTION_NOT_INITED"), tgerr.New(400, "MSG_WAIT_FAILED"),
	} {
		refused := alice.RefuseAfter(tg.MessagesSendEncryptedRequestTypeID, 0, 5, err)
		send(t, atA, err.Type)
		b.wantText(err.Type)
		if got := refused(); got != 5 {
			t.Errorf("%v: %d tries, want 5", err, got)
		}
	}
}

// TestGone: a chat of which the server says that it is over closes with this answer.
func TestGone(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	alice.Refuse(tg.MessagesSendEncryptedRequestTypeID, 1, tgerr.New(400, "ENCRYPTION_ID_INVALID"))
	send(t, atA, "one")
	if got := next[*gotd.Closed](a); got.By != gotd.ByServer || !tgerr.Is(got.Err, "ENCRYPTION_ID_INVALID") {
		t.Errorf("got %+v", got)
	}
}

// TestCloseWhileWaiting: a chat ends at once, whatever it waits for, and nothing is sent
// any more.
func TestCloseWhileWaiting(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	for _, byPeer := range []bool{false, true} {
		for _, file := range []bool{false, true} {
			atA, atB := newChat(t, a, b)
			wantNext(t, atA, b, -1)
			before := alice.Calls(tg.MessagesSendEncryptedRequestTypeID)
			refused := alice.RefuseAfter(tg.MessagesSendEncryptedRequestTypeID, 0, 1, tgerr.New(420, "FLOOD_WAIT_3600"))
			if file {
				alice.Delay(tg.UploadSaveFilePartRequestTypeID, 1, time.Hour)
			}
			uploaded := make(chan error, 1)
			if file {
				go func() {
					_, err := atA.Compose().Media(t.Context(), gotd.Photo(gotd.FromBytes("a", []byte("b")), 1, 1, gotd.Thumbnail{}))
					uploaded <- err
				}()
			}
			send(t, atA, "waits")
			send(t, atA, "waits too")
			eventually(t, "the server has it wait", func() bool { return refused() == 1 })
			closer, by := atA, gotd.ByUs
			if byPeer {
				closer, by = atB, gotd.ByPeer
			}
			if err := closer.Discard(); err != nil {
				t.Fatal(err)
			}
			if got := next[*gotd.Closed](a); got.By != by || got.Err != nil {
				t.Errorf("got %+v, want by %s", got, by)
			}
			next[*gotd.Closed](b)
			if file {
				if err := <-uploaded; !errors.Is(err, gotd.ErrNotOpen) {
					t.Errorf("an upload ended with %v, want %v", err, gotd.ErrNotOpen)
				}
			}
			eventually(t, "nobody waits to send", func() bool { return !running("gotd.(*Chat).sendAll(") })
			if n := alice.Calls(tg.MessagesSendEncryptedRequestTypeID) - before; n != 0 {
				t.Errorf("%d messages were sent after all", n)
			}
			if _, err := atA.SendText("late"); !errors.Is(err, gotd.ErrNotOpen) {
				t.Errorf("got %v, want %v", err, gotd.ErrNotOpen)
			}
			if got := atA.Pending(); len(got) != 0 {
				t.Errorf("%d are pending, and will never be sent", got)
			}
		}
	}
}

// TestLastWords: what the peer has said before it ended the chat comes before the end, also
// if all of it has happened while we were away, and in several slices.
func TestLastWords(t *testing.T) {
	for _, n := range []int{3, 250} {
		_, alice, bob := newServer(t)
		a, b := newClient(t, alice), newClient(t, bob)
		atA, _ := newChat(t, a, b)
		wantNext(t, atA, b, -1)
		eventually(t, "everything is acknowledged", func() bool { return bob.Queued() == 0 })
		b.stop()
		for i := range n {
			send(t, atA, fmt.Sprint("last word ", i))
		}
		eventually(t, "all is sent", func() bool { return len(atA.Pending()) == 0 })
		if err := atA.DiscardWith(gotd.DiscardOptions{DeleteHistory: true, ReportSpam: true}); err != nil {
			t.Fatal(err)
		}
		next[*gotd.Closed](a)
		eventually(t, "the server knows", func() bool { return len(a.chats.Chats()) == 0 })
		b.start()
		for i := range n {
			b.wantText(fmt.Sprint("last word ", i))
		}
		if got := next[*gotd.Closed](b); got.By != gotd.ByPeer || !got.HistoryDeleted {
			t.Errorf("got %+v", got)
		}
		if alice.Spam() != 1 {
			t.Errorf("spam was reported %d times, want once", alice.Spam())
		}
		if n > 100 && bob.Slices() == 0 {
			t.Error("the difference came as a whole")
		}
	}
}

// TestOtherDevice: the device that was too late does not say that it has the chat.
func TestOtherDevice(t *testing.T) {
	server, alice, bob := newServer(t)
	second, err := server.AddUser(bob.ID)
	if err != nil {
		t.Fatal(err)
	}
	a, b1, b2 := newClient(t, alice), newClient(t, bob), newClient(t, second)
	atA, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	late, fast := next[*gotd.Requested](b1).Chat, next[*gotd.Requested](b2).Chat
	// The answer to the one is under way when the other's arrives.
	bob.Refuse(tg.MessagesAcceptEncryptionRequestTypeID, 1, tgerr.New(400, "ENCRYPTION_ALREADY_ACCEPTED"))
	if err := late.Accept(t.Context()); err != nil {
		t.Errorf("Accept: %v", err)
	}
	if got := late.State(); got != gotd.StateAccepting {
		t.Errorf("the late chat is %s, want %s", got, gotd.StateAccepting)
	}
	if err := fast.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Opened](b2)
	next[*gotd.Opened](a)
	if got := next[*gotd.Closed](b1); got.Chat != late || got.By != gotd.ByPeer {
		t.Errorf("got %+v", got)
	}
	send(t, atA, "hello")
	b2.wantText("hello")
	b1.quiet()
}

// TestWithdrawn: a stranger who asks and thinks better of it does no harm, neither to a
// handler that returns the error of Accept, nor to one that never gets that far.
func TestWithdrawn(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	asked, withdrawn := make(chan struct{}), make(chan struct{})
	b.handle(func(e gotd.Event) error {
		if e, ok := e.(*gotd.Requested); ok {
			close(asked)
			<-withdrawn
			return e.Chat.Accept(context.Background())
		}
		return nil
	})
	atA, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := atA.Discard(); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Closed](a)
	eventually(t, "the server knows", func() bool { return len(a.chats.Chats()) == 0 })
	close(withdrawn)
	next[*gotd.Closed](b)
	b.handle(nil)
	newChat(t, a, b) // with which all goes on
}

// TestMissingFile: what Telegram for iOS sends again comes as a service message and without
// its file.
func TestMissingFile(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	key := secretchat.NewFileKey()
	m := &e2e.DecryptedMessage46{RandomID: 1, Message: "look"}
	rawKey, iv := key.Bytes()
	m.SetMedia(&e2e.DecryptedMessageMediaPhoto{Key: rawKey, Iv: iv, Size: 1})
	for _, p := range a.say(m) {
		a.update(&tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessageService{
			RandomID: 77, ChatID: acceptingID, Bytes: p.Data,
		}})
	}
	got := want[*gotd.Message](a)
	if got.Text() != "look" || got.File != nil || !got.FileMissing {
		t.Errorf("got %q with file %v, missing: %v", got.Text(), got.File, got.FileMissing)
	}
	if err := got.Download(t.Context(), new(bytes.Buffer)); !errors.Is(err, gotd.ErrNoFile) {
		t.Errorf("got %v, want %v", err, gotd.ErrNoFile)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSharedFile: two messages with the same file have it both.
func TestSharedFile(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	content := []byte("the same for all")
	m, err := atA.Compose().Media(t.Context(), gotd.Document(gotd.FromBytes("a.txt", content), "text/plain", gotd.Thumbnail{}))
	if err != nil {
		t.Fatal(err)
	}
	sent := nextStatus[*gotd.Sent](a)
	before := alice.Transferred()
	again := func() {
		media, err := gotd.Forward(&gotd.Message{Message: m, File: sent.File})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := atA.Compose().Media(t.Context(), media); err != nil {
			t.Fatal(err)
		}
	}
	// The handler sees the first when all of them are here.
	all := make(chan struct{})
	b.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Message); ok {
			<-all
		}
		return nil
	})
	again()
	again()
	eventually(t, "everything is acknowledged", func() bool { return bob.Queued() == 0 && len(atA.Pending()) == 0 })
	close(all)
	for range 3 {
		got := next[*gotd.Message](b)
		var file bytes.Buffer
		if err := got.Download(t.Context(), &file); err != nil || !bytes.Equal(file.Bytes(), content) {
			t.Errorf("got %q, %v", file.Bytes(), err)
		}
		if name := gotd.NameOf(got.Message.Media); name != "a.txt" {
			t.Errorf("got name %q", name)
		}
	}
	if n := alice.Transferred() - before; n != 0 {
		t.Errorf("%d bytes were uploaded again", n)
	}
	// Our own file can be had again.
	var own bytes.Buffer
	if err := a.chats.Download(t.Context(), m.Media, sent.File, &own); err != nil || !bytes.Equal(own.Bytes(), content) {
		t.Errorf("own file: got %q, %v", own.Bytes(), err)
	}
}

// TestMediaKinds: all that can be sent arrives as what it was.
func TestMediaKinds(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	wantLayer(t, atA)
	thumb := gotd.Thumbnail{JPEG: []byte{1, 2, 3}, W: 4, H: 5}
	file := func(name string) *gotd.File { return gotd.FromBytes(name, []byte("content")) }
	for _, tt := range []struct {
		media gotd.Media
		want  gotd.MediaInfo
	}{
		{gotd.Photo(file(""), 3, 4, thumb), gotd.MediaInfo{Kind: gotd.KindPhoto, MimeType: "image/jpeg", W: 3, H: 4, Thumb: thumb}},
		{gotd.Video(file("a.mp4"), 3, 4, 5*time.Second, thumb), gotd.MediaInfo{Kind: gotd.KindVideo, MimeType: "video/mp4", W: 3, H: 4, Length: 5 * time.Second, Thumb: thumb}},
		{gotd.RoundVideo(file(""), 240, time.Second, thumb), gotd.MediaInfo{Kind: gotd.KindRound, MimeType: "video/mp4", W: 240, H: 240, Length: time.Second, Thumb: thumb}},
		{gotd.Voice(file(""), time.Second, []byte{7}), gotd.MediaInfo{Kind: gotd.KindVoice, MimeType: "audio/ogg", Length: time.Second, Waveform: []byte{7}}},
		{gotd.Audio(file("x.flac-unknown"), time.Minute, "title", "performer"), gotd.MediaInfo{Kind: gotd.KindAudio, Name: "x.flac-unknown", MimeType: "audio/mpeg", Length: time.Minute}},
		{gotd.Animation(file("a.gif"), 1, 2, 0, thumb), gotd.MediaInfo{Kind: gotd.KindAnimation, Name: "a.gif", MimeType: "image/gif", W: 1, H: 2, Thumb: thumb}},
		{gotd.Document(file("a.txt"), "text/plain", thumb), gotd.MediaInfo{Kind: gotd.KindDocument, Name: "a.txt", MimeType: "text/plain", Thumb: thumb}},
		{gotd.Sticker(file(""), 512, 512, "🐈", "cats"), gotd.MediaInfo{Kind: gotd.KindSticker, MimeType: "image/webp", W: 512, H: 512, Emoji: "🐈"}},
		{gotd.Location(1.5, -2.5), gotd.MediaInfo{Kind: gotd.KindLocation}},
		{gotd.Venue(1, 2, "Bar", "Street 1", "foursquare", "id"), gotd.MediaInfo{Kind: gotd.KindVenue, Name: "Bar"}},
		{gotd.Contact("+1", "Ann", "Lee", 5), gotd.MediaInfo{Kind: gotd.KindContact, Name: "Ann"}},
	} {
		if _, err := atA.Compose().Media(t.Context(), tt.media); err != nil {
			t.Fatalf("%s: %v", tt.want.Kind, err)
		}
		m := next[*gotd.Message](b)
		if m.File != nil {
			tt.want.Size = int64(len("content"))
			var got bytes.Buffer
			if err := m.Download(t.Context(), &got); err != nil || got.String() != "content" {
				t.Errorf("%s: got %q, %v", tt.want.Kind, got.String(), err)
			}
		}
		if got := m.Info(); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("got  %+v\nwant %+v", got, tt.want)
		}
	}
	if _, err := atA.Compose().Media(t.Context(), gotd.Location(1, 2), styling.Plain("here")); err == nil {
		t.Error("a location has a caption")
	}
}

// TestCompose: what a message has besides its content.
func TestCompose(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	wantLayer(t, atA)

	m, err := atA.Compose().Reply(5).TTL(9).ViaBot("bot").StyledText(styling.Plain("so "), styling.Spoiler("secret"))
	if err != nil {
		t.Fatal(err)
	}
	got := b.wantText("so secret").Message
	m.SetFlags()
	if fmt.Sprint(got) != fmt.Sprint(m) || got.TTL != 9 || got.ReplyToRandomID != 5 || len(got.Entities) != 1 {
		t.Errorf("got  %v\nwant %v", got, m)
	}

	// The chat's time to live is that of new messages, whoever has set it.
	if _, err := atA.SetTTL(60); err != nil {
		t.Fatal(err)
	}
	send(t, atA, "a minute")
	next[*gotd.Action](b)
	if got := b.wantText("a minute").Message.TTL; got != 60 {
		t.Errorf("TTL is %d, want 60", got)
	}
	send(t, atB, "a minute")
	if got := a.wantText("a minute").Message.TTL; got != 60 {
		t.Errorf("the other way: TTL is %d, want 60", got)
	}
	b.restart()
	atB = b.chats.Chat(atB.ID())
	if got := atB.TTL(); got != 60 {
		t.Errorf("after a restart: TTL is %d, want 60", got)
	}

	// An album, with a caption that both kinds of clients find, and its progress.
	var progress []int64
	var total int64
	photo := func(size int) gotd.Media {
		return gotd.Photo(gotd.FromBytes("", make([]byte, size)), 1, 1, gotd.Thumbnail{})
	}
	album, err := atA.Compose().ViewOnce().Progress(func(sent, of int64) {
		progress, total = append(progress, sent), of
	}).Album(t.Context(),
		gotd.Captioned{Media: photo(300 << 10), Caption: []styling.StyledTextOption{styling.Bold("first")}},
		gotd.Captioned{Media: photo(10)},
	)
	if err != nil || len(album) != 2 {
		t.Fatalf("got %d messages, %v", len(album), err)
	}
	if !slices.IsSorted(progress) || len(progress) < 3 || progress[len(progress)-1] != 300<<10+10 || total != 300<<10+10 {
		t.Errorf("progress was %d of %d", progress, total)
	}
	var group int64
	for i := range album {
		m := next[*gotd.Message](b)
		if m.Message.RandomID != album[i].RandomID || m.Message.GroupedID == 0 || i > 0 && m.Message.GroupedID != group || !m.ViewOnce() {
			t.Errorf("got %v, want %v", m.Message, album[i])
		}
		group = m.Message.GroupedID
		if i == 0 && (m.Text() != "first" || m.Info().Caption != "first" || len(m.Message.Entities) != 1) {
			t.Errorf("caption: got %q and %q", m.Text(), m.Info().Caption)
		}
	}
	if _, err := atA.Compose().Album(t.Context()); err == nil {
		t.Error("an album of nothing was sent")
	}
}

// TestActions: what is not a message.
func TestActions(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	for _, tt := range []struct {
		send func() (int64, error)
		want string
	}{
		{func() (int64, error) { return atA.Delete(1, 2) }, "DecryptedMessageActionDeleteMessages{RandomIDs:[1 2]}"},
		{func() (int64, error) { return atA.Screenshot(3) }, "DecryptedMessageActionScreenshotMessages{RandomIDs:[3]}"},
		{func() (int64, error) { return atA.FlushHistory() }, "DecryptedMessageActionFlushHistory{}"},
	} {
		id, err := tt.send()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(next[*gotd.Action](b).Action); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		if got := nextStatus[*gotd.Sent](a); got.RandomID != id {
			t.Errorf("got %+v, want %d", got, id)
		}
	}

	// Reading, as official clients do.
	file := func() *gotd.File { return gotd.FromBytes("", []byte("x")) }
	var messages []*gotd.Message
	var wantIDs []int64
	for _, tt := range []struct {
		b     *gotd.Builder
		media gotd.Media
		told  bool
	}{
		{atA.Compose(), gotd.Voice(file(), 1, nil), true},
		{atA.Compose(), gotd.RoundVideo(file(), 1, 1, gotd.Thumbnail{}), true},
		{atA.Compose(), gotd.Photo(file(), 1, 1, gotd.Thumbnail{}), false},
		{atA.Compose().TTL(5), gotd.Photo(file(), 1, 1, gotd.Thumbnail{}), true},
		{atA.Compose().ViewOnce(), gotd.Photo(file(), 1, 1, gotd.Thumbnail{}), false},
	} {
		if _, err := tt.b.Media(t.Context(), tt.media); err != nil {
			t.Fatal(err)
		}
		m := next[*gotd.Message](b)
		messages = append(messages, m)
		if tt.told {
			wantIDs = append(wantIDs, m.Message.RandomID)
		}
	}
	if err := atB.MarkRead(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
	var read *gotd.Read
	var action *gotd.Action
	for read == nil || action == nil {
		switch e := next[gotd.Event](a).(type) {
		case *gotd.Read:
			read = e
		case *gotd.Action:
			action = e
		}
	}
	if ids := action.Action.(*e2e.DecryptedMessageActionReadMessages).RandomIDs; !slices.Equal(ids, wantIDs) {
		t.Errorf("read: got %d, want %d", ids, wantIDs)
	}
	if want := messages[len(messages)-1].Date; read.MaxDate != want {
		t.Errorf("read until %d, want %d", read.MaxDate, want)
	}
	before := bob.Calls(tg.MessagesReadEncryptedHistoryRequestTypeID)
	for _, date := range []int{0, -1, int(time.Now().Unix()) + 100_000} {
		if err := atB.SetRead(t.Context(), date); err == nil {
			t.Errorf("read until %d is no error", date)
		}
	}
	if got := bob.Calls(tg.MessagesReadEncryptedHistoryRequestTypeID); got != before {
		t.Error("the server was asked what it refuses")
	}
	_ = alice
}

// TestResume: an upload that has failed goes on where it was.
func TestResume(t *testing.T) {
	const size = 11<<20 + 3
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i >> 8)
	}
	file := gotd.FromBytes("a", content)
	alice.RefuseAfter(tg.UploadSaveBigFilePartRequestTypeID, 20, 1, tgerr.New(400, "FILE_PART_INVALID"))
	document := gotd.Document(file, "a/b", gotd.Thumbnail{})
	if _, err := atA.Compose().Media(t.Context(), document); !tgerr.Is(err, "FILE_PART_INVALID") {
		t.Fatalf("got %v", err)
	}
	if n := alice.Transferred(); n == 0 || n > size/2+1<<20 {
		t.Fatalf("%d bytes were uploaded before", n)
	}
	if _, err := atA.Compose().Media(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	if n := alice.Transferred(); n > secretchat.EncryptedSize(size)+512<<10 {
		t.Errorf("%d bytes were uploaded for a file of %d", n, size)
	}
	var got bytes.Buffer
	if err := next[*gotd.Message](b).Download(t.Context(), &got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("got %d bytes, %v", got.Len(), err)
	}
	// Sent again, it is another file, under another key.
	if _, err := atA.Compose().Media(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	if n := alice.Transferred(); n < 2*size {
		t.Errorf("%d bytes were uploaded for two files of %d", n, size)
	}
}

// TestResumeAlbum: an upload that was finished, and of which nothing was sent, is gone on
// with as well. The end of a file is padded at random, which the server must not find out.
func TestResumeAlbum(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	first, second := make([]byte, 300<<10+1), []byte("short")
	items := []gotd.Captioned{
		{Media: gotd.Photo(gotd.FromBytes("", first), 1, 1, gotd.Thumbnail{})},
		{Media: gotd.Photo(gotd.FromBytes("", second), 1, 1, gotd.Thumbnail{})},
	}
	// The first has three parts.
	alice.RefuseAfter(tg.UploadSaveFilePartRequestTypeID, 3, 1, tgerr.New(400, "FILE_PART_INVALID"))
	if _, err := atA.Compose().Album(t.Context(), items...); !tgerr.Is(err, "FILE_PART_INVALID") {
		t.Fatalf("got %v", err)
	}
	if _, err := atA.Compose().Album(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
	if n := alice.Transferred(); n > int64(len(first)+len(second))+128<<10 {
		t.Errorf("%d bytes were uploaded", n)
	}
	for _, want := range [][]byte{first, second} {
		var got bytes.Buffer
		if err := next[*gotd.Message](b).Download(t.Context(), &got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("got %d bytes, %v, want %d", got.Len(), err, len(want))
		}
	}
}

// TestSlowHandler: one that does not return keeps its chat waiting, and nothing else.
func TestSlowHandler(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	slow, slowAtB := newChat(t, a, b)
	fast, _ := newChat(t, a, b)
	end := make(chan struct{})
	b.handle(func(e gotd.Event) error {
		if m, ok := e.(*gotd.Message); ok && m.Chat == slowAtB {
			<-end
		}
		return nil
	})
	for range 30 {
		send(t, slow, "slow")
	}
	for i := range 10 {
		send(t, fast, fmt.Sprint(i))
		b.wantText(fmt.Sprint(i))
	}
	eventually(t, "everything is acknowledged", func() bool { return bob.Queued() == 0 })
	close(end)
	for range 30 {
		b.wantText("slow")
	}
}

// TestDamaged: a chat that cannot be read is reported, and can be removed. The others go
// on.
func TestDamaged(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	other, _ := newChat(t, a, b)
	wantNext(t, atA, b, -1)
	a.stop()
	store := a.openStore()
	state := fmt.Appendf(nil, "s%08x", atA.ID())
	var changes []gotd.Change
	err := store.Load(state, func(key, value []byte) error {
		changes = append(changes, gotd.Change{Key: slices.Clone(key), Value: []byte("nonsense")})
		return nil
	})
	if err != nil || len(changes) == 0 {
		t.Fatalf("%d records, %v", len(changes), err)
	}
	if err := store.Commit(changes); err != nil {
		t.Fatal(err)
	}
	a.start()
	damaged := next[*gotd.Damaged](a)
	if damaged.Chat.ID() != atA.ID() || !errors.Is(damaged.Err, secretchat.ErrState) {
		t.Errorf("got %+v, want chat %d with %v", damaged, atA.ID(), secretchat.ErrState)
	}
	send(t, a.chats.Chat(other.ID()), "goes on")
	b.wantText("goes on")
	if err := damaged.Chat.Discard(); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Closed](a)
	next[*gotd.Closed](b)
	eventually(t, "it is forgotten", func() bool { return a.chats.Chat(atA.ID()) == nil })
	a.stop()
	for key := range contents(t, a.openStore()) {
		if len(key) >= 9 && key[1:9] == fmt.Sprintf("%08x", atA.ID()) {
			t.Errorf("record %s is left behind", key)
		}
	}
	a.start()
	a.quiet()
}

// TestGoroutines: chats with nothing to do have none, and Run leaves none behind.
func TestGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	idle := runtime.NumGoroutine()
	for range 20 {
		a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: time.Now().UnixNano(), Message: "x"})...)
		want[*gotd.Message](a)
		if _, err := a.chat().SendText("y"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "goroutines end with their work", func() bool { return runtime.NumGoroutine() <= idle })
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	eventually(t, "goroutines end with Run", func() bool { return runtime.NumGoroutine() <= before })
}

// TestRequestUser: who can be asked.
func TestRequestUser(t *testing.T) {
	server := newFakeServer()
	chats, err := gotd.New(tg.NewClient(server), gotd.Options{Store: newMemStore(), StateKey: stateKey, Handler: nothing})
	if err != nil {
		t.Fatal(err)
	}
	c, err := chats.Request(t.Context(), &tg.InputUserFromMessage{UserID: 7, Peer: &tg.InputPeerSelf{}})
	if err != nil || c.PeerID() != 7 || c.Input().ChatID != c.ID() || c.Input().AccessHash != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, user := range []tg.InputUserClass{&tg.InputUserSelf{}, &tg.InputUserEmpty{}, nil} {
		if _, err := chats.Request(t.Context(), user); err == nil {
			t.Errorf("%T: no error", user)
		}
	}
}

// TestMissingOptions: the panic names what is missing.
func TestMissingOptions(t *testing.T) {
	full := gotd.Options{Store: newMemStore(), StateKey: stateKey, Handler: nothing}
	for _, tt := range []struct {
		want   string
		remove func(*gotd.Options)
	}{
		{"gotd: Options without Store", func(o *gotd.Options) { o.Store = nil }},
		{"gotd: Options without StateKey", func(o *gotd.Options) { o.StateKey = secretchat.StateKey{} }},
		{"gotd: Options without Handler", func(o *gotd.Options) { o.Handler = nil }},
	} {
		opt := full
		tt.remove(&opt)
		func() {
			defer func() {
				if got := recover(); got != tt.want {
					t.Errorf("got panic %v, want %v", got, tt.want)
				}
			}()
			gotd.New(tg.NewClient(nil), opt)
		}()
	}
}
