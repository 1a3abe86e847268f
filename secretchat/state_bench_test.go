package secretchat_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/secretchat"
)

// BenchmarkState is what a state costs, by how many messages the peer has not acknowledged:
// the bytes that one more writes, and the time to restore all.
func BenchmarkState(b *testing.B) {
	for _, size := range []int{100, 4000} {
		for _, waiting := range []int{0, 100, 900, 1000, 9000} {
			store := new(memoryStore)
			sides := benchPair(b, store, new(memoryStore))
			message := benchMessage(size)
			for range waiting {
				p, err := sides[0].Encrypt(message)
				if err != nil {
					b.Fatal(err)
				}
				sides[0].Sent(p)
			}
			name := fmt.Sprintf("size=%d/waiting=%d", size, waiting)
			if waiting != 1000 {
				b.Run("op=send/"+name, func(b *testing.B) {
					b.ReportAllocs()
					store.bytes = 0
					n := 0
					for b.Loop() {
						p, err := sides[0].Encrypt(message)
						if err != nil {
							b.Fatal(err)
						}
						sides[0].Sent(p)
						n++
					}
					b.ReportMetric(float64(store.bytes)/float64(n), "written/send")
				})
			}
			if waiting >= 1000 {
				b.Run("op=restore/"+name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						_, err := secretchat.Restore(1, store.all, secretchat.Options{StateKey: secretchat.StateKey{1}})
						if err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// TestPeakMemory: a chat with 64 MiB that the peer has not acknowledged takes less than three
// times as much, while it comes about, when it is restored and when all of it is handed
// out, with what the collector has not collected.
func TestPeakMemory(t *testing.T) {
	impltest.SkipShort(t, "seals 64 MiB, twice")
	const limit = 3 * 64 << 20
	store := new(memoryStore)
	sides := benchPair(t, store, new(memoryStore))
	other := memoryOf(nil)
	var peak uint64
	look := func() { peak = max(peak, memoryOf(store)) }
	message := benchMessage(64 << 10)
	var err error
	for n := 0; err == nil; n++ {
		if _, err = sides[0].Encrypt(message); n%8 == 0 {
			look()
		}
	}
	if err != secretchat.ErrBacklog {
		t.Fatal(err)
	}
	sides[0] = nil
	runtime.GC() // It is a new process that restores the chat.
	c := must(secretchat.Restore(1, store.all, secretchat.Options{StateKey: secretchat.StateKey{1}}))
	look()
	packets := c.Outbox()
	look()
	if len(packets) < 1000 {
		t.Errorf("%d packets", len(packets))
	}
	t.Logf("%d MiB at most, and %d MiB in the store", (peak-other)>>20, store.size()>>20)
	if peak-other > limit {
		t.Errorf("%d bytes, want %d at most", peak-other, limit)
	}
	runtime.KeepAlive(c)
}

// memoryOf returns how much of the heap is in use, but for what the store has.
func memoryOf(s *memoryStore) uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if s == nil {
		return m.HeapAlloc
	}
	return m.HeapAlloc - s.size()
}
