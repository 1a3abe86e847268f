package secretchat_test

import (
	"fmt"
	"testing"

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
