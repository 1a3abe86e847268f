package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/gotd/internal/relay"
	"github.com/mtcore/mtcore/secretchat"
)

// TestClosedAtOnce: a chat that the peer has ended by the time that it is said to be open
// does not end the program.
func TestClosedAtOnce(t *testing.T) {
	closed := new(gotd.Chat) // it has no key
	if err := new(bot).handle(t.Context(), &gotd.Opened{Chat: closed}); err != nil {
		t.Errorf("got %v, want none", err)
	}
}

// TestAnswer talks to the program through a server on this machine.
func TestAnswer(t *testing.T) {
	t.Setenv("APP_ID", "1")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	server := relay.New()
	program, err := server.AddUser(1)
	if err != nil {
		t.Fatal(err)
	}
	me, err := server.AddUser(2)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	done := make(chan error, 1)
	dir := t.TempDir()
	go func() { done <- run(ctx, dir, program.Options()) }()
	for program.Calls(tg.UpdatesGetDifferenceRequestTypeID) == 0 { // then it has a state, and misses nothing
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the program does not listen")
		}
	}

	if err := talk(ctx, t, me, program.ID); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// talk is the other side of the chat.
func talk(ctx context.Context, t *testing.T, me *relay.User, program int64) error {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := boltstore.New(db, "me")
	if err != nil {
		return err
	}
	dispatcher := tg.NewUpdateDispatcher()
	options := me.Options()
	options.UpdateHandler = dispatcher
	client := telegram.NewClient(1, "hash", options)
	script := newScript(t)
	chats, err := gotd.New(client.API(), gotd.Options{
		Store: store, StateKey: secretchat.StateKey{1},
		Handler: script.handle,
	})
	if err != nil {
		return err
	}
	chats.Register(dispatcher)
	err = client.Run(ctx, func(ctx context.Context) error {
		if _, err := chats.Request(ctx, &tg.InputUser{UserID: program}); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			<-script.end
			cancel()
		}()
		return chats.Run(ctx)
	})
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		return nil
	}
	return err
}

// script is the conversation: one answer after the other is waited for.
type script struct {
	t         *testing.T
	steps     []step
	end       chan struct{}
	delivered map[int64]bool
	sent      int64 // the last message
}

// step sends something, and wants an answer.
type step struct {
	name string
	send func(context.Context, *gotd.Chat) (*e2e.DecryptedMessage, error)
	want func(*gotd.Message) bool
}

func newScript(t *testing.T) *script {
	content := []byte("contents of a file")
	file := func() *gotd.File { return gotd.FromBytes("file.txt", content) }
	photo := gotd.Photo(file(), 10, 10, gotd.Thumbnail{})
	return &script{t: t, end: make(chan struct{}), delivered: map[int64]bool{}, steps: []step{
		{"text", func(_ context.Context, c *gotd.Chat) (*e2e.DecryptedMessage, error) {
			return c.Compose().Text("hello")
		}, func(m *gotd.Message) bool {
			return m.Text() == "You said: hello" && len(m.Message.Entities) == 1
		}},
		{"document", func(ctx context.Context, c *gotd.Chat) (*e2e.DecryptedMessage, error) {
			return c.Compose().Media(ctx, gotd.Document(file(), "text/plain", gotd.Thumbnail{}))
		}, func(m *gotd.Message) bool { return m.Text() == fmt.Sprintf("SHA-256: %x", sha256.Sum256(content)) }},
		{"voice", func(ctx context.Context, c *gotd.Chat) (*e2e.DecryptedMessage, error) {
			return c.Compose().Media(ctx, gotd.Voice(file(), time.Second, []byte{1, 2}))
		}, func(m *gotd.Message) bool {
			var b bytes.Buffer
			err := m.Download(t.Context(), &b)
			return err == nil && m.Info().Kind == gotd.KindVoice && bytes.Equal(b.Bytes(), content)
		}},
		{"view once", func(ctx context.Context, c *gotd.Chat) (*e2e.DecryptedMessage, error) {
			return c.Compose().ViewOnce().Media(ctx, photo)
		}, func(m *gotd.Message) bool { return m.Info().Kind == gotd.KindPhoto }},
		{"photo", func(ctx context.Context, c *gotd.Chat) (*e2e.DecryptedMessage, error) {
			return c.Compose().Media(ctx, photo)
		}, func(m *gotd.Message) bool {
			return m.Text() == "Yours" && m.File != nil && m.Message.GroupedID != 0
		}},
		{"second of the album", nil, func(m *gotd.Message) bool {
			return m.Info().Kind == gotd.KindPhoto && m.File != nil && m.Message.GroupedID != 0
		}},
	}}
}

func (s *script) handle(ctx context.Context, e gotd.Event) error {
	switch e := e.(type) {
	case *gotd.Opened:
		return s.next(ctx, e.Chat)
	case *gotd.Delivered:
		for _, id := range e.RandomIDs {
			s.delivered[id] = true
		}
	case *gotd.Message:
		step := s.steps[0]
		if !step.want(e) {
			s.t.Errorf("%s: unexpected answer %v", step.name, e.Message)
		}
		if !s.delivered[s.sent] {
			s.t.Errorf("%s: answered, and not delivered", step.name)
		}
		s.steps = s.steps[1:]
		return s.next(ctx, e.Chat)
	}
	return nil
}

func (s *script) next(ctx context.Context, c *gotd.Chat) error {
	if len(s.steps) == 0 {
		close(s.end)
		return nil
	}
	if s.steps[0].send == nil {
		return nil
	}
	m, err := s.steps[0].send(ctx, c)
	if err != nil {
		s.t.Errorf("%s: %v", s.steps[0].name, err)
		return nil
	}
	s.sent = m.RandomID
	return nil
}
