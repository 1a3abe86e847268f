package envelope

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// The tests in this file put every buffer that a kernel is given next to memory
// which cannot be accessed, before its first byte or after its last.

var guards = []struct {
	name  string
	alloc func(testing.TB, int) []byte
}{{"front", guardtest.Front}, {"back", guardtest.Back}}

func TestGuarded(t *testing.T) {
	for _, guard := range guards {
		auth := (*kdf.AuthKey)(guard.alloc(t, kdf.AuthKeySize))
		newRand(1).Read(auth[:])
		k := NewKey(auth)
		for n := blockSize; n <= 26*blockSize; n += blockSize {
			padded := random(n)
			sealed := referenceSeal(auth, kdf.Server, padded)
			packet, dst := guard.alloc(t, HeaderSize+n), guard.alloc(t, n)

			impltest.All(t, backends, func(t *testing.T) {
				check := func(name string, dst, want []byte, f func() ([]byte, error)) {
					t.Helper()
					var got []byte
					var err error
					if fault := guardtest.Try(func() { got, err = f() }); fault != nil {
						t.Fatalf("%s, %d bytes at the %s: %v", name, n, guard.name, fault)
					}
					if err != nil || !bytes.Equal(got, want) || &got[0] != &dst[0] {
						t.Errorf("%s, %d bytes at the %s: %v, first wrong byte is %d", name, n, guard.name, err, firstDifference(got, want))
					}
				}
				check("seal", packet, sealed, func() ([]byte, error) { return k.seal(packet[:0], kdf.Server, padded, nil), nil })
				check("Open", dst, padded, func() ([]byte, error) { return k.Open(dst[:0], kdf.Server, packet) })
				check("Open in place", packet, padded, func() ([]byte, error) { return k.Open(packet[:0], kdf.Server, packet) })
			})
		}
	}
}

// TestGuardedBatches: messages end at different places, each at its own guard.
func TestGuardedBatches(t *testing.T) {
	for _, guard := range guards {
		for _, count := range []int{2, 3, 9, 20} {
			jobs := make([]Job, count)
			packets, dsts := make([][]byte, count), make([][]byte, count)
			for i := range jobs {
				k, n := NewKey(newAuthKey(uint64(i))), blockSize*(1+i*7%23)
				packets[i], dsts[i] = guard.alloc(t, HeaderSize+n), guard.alloc(t, n)
				copy(packets[i], referenceSeal(k.auth, kdf.Client, random(n)))
				jobs[i].Key = k
			}
			impltest.All(t, backends, func(t *testing.T) {
				for i := range jobs {
					jobs[i].Dst, jobs[i].Src = dsts[i][:0], packets[i]
				}
				var err error
				if fault := guardtest.Try(func() { err = OpenBatch(jobs) }); fault != nil || err != nil {
					t.Fatalf("OpenBatch of %d at the %s: %v, %v", count, guard.name, err, fault)
				}
				for i, j := range jobs {
					if !bytes.Equal(j.Dst, random(len(dsts[i]))) {
						t.Errorf("OpenBatch of %d at the %s: message %d is wrong", count, guard.name, i)
					}
				}
			})
		}
	}
}
