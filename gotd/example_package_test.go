package gotd_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/secretchat"
)

// A client that accepts secret chats and prints what is written to it. Everything that it
// must not forget is in one file. The program in examples/answer has what is left out here,
// the login above all.
func Example() {
	var key secretchat.StateKey
	rand.Read(key[:]) // always the same in truth, and out of the system's key store
	dir, err := os.MkdirTemp("", "chats")
	if err != nil {
		log.Fatal(err)
	}
	if err := printMessages(context.Background(), dir, key, 1, "app hash", telegram.Options{}); err != nil {
		log.Print(err)
	}
}

func printMessages(ctx context.Context, dir string, key secretchat.StateKey, appID int, appHash string, options telegram.Options) error {
	db, err := bbolt.Open(filepath.Join(dir, "chats.db"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := boltstore.New(db, "secret chats")
	if err != nil {
		return err
	}
	state, err := boltstore.NewState(db, "updates")
	if err != nil {
		return err
	}

	var gaps *updates.Manager
	options.UpdateHandler = telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
		return gaps.Handle(ctx, u)
	})
	client := telegram.NewClient(appID, appHash, options)
	chats, err := gotd.New(client.API(), gotd.Options{Store: store, StateKey: key, Handler: printMessage})
	if err != nil {
		return err
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	gaps = updates.New(updates.Config{Handler: dispatcher, Storage: chats.StateStorage(state)})

	return client.Run(ctx, func(ctx context.Context) error {
		self, err := client.Self(ctx)
		if err != nil {
			return err
		}
		go gaps.Run(ctx, client.API(), self.ID, updates.AuthOptions{})
		return chats.Run(ctx)
	})
}

// printMessage returns the errors of what can be tried again. Who asked for a chat may have
// withdrawn: then there is nothing to try.
func printMessage(ctx context.Context, e gotd.Event) error {
	switch e := e.(type) {
	case *gotd.Requested:
		return e.Chat.Accept(ctx)
	case *gotd.Message:
		_, err := fmt.Println(e.Text())
		return err
	}
	return nil
}
