package gotd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
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

// TestLostAnswers: a connection that breaks after the server has done what it was asked
// to do makes no difference.
func TestLostAnswers(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	alice.LoseAnswers(tg.MessagesRequestEncryptionRequestTypeID, 1)
	bob.LoseAnswers(tg.MessagesAcceptEncryptionRequestTypeID, 1)
	atA, atB := newChat(t, a, b)

	alice.LoseAnswers(tg.MessagesSendEncryptedRequestTypeID, 1)
	alice.LoseAnswers(tg.MessagesSendEncryptedServiceRequestTypeID, 1)
	send(t, atA, "one")
	if _, err := atA.SendAction(&e2e.DecryptedMessageActionScreenshotMessages{RandomIDs: []int64{1}}); err != nil {
		t.Fatal(err)
	}
	send(t, atA, "two")
	b.wantText("one")
	next[*gotd.Action](b)
	b.wantText("two")
	alice.LoseAnswers(tg.MessagesSendEncryptedFileRequestTypeID, 1)
	testFile(t, a, atA, b, 1000)
	eventually(t, "three messages are sent again", func() bool { return alice.Duplicates() >= 3 })

	bob.LoseAnswers(tg.MessagesDiscardEncryptionRequestTypeID, 1)
	if err := atB.Discard(); err != nil {
		t.Fatal(err)
	}
	next[*gotd.Closed](a)
	next[*gotd.Closed](b)
}

// TestLostMessages: what the server loses is asked for again, with its file.
func TestLostMessages(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	send(t, atA, "zero")
	b.wantText("zero")

	bob.LoseMessages(2)
	sendFile(t, a, atA, "one", 1000)
	send(t, atA, "two")
	eventually(t, "both are sent", func() bool {
		return alice.Calls(tg.MessagesSendEncryptedFileRequestTypeID) == 1 && alice.Calls(tg.MessagesSendEncryptedRequestTypeID) == 2
	})
	b.quiet()
	a.restart() // which must not forget the file
	send(t, a.chats.Chat(atA.ID()), "three")
	m := b.wantText("one")
	var file countingWriter
	if err := b.chats.Download(t.Context(), m.Message.Media, m.File, &file); err != nil || file != 1000 {
		t.Errorf("downloaded %d bytes, %v, want 1000", file, err)
	}
	b.wantText("two")
	b.wantText("three")
}

// TestDeletedFile: what takes the place of a message that was deleted before it arrived goes
// without its file.
func TestDeletedFile(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	send(t, atA, "zero") // after which nothing else is on its way
	b.wantText("zero")
	bob.LoseMessages(1)
	m := &e2e.DecryptedMessage{Media: &e2e.DecryptedMessageMediaPhoto{}}
	id, err := atA.SendFile(t.Context(), m, gotd.FromReader("", zeros{}, 1000))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file is sent", func() bool { return alice.Calls(tg.MessagesSendEncryptedFileRequestTypeID) == 1 })
	if _, err := atA.SendAction(&e2e.DecryptedMessageActionDeleteMessages{RandomIDs: []int64{id}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		next[*gotd.Action](b)
	}
	if n := alice.Calls(tg.MessagesSendEncryptedFileRequestTypeID); n != 1 {
		t.Errorf("the file was sent %d times, want once", n)
	}
}

// fakeServer answers what a client calls to ask for a chat. It passes nothing on.
type fakeServer struct {
	gA        chan []byte
	received  chan int // qts
	discarded chan int // chats
	requested func()   // is called when a chat is asked for, if not nil
	// accepts, if not nil, returns the answer to who asks for a chat, instead of that it waits.
	accepts func(*tg.MessagesRequestEncryptionRequest) *tg.EncryptedChat
	answers chan *tg.MessagesAcceptEncryptionRequest
	lets    atomic.Bool // a chat be accepted
	zeros   atomic.Int32
	sent    atomic.Int32 // messages
	prime   []byte       // Telegram's if nil
	// refuse, if it has something, returns what a call fails with, or nil.
	refuse atomic.Pointer[func(bin.Encoder) error]
}

func newFakeServer() *fakeServer {
	return &fakeServer{gA: make(chan []byte, 10), received: make(chan int, 10), discarded: make(chan int, 10),
		answers: make(chan *tg.MessagesAcceptEncryptionRequest, 10)}
}

func (s *fakeServer) Invoke(_ context.Context, in bin.Encoder, out bin.Decoder) error {
	group, err := bigdh.Telegram(3)
	if err != nil {
		return err
	}
	prime := group.Prime()
	if refuse := s.refuse.Load(); refuse != nil {
		if err := (*refuse)(in); err != nil {
			return err
		}
	}
	var answer bin.Encoder
	switch q := in.(type) {
	case *tg.MessagesGetDhConfigRequest:
		p := prime[:]
		if s.prime != nil {
			p = s.prime
		}
		answer = &tg.MessagesDhConfig{G: 3, P: p, Version: 1, Random: make([]byte, 256)}
	case *tg.MessagesRequestEncryptionRequest:
		if s.requested != nil {
			s.requested()
		}
		s.gA <- q.GA
		answer = &tg.EncryptedChatWaiting{ID: q.RandomID, AccessHash: 1, AdminID: 1, ParticipantID: 2}
		if s.accepts != nil {
			answer = s.accepts(q)
		}
	case *tg.UpdatesGetStateRequest:
		answer = &tg.UpdatesState{Qts: 1000} // more than there will ever be
	case *tg.MessagesReceivedQueueRequest:
		s.received <- q.MaxQts
		answer = &tg.LongVector{}
	case *tg.MessagesSendEncryptedServiceRequest, *tg.MessagesSendEncryptedRequest:
		s.sent.Add(1)
		answer = &tg.MessagesSentEncryptedMessage{Date: 1}
	case *tg.MessagesAcceptEncryptionRequest:
		if bytes.Equal(q.GB, make([]byte, len(q.GB))) {
			s.zeros.Add(1)
		}
		select {
		case s.answers <- q:
		default: // enough
		}
		if s.lets.Load() {
			answer = &tg.EncryptedChat{ID: q.Peer.ChatID, AccessHash: 1, GAOrB: q.GB, KeyFingerprint: q.KeyFingerprint}
			break
		}
		return tgerr.New(500, "INTERNAL")
	case *tg.MessagesDiscardEncryptionRequest:
		s.discarded <- q.ChatID
		answer = &tg.BoolTrue{}
	default:
		return fmt.Errorf("unexpected %T", in)
	}
	var b bin.Buffer
	if err := answer.Encode(&b); err != nil {
		return err
	}
	return out.Decode(&b)
}

// TestEarlyMessage: a message that comes before the update that its chat is accepted waits in
// memory. It is not acknowledged until it is in the store.
func TestEarlyMessage(t *testing.T) {
	server := newFakeServer()
	events := make(chan gotd.Event, 10)
	opt := gotd.Options{
		Store: newMemStore(), StateKey: stateKey,
		Handler: func(_ context.Context, e gotd.Event) error { events <- e; return nil },
	}
	chats, err := gotd.New(tg.NewClient(server), opt)
	if err != nil {
		t.Fatal(err)
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	dispatch := func(u tg.UpdateClass) {
		if err := dispatcher.Handle(t.Context(), &tg.Updates{Updates: []tg.UpdateClass{u}}); err != nil {
			t.Error(err)
		}
	}
	var cancel context.CancelFunc
	var done chan struct{}
	run := func() {
		ctx, end := context.WithCancel(t.Context())
		cancel, done = end, make(chan struct{})
		chats, ended := chats, done
		go func() {
			defer close(ended)
			if err := chats.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
	}
	run()
	defer func() { cancel(); <-done }()

	chat, err := chats.Request(t.Context(), &tg.InputUser{UserID: 2})
	if err != nil {
		t.Fatal(err)
	}
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	peer, gB, fingerprint, err := secretchat.Accept(group, <-server.gA, secretchat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	packets := peer.Outbox()
	var message bin.Buffer
	if err := (&e2e.DecryptedMessage46{RandomID: 1, Message: "hello"}).Encode(&message); err != nil {
		t.Fatal(err)
	}
	hello, err := peer.Encrypt(message.Buf)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range append(packets, hello) {
		dispatch(&tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessageService{
			RandomID: p.RandomID, ChatID: chat.ID(), Bytes: p.Data,
		}, Qts: i + 1})
	}
	state := &memState{found: true}
	if err := chats.StateStorage(state).SetQts(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	if got := <-server.received; got != 2 {
		t.Errorf("qts %d is acknowledged, want 2", got)
	}
	dispatch(&tg.UpdateEncryptedChatTyping{ChatID: chat.ID()})
	<-events // so that all of this is done
	if s, _, _ := state.GetState(t.Context(), 1); s.Qts != 2 {
		t.Errorf("qts is %d, want 2", s.Qts)
	}
	// What is acknowledged is on disk.
	cancel()
	<-done
	if chats, err = gotd.New(tg.NewClient(server), opt); err != nil {
		t.Fatal(err)
	}
	dispatcher = tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	run()
	chat = chats.Chat(chat.ID())

	dispatch(&tg.UpdateEncryption{Chat: &tg.EncryptedChat{
		ID: chat.ID(), AccessHash: 1, AdminID: 1, ParticipantID: 2, GAOrB: gB[:], KeyFingerprint: fingerprint,
	}})
	if e := <-events; e.(*gotd.Opened).Chat != chat {
		t.Errorf("got %+v", e)
	}
	for {
		switch e := (<-events).(type) {
		case *gotd.PeerLayer:
			continue
		case *gotd.Message:
			if e.Message.Message != "hello" {
				t.Errorf("got %+v", e)
			}
			return
		default:
			t.Fatalf("got %+v", e)
		}
	}
}

// TestCrashInRequest: a chat of which the application does not know, since the crash came
// before Request returned, does not wait for the peer for ever.
func TestCrashInRequest(t *testing.T) {
	server, store := newFakeServer(), newMemStore()
	atCrash := newMemStore()
	server.requested = func() { atCrash.records = contents(t, store) }
	opt := gotd.Options{Store: store, StateKey: stateKey, Handler: func(_ context.Context, e gotd.Event) error {
		t.Errorf("unexpected %T %+v", e, e)
		return nil
	}}
	chats, err := gotd.New(tg.NewClient(server), opt)
	if err != nil {
		t.Fatal(err)
	}
	chat, err := chats.Request(t.Context(), &tg.InputUser{UserID: 2})
	if err != nil {
		t.Fatal(err)
	}

	if chats, err = gotd.New(tg.NewClient(server), opt); err != nil {
		t.Fatal(err)
	}
	if c := chats.Chat(chat.ID()); c == nil || c.State() != gotd.StateWaiting {
		t.Errorf("after Request: chat %+v, want one that waits", c)
	}

	opt.Store = atCrash
	if chats, err = gotd.New(tg.NewClient(server), opt); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := chats.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	select {
	case id := <-server.discarded:
		if id != chat.ID() {
			t.Errorf("chat %d is discarded, want %d", id, chat.ID())
		}
	case <-time.After(patience):
		t.Fatal("the server is not told")
	}
	eventually(t, "the chat is forgotten", func() bool { return len(chats.Chats()) == 0 })
	cancel()
	<-done
	for key := range atCrash.copy() {
		if key != "d" { // parameters of Diffie–Hellman
			t.Errorf("record %s is left behind", key)
		}
	}
}

// TestAcceptWithoutState: a chat whose state could not be stored does not answer with
// zeros.
func TestAcceptWithoutState(t *testing.T) {
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	_, gA, err := secretchat.Request(group, secretchat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server, full := newFakeServer(), new(atomic.Bool)
	asked := make(chan struct{}, 1)
	chats, err := gotd.New(tg.NewClient(server), gotd.Options{
		Store: fullStore{newMemStore(), full}, StateKey: stateKey,
		Handler: func(context.Context, gotd.Event) error { asked <- struct{}{}; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	ended := make(chan error, 1)
	go func() { ended <- chats.Run(t.Context()) }()
	request := &tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: 5, AccessHash: 1, AdminID: 2, GA: gA[:]}}
	if err := dispatcher.Handle(t.Context(), &tg.Updates{Updates: []tg.UpdateClass{request}}); err != nil {
		t.Fatal(err)
	}
	<-asked
	full.Store(true)
	for range 2 {
		if err := chats.Chat(5).Accept(t.Context()); !errors.Is(err, secretchat.ErrStore) {
			t.Errorf("Accept: got %v, want %v", err, secretchat.ErrStore)
		}
	}
	if err := <-ended; !errors.Is(err, errDiskFull) {
		t.Errorf("Run: got %v, want %v", err, errDiskFull)
	}
	if n := len(server.answers); n > 0 {
		t.Errorf("the server was told %d times, %d of them zeros", n, server.zeros.Load())
	}
}

type countingWriter int64

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}

// TestRefusedCalls: errors that pass are waited for, others end the chat.
func TestRefusedCalls(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)

	alice.Refuse(tg.MessagesSendEncryptedRequestTypeID, 1, tgerr.New(500, "INTERNAL"))
	send(t, atA, "one")
	send(t, atA, "two")
	b.wantText("one")
	b.wantText("two")

	alice.Refuse(tg.MessagesSendEncryptedRequestTypeID, 1, tgerr.New(420, "FLOOD_WAIT_1"))
	send(t, atA, "three")
	b.wantText("three")

	alice.Refuse(tg.MessagesRequestEncryptionRequestTypeID, 1, tgerr.New(400, "USER_ID_INVALID"))
	_, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if !tgerr.Is(err, "USER_ID_INVALID") {
		t.Errorf("got %v, want USER_ID_INVALID", err)
	}
	eventually(t, "nothing is left of the chat", func() bool { return len(a.chats.Chats()) == 1 })
	a.quiet()
}

// TestRestartHandshake: both sides may stop at any moment of the exchange.
func TestRestartHandshake(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	b.stop()
	var closing atomic.Bool
	a.handle(func(e gotd.Event) error {
		if _, ok := e.(*gotd.Closed); ok && closing.Load() {
			return errors.New("later")
		}
		return nil
	})
	atA, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	a.restart()
	if got := a.chats.Chat(atA.ID()).State(); got != gotd.StateWaiting {
		t.Errorf("chat is %s, want %s", got, gotd.StateWaiting)
	}
	b.start()
	next[*gotd.Requested](b)
	b.restart()
	atB := next[*gotd.Requested](b).Chat

	// The server does not get the answer before the restart.
	bob.Refuse(tg.MessagesAcceptEncryptionRequestTypeID, 1, tgerr.New(420, "FLOOD_WAIT_3600"))
	if err := atB.Accept(t.Context()); !tgerr.Is(err, "FLOOD_WAIT") {
		t.Fatalf("got %v, want FLOOD_WAIT", err)
	}
	if got := atB.State(); got != gotd.StateAccepting {
		t.Errorf("chat is %s, want %s", got, gotd.StateAccepting)
	}
	a.stop()
	b.restart()
	next[*gotd.Opened](b)
	send(t, b.chats.Chat(atB.ID()), "while you were away")
	a.start()
	next[*gotd.Opened](a)
	a.wantText("while you were away")

	// Closing survives as well. Only the new handler is told.
	alice.Refuse(tg.MessagesDiscardEncryptionRequestTypeID, 1, tgerr.New(500, "INTERNAL"))
	closing.Store(true)
	if err := a.chats.Chat(atA.ID()).Discard(); err != nil {
		t.Fatal(err)
	}
	a.stop()
	closing.Store(false)
	a.start()
	next[*gotd.Closed](a)
	next[*gotd.Closed](b)
}

// TestAcceptIsTriedAgain: the answer to a peer gets to the server at last, also if the handler
// does not care for the error.
func TestAcceptIsTriedAgain(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	refused := bob.RefuseAfter(tg.MessagesAcceptEncryptionRequestTypeID, 0, 4, tgerr.New(500, "INTERNAL"))
	atA, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := next[*gotd.Requested](b).Chat.Accept(t.Context()); !tgerr.Is(err, "INTERNAL") {
		t.Errorf("got %v, want INTERNAL", err)
	}
	next[*gotd.Opened](b)
	next[*gotd.Opened](a)
	if got := refused(); got != 4 {
		t.Errorf("refused %d times, want 4", got)
	}
	send(t, atA, "hello")
	b.wantText("hello")
}

// TestHandlerFails: an event comes again if the handler has not returned well, also after
// a restart, and other chats go on.
func TestHandlerFails(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	other, _ := newChat(t, a, b)

	failure, failures := errors.New("out of paper"), make(chan struct{}, 1000)
	b.handle(func(e gotd.Event) error {
		if m, ok := e.(*gotd.Message); ok && m.Chat == atB {
			failures <- struct{}{}
			return failure
		}
		return nil
	})
	send(t, atA, "one")
	send(t, atA, "two")
	<-failures
	<-failures
	send(t, other, "three")
	b.wantText("three")
	eventually(t, "everything is acknowledged, since it is on disk", func() bool { return bob.Queued() == 0 })
	b.stop()
	b.handle(nil)
	b.start()
	b.wantText("one")
	b.wantText("two")
	b.quiet()
}

// TestStoreFails: what is not stored has not happened.
func TestStoreFails(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	eventually(t, "everything is acknowledged", func() bool { return bob.Queued() == 0 })

	b.diskFull.Store(true)
	send(t, atA, "one")
	b.wait()
	if !errors.Is(b.failed, errDiskFull) {
		t.Fatalf("Run returned %v, want %v", b.failed, errDiskFull)
	}
	if _, err := atB.SendText("lost"); !errors.Is(err, secretchat.ErrStore) {
		t.Errorf("got %v, want %v", err, secretchat.ErrStore)
	}
	b.quiet()
	// It may be on its way to the server still, and must stay there: nobody has it in a store.
	eventually(t, "the message is not acknowledged", func() bool { return bob.Queued() > 0 })
	b.diskFull.Store(false)
	b.restart()
	// That the handler knows of the open chat may not have been written any more.
	e := next[gotd.Event](b)
	if _, ok := e.(*gotd.Opened); ok {
		e = next[gotd.Event](b)
	}
	if m, ok := e.(*gotd.Message); !ok || m.Text() != "one" {
		t.Errorf("got %T %+v", e, e)
	}
	send(t, b.chats.Chat(atB.ID()), "two")
	a.wantText("two")
}

// TestAttacks: what a server can do to a chat, and cannot.
func TestAttacks(t *testing.T) {
	server, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)

	bob.Inject(atB.ID(), nil)
	bob.Inject(atB.ID(), make([]byte, 24+64))
	bob.Inject(atB.ID()+1, make([]byte, 24+64))
	send(t, atA, "still here")
	b.wantText("still here")

	server.Mislead()
	evil, err := a.chats.Request(t.Context(), &tg.InputUser{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	// Bob may hear of the end before the answer to Accept.
	if err := next[*gotd.Requested](b).Chat.Accept(t.Context()); err != nil && !errors.Is(err, gotd.ErrNotOpen) {
		t.Fatal(err)
	}
	closed := next[*gotd.Closed](a)
	var fatal *secretchat.FatalError
	if !errors.As(closed.Err, &fatal) || fatal.Rule != secretchat.RuleFingerprint || closed.Chat != evil {
		t.Errorf("chat %d closed for %v, want %v", closed.Chat.ID(), closed.Err, secretchat.RuleFingerprint)
	}
	for closed := false; !closed; {
		_, closed = next[gotd.Event](b).(*gotd.Closed)
	}
}

// TestDHConfig: the prime is sent once, and not again after a restart.
func TestDHConfig(t *testing.T) {
	server, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	newChat(t, a, b)
	newChat(t, b, a)
	a.restart()
	newChat(t, a, b)
	if got := server.Primes(); got != 2 {
		t.Errorf("the prime was sent %d times, want once to each", got)
	}
	if got := alice.Calls(tg.MessagesGetDhConfigRequestTypeID); got != 3 {
		t.Errorf("the server was asked %d times, want before each of 3 chats", got)
	}
}

// TestPrime: a prime that is not Telegram's is for those who ask for it, and is checked then.
func TestPrime(t *testing.T) {
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	telegram := group.Prime()
	other := new(big.Int).Lsh(big.NewInt(1), 2048)
	other.Sub(other, big.NewInt(1942289)) // a safe prime
	composite := new(big.Int).Sub(other, big.NewInt(2))
	for _, tt := range []struct {
		prime []byte
		allow bool
		want  error
	}{
		{telegram[:], false, nil},
		{telegram[:], true, nil},
		{telegram[1:], false, gotd.ErrPrime},
		{other.Bytes(), false, gotd.ErrPrime},
		{other.Bytes(), true, nil},
		{composite.Bytes(), false, gotd.ErrPrime},
		{composite.Bytes(), true, bigdh.ErrPrime},
	} {
		server := newFakeServer()
		server.prime = tt.prime
		chats, err := gotd.New(tg.NewClient(server), gotd.Options{
			Store: newMemStore(), StateKey: stateKey, AllowVerifiedPrime: tt.allow,
			Handler: func(context.Context, gotd.Event) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chats.Request(t.Context(), &tg.InputUser{UserID: 2}); !errors.Is(err, tt.want) {
			t.Errorf("prime %x…, allowed %v: got %v, want %v", tt.prime[:min(4, len(tt.prime))], tt.allow, err, tt.want)
		}
	}
}

// TestConcurrency: many goroutines use several chats. Each finds its messages in order.
func TestConcurrency(t *testing.T) {
	const senders, messages = 4, 25
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA1, _ := newChat(t, a, b)
	_, atA2 := newChat(t, b, a)
	var g sync.WaitGroup
	for i := range senders {
		chat := []*gotd.Chat{atA1, atA2}[i%2]
		g.Go(func() {
			for j := range messages {
				if _, err := chat.SendText(fmt.Sprintf("%d %d", i, j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var want [senders]int
	for range senders * messages {
		m := next[*gotd.Message](b).Message
		var i, j int
		if _, err := fmt.Sscan(m.Message, &i, &j); err != nil || j != want[i] {
			t.Fatalf("got message %q (%v), want number %d of its sender", m.Message, err, want[i])
		}
		want[i]++
	}
	g.Wait()
}

// TestCancel: calls end with their context, and leave nothing behind.
func TestCancel(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.chats.Request(ctx, &tg.InputUser{UserID: bob.ID}); !errors.Is(err, context.Canceled) {
		t.Errorf("Request: got %v, want %v", err, context.Canceled)
	}
	m := &e2e.DecryptedMessage{Media: &e2e.DecryptedMessageMediaPhoto{}}
	if _, err := atA.SendFile(ctx, m, gotd.FromReader("", zeros{}, 1<<20)); !errors.Is(err, context.Canceled) {
		t.Errorf("SendFile: got %v, want %v", err, context.Canceled)
	}
	// gotd may have sent something all the same.
	eventually(t, "the chat that was not asked for is forgotten", func() bool { return len(a.chats.Chats()) == 1 })
}

// TestTypingAndRead: what the server passes on besides messages.
func TestTypingAndRead(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)
	if err := atA.SetTyping(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := next[*gotd.Typing](b).Chat; got != atB {
		t.Errorf("typing in chat %d, want %d", got.ID(), atB.ID())
	}
	typing := &e2e.DecryptedMessageActionTyping{Action: &e2e.SendMessageTypingAction{}}
	if _, err := atA.SendAction(typing); err == nil {
		t.Error("typing is sent in the chat")
	}
	if err := atB.SetRead(t.Context(), 17); err != nil {
		t.Fatal(err)
	}
	if got := next[*gotd.Read](a); got.Chat != atA || got.MaxDate != 17 {
		t.Errorf("got read until %d in chat %d, want 17 in %d", got.MaxDate, got.Chat.ID(), atA.ID())
	}
}

// fullStore fails when it is told to.
type fullStore struct {
	gotd.Store
	full *atomic.Bool
}

var errDiskFull = errors.New("disk full")

func (s fullStore) Commit(changes []gotd.Change) error {
	if s.full.Load() {
		return errDiskFull
	}
	return s.Store.Commit(changes)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
