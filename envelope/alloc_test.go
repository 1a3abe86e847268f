package envelope

import (
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// TestAllocs: nothing allocates that finds room in dst.
func TestAllocs(t *testing.T) {
	if ige.Backend() == "crypto/aes" {
		return // crypto/aes allocates its expanded key, for every message
	}
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(1)
		k := NewKey(auth)
		plaintext := plaintextV1(4, 1000)
		packet, err := k.Seal(nil, kdf.Client, plaintext, PadRandom)
		if err != nil {
			t.Fatal(err)
		}
		packetV1, err := k.SealV1(nil, kdf.Client, plaintext)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 0, len(plaintext)+MaxOverhead)
		refused := append([]byte(nil), packet...)
		refused[30] ^= 1

		var batches [][]Job
		for _, count := range []int{1, 2, 3, 40} {
			jobs, _ := newOpenBatch(make([]int, count)...)
			for i := range jobs {
				jobs[i].Dst = make([]byte, 0, 2000)
				jobs[i].Src = referenceSeal(jobs[i].Key.auth, jobs[i].Side, random(160))
			}
			batches = append(batches, jobs)
		}
		each := func(f func([]Job) error) func() error {
			return func() error {
				for _, jobs := range batches {
					if err := f(jobs); err != nil {
						return err
					}
					for i := range jobs {
						jobs[i].Dst = jobs[i].Dst[:0]
					}
				}
				return nil
			}
		}

		for _, tt := range []struct {
			name string
			f    func() error
		}{
			{"Seal", func() error { _, err := Seal(buf, auth, kdf.Client, plaintext, PadRandom); return err }},
			{"Open", func() error { _, err := Open(buf, auth, kdf.Client, packet); return err }},
			{"Key.Seal", func() error { _, err := k.Seal(buf, kdf.Client, plaintext, PadBuckets); return err }},
			{"Key.Open", func() error { _, err := k.Open(buf, kdf.Client, packet); return err }},
			{"Key.Open of a bad packet", func() error {
				if _, err := k.Open(buf, kdf.Client, refused); err != ErrDecrypt {
					panic(err)
				}
				return nil
			}},
			{"SealV1", func() error { _, err := SealV1(buf, auth, kdf.Client, plaintext); return err }},
			{"OpenV1", func() error { _, err := OpenV1(buf, auth, kdf.Client, packetV1, SecretChat); return err }},
			{"Body", func() error { _, err := SecretChat.Body(V1, plaintext); return err }},
			{"SealBatch", each(SealBatch)},
			{"OpenBatch", each(OpenBatch)},
		} {
			got := alloctest.PerRun(t, 20, func() {
				if err := tt.f(); err != nil {
					panic(err)
				}
			})
			if got != 0 {
				t.Errorf("%s: %v allocations", tt.name, got)
			}
		}
	})
}
