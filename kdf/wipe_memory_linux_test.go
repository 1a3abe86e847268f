//go:build amd64 && gc && !race && !asan && !msan

package kdf

import (
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeMemory looks for secrets where the stack was before it grew.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	seed := uint64(1)
	trial := func(count, n int, run func(jobs []Job)) wipetest.Trial {
		jobs := make([]Job, count)
		var tr wipetest.Trial
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey, j.Side, j.Padded = new(AuthKey), Side(i%2), make([]byte, n)
			seed = impl.Fill(j.AuthKey[:], seed)
			seed = impl.Fill(j.Padded, seed)
			seed = impl.Fill(j.MsgKey[:], seed)
			tr.Owned = append(tr.Owned, j.AuthKey[:], j.Padded, j.Key[:], j.IV[:])
		}
		tr.Run = func() { run(jobs) }
		tr.Secrets = func() [][]byte { return tr.Owned }
		return tr
	}
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, count, n int, run func(jobs []Job)) {
			t.Helper()
			wipetest.Memory(t, name, func() wipetest.Trial { return trial(count, n, run) })
		}
		// What there is to MTProto 1.0 and to the exchange of keys does not depend on backends.
		check("DeriveV1", 1, 16, func(jobs []Job) {
			j := &jobs[0]
			j.AuthKey.DeriveV1(&j.Key, &j.IV, j.Side, &j.MsgKey)
		})
		check("MsgKeyV1", 1, 40, func(jobs []Job) { jobs[0].AuthKey.MsgKeyV1(jobs[0].Padded) })
		check("MsgKeyV1, long", 1, 2000, func(jobs []Job) { jobs[0].AuthKey.MsgKeyV1(jobs[0].Padded) })
		check("ID", 1, 16, func(jobs []Job) { jobs[0].AuthKey.ID() })
		check("FileFingerprint", 1, 64, func(jobs []Job) {
			FileFingerprint((*[32]byte)(jobs[0].Padded), (*[32]byte)(jobs[0].Padded[32:]))
		})
		check("TempKeys", 1, 32, func(jobs []Job) {
			j := &jobs[0]
			TempKeys(&j.Key, &j.IV, (*[32]byte)(j.Padded), (*[16]byte)(&j.MsgKey))
		})
		if Backend() == "generic" {
			return // what crypto/sha256 leaves is not ours
		}
		check("Derive", 1, 16, func(jobs []Job) {
			j := &jobs[0]
			j.AuthKey.Derive(&j.Key, &j.IV, j.Side, &j.MsgKey)
		})
		check("MsgKey", 1, 592, func(jobs []Job) { jobs[0].AuthKey.MsgKey(Client, jobs[0].Padded) })
		for _, count := range []int{2, 16} {
			check(fmt.Sprint("MsgKeyBatch of ", count), count, 208, MsgKeyBatch)
			check(fmt.Sprint("DeriveBatch of ", count), count, 16, DeriveBatch)
		}
	})
}
