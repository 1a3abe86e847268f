package gotd_test

import (
	"context"
	"log"
	"os"

	"github.com/gotd/td/telegram/message/styling"

	"github.com/mtcore/mtcore/gotd"
)

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
