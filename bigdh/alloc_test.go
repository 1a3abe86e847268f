package bigdh

import (
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestAllocs: nothing allocates that runs for every message, or password, or peer.
// Results are on the stack here, where the calls must leave them.
func TestAllocs(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		group := telegram(t, 3)
		k, peer := generateKey(t, group), generateKey(t, group).PublicKey()
		for _, tt := range []struct {
			name string
			f    func()
		}{
			{"Exp", func() {
				var dst, base, exp [Size]byte
				base[Size-1], exp[0] = 5, 77
				if err := group.Exp(&dst, &base, &exp); err != nil {
					t.Error(err)
				}
			}},
			{"ExpBytes", func() {
				var dst, base [Size]byte
				var exp [288]byte
				if err := group.ExpBytes(&dst, &base, exp[:]); err != nil {
					t.Error(err)
				}
			}},
			{"DH", func() {
				var secret [Size]byte
				if err := k.DH(&secret, peer); err != nil {
					t.Error(err)
				}
			}},
			{"expGenerator", func() {
				var y [Size]byte
				group.expGenerator(&y, &k.x)
			}},
			{"Modulus", func() {
				var x, y [Size]byte
				x[Size-1], y[0] = 5, 77
				m := group.Modulus()
				m.Mul(&x, &x, &y)
				m.Add(&y, &x, &y)
				m.Sub(&y, &x, &y)
				m.Reduce(&y, &x)
				m.Exp(&x, &y, y[:3])
				m.ExpVarTime(&x, &y, 65537)
			}},
			{"MulAdd", func() {
				var dst [Size + 1]byte
				var a [Size]byte
				var u, x [32]byte
				MulAdd(&dst, &a, &u, &x)
			}},
			{"DHBatch", func() {
				var jobs [lanes + 1]DHJob
				for i := range jobs {
					jobs[i].Key, jobs[i].Peer = k, peer
				}
				DHBatch(jobs[:])
			}},
		} {
			if got, want := alloctest.PerRun(t, 3, tt.f), 0.0; got != want {
				t.Errorf("%s: %v allocations, want %v", tt.name, got, want)
			}
		}
	})
}
