package secretchat

import (
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
)

// noStore is a Store that keeps nothing.
type noStore struct{}

func (noStore) Commit(int64, []Change) error { return nil }

// TestCommitAllocs: besides what the cipher takes, a commit allocates what the Store gets, which is
// a list of changes and one buffer for all of them.
func TestCommitAllocs(t *testing.T) {
	a, b := newSettledPair(t)
	deliver(t, a, say(t, b, 1, "hello"))
	say(t, a, 2, "hello")
	a.Chat.store = noStore{}
	if n := len(allRecords(a.Chat)); n < 3 {
		t.Fatalf("%d records", n)
	}
	var buf [100]byte
	records := 1 + len(allRecords(a.Chat))
	cipher := alloctest.PerRun(t, 100, func() {
		aead := a.ledger.key.aead(buf[:24])
		for range records {
			aead.Seal(buf[:0], buf[:12], buf[:50], nil)
		}
	})
	commit := alloctest.PerRun(t, 100, func() {
		if err := a.do(func() (bool, error) { a.touchAll(); return true, nil }); err != nil {
			t.Error(err)
		}
	})
	if want := cipher + 2; commit != want {
		t.Errorf("%v allocations, want %v, of which the cipher has %v", commit, want, cipher)
	}
}

// TestStoreGetsNew: a Store that keeps what it got, which it must not, has what was sealed then, and never
// sees in its place what is about to be sealed.
func TestStoreGetsNew(t *testing.T) {
	a, _ := newSettledPair(t)
	var kept []Change
	var copies recordSet
	a.Chat.store = storeFunc(func(changes []Change) { kept = changes; copies = nil; copies.apply(changes) })
	say(t, a, 1, "a message")
	first, want := kept, copies
	say(t, a, 2, "another")
	var got recordSet
	got.apply(first)
	if !got.equal(want) {
		t.Error("a commit has changed what an earlier one gave to the Store")
	}
}

type storeFunc func(changes []Change)

func (f storeFunc) Commit(_ int64, changes []Change) error { f(changes); return nil }

// TestPacketRoom: a packet is where its plaintext was, which has been encrypted in place, and not in a
// copy that a buffer without room for the padding would have made.
func TestPacketRoom(t *testing.T) {
	a, _ := newSettledPair(t)
	for i := range 100 {
		p := say(t, a, int64(i+1), "hello")
		object := a.history.records[p.Seq-a.acked].object
		if got, want := cap(p.Data), packetPadding.Room(4+len(object)); got != want {
			t.Fatalf("a packet of %d bytes with room for %d, want %d", len(p.Data), got, want)
		}
	}
}
