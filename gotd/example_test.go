package gotd_test

import (
	"context"
	"log"
	"os"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"go.etcd.io/bbolt"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/secretchat"
)

// A client that accepts secret chats and prints what is written to it. The program in
// examples/answer has what is left out here: the login, errors, and a place for keys.
func Example() {
	db, err := bbolt.Open("chats.db", 0o600, nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := boltstore.New(db, "secret chats")
	if err != nil {
		log.Fatal(err)
	}
	var (
		key     secretchat.StateKey  // 32 secret bytes of the application
		storage updates.StateStorage // such as that of github.com/gotd/contrib/bbolt
		gaps    *updates.Manager
	)
	client := telegram.NewClient(1, "app hash", telegram.Options{
		UpdateHandler: telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
			return gaps.Handle(ctx, u)
		}),
	})
	chats, err := gotd.New(client.API(), gotd.Options{
		Store: store, StateKey: key,
		Handler: func(ctx context.Context, e gotd.Event) error {
			switch e := e.(type) {
			case *gotd.Requested:
				return e.Chat.Accept(ctx)
			case *gotd.Message:
				log.Print(e.Message.Message)
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	dispatcher := tg.NewUpdateDispatcher()
	chats.Register(dispatcher)
	gaps = updates.New(updates.Config{Handler: dispatcher, Storage: chats.StateStorage(storage)})

	err = client.Run(context.Background(), func(ctx context.Context) error {
		self, err := client.Self(ctx)
		if err != nil {
			return err
		}
		go chats.Run(ctx)
		return gaps.Run(ctx, client.API(), self.ID, updates.AuthOptions{})
	})
	log.Print(err)
}

// A file is read, encrypted and uploaded in parts.
func ExampleChat_SendFile() {
	var chat *gotd.Chat // that is open
	f, err := os.Open("picture.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		log.Fatal(err)
	}
	m := &e2e.DecryptedMessage{Message: "Look at this"}
	m.SetMedia(&e2e.DecryptedMessageMediaPhoto{W: 1280, H: 720})
	if _, err := chat.SendFile(context.Background(), m, f, info.Size()); err != nil {
		log.Print(err)
	}
}

// A file that came with a message is downloaded and decrypted in parts.
func ExampleManager_Download() {
	var (
		chats *gotd.Manager
		event *gotd.Message // that the handler was told of
	)
	f, err := os.Create("picture.jpg")
	if err != nil {
		log.Fatal(err)
	}
	if err := chats.Download(context.Background(), event.Message.Media, event.File, f); err != nil {
		log.Print(err)
	}
	if err := f.Close(); err != nil {
		log.Print(err)
	}
}
