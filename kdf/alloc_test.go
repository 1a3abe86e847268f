package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestAllocs: nothing allocates that is called for messages. Keys, plaintexts and
// results are on the stack here, where the calls must leave them.
func TestAllocs(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, tt := range []struct {
			name string
			f    func()
		}{
			{"MsgKey and Verify", func() {
				var k AuthKey
				var padded [1000]byte
				m := k.MsgKey(Client, padded[:])
				if !k.Verify(Client, &m, padded[:]) {
					t.Error("refused")
				}
			}},
			{"Derive", func() {
				var k AuthKey
				var m MsgKey
				var key, iv [32]byte
				k.Derive(&key, &iv, Server, &m)
				k.DeriveV1(&key, &iv, Server, &m)
			}},
			{"MsgKeyV1", func() {
				var k AuthKey
				var plaintext [1000]byte
				k.MsgKeyV1(plaintext[:])
			}},
			{"ID, Fingerprint and Wipe", func() {
				var k AuthKey
				k.ID()
				k.Fingerprint()
				k.Wipe()
			}},
			{"FileFingerprint", func() {
				var key, iv [32]byte
				FileFingerprint(&key, &iv)
			}},
			{"TempKeys", func() {
				var key, iv, newNonce [32]byte
				var serverNonce [16]byte
				TempKeys(&key, &iv, &newNonce, &serverNonce)
			}},
			{"Visualization", func() {
				var k AuthKey
				Visualization(&k, &k)
			}},
			{"batches", func() {
				var k AuthKey
				var padded [1000]byte
				var jobs [20]Job
				for i := range jobs {
					jobs[i].AuthKey, jobs[i].Padded = &k, padded[:40*i]
				}
				for n := range jobs {
					MsgKeyBatch(jobs[:n])
					DeriveBatch(jobs[:n])
				}
			}},
		} {
			if got := alloctest.PerRun(t, 20, tt.f); got != 0 {
				t.Errorf("%s: %v allocations", tt.name, got)
			}
		}

		long, k := random(100_000), randomKey(newRand(1))
		got := alloctest.PerRun(t, 20, func() { k.MsgKey(Client, long) })
		if Backend() != "generic" && got != 0 {
			t.Errorf("MsgKey of a long message: %v allocations", got)
		}
		if got > 2 {
			t.Errorf("MsgKey of a long message: %v allocations, want 2 at most", got)
		}
	})
}
