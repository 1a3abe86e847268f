package gotd_test

import (
	"testing"

	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/gotd"
)

// TestOldPeer: both sides understand each other, whatever the layer of one of them.
func TestOldPeer(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	for _, layer := range []int{73, 101} {
		b.layer = layer
		b.restart()
		atA, atB := newChat(t, a, b)
		m := &e2e.DecryptedMessage{Message: "bold"}
		m.SetEntities([]e2e.MessageEntityClass{&e2e.MessageEntityBold{Length: 4}})
		m.SetSilent(true)
		if _, err := atA.Send(m); err != nil {
			t.Fatal(err)
		}
		if got := b.wantText("bold").Message; len(got.Entities) != 1 {
			t.Errorf("layer %d: got %v, want an entity", layer, got)
		}
		testFile(t, a, atA, b, 100)
		testFile(t, b, atB, a, 100)
		if err := atB.Discard(); err != nil {
			t.Fatal(err)
		}
		next[*gotd.Closed](a)
		next[*gotd.Closed](b)
	}
}
