// Answer is a user of Telegram that accepts every secret chat and answers: it repeats what
// is written or spoken to it, makes an album of photos, shows another picture for one that
// may be seen once, and tells the SHA-256 of other files. It logs what was delivered.
//
//	APP_ID=… APP_HASH=… PHONE=… go run . -dir ~/.answer
//
// APP_ID and APP_HASH are from https://my.telegram.org. At the first start it asks for the
// code that Telegram sends to the account, and takes the password, if it has one, from
// PASSWORD.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/telegram/message/styling"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/gotd/boltstore"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
)

func main() {
	dir := flag.String("dir", ".", "where to keep the session and the chats, which are secret")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, telegram.Options{}); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir string, options telegram.Options) error {
	appID, err := strconv.Atoi(os.Getenv("APP_ID"))
	if err != nil {
		return fmt.Errorf("APP_ID: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key, err := stateKey(filepath.Join(dir, "state.key"))
	if err != nil {
		return err
	}
	db, err := bbolt.Open(filepath.Join(dir, "chats.db"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := boltstore.New(db, "secret chats")
	if err != nil {
		return err
	}

	// The client needs a handler of updates, which needs the manager of the chats, which
	// needs the client.
	var gaps *updates.Manager
	options.SessionStorage = &telegram.FileSessionStorage{Path: filepath.Join(dir, "session.json")}
	options.UpdateHandler = telegram.UpdateHandlerFunc(func(ctx context.Context, u tg.UpdatesClass) error {
		return gaps.Handle(ctx, u)
	})
	client := telegram.NewClient(appID, os.Getenv("APP_HASH"), options)
	bot := new(bot)
	bot.chats, err = gotd.New(client.API(), gotd.Options{Store: store, StateKey: key, Handler: bot.handle})
	if err != nil {
		return err
	}
	dispatcher := tg.NewUpdateDispatcher()
	bot.chats.Register(dispatcher)
	gaps = updates.New(updates.Config{
		Handler: dispatcher,
		Storage: bot.chats.StateStorage(&stateFile{path: filepath.Join(dir, "updates.json")}),
	})

	return client.Run(ctx, func(ctx context.Context) error {
		login := auth.Constant(os.Getenv("PHONE"), os.Getenv("PASSWORD"), auth.CodeAuthenticatorFunc(askForCode))
		if err := client.Auth().IfNecessary(ctx, auth.NewFlow(login, auth.SendCodeOptions{})); err != nil {
			return err
		}
		self, err := client.Self(ctx)
		if err != nil {
			return err
		}
		log.Printf("user %d answers", self.ID)
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return gaps.Run(ctx, client.API(), self.ID, updates.AuthOptions{}) })
		g.Go(func() error { return bot.chats.Run(ctx) })
		return g.Wait()
	})
}

type bot struct{ chats *gotd.Manager }

// handle is told what happens in all chats. What it returns is logged, and has the event
// come again: here there is no use in that.
func (b *bot) handle(ctx context.Context, e gotd.Event) error {
	switch e := e.(type) {
	case *gotd.Requested:
		b.report(e.Chat, e.Chat.Accept(ctx)) // unless the peer has withdrawn it already
	case *gotd.Opened:
		picture, err := e.Chat.Visualization()
		if err != nil { // the peer has ended the chat already
			b.report(e.Chat, err)
			return nil
		}
		log.Printf("chat %d with user %d is open; compare:\n%s", e.Chat.ID(), e.Chat.PeerID(), kdf.VisualizationHex(picture))
	case *gotd.Closed:
		log.Printf("chat %d was ended by %s: %v", e.Chat.ID(), e.By, e.Err)
	case *gotd.Damaged:
		log.Printf("chat %d cannot be read, and is removed: %v", e.Chat.ID(), e.Err)
		b.report(e.Chat, e.Chat.Discard())
	case *gotd.Message:
		b.report(e.Chat, b.answer(ctx, e))
	case *gotd.Delivered:
		log.Printf("chat %d: the peer has messages %d", e.Chat.ID(), e.RandomIDs)
	case *gotd.Failed:
		log.Printf("chat %d: message %d is refused: %v", e.Chat.ID(), e.RandomID, e.Err)
	}
	return nil
}

// answer repeats what is said. The other chats do not wait for the files of this one.
func (b *bot) answer(ctx context.Context, m *gotd.Message) error {
	if err := m.Chat.MarkRead(ctx, m); err != nil {
		return err
	}
	to := m.Chat.Compose().Reply(m.Message.RandomID)
	info := m.Info()
	switch {
	case m.FileMissing:
		_, err := to.Text("The file of this is missing")
		return err
	case m.File == nil:
		_, err := to.StyledText(styling.Plain("You said: "), styling.Bold(m.Text()))
		return err
	case m.ViewOnce():
		// It is not for keeping: what comes back is another picture, to be seen once as well.
		picture, w, h, err := drawing()
		if err != nil {
			return err
		}
		_, err = to.ViewOnce().Media(ctx, gotd.Photo(gotd.FromBytes("", picture), w, h, gotd.Thumbnail{}))
		return err
	case info.Kind == gotd.KindVoice:
		// The server keeps the file under its key: it need not be sent again.
		voice, err := gotd.Forward(m)
		if err != nil {
			return err
		}
		_, err = to.Media(ctx, voice)
		return err
	case info.Kind == gotd.KindPhoto:
		return b.album(ctx, m)
	default:
		h := sha256.New()
		if err := m.Download(ctx, h); err != nil {
			return err
		}
		_, err := to.Text(fmt.Sprintf("SHA-256: %x", h.Sum(nil)))
		return err
	}
}

// album answers a photo with two: that one, and another.
func (b *bot) album(ctx context.Context, m *gotd.Message) error {
	photo, err := gotd.Forward(m)
	if err != nil {
		return err
	}
	picture, w, h, err := drawing()
	if err != nil {
		return err
	}
	_, err = m.Chat.Compose().Album(ctx,
		gotd.Captioned{Media: photo, Caption: []styling.StyledTextOption{styling.Plain("Yours")}},
		gotd.Captioned{Media: gotd.Photo(gotd.FromBytes("", picture), w, h, gotd.Thumbnail{})},
	)
	return err
}

// drawing returns a JPEG.
func drawing() (picture []byte, w, h int, err error) {
	img := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, img, nil)
	return b.Bytes(), 320, 240, err
}

func (b *bot) report(c *gotd.Chat, err error) {
	if err != nil {
		log.Printf("chat %d: %v", c.ID(), err)
	}
}

func askForCode(context.Context, *tg.AuthSentCode) (code string, err error) {
	fmt.Print("code: ")
	_, err = fmt.Scanln(&code)
	return code, err
}

// stateKey returns the key in a file, which it makes if there is none. A real application
// has a better place for it.
func stateKey(path string) (key secretchat.StateKey, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		rand.Read(key[:])
		return key, os.WriteFile(path, key[:], 0o600)
	}
	if err == nil && len(b) != len(key) {
		err = fmt.Errorf("%s is not a key", path)
	}
	copy(key[:], b)
	return key, err
}
