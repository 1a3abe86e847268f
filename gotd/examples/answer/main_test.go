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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	file := []byte("contents of a file")
	chats, err := gotd.New(client.API(), gotd.Options{
		Store: store, StateKey: secretchat.StateKey{1},
		Handler: script(t, file),
	})
	if err != nil {
		return err
	}
	chats.Register(dispatcher)
	err = client.Run(ctx, func(ctx context.Context) error {
		if _, err := chats.Request(ctx, &tg.InputUser{UserID: program}); err != nil {
			return err
		}
		return chats.Run(ctx)
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

var errEnd = errors.New("the end of the script")

// script is the handler that has the conversation.
func script(t *testing.T, file []byte) func(context.Context, gotd.Event) error {
	return func(ctx context.Context, e gotd.Event) error {
		switch e := e.(type) {
		case *gotd.Opened:
			_, err := e.Chat.SendText("hello")
			return err
		case *gotd.Message:
			switch text := e.Message.Message; text {
			case "You said: hello":
				m := new(e2e.DecryptedMessage)
				m.SetMedia(&e2e.DecryptedMessageMediaDocument{MimeType: "text/plain"})
				_, err := e.Chat.SendFile(ctx, m, bytes.NewReader(file), int64(len(file)))
				return err
			case fmt.Sprintf("SHA-256: %x", sha256.Sum256(file)):
				return errEnd
			default:
				t.Errorf("unexpected answer %q", text)
			}
		}
		return nil
	}
}
