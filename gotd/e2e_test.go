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
	testFile(t, atB, a, 20<<20+5)

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

// testFile sends a file of size bytes from one side to the other.
func testFile(t *testing.T, from *gotd.Chat, to *client, size int64) {
	t.Helper()
	sent := sha256.New()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{byte(size)}), size), sent)
	message := &e2e.DecryptedMessage{Message: "a file"}
	message.SetMedia(&e2e.DecryptedMessageMediaDocument{MimeType: "application/octet-stream"})
	if _, err := from.SendFile(t.Context(), message, source, size); err != nil {
		t.Fatal(err)
	}
	m := to.wantText("a file")
	received := sha256.New()
	if err := to.chats.Download(t.Context(), m.Message.Media, m.File, received); err != nil {
		t.Fatal(err)
	}
	if got, want := sum(received), sum(sent); got != want {
		t.Errorf("file of %d bytes: SHA-256 is %s, want %s", size, got, want)
	}
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }
