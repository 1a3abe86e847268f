package gotd_test

import (
	"bytes"
	"errors"
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

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// refuseAccept has the server answer every acceptance with err, and count them.
func (a *accepting) refuseAccept(err error) *atomic.Int32 {
	tries := new(atomic.Int32)
	refuse := func(q bin.Encoder) error {
		if _, ok := q.(*tg.MessagesAcceptEncryptionRequest); ok {
			tries.Add(1)
			return err
		}
		return nil
	}
	a.server.refuse.Store(&refuse)
	return tries
}

// TestAcceptRefused: a chat that the server will never let us accept closes with that answer, and
// nothing of it stays, whenever the program is killed. The server is told, so that the peer does not
// wait for ever, unless it has said itself that the chat is over.
func TestAcceptRefused(t *testing.T) {
	for _, tt := range []struct {
		code  int
		text  string
		tries int // of Run's
		told  int // times, the server
	}{
		{400, "ENCRYPTION_DECLINED", 1, 0},
		{400, "ENCRYPTION_ALREADY_DECLINED", 1, 0},
		{400, "ENCRYPTION_ID_INVALID", 1, 0},
		{400, "CHAT_ID_INVALID", 1, 0},
		{403, "USER_IS_BLOCKED", 1, 1},
		{400, "USER_DELETED", 1, 1},
		{400, "INPUT_USER_DEACTIVATED", 1, 1},
		{400, "SOMETHING_NEW", 3, 1},
		{403, "SOMETHING_NEW", 3, 1},
		{406, "SOMETHING_NEW", 3, 1},
	} {
		t.Run(tt.text, func(t *testing.T) {
			a := newAccepting(t, secretchat.LatestLayer)
			a.end()
			tries := a.refuseAccept(tgerr.New(tt.code, tt.text))
			states := []map[string][]byte{a.store.copy()}
			a.store.forget()
			a.start()
			closed := func() {
				t.Helper()
				if got := want[*gotd.Closed](a); got.By != gotd.ByServer || !tgerr.Is(got.Err, tt.text) || got.HistoryDeleted {
					t.Errorf("got %+v", got)
				}
				eventually(t, "nothing of the chat is left", func() bool {
					for key := range a.store.copy() {
						if key[0] != 'd' {
							return false
						}
					}
					return a.chat() == nil
				})
				a.end()
			}
			closed()
			if n := int(tries.Load()); n != tt.tries {
				t.Errorf("%d tries, want %d", n, tt.tries)
			}
			if n := len(a.server.discarded); n != tt.told {
				t.Errorf("the server was told %d times, want %d", n, tt.told)
			}
			for i, records := range append(states, a.store.history...) {
				switch r := chatRecord(t, records); {
				case r.State == "" || r.Closing.Silent:
					continue // The handler has been told.
				case r.State == gotd.StateClosing:
					for key := range records {
						if key[0] == 's' {
							t.Errorf("after commit %d there is a state of a chat that is over", i)
						}
					}
				}
				a.store = &recorder{memStore: &memStore{records: records}}
				a.start()
				closed()
			}
		})
	}
}

// TestAcceptRefusedAtOnce: whoever accepts gets the answer that ends the chat.
func TestAcceptRefusedAtOnce(t *testing.T) {
	for _, text := range []string{"ENCRYPTION_DECLINED", "USER_IS_BLOCKED"} {
		a := newAccepting(t, secretchat.LatestLayer)
		a.refuseAccept(tgerr.New(420, "FLOOD_WAIT_3600"))
		a.restart()
		eventually(t, "Run waits", func() bool { return running("gotd.(*Chat).acceptAgain(") })
		a.refuseAccept(tgerr.New(400, text))
		c := a.chat()
		if err := c.Accept(t.Context()); !tgerr.Is(err, text) {
			t.Errorf("got %v, want %s", err, text)
		}
		if got := want[*gotd.Closed](a); got.By != gotd.ByServer || !tgerr.Is(got.Err, text) {
			t.Errorf("got %+v", got)
		}
		if err := c.Accept(t.Context()); !errors.Is(err, gotd.ErrNotOpen) {
			t.Errorf("a second time: got %v, want %v", err, gotd.ErrNotOpen)
		}
		a.end()
	}
}

// TestAcceptPasses: what is about the moment, or about the client, is tried again until it passes.
func TestAcceptPasses(t *testing.T) {
	for name, err := range map[string]error{
		"flood":    tgerr.New(420, "FLOOD_WAIT_0"),
		"internal": tgerr.New(500, "INTERNAL"),
		"timeout":  tgerr.New(-503, "Timeout"),
		"session":  tgerr.New(401, "AUTH_KEY_UNREGISTERED"),
		"two":      tgerr.New(406, "AUTH_KEY_DUPLICATED"),
		"moved":    tgerr.New(303, "NETWORK_MIGRATE_2"),
		"network":  io.ErrUnexpectedEOF,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccepting(t, secretchat.LatestLayer)
			tries := a.refuseAccept(err)
			eventually(t, "it is tried more often than what is unknown", func() bool { return tries.Load() > 3 })
			if got := a.chat().State(); got != gotd.StateAccepting {
				t.Errorf("the chat is %s", got)
			}
			a.server.lets.Store(true)
			a.server.refuse.Store(nil)
			want[*gotd.Opened](a)
			a.end()
		})
	}
}

// TestAcceptTaken: a chat that was accepted before, here or elsewhere, waits for what shows where.
func TestAcceptTaken(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	tries := a.refuseAccept(tgerr.New(400, "ENCRYPTION_ALREADY_ACCEPTED"))
	eventually(t, "Run has tried", func() bool { return tries.Load() > 0 && !running("gotd.(*Chat).acceptAfter(") })
	if got := a.chat().State(); got != gotd.StateAccepting {
		t.Errorf("the chat is %s", got)
	}
	a.deliverAll()
	want[*gotd.Opened](a)
	a.end()
}

// TestAcceptRefusedTooLate: once the peer has written, a refusal is of an answer that it did not need;
// but a chat that is over is over.
func TestAcceptRefusedTooLate(t *testing.T) {
	for _, text := range []string{"USER_IS_BLOCKED", "SOMETHING_NEW", "ENCRYPTION_DECLINED"} {
		a := newAccepting(t, secretchat.LatestLayer)
		asked, release := make(chan struct{}, 100), make(chan struct{})
		hold := func(q bin.Encoder) error {
			if _, ok := q.(*tg.MessagesAcceptEncryptionRequest); !ok {
				return nil
			}
			asked <- struct{}{}
			<-release
			return tgerr.New(400, text)
		}
		a.server.refuse.Store(&hold)
		<-asked
		a.deliverAll()
		want[*gotd.Opened](a)
		close(release)
		if text == "ENCRYPTION_DECLINED" {
			if got := want[*gotd.Closed](a); got.By != gotd.ByServer || !tgerr.Is(got.Err, text) {
				t.Errorf("got %+v", got)
			}
			a.end()
			continue
		}
		eventually(t, "nobody tries", func() bool { return !running("gotd.(*Chat).acceptAfter(") })
		a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "hello"})...)
		if got := want[*gotd.Message](a).Text(); got != "hello" {
			t.Errorf("%s: got %q", text, got)
		}
		if got := a.chat().State(); got != gotd.StateOpen {
			t.Errorf("%s: the chat is %s", text, got)
		}
		a.end()
	}
}

// TestNeverOpen: a chat that ends before the peer has written was never open, also after a restart.
func TestNeverOpen(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	track := func() { a.chats.StateStorage(&memState{found: true}) }
	a.prepare = track
	a.restart()
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID}})
	eventually(t, "the chat is ending", func() bool { return a.chat().State() == gotd.StateEnding })
	a.prepare = nil // and so, nothing is waited for
	a.restart()
	if got := want[*gotd.Closed](a); got.By != gotd.ByPeer {
		t.Errorf("got %+v", got)
	}
	a.end()
}

// TestAcceptOpen: to accept a chat that is open is no error, and nothing that the server is told.
func TestAcceptOpen(t *testing.T) {
	a := newOpen(t)
	for len(a.server.answers) > 0 {
		<-a.server.answers
	}
	if err := a.chat().Accept(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(a.server.answers); n != 0 {
		t.Errorf("the server was told %d times", n)
	}
	a.end()
}

// TestAcceptByTwo: two that accept a chat at the same time make one key.
func TestAcceptByTwo(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	const id = acceptingID + 1
	gA := a.peer.Visualization() // padded with zeros, a number like others
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: id, AccessHash: 1, AdminID: 2, GA: append(bytes.Repeat([]byte{7}, 220), gA[:]...)}})
	c := want[*gotd.Requested](a).Chat
	both := make(chan struct{}, 2)
	release := make(chan struct{})
	keys := make(chan []byte, 10)
	hold := func(q bin.Encoder) error {
		switch q := q.(type) {
		case *tg.MessagesGetDhConfigRequest:
			both <- struct{}{}
			<-release
		case *tg.MessagesAcceptEncryptionRequest:
			if q.Peer.ChatID == id {
				keys <- q.GB
			}
			return tgerr.New(420, "FLOOD_WAIT_3600")
		}
		return nil
	}
	a.server.refuse.Store(&hold)
	accepted := make(chan error, 2)
	for range 2 {
		go func() { accepted <- c.Accept(t.Context()) }()
	}
	<-both
	<-both
	close(release)
	for range 2 {
		if err := <-accepted; !tgerr.Is(err, "FLOOD_WAIT") {
			t.Errorf("got %v", err)
		}
	}
	if first, second := <-keys, <-keys; !bytes.Equal(first, second) {
		t.Error("the server was told two keys")
	}
	for key, value := range a.store.copy() {
		if key[0] == 'c' && strings.Contains(string(value), `"GA"`) {
			t.Errorf("record %s still has what the peer has sent", key)
		}
	}
	a.end()
}

// TestAcceptAgainOnce: Accept that is called again begins no second row of tries.
func TestAcceptAgainOnce(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.refuseAccept(tgerr.New(420, "FLOOD_WAIT_3600"))
	a.restart()
	const waits = "gotd.(*Chat).acceptAfter("
	count := func() int {
		stacks := make([]byte, 1<<20)
		return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte(waits))
	}
	eventually(t, "Run has tried", func() bool { return count() == 1 })
	for range 3 {
		if err := a.chat().Accept(t.Context()); !tgerr.Is(err, "FLOOD_WAIT") {
			t.Errorf("got %v", err)
		}
	}
	time.Sleep(20 * time.Millisecond) // in which nothing should happen
	if n := count(); n != 1 {
		t.Errorf("%d wait to try again, want 1", n)
	}
	a.end()
}

// TestAcceptBadKey: a peer that asks with a number that is no public key breaks a rule.
func TestAcceptBadKey(t *testing.T) {
	a := newOpen(t)
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: acceptingID + 1, AccessHash: 1, AdminID: 2, GA: []byte{1}}})
	var fatal *secretchat.FatalError
	if err := want[*gotd.Requested](a).Chat.Accept(t.Context()); !errors.As(err, &fatal) {
		t.Errorf("Accept: got %v, want a %T", err, fatal)
	}
	if got := want[*gotd.Closed](a); got.By != gotd.ByRule || !errors.As(got.Err, &fatal) {
		t.Errorf("got %+v", got)
	}
	a.end()
}

// TestLastWordsAccepting: what the peer has said before it ended the chat comes before the end, also if
// the server has never said that the chat was accepted.
func TestLastWordsAccepting(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	storage := a.chats.StateStorage(&memState{found: true})
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: acceptingID}})
	eventually(t, "the chat is ending", func() bool { return a.chat().State() == gotd.StateEnding })
	a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "bye"})
	a.deliverAll()
	if err := storage.SetQts(t.Context(), 1, 1000); err != nil {
		t.Fatal(err)
	}
	want[*gotd.Opened](a)
	if got := want[*gotd.Message](a).Text(); got != "bye" {
		t.Errorf("got %q", got)
	}
	want[*gotd.Closed](a)
	a.end()
}

// TestEndedTwice: if both the peer and the server say that a chat is over, it was the peer.
func TestEndedTwice(t *testing.T) {
	for _, peerFirst := range []bool{true, false} {
		a := newOpen(t)
		storage := a.chats.StateStorage(&memState{found: true})
		for _, byPeer := range []bool{peerFirst, !peerFirst} {
			by := gotd.ByServer
			if byPeer {
				by = gotd.ByPeer
			}
			if err := a.chat().Ended(by, byPeer); err != nil {
				t.Fatal(err)
			}
		}
		if err := storage.SetQts(t.Context(), 1, 1000); err != nil {
			t.Fatal(err)
		}
		if got := want[*gotd.Closed](a); got.By != gotd.ByPeer || !got.HistoryDeleted {
			t.Errorf("the peer first: %v; got %+v", peerFirst, got)
		}
		a.end()
	}
}

// TestAskAfter: what may come by itself is asked for when the clock looks at the chat, and not before.
func TestAskAfter(t *testing.T) {
	for _, askAfter := range []time.Duration{0, time.Hour} {
		a := newPatient(t, secretchat.LatestLayer, askAfter)
		a.deliverAll()
		want[*gotd.Opened](a)
		eventually(t, "the layer is announced", func() bool { return a.server.sent.Load() == 1 })
		calls := make(chan bin.Encoder, 10)
		record := func(q bin.Encoder) error { calls <- q; return nil }
		a.server.refuse.Store(&record)
		lost := a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "lost"})[0]
		a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "waits"})...)
		eventually(t, "a message waits", func() bool { return a.chat().Waiting() })
		if askAfter > 0 {
			if err := a.chat().Tick(time.Now()); err != nil {
				t.Fatal(err)
			}
			send(t, a.chat(), "which a request would go before")
			q := <-calls
			if _, ok := q.(*tg.MessagesSendEncryptedRequest); !ok {
				t.Errorf("the first call is a %T", q)
			}
			if err := a.chat().Tick(time.Now().Add(askAfter + 2*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		q := <-calls
		if _, ok := q.(*tg.MessagesSendEncryptedServiceRequest); !ok {
			t.Errorf("asked for after %v: the call is a %T", askAfter, q)
		}
		a.deliver(noFile, lost)
		for _, text := range []string{"lost", "waits"} {
			if got := want[*gotd.Message](a).Text(); got != text {
				t.Errorf("got %q, want %q", got, text)
			}
		}
		a.end()
	}
}

// TestNothingOfAKeyIsLeft: once a chat is over it has no key to tell anything about.
func TestNothingOfAKeyIsLeft(t *testing.T) {
	a := newOpen(t)
	c := a.chat()
	ask := func() []error {
		_, err1 := c.Visualization()
		_, err2 := c.Fingerprint()
		_, err3 := c.PeerLayer()
		return []error{err1, err2, err3}
	}
	for _, err := range ask() {
		if err != nil {
			t.Errorf("open: got %v", err)
		}
	}
	if err := c.Discard(); err != nil {
		t.Fatal(err)
	}
	for _, err := range ask() {
		if !errors.Is(err, gotd.ErrNotOpen) {
			t.Errorf("over: got %v, want %v", err, gotd.ErrNotOpen)
		}
	}
	want[*gotd.Closed](a)
	a.end()
}
