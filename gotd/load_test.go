package gotd_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/secretchat"
)

// crowd is a manager with many chats that peers have asked for, and the other sides of
// these.
type crowd struct {
	chats      *gotd.Manager
	dispatcher tg.UpdateDispatcher
	peers      []*secretchat.Chat
	messages   atomic.Int64 // that the handler has seen
	server     *kindServer
	wait       *chan struct{} // of the next server
	stop       func()
}

// kindServer takes all that it is told, and remembers the answers by chat.
type kindServer struct {
	dh      *bigdh.Group
	answers sync.Map
	// If there is one, calls to send messages wait for the channel to be closed. So many wait,
	// and have at the same time.
	wait          atomic.Pointer[chan struct{}]
	waiting, most atomic.Int32
}

// hold has a call wait.
func (s *kindServer) hold(ctx context.Context) error {
	release := s.wait.Load()
	if release == nil {
		return nil
	}
	n := s.waiting.Add(1)
	defer s.waiting.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	select {
	case <-*release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *kindServer) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	var answer bin.Encoder
	switch q := in.(type) {
	case *tg.MessagesGetDhConfigRequest:
		p := s.dh.Prime()
		answer = &tg.MessagesDhConfig{G: 3, P: p[:], Version: 1, Random: make([]byte, 256)}
	case *tg.MessagesAcceptEncryptionRequest:
		s.answers.Store(q.Peer.ChatID, q)
		answer = &tg.EncryptedChat{ID: q.Peer.ChatID, GAOrB: q.GB}
	case *tg.MessagesSendEncryptedServiceRequest, *tg.MessagesSendEncryptedRequest:
		if err := s.hold(ctx); err != nil {
			return err
		}
		answer = &tg.MessagesSentEncryptedMessage{Date: 1}
	case *tg.MessagesReceivedQueueRequest:
		answer = &tg.LongVector{}
	case *tg.MessagesDiscardEncryptionRequest:
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

func (c *crowd) start(tb testing.TB, store gotd.Store) {
	tb.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		tb.Fatal(err)
	}
	c.server = &kindServer{dh: group}
	c.server.wait.Store(c.wait)
	c.chats, err = gotd.New(tg.NewClient(c.server), gotd.Options{
		Store: store, StateKey: stateKey,
		Handler: func(_ context.Context, e gotd.Event) error {
			if _, ok := e.(*gotd.Message); ok {
				c.messages.Add(1)
			}
			return nil
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.dispatcher = tg.NewUpdateDispatcher()
	c.chats.Register(c.dispatcher)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	chats := c.chats
	go func() { ended <- chats.Run(ctx) }()
	c.stop = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			tb.Error(err)
		}
	}
}

func (c *crowd) dispatch(tb testing.TB, updates ...tg.UpdateClass) {
	tb.Helper()
	if err := c.dispatcher.Handle(tb.Context(), &tg.Updates{Updates: updates}); err != nil {
		tb.Fatal(err)
	}
}

// open has n open chats, whose peers are in memory.
func (c *crowd) open(tb testing.TB, n int) {
	tb.Helper()
	group, err := bigdh.Telegram(3)
	if err != nil {
		tb.Fatal(err)
	}
	var g sync.WaitGroup
	peers := make([]*secretchat.Chat, n)
	for i := range n {
		g.Go(func() {
			out, gA, err := secretchat.Request(group, secretchat.Options{})
			if err != nil {
				tb.Error(err)
				return
			}
			c.dispatch(tb, &tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: i + 1, AccessHash: 1, AdminID: 2, GA: gA[:]}})
			for c.chats.Chat(i+1) == nil {
				time.Sleep(time.Millisecond)
			}
			if err := c.chats.Chat(i + 1).Accept(tb.Context()); err != nil {
				tb.Error(err)
				return
			}
			answer, _ := c.server.answers.Load(i + 1)
			q := answer.(*tg.MessagesAcceptEncryptionRequest)
			if peers[i], err = out.Complete(q.GB, q.KeyFingerprint); err != nil {
				tb.Error(err)
			}
		})
	}
	g.Wait()
	c.peers = peers
}

// say has a peer send a text.
func (c *crowd) say(tb testing.TB, i int, text string) []tg.UpdateClass {
	tb.Helper()
	var b bin.Buffer
	if err := (&e2e.DecryptedMessage{RandomID: int64(i) + 1, Message: text}).Encode(&b); err != nil {
		tb.Fatal(err)
	}
	p, err := c.peers[i].Encrypt(b.Buf)
	if err != nil {
		tb.Fatal(err)
	}
	var updates []tg.UpdateClass
	for _, p := range append(c.peers[i].Outbox(), p) {
		updates = append(updates, &tg.UpdateNewEncryptedMessage{Message: &tg.EncryptedMessage{
			ChatID: i + 1, Bytes: p.Data, Date: 1, File: &tg.EncryptedFileEmpty{},
		}})
	}
	return updates
}

func openBolt(tb testing.TB, path string) (gotd.Store, *bbolt.DB) {
	tb.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := boltstore.New(db, "a")
	if err != nil {
		tb.Fatal(err)
	}
	return s, db
}

// BenchmarkReceive receives 1,000 messages in 100 chats, as gotd passes on a difference.
func BenchmarkReceive(b *testing.B) {
	const chats, each = 100, 10
	var commits int64
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		store, db := openBolt(b, filepath.Join(b.TempDir(), "db"))
		var c crowd
		counted := &countingStore{Store: store}
		c.start(b, counted)
		c.open(b, chats)
		var updates []tg.UpdateClass
		for j := range each {
			for i := range chats {
				updates = append(updates, c.say(b, i, fmt.Sprint("message ", j))...)
			}
		}
		storage := c.chats.StateStorage(&memState{found: true})
		before := counted.commits.Load()
		b.StartTimer()
		for len(updates) > 0 {
			n := min(100, len(updates))
			c.dispatch(b, updates[:n]...)
			if err := storage.SetQts(b.Context(), 1, 1); err != nil {
				b.Fatal(err)
			}
			updates = updates[n:]
		}
		for c.messages.Load() < chats*each {
			time.Sleep(100 * time.Microsecond)
		}
		b.StopTimer()
		commits += counted.commits.Load() - before
		c.stop()
		db.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(commits)/float64(chats*each*b.N), "commits/message")
	b.ReportMetric(float64(chats*each*b.N)/b.Elapsed().Seconds(), "messages/s")
}

// manyChats is for a run by hand, with 10,000.
var manyChats = flag.Int("chats", 1000, "how many chats TestManyChats has")

// TestManyChats: chats that are open, with a store in a file: how long the start takes,
// and how much memory they have. The figures are for the log; what fails here is what would
// be of another order.
func TestManyChats(t *testing.T) {
	chats := *manyChats
	path := filepath.Join(t.TempDir(), "db")
	store, db := openBolt(t, path)
	db.NoSync = true // the making of them is not what is tested
	var c crowd
	c.start(t, store)
	c.openMore(t, chats)
	c.idle(t) // so that nothing is left to be done after the start
	c.stop()
	db.NoSync = false
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	c.chats, c.server, c.dispatcher = nil, nil, tg.UpdateDispatcher{}
	store, db = openBolt(t, path)
	defer db.Close()
	counted := &countingStore{Store: store}
	runtime.GC()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	c.start(t, counted)
	loaded := time.Since(start)
	last := c.chats.Chat(chats)
	eventually(t, "the last of them sends", func() bool {
		_, err := last.SendText("hello")
		return err == nil
	})
	eventually(t, "the text is sent", func() bool { return len(last.Pending()) == 0 })
	took := time.Since(start)
	c.idle(t)
	goroutines := runtime.NumGoroutine()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	memory := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d chats: loaded after %v, in use after %v, %d commits, %d goroutines, %.1f MB (%d bytes each)",
		chats, loaded, took, counted.commits.Load(), goroutines, float64(memory)/1e6, memory/int64(chats))
	if n := counted.commits.Load(); n > int64(chats)/4 {
		t.Errorf("the start of %d chats took %d commits", chats, n)
	}
	c.stop()
}

// openMore opens chats of which the peers are forgotten.
func (c *crowd) openMore(tb testing.TB, n int) {
	tb.Helper()
	first := len(c.chats.Chats()) + 1
	group, err := bigdh.Telegram(3)
	if err != nil {
		tb.Fatal(err)
	}
	_, gA, err := secretchat.Request(group, secretchat.Options{}) // the same for all
	if err != nil {
		tb.Fatal(err)
	}
	var g sync.WaitGroup
	next := make(chan int)
	for range 32 {
		g.Go(func() {
			for id := range next {
				for c.chats.Chat(id) == nil {
					time.Sleep(time.Millisecond)
				}
				if err := c.chats.Chat(id).Accept(tb.Context()); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for i := range n {
		c.dispatch(tb, &tg.UpdateEncryption{Chat: &tg.EncryptedChatRequested{ID: first + i, AccessHash: 1, AdminID: 2, GA: gA[:]}})
		next <- first + i
	}
	close(next)
	g.Wait()
}

// idle waits until chats have nothing to do, in which case they have no goroutine.
func (c *crowd) idle(t *testing.T) {
	t.Helper()
	eventually(t, "chats with nothing to do have no goroutine", func() bool { return runtime.NumGoroutine() < 100 })
}

// countingStore counts commits.
type countingStore struct {
	gotd.Store
	commits atomic.Int64
}

func (s *countingStore) Commit(changes []gotd.Change) error {
	s.commits.Add(1)
	return s.Store.Commit(changes)
}
