package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// The tests in this file put everything that a kernel is given next to memory which
// cannot be accessed, before its first byte and after its last.

var guardedSides = []struct {
	name  string
	alloc func(testing.TB, int) []byte
	cut   func(b []byte, n int) []byte // n bytes that still adjoin the guard
}{
	{"front", guardtest.Front, func(b []byte, n int) []byte { return b[:n] }},
	{"back", guardtest.Back, func(b []byte, n int) []byte { return b[len(b)-n:] }},
}

func TestGuarded(t *testing.T) {
	const longest = 600
	for _, at := range guardedSides {
		k := (*AuthKey)(at.alloc(t, AuthKeySize))
		m := (*MsgKey)(at.alloc(t, MsgKeySize))
		key, iv := (*[32]byte)(at.alloc(t, 32)), (*[32]byte)(at.alloc(t, 32))
		newNonce, serverNonce := (*[32]byte)(at.alloc(t, 32)), (*[16]byte)(at.alloc(t, 16))
		text := at.alloc(t, longest)
		for i, b := range [][]byte{k[:], m[:], newNonce[:], serverNonce[:], text} {
			newRand(uint64(i)).Read(b)
		}
		impltest.All(t, backends, func(t *testing.T) {
			for _, side := range sides {
				for n := range longest + 1 {
					padded := at.cut(text, n)
					var got MsgKey
					if fault := guardtest.Try(func() { got = k.MsgKey(side, padded) }); fault != nil {
						t.Fatalf("MsgKey of %d bytes at the %s, side %d: %v", n, at.name, side, fault)
					}
					if want := referenceMsgKey(k, side, padded); got != want {
						t.Errorf("MsgKey of %d bytes at the %s, side %d: %x, want %x", n, at.name, side, got, want)
					}
				}
				for name, f := range map[string]func(){
					"DeriveV1":        func() { k.DeriveV1(key, iv, side, m) },
					"MsgKeyV1":        func() { k.MsgKeyV1(text) },
					"Verify":          func() { k.Verify(side, m, text) },
					"ID":              func() { k.ID() },
					"FileFingerprint": func() { FileFingerprint(key, iv) },
					"TempKeys":        func() { TempKeys(key, iv, newNonce, serverNonce) },
					"Visualization":   func() { Visualization(k, k) },
					"Derive":          func() { k.Derive(key, iv, side, m) },
				} {
					if fault := guardtest.Try(f); fault != nil {
						t.Fatalf("%s at the %s, side %d: %v", name, at.name, side, fault)
					}
				}
				k.Derive(key, iv, side, m)
				if wantKey, wantIV := referenceDerive(k, side, *m); *key != wantKey || *iv != wantIV {
					t.Errorf("Derive at the %s, side %d: wrong result", at.name, side)
				}
			}
		})
	}
}

// TestGuardedBatches: hashes end at different places, each at its own guard.
func TestGuardedBatches(t *testing.T) {
	const count = 33
	for _, at := range guardedSides {
		jobs := make([]Job, count)
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey, j.Side = (*AuthKey)(at.alloc(t, AuthKeySize)), Side(i%2)
			j.Padded = at.alloc(t, i*i*7%1000)
			newRand(uint64(i)).Read(j.AuthKey[:])
			newRand(uint64(i + count)).Read(j.Padded)
		}
		impltest.All(t, backends, func(t *testing.T) {
			for n := 1; n <= count; n++ {
				batch := jobs[:n]
				if fault := guardtest.Try(func() { MsgKeyBatch(batch) }); fault != nil {
					t.Fatalf("MsgKeyBatch of %d at the %s: %v", n, at.name, fault)
				}
				if fault := guardtest.Try(func() { DeriveBatch(batch) }); fault != nil {
					t.Fatalf("DeriveBatch of %d at the %s: %v", n, at.name, fault)
				}
			}
			for i := range jobs {
				checkJob(t, at.name, &jobs[i])
			}
		})
	}
}
