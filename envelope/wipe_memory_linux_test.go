//go:build amd64 && gc && !race && !asan && !msan

package envelope

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// TestWipeMemory looks for secrets where the stack was before it grew.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	seed := uint64(1)
	trial := func(count, n int, version Version, opening bool, run func(jobs []Job)) wipetest.Trial {
		jobs := make([]Job, count)
		keys, ivs, texts := make([][32]byte, count), make([][32]byte, count), make([][]byte, count)
		var tr wipetest.Trial
		for i := range jobs {
			j := &jobs[i]
			auth := new(kdf.AuthKey)
			seed = impl.Fill(auth[:], seed)
			texts[i] = make([]byte, n)
			seed = impl.Fill(texts[i], seed)
			binary.LittleEndian.PutUint32(texts[i], uint32(n-4))
			j.Key, j.Side, j.Src, j.Dst = NewKey(auth), kdf.Side(i%2), texts[i], make([]byte, 0, n+MaxOverhead)
			if opening {
				packet := make([]byte, n+HeaderSize)
				if version == V1 {
					j.Src = j.Key.sealV1(packet[:0], j.Side, texts[i], nil)
				} else {
					j.Src = j.Key.seal(packet[:0], j.Side, texts[i], nil)
				}
			}
			tr.Owned = append(tr.Owned, auth[:], texts[i], j.Dst[:cap(j.Dst)], keys[i][:], ivs[i][:])
		}
		tr.Run = func() { run(jobs) }
		tr.Secrets = func() (list [][]byte) {
			for i := range jobs {
				j := &jobs[i]
				packet := j.Src
				if !opening {
					packet = j.Dst
				}
				m := kdf.MsgKey(packet[keyIDSize:])
				if version == V1 {
					j.Key.auth.DeriveV1(&keys[i], &ivs[i], j.Side, &m)
				} else {
					j.Key.auth.Derive(&keys[i], &ivs[i], j.Side, &m)
				}
				list = append(list, j.Key.auth[:], texts[i][8:], keys[i][:], ivs[i][:])
			}
			return list
		}
		return tr
	}
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, count, n int, version Version, opening bool, run func(jobs []Job)) {
			t.Helper()
			wipetest.Memory(t, name, func() wipetest.Trial { return trial(count, n, version, opening, run) })
		}
		one := func(f func(j *Job) ([]byte, error)) func(jobs []Job) {
			return func(jobs []Job) {
				out, err := f(&jobs[0])
				if err != nil {
					t.Error(err)
				}
				jobs[0].Dst = out
			}
		}
		batch := func(f func(jobs []Job) error) func(jobs []Job) {
			return func(jobs []Job) {
				if err := f(jobs); err != nil {
					t.Error(err)
				}
			}
		}
		check("Open", 1, 304, V2, true, one(func(j *Job) ([]byte, error) { return j.Key.Open(j.Dst, j.Side, j.Src) }))
		check("OpenV1", 1, 304, V1, true, one(func(j *Job) ([]byte, error) { return j.Key.OpenV1(j.Dst, j.Side, j.Src, SecretChat) }))
		check("Open in place", 1, 304, V2, true, func(jobs []Job) {
			j := &jobs[0]
			packet := append([]byte(nil), j.Src...) // what is at its end is found
			out, err := j.Key.Open(packet[:0], j.Side, packet)
			if err != nil {
				t.Error(err)
			}
			clear(out)
		})
		check("Seal", 1, 304, V2, false, one(func(j *Job) ([]byte, error) { return j.Key.Seal(j.Dst, j.Side, j.Src, PadMinimal) }))
		check("SealV1", 1, 304, V1, false, one(func(j *Job) ([]byte, error) { return j.Key.SealV1(j.Dst, j.Side, j.Src) }))
		for _, count := range []int{2, 16} {
			check(fmt.Sprint("OpenBatch of ", count), count, 304, V2, true, batch(OpenBatch))
			check(fmt.Sprint("SealBatch of ", count), count, 304, V2, false, batch(SealBatch))
		}
	})
}
