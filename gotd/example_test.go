package gotd_test

import (
	"context"
	"log"
	"os"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/message/styling"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
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

// A message in gotd's style, which answers another and disappears a minute after it was
// read.
func ExampleBuilder() {
	var message *gotd.Message // that the handler was told of
	_, err := message.Chat.Compose().Reply(message.Message.RandomID).TTL(60).StyledText(
		styling.Plain("This is "), styling.Bold("important"), styling.Plain("."),
	)
	if err != nil {
		log.Print(err)
	}
}

// A file is read, encrypted and uploaded in parts. If that fails it goes on where it was
// when the file is sent again.
func ExampleBuilder_Media() {
	var chat *gotd.Chat // that is open
	file, err := gotd.FromPath("picture.jpg")
	if err != nil {
		log.Fatal(err)
	}
	photo := gotd.Photo(file, 1280, 720, gotd.Thumbnail{})
	if _, err := chat.Compose().ViewOnce().Media(context.Background(), photo, styling.Plain("Look at this")); err != nil {
		log.Print(err)
	}
}

// A file that came with a message is downloaded and decrypted in parts.
func ExampleMessage_Download() {
	var message *gotd.Message // that the handler was told of
	f, err := os.Create("picture.jpg")
	if err != nil {
		log.Fatal(err)
	}
	if err := message.Download(context.Background(), f); err != nil {
		log.Print(err)
	}
	if err := f.Close(); err != nil {
		log.Print(err)
	}
}
