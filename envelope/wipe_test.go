//go:build amd64 && gc && !race && !asan && !msan

package envelope

import (
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// TestWipe looks for secrets on the stack after messages were opened and sealed: the
// authorization key, the keys and ivs that were derived from it, and plaintext.
func TestWipe(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	impltest.All(t, backends, func(t *testing.T) {
		for _, n := range []int{16, 80, 320} {
			for _, count := range []int{1, 2, 3, 16, 32} {
				testWipe(t, n, count)
			}
		}
	})
}

func testWipe(t *testing.T, n, count int) {
	lengths := make([]int, count)
	for i := range lengths {
		lengths[i] = n
	}
	jobs, plaintexts := newOpenBatch(lengths...)
	for i := range jobs {
		jobs[i].Dst = make([]byte, 0, n+MaxOverhead)
	}
	packets := make([][]byte, count)
	for i := range jobs {
		packets[i] = jobs[i].Src
	}
	secrets := func() (list [][]byte) {
		for i, j := range jobs {
			var key, iv [32]byte
			j.Key.auth.Derive(&key, &iv, j.Side, (*kdf.MsgKey)(packets[i][keyIDSize:]))
			list = append(list, key[:], iv[:], j.Key.auth[:], plaintexts[i])
		}
		return list
	}
	check := func(name string, f func()) {
		t.Helper()
		wipetest.Stack(t, fmt.Sprintf("%s, %d of %d bytes,", name, count, n), f, secrets)
	}

	results := make([][]byte, count)
	takeResults := func() {
		for i := range jobs {
			results[i], jobs[i].Dst = jobs[i].Dst, jobs[i].Dst[:0]
		}
	}
	check("Open", func() {
		for i, j := range jobs {
			results[i], _ = j.Key.Open(j.Dst, j.Side, j.Src)
		}
	})
	check("OpenBatch", func() { OpenBatch(jobs); takeResults() })

	if count == 16 && n >= 32 {
		check("sixteen", func() {
			var os [16]opening
			for i := range jobs {
				os[i].start(jobs[i].Key, jobs[i].Side, jobs[i].Dst, packets[i])
			}
			decryptAndHashMost(os[:])
		})
	}

	packets = results
	for i := range jobs {
		jobs[i].Src = plaintexts[i]
	}
	check("Seal", func() {
		for i, j := range jobs {
			results[i], _ = j.Key.Seal(j.Dst, j.Side, j.Src, j.Padding)
		}
	})
	check("SealBatch", func() { SealBatch(jobs); takeResults() })
}
