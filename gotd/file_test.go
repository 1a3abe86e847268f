package gotd_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// TestFiles: all lengths that are special, to blocks, to parts, and to what is a big file.
func TestFiles(t *testing.T) {
	server, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	for _, size := range []int64{1, 15, 16, 17, 128<<10 - 1, 128 << 10, 512 << 10, 10<<20 - 16, 10<<20 - 15, 10 << 20, 10<<20 + 1} {
		testFile(t, a, atA, b, size)
	}

	// Nobody can see that the server has changed a file; that it is shorter, one can.
	sent := sendFile(t, a, atA, "tampered", 100)
	m := b.wantText("tampered")
	server.Tamper()
	var n countingWriter
	received := sha256.New()
	err := b.chats.Download(t.Context(), m.Message.Media, m.File, io.MultiWriter(&n, received))
	if got := sum(received); err != nil || n != 100 || got == sent {
		t.Errorf("downloaded %d bytes, %v, with SHA-256 %s, want 100 with any but %s", n, err, got, sent)
	}
	for _, tt := range []struct {
		name   string
		change func(*e2e.DecryptedMessageMediaDocument, *tg.EncryptedFile)
		want   error
	}{
		{"shorter", func(_ *e2e.DecryptedMessageMediaDocument, f *tg.EncryptedFile) { f.Size -= 16 }, secretchat.ErrFileSize},
		{"longer", func(_ *e2e.DecryptedMessageMediaDocument, f *tg.EncryptedFile) { f.Size += 16 }, secretchat.ErrFileSize},
		{"other size, other file", func(d *e2e.DecryptedMessageMediaDocument, f *tg.EncryptedFile) {
			d.Size, f.Size = 200, 208
		}, secretchat.ErrFileSize},
		{"other key", func(d *e2e.DecryptedMessageMediaDocument, _ *tg.EncryptedFile) { d.Key[0] ^= 1 }, secretchat.ErrFileKey},
		{"no key", func(d *e2e.DecryptedMessageMediaDocument, _ *tg.EncryptedFile) { d.Key = nil }, secretchat.ErrFileKey},
		{"negative size", func(d *e2e.DecryptedMessageMediaDocument, _ *tg.EncryptedFile) { d.Size = -1 }, secretchat.ErrFileSize},
	} {
		media, file := *m.Message.Media.(*e2e.DecryptedMessageMediaDocument), *m.File
		media.Key = append([]byte(nil), media.Key...)
		tt.change(&media, &file)
		if err := b.chats.Download(t.Context(), &media, &file, io.Discard); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestFileKinds: all media that have a file, and some that have none.
func TestFileKinds(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	for _, media := range []e2e.DecryptedMessageMediaClass{
		&e2e.DecryptedMessageMediaPhoto{W: 1, H: 1}, &e2e.DecryptedMessageMediaVideo{MimeType: "video/mp4"},
		&e2e.DecryptedMessageMediaAudio{MimeType: "audio/ogg"}, &e2e.DecryptedMessageMediaDocument{},
	} {
		m := new(e2e.DecryptedMessage)
		m.SetMedia(media)
		if _, err := atA.SendFile(t.Context(), m, gotd.FromReader("", zeros{}, 100)); err != nil {
			t.Fatalf("%T: %v", media, err)
		}
		received := next[*gotd.Message](b)
		if got := received.Message.Media; got.TypeID() != media.TypeID() {
			t.Errorf("got %T, want %T", got, media)
		}
		var file countingWriter
		if err := b.chats.Download(t.Context(), received.Message.Media, received.File, &file); err != nil || file != 100 {
			t.Errorf("%T: downloaded %d bytes, %v, want 100", media, file, err)
		}
	}
	for _, media := range []e2e.DecryptedMessageMediaClass{nil, &e2e.DecryptedMessageMediaWebPage{}, &e2e.DecryptedMessageMediaEmpty{}} {
		m := &e2e.DecryptedMessage{Media: media}
		if _, err := atA.SendFile(t.Context(), m, gotd.FromReader("", zeros{}, 100)); !errors.Is(err, gotd.ErrNoFile) {
			t.Errorf("%T: got %v, want %v", media, err, gotd.ErrNoFile)
		}
		if err := a.chats.Download(t.Context(), media, nil, io.Discard); !errors.Is(err, gotd.ErrNoFile) {
			t.Errorf("%T: got %v, want %v", media, err, gotd.ErrNoFile)
		}
	}
	photo := &e2e.DecryptedMessage{Media: &e2e.DecryptedMessageMediaPhoto{}}
	for _, tt := range []struct {
		name string
		r    io.Reader
		size int64
	}{
		{"empty", zeros{}, 0},
		{"negative", zeros{}, -1},
		{"too long for a photo", zeros{}, math.MaxInt32 + 1},
		{"less than announced", io.LimitReader(zeros{}, 99), 100},
		{"broken off", io.MultiReader(io.LimitReader(zeros{}, 50), iotest.ErrReader(io.ErrUnexpectedEOF)), 100},
	} {
		if _, err := atA.SendFile(t.Context(), photo, gotd.FromReader("", tt.r, tt.size)); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	b.quiet()
}

// TestSameFile: a File may be sent several times at the same time, and be several items of an
// album. Each message has an upload of its own.
func TestSameFile(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	content := bytes.Repeat([]byte("0123456789"), 20_000) // two parts
	photo := gotd.Photo(gotd.FromBytes("", content), 1, 1, gotd.Thumbnail{})
	var chats []*gotd.Chat
	for range 3 {
		c, _ := newChat(t, a, b)
		chats = append(chats, c)
	}
	var g sync.WaitGroup
	for _, c := range chats {
		g.Go(func() {
			if _, err := c.Compose().Media(t.Context(), photo); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if _, err := chats[0].Compose().Album(t.Context(), gotd.Captioned{Media: photo}, gotd.Captioned{Media: photo}); err != nil {
		t.Fatal(err)
	}
	ids := map[int64]bool{}
	for range len(chats) + 2 {
		m := next[*gotd.Message](b)
		var got bytes.Buffer
		if err := m.Download(t.Context(), &got); err != nil || !bytes.Equal(got.Bytes(), content) {
			t.Errorf("got %d bytes, %v", got.Len(), err)
		}
		ids[m.File.ID] = true
	}
	if len(ids) != len(chats)+2 {
		t.Errorf("%d messages have %d files", len(chats)+2, len(ids))
	}
	a.quiet()
}
