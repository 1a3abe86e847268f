package gotd_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

const acceptingID = 5

// accepting is a manager with one chat, and the peer of that: the server has passed the
// answer on, and does not say so.
type accepting struct {
	t          *testing.T
	server     *fakeServer
	store      *recorder
	peer       *secretchat.Chat
	packets    []secretchat.Packet // of the peer
	chats      *gotd.Manager
	dispatcher tg.UpdateDispatcher
	events     *eventQueue
	logger     log.Logger
	askAfter   time.Duration
	prepare    func()       // is called before Run, if not nil
	hook                    // is called before an event is passed on
	stop       func() error // and return what Run has
}

// recorder remembers what was in a store after each commit.
type recorder struct {
	*memStore
	history []map[string][]byte
}

func (r *recorder) Commit(changes []gotd.Change) error {
	err := r.memStore.Commit(changes)
	records := r.copy()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, records)
	return err
}

func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = nil
}

// newAccepting has a peer of this layer ask for a chat, and accepts it.
func newAccepting(t *testing.T, layer int) *accepting {
	t.Helper()
	return newPatient(t, layer, 0)
}

// newPatient is newAccepting with Options.AskAfter.
func newPatient(t *testing.T, layer int, askAfter time.Duration) *accepting {
	t.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	out, gA, err := secretchat.Request(group, secretchat.Options{Layer: layer})
	if err != nil {
		t.Fatal(err)
	}
	a := &accepting{t: t, server: newFakeServer(), store: &recorder{memStore: newMemStore()}, askAfter: askAfter}
	a.start()
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: acceptingID, AccessHash: 1, AdminID: 2, GA: gA[:]}})
	want[*gotd.Requested](a)
	if err := a.chat().Accept(t.Context()); !tgerr.Is(err, "INTERNAL") {
		t.Fatalf("Accept: got %v, want INTERNAL", err)
	}
	answer := <-a.server.answers
	if a.peer, err = out.Complete(answer.GB, answer.KeyFingerprint); err != nil {
		t.Fatal(err)
	}
	a.packets = a.peer.Outbox()
	return a
}

// start begins anew with what the store has.
func (a *accepting) start() {
	a.t.Helper()
	events := newEventQueue()
	a.events = events
	var err error
	a.chats, err = gotd.New(tg.NewClient(a.server), gotd.Options{
		Store: a.store, StateKey: stateKey, Logger: a.logger, AskAfter: a.askAfter,
		Handler: func(_ context.Context, e gotd.Event) error {
			if err := a.call(e); err != nil {
				return err
			}
			switch e.(type) {
			case *gotd.Sent, *gotd.Delivered, *gotd.PeerLayer, *gotd.KeyChanged:
			default:
				events.put(e)
			}
			return nil
		},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.chats.SetDelays(testDelay, testGrace)
	a.dispatcher = tg.NewUpdateDispatcher()
	a.chats.Register(a.dispatcher)
	if a.prepare != nil {
		a.prepare()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.chats.Run(ctx) }()
	a.stop = func() error {
		cancel()
		return <-ended
	}
}

func (a *accepting) restart() {
	a.t.Helper()
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		a.t.Error(err)
	}
	a.start()
}

func (a *accepting) chat() *gotd.Chat { return a.chats.Chat(acceptingID) }

func (a *accepting) update(u tg.UpdateClass) {
	a.t.Helper()
	err := a.dispatcher.Handle(a.t.Context(), &tg.Updates{Updates: []tg.UpdateClass{u}})
	if err != nil && !errors.Is(err, gotd.ErrStopped) {
		a.t.Error(err)
	}
}

// deliver has the server deliver packets, and a file with the first of them.
func (a *accepting) deliver(file tg.EncryptedFileClass, packets ...secretchat.Packet) {
	a.t.Helper()
	for _, p := range packets {
		a.update(&tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessage{ChatID: acceptingID, Bytes: p.Data, File: file}})
		file = noFile
	}
}

var noFile tg.EncryptedFileClass = &tg.EncryptedFileEmpty{}

// deliverAll has the server deliver all that the peer has sent.
func (a *accepting) deliverAll() {
	a.t.Helper()
	a.deliver(noFile, a.packets...)
}

// say has the peer send a message, and returns it with what it sends of itself.
func (a *accepting) say(m *e2e.DecryptedMessage46) []secretchat.Packet {
	a.t.Helper()
	return a.encrypt(m)
}

func (a *accepting) encrypt(m bin.Encoder) []secretchat.Packet {
	a.t.Helper()
	var b bin.Buffer
	if err := m.Encode(&b); err != nil {
		a.t.Fatal(err)
	}
	p, err := a.peer.Encrypt(b.Buf)
	if err != nil {
		a.t.Fatal(err)
	}
	packets := append([]secretchat.Packet{p}, a.peer.Outbox()...)
	a.packets = append(a.packets, packets...)
	return packets
}

// want returns the next event, which must be an E.
func want[E gotd.Event](a *accepting) E {
	a.t.Helper()
	return next[E](&client{t: a.t, events: a.events})
}

// TestCrashAccepting: a message of a chat that the server has not said to be open is kept
// until the handler has returned, whenever the crash comes.
func TestCrashAccepting(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	failure, answered := errors.New("out of paper"), make(chan error, 1000)
	a.handle(func(e gotd.Event) error {
		m, ok := e.(*gotd.Message)
		if !ok {
			return nil
		}
		_, err := m.Chat.SendText("answer")
		answered <- err
		return failure
	})
	a.store.forget()
	a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})
	a.deliverAll()
	want[*gotd.Opened](a)
	for range 2 { // the event comes again
		if err := <-answered; err != nil {
			t.Errorf("answer: got %v, want none", err)
		}
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Fatalf("Run: got %v, want %v", err, context.Canceled)
	}

	a.handle(nil)
	a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "two"})
	for i, records := range a.store.history {
		a.store = &recorder{memStore: &memStore{records: records}}
		a.start()
		a.deliverAll() // since the server has not been told that anything has arrived
		a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
		var got []string
		for end := false; !end; {
			switch e := want[gotd.Event](a).(type) {
			case *gotd.Message:
				got = append(got, e.Message.Message)
			case *gotd.Typing:
				end = true
			}
		}
		if want := []string{"one", "two"}; !slices.Equal(got, want) {
			t.Errorf("crash after commit %d: got messages %q, want %q", i, got, want)
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("crash after commit %d: %v", i, err)
		}
	}
}

// TestCrashReceiving: a message that the server need not keep any more is told in spite of a
// crash after any commit, until the handler has returned well.
func TestCrashReceiving(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	storage := a.chats.StateStorage(&memState{found: true})
	busy, free := make(chan struct{}), make(chan struct{})
	failed := make(chan struct{}, 1)
	a.handle(func(e gotd.Event) error {
		switch m, ok := e.(*gotd.Message); {
		case !ok:
			return nil
		case m.Text() == "zero":
			close(busy)
			<-free
			return nil
		}
		select {
		case failed <- struct{}{}:
		default:
		}
		return errors.New("out of paper")
	})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "zero"})...)
	<-busy
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "one"})...)
	if err := storage.SetQts(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	states := []map[string][]byte{a.store.copy()}
	a.store.forget()
	close(free)
	<-failed
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	a.handle(nil)
	for i, records := range append(states, a.store.history...) {
		a.store = &recorder{memStore: &memStore{records: records}}
		a.start()
		a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
		told := false
		for end := false; !end; {
			switch e := want[gotd.Event](a).(type) {
			case *gotd.Message:
				told = told || e.Text() == "one"
			case *gotd.Typing:
				end = true
			}
		}
		if !told {
			t.Errorf("crash after commit %d: the message is lost", i)
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("crash after commit %d: %v", i, err)
		}
	}
}

// TestUpdatesAreForgotten: nothing of an update is left in the store when the handler has
// returned well.
func TestUpdatesAreForgotten(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})...)
	want[*gotd.Message](a)
	a.update(&tg.UpdateEncryptedMessagesRead{ChatID: acceptingID, MaxDate: 1})
	want[*gotd.Read](a)
	if n := a.chat().Loaded(); n != 0 {
		t.Errorf("%d bytes of messages are said to wait in memory", n)
	}
	eventually(t, "no update is in the store", func() bool {
		for key := range a.store.copy() {
			if key[0] == 'u' {
				return false
			}
		}
		return true
	})
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestOddTTL: a time to live below 0 is none.
func TestOddTTL(t *testing.T) {
	a := newOpen(t)
	a.deliver(noFile, a.encrypt(&e2e.DecryptedMessageService{
		RandomID: 1, Action: &e2e.DecryptedMessageActionSetMessageTTL{TTLSeconds: -5},
	})...)
	action := want[*gotd.Action](a).Action.(*e2e.DecryptedMessageActionSetMessageTTL)
	if action.TTLSeconds != 0 || a.chat().TTL() != 0 {
		t.Errorf("the chat's TTL is to be %d, and is %d", action.TTLSeconds, a.chat().TTL())
	}
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, TTL: -5, Message: "x"})...)
	if got := want[*gotd.Message](a).Message.TTL; got != 0 {
		t.Errorf("a message's TTL is %d", got)
	}
	a.end()
}

// TestFileNumbers: the file of a message that waits for another is not replaced by one that comes after
// a restart.
func TestFileNumbers(t *testing.T) {
	const files = 10
	for shift := range 2 { // files and updates are numbered together
		a := newOpen(t)
		a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "lost"})
		kept := func(n int) {
			t.Helper()
			eventually(t, "the files are in the store", func() bool {
				found := 0
				for key := range a.store.copy() {
					if key[0] == 'i' {
						found++
					}
				}
				return found == n
			})
		}
		deliver := func(i int) {
			t.Helper()
			file := &tg.EncryptedFile{ID: int64(i + 1), AccessHash: 1, Size: 16}
			a.deliver(file, a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 2), Message: "waits"})...)
			kept(i + 1)
		}
		deliver(0)
		a.restart()
		for range shift {
			a.update(&tg.UpdateEncryptedMessagesRead{ChatID: acceptingID, MaxDate: 1})
			want[*gotd.Read](a)
		}
		for i := 1; i < files; i++ {
			deliver(i)
		}
		a.end()
	}
}

// TestTTLIsKept: what the peer has set is there after a restart, even if nothing else of the
// chat has changed, such as the date.
func TestTTLIsKept(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	a.deliver(noFile, a.encrypt(&e2e.DecryptedMessageService{
		RandomID: 1, Action: &e2e.DecryptedMessageActionSetMessageTTL{TTLSeconds: 7},
	})...)
	want[*gotd.Action](a)
	a.restart()
	if got := a.chat().TTL(); got != 7 {
		t.Errorf("TTL after a restart is %d, want 7", got)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestUpdateDuringStart: what the handler may not have been told comes first, even if an
// update is there before Run has looked at the chat.
func TestUpdateDuringStart(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	const first = acceptingID - 1 // whose turn it is before the other's
	gA := a.peer.Visualization()  // which is never looked at
	a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: first, AccessHash: 1, AdminID: 2, GA: gA[:]}})
	want[*gotd.Requested](a)
	failed := make(chan struct{})
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Message); !ok {
			return nil
		}
		a.handle(func(gotd.Event) error { return errors.New("out of paper") })
		close(failed)
		return errors.New("out of paper")
	})
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})...)
	<-failed
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	a.handle(nil)
	var release func()
	a.prepare = func() { release = a.chats.Chat(first).Block() }
	a.start()
	a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: 2, Message: "two"})...)
	time.Sleep(100 * time.Millisecond) // in which nothing should happen
	release()
	var got []string
	for len(got) < 2 {
		if m, ok := want[gotd.Event](a).(*gotd.Message); ok {
			got = append(got, m.Text())
		}
	}
	if want := []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAcceptNotPending: once the peer has sent something, even if it is nothing that the
// handler is told, the chat is open, and the server need not be told of the answer.
func TestAcceptNotPending(t *testing.T) {
	a := newAccepting(t, 73)
	if got := a.chat().State(); got != gotd.StateAccepting {
		t.Fatalf("chat is %s, want %s", got, gotd.StateAccepting)
	}
	a.deliverAll()
	want[*gotd.Opened](a)
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for len(a.server.answers) > 0 {
		<-a.server.answers
	}
	a.start()
	a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
	want[*gotd.Typing](a)
	if got := a.chat().State(); got != gotd.StateOpen {
		t.Errorf("chat is %s, want %s", got, gotd.StateOpen)
	}
	if n := len(a.server.answers); n > 0 {
		t.Errorf("the server is told %d times more, and of g_b of zeros %d times", n, a.server.zeros.Load())
	}
}

// TestForgedFiles: the file of a packet that is not genuine takes no other's place.
func TestForgedFiles(t *testing.T) {
	const fileLimit = 256
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	key := secretchat.NewFileKey()
	file := &tg.EncryptedFile{ID: 1, KeyFingerprint: int(key.Fingerprint())}
	for i := range fileLimit {
		a.deliver(file, a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 1)})...)
		file = &tg.EncryptedFile{ID: int64(i + 2)} // of which no message has the key
		want[*gotd.Message](a)
	}
	a.deliver(file, secretchat.Packet{Data: make([]byte, 100)})
	m := &e2e.DecryptedMessage46{RandomID: fileLimit + 1}
	rawKey, iv := key.Bytes()
	m.SetMedia(&e2e.DecryptedMessageMediaDocument46{Key: rawKey, Iv: iv, Size: 1})
	a.deliver(noFile, a.say(m)...)
	if got := want[*gotd.Message](a).File; got == nil || got.ID != 1 {
		t.Errorf("got file %v, want number 1", got)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestFileSurvives: the file of a message that waits for another is there after a restart.
func TestFileSurvives(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	a.deliver(&tg.EncryptedFile{ID: 6}, a.say(&e2e.DecryptedMessage46{RandomID: 9})...) // which is another
	want[*gotd.Message](a)
	key := secretchat.NewFileKey()
	first := a.say(&e2e.DecryptedMessage46{RandomID: 1})
	m := &e2e.DecryptedMessage46{RandomID: 2}
	rawKey, iv := key.Bytes()
	m.SetMedia(&e2e.DecryptedMessageMediaDocument46{Key: rawKey, Iv: iv, Size: 1})
	a.deliver(&tg.EncryptedFile{ID: 7, KeyFingerprint: int(key.Fingerprint())}, a.say(m)...)
	a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
	want[*gotd.Typing](a)
	a.restart()
	a.deliver(noFile, first...)
	want[*gotd.Message](a)
	if got := want[*gotd.Message](a); got.File == nil || got.File.ID != 7 {
		t.Errorf("got file %v, want number 7", got.File)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRunTwice: it is an error, and the first Run goes on.
func TestRunTwice(t *testing.T) {
	a := newAccepting(t, secretchat.LatestLayer)
	if err := a.chats.Run(t.Context()); !errors.Is(err, gotd.ErrRunning) {
		t.Errorf("got %v, want %v", err, gotd.ErrRunning)
	}
	a.deliverAll()
	want[*gotd.Opened](a)
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := a.chats.Run(t.Context()); !errors.Is(err, gotd.ErrRunning) {
		t.Errorf("after the first: got %v, want %v", err, gotd.ErrRunning)
	}
}

// TestManyEarlyMessages: any number of messages can come before the update that their chat is
// accepted; what bounds them is their bytes.
func TestManyEarlyMessages(t *testing.T) {
	const early = 100
	for _, bounded := range []bool{false, true} {
		a := &accepting{t: t, server: newFakeServer(), store: &recorder{memStore: newMemStore()}}
		a.start()
		if bounded {
			a.chats.SetEarlyLimit(10_000)
		}
		chat, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: 2})
		if err != nil {
			t.Fatal(err)
		}
		group, err := bigdh.Telegram(3)
		if err != nil {
			t.Fatal(err)
		}
		peer, gB, fingerprint, err := secretchat.Accept(group, <-a.server.gA, secretchat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a.peer = peer
		packets := peer.Outbox()
		for i := range early {
			packets = append(packets, a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 1), Message: strings.Repeat("x", 200)})...)
		}
		for _, p := range packets {
			a.update(&tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessage{ChatID: chat.ID(), Bytes: p.Data, File: noFile}})
		}
		a.update(&tg.UpdateEncryptedChatTyping{ChatID: chat.ID()})
		want[*gotd.Typing](a) // so that all of this is done
		waiting, size := 0, 0
		for key, value := range a.store.copy() {
			if key[0] == 'u' {
				waiting++
				size += len(value)
			}
		}
		if all := waiting == len(packets); all == bounded || bounded && size > 10_000 || waiting < 10 {
			t.Errorf("bounded: %v: %d messages of %d bytes wait", bounded, waiting, size)
		}
		a.update(&tg.UpdateEncryption{Chat: &tg.EncryptedChat{
			ID: chat.ID(), AccessHash: 1, AdminID: 1, ParticipantID: 2, GAOrB: gB[:], KeyFingerprint: fingerprint,
		}})
		want[*gotd.Opened](a)
		if !bounded {
			for i := range early {
				if got := want[*gotd.Message](a).Message.RandomID; got != int64(i+1) {
					t.Fatalf("got message %d, want %d", got, i+1)
				}
			}
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestJournalNumbers: what arrives after a restart does not take the place of what still has
// to be told.
func TestJournalNumbers(t *testing.T) {
	const messages = 30
	a := newAccepting(t, secretchat.LatestLayer)
	a.deliverAll()
	want[*gotd.Opened](a)
	failed := make(chan struct{}, 1000)
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Message); ok {
			failed <- struct{}{}
			return errors.New("out of paper")
		}
		return nil
	})
	for i := range messages {
		if i == 2 {
			<-failed
			a.restart()
			<-failed
		}
		a.deliver(noFile, a.say(&e2e.DecryptedMessage46{RandomID: int64(i + 1)})...)
	}
	storage := a.chats.StateStorage(&memState{found: true})
	if err := storage.SetQts(t.Context(), 1, 1); err != nil { // so that all of this is in the store
		t.Fatal(err)
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	a.handle(nil)
	a.start()
	for i := range messages {
		if got := want[*gotd.Message](a).Message.RandomID; got != int64(i+1) {
			t.Fatalf("got message %d, want %d", got, i+1)
		}
	}
	if err := a.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestToldOnce: what the handler has seen does not come again at the next start, even if a
// packet that was of no use came right behind it: a copy, or nonsense.
func TestToldOnce(t *testing.T) {
	for name, nonsense := range map[string]bool{"copy": false, "nonsense": true} {
		a := newAccepting(t, secretchat.LatestLayer)
		a.deliverAll()
		want[*gotd.Opened](a)
		busy, free := make(chan struct{}), make(chan struct{})
		a.handle(func(e gotd.Event) error {
			if _, ok := e.(*gotd.Message); ok {
				close(busy)
				<-free
			}
			return nil
		})
		one := a.say(&e2e.DecryptedMessage46{RandomID: 1, Message: "one"})
		a.deliver(noFile, one...)
		<-busy
		if nonsense {
			a.deliver(noFile, secretchat.Packet{Data: make([]byte, 100)})
		} else {
			a.deliver(noFile, one...)
		}
		storage := a.chats.StateStorage(&memState{found: true})
		if err := storage.SetQts(t.Context(), 1, 2); err != nil { // so that it is in the queue
			t.Fatal(err)
		}
		close(free)
		want[*gotd.Message](a)
		a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
		want[*gotd.Typing](a)
		a.handle(nil)
		a.restart()
		a.update(&tg.UpdateEncryptedChatTyping{ChatID: acceptingID})
		e := want[gotd.Event](a)
		if _, ok := e.(*gotd.Typing); !ok {
			t.Errorf("%s: got %T %+v", name, e, e)
		}
		if err := a.stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestOwnTTLIsKept: so is what we have set.
func TestOwnTTLIsKept(t *testing.T) {
	a := newOpen(t)
	if _, err := a.chat().SetTTL(9); err != nil {
		t.Fatal(err)
	}
	a.restart()
	if got := a.chat().TTL(); got != 9 {
		t.Errorf("TTL after a restart is %d, want 9", got)
	}
	a.end()
}

// TestSameRandomID: two messages that are under way cannot have the same id.
func TestSameRandomID(t *testing.T) {
	a := newOpen(t)
	m := &e2e.DecryptedMessage{RandomID: 5, Message: "one"}
	if _, err := a.chat().Send(m); err != nil {
		t.Fatal(err)
	}
	if _, err := a.chat().Send(m); err == nil {
		t.Error("the second was sent, too")
	}
	a.end()
}
