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

func TestGuardedOpen(t *testing.T) {
	for _, guard := range guards {
		auth := (*kdf.AuthKey)(guard.alloc(t, kdf.AuthKeySize))
		newRand(1).Read(auth[:])
		k := NewKey(auth)
		for n := blockSize; n <= 26*blockSize; n += blockSize {
			padded := random(n)
			packet := guard.alloc(t, HeaderSize+n)
			copy(packet, referenceSeal(auth, kdf.Server, padded))
			dst := guard.alloc(t, n)

			impltest.All(t, backends, func(t *testing.T) {
				var got []byte
				var err error
				if fault := guardtest.Try(func() { got, err = k.Open(dst[:0], kdf.Server, packet) }); fault != nil {
					t.Fatalf("%d bytes at the %s: %v", n, guard.name, fault)
				}
				if err != nil || !bytes.Equal(got, padded) || &got[0] != &dst[0] {
					t.Errorf("%d bytes at the %s: %v, first wrong byte is %d", n, guard.name, err, firstDifference(got, padded))
				}
			})

			if fault := guardtest.Try(func() { packet = k.seal(packet[:0], kdf.Server, padded, nil) }); fault != nil {
				t.Fatalf("seal of %d bytes at the %s: %v", n, guard.name, fault)
			}
			var inPlace []byte
			if fault := guardtest.Try(func() { inPlace, _ = k.Open(packet[:0], kdf.Server, packet) }); fault != nil {
				t.Fatalf("%d bytes in place at the %s: %v", n, guard.name, fault)
			}
			if !bytes.Equal(inPlace, padded) {
				t.Errorf("%d bytes in place at the %s: wrong result", n, guard.name)
			}
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
