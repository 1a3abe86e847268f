package gotd_test

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/gotd"
)

// TestEndToEnd is the life of a chat between two clients, over loopback.
func TestEndToEnd(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, atB := newChat(t, a, b)

	pictureA, errA := atA.Visualization()
	pictureB, errB := atB.Visualization()
	if pictureA != pictureB || errA != nil || errB != nil {
		t.Fatalf("the key is not the same on both sides: %x, %v and %x, %v", pictureA, errA, pictureB, errB)
	}

	t.Log("messages and actions, both ways")
	for i := range 10 {
		send(t, atA, fmt.Sprint("ping ", i))
		b.wantText(fmt.Sprint("ping ", i))
		send(t, atB, fmt.Sprint("pong ", i))
		a.wantText(fmt.Sprint("pong ", i))
	}
	if _, err := atB.SendAction(&e2e.DecryptedMessageActionSetMessageTTL{TTLSeconds: 60}); err != nil {
		t.Fatal(err)
	}
	action := next[*gotd.Action](a).Action
	if ttl, ok := action.(*e2e.DecryptedMessageActionSetMessageTTL); !ok || ttl.TTLSeconds != 60 {
		t.Errorf("got action %v, want a time to live of 60", action)
	}

	t.Log("a new key after 100 messages")
	first, err := atA.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		send(t, atA, fmt.Sprint("message ", i))
	}
	for i := range 100 {
		b.wantText(fmt.Sprint("message ", i))
	}
	send(t, atB, "got it")
	a.wantText("got it")
	eventually(t, "the same new key on both sides", func() bool {
		atA, _ := atA.Fingerprint()
		atB, _ := atB.Fingerprint()
		return atA == atB && atA != first
	})

	t.Log("a file")
	testFile(t, b, atB, a, 20<<20+5)

	t.Log("a restart with messages on their way in both directions")
	bob.LoseAnswers(tg.MessagesSendEncryptedRequestTypeID, 1)
	send(t, atB, "the answer to this is lost")
	a.wantText("the answer to this is lost")
	b.stop()
	for i := range 5 {
		send(t, atA, fmt.Sprint("while away ", i))
	}
	a.stop()
	b.start()
	a.start()
	atA, atB = a.chats.Chat(atA.ID()), b.chats.Chat(atB.ID())
	for i := range 5 {
		b.wantText(fmt.Sprint("while away ", i))
	}
	send(t, atB, "back again")
	a.wantText("back again")
	if alice.Duplicates()+bob.Duplicates() == 0 {
		t.Error("nothing was sent again after the restart")
	}
	if got, err := atA.Visualization(); got != pictureA || err != nil {
		t.Errorf("picture has changed: %x, %v, want %x", got, err, pictureA)
	}

	t.Log("the end")
	eventually(t, "all messages are acknowledged", func() bool { return alice.Queued() == 0 && bob.Queued() == 0 })
	if err := atA.Discard(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{a, b} {
		if e := next[*gotd.Closed](c); e.Err != nil {
			t.Errorf("chat closed for %v, want no reason", e.Err)
		}
		eventually(t, "the chat is forgotten", func() bool { return len(c.chats.Chats()) == 0 })
		c.quiet()
	}
	if _, err := atA.SendText("too late"); err != gotd.ErrNotOpen {
		t.Errorf("sending in a closed chat: got %v, want %v", err, gotd.ErrNotOpen)
	}
}

// inMemory is how much of a file, in bytes, may be on its way through a client.
const inMemory = 4 << 20

// testFile sends a file of size bytes from one side to the other.
func testFile(t *testing.T, from *client, chat *gotd.Chat, to *client, size int64) {
	t.Helper()
	sent := sendFile(t, from, chat, "a file", size)
	m := to.wantText("a file")
	received := sha256.New()
	before := to.user.Transferred()
	sink := &meter{w: received, check: func(written int64) {
		if n := to.user.Transferred() - before - written; n > inMemory {
			t.Errorf("file of %d bytes: %d of them are in memory", size, n)
		}
	}}
	if err := to.chats.Download(t.Context(), m.Message.Media, m.File, sink); err != nil {
		t.Fatal(err)
	}
	if got := sum(received); got != sent {
		t.Errorf("file of %d bytes: SHA-256 is %s, want %s", size, got, sent)
	}
}

// sendFile sends a file of random bytes, and returns its SHA-256.
func sendFile(t *testing.T, from *client, chat *gotd.Chat, text string, size int64) string {
	t.Helper()
	h := sha256.New()
	before := from.user.Transferred()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{byte(size)}), size), &meter{w: h, check: func(read int64) {
		if n := read - (from.user.Transferred() - before); n > inMemory {
			t.Errorf("file of %d bytes: %d of them are in memory", size, n)
		}
	}})
	m := &e2e.DecryptedMessage{Message: text}
	m.SetMedia(&e2e.DecryptedMessageMediaDocument{MimeType: "application/octet-stream"})
	if _, err := chat.SendFile(t.Context(), m, gotd.FromReader("", source, size)); err != nil {
		t.Fatal(err)
	}
	return sum(h)
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

// meter calls check with the number of bytes that have been written before.
type meter struct {
	w     io.Writer
	n     int64
	check func(n int64)
}

func (m *meter) Write(p []byte) (int, error) {
	m.check(m.n)
	n, err := m.w.Write(p)
	m.n += int64(n)
	return n, err
}
