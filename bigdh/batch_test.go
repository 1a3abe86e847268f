package bigdh

import (
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestDHBatch has batches of all lengths, with jobs of several groups, of which one fails.
func TestDHBatch(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		groups := []*Group{telegram(t, 3), telegram(t, 4), otherGroup(t)}
		var keys []*PrivateKey
		for i := range 2 * lanes {
			keys = append(keys, generateKey(t, groups[i%len(groups)]))
		}
		most := 5 * lanes
		if testing.Short() || !useIFMA {
			most = lanes + 1
		}
		all := make([]DHJob, most)
		want := make([]DHJob, most)
		for i := range all {
			k := keys[i%len(keys)]
			all[i] = DHJob{Key: k, Peer: keys[(5*i+3)%len(keys)].PublicKey()}
			if !all[i].Peer.group.equal(&k.public.group) {
				all[i].Peer = generateKey(t, &k.public.group).PublicKey()
			}
			want[i] = all[i]
			base, exp, p := new(big.Int).SetBytes(all[i].Peer.y[:]), new(big.Int).SetBytes(k.x[:]), k.public.group.Prime()
			base.Exp(base, exp, new(big.Int).SetBytes(p[:])).FillBytes(want[i].Secret[:])
		}
		for n := range most + 1 {
			jobs := append([]DHJob(nil), all[:n]...)
			fails := n / 3
			if n > 1 {
				jobs[fails].Peer = generateKey(t, groups[0]).PublicKey()
				if jobs[fails].Key.public.group.equal(groups[0]) {
					jobs[fails].Peer = generateKey(t, groups[1]).PublicKey()
				}
			}
			for i := range jobs {
				jobs[i].Err = ErrKeySize // of another time
			}
			DHBatch(jobs)
			for i, j := range jobs {
				switch {
				case n > 1 && i == fails:
					if j.Err != ErrPublicKey || j.Secret != [Size]byte{} {
						t.Errorf("job %d of %d: %x, error %v", i, n, j.Secret, j.Err)
					}
				case j.Secret != want[i].Secret || j.Err != nil:
					t.Errorf("job %d of %d: %x, error %v, want %x", i, n, j.Secret, j.Err, want[i].Secret)
				}
			}
		}
	})
}

// otherGroup returns one with another prime than Telegram's.
func otherGroup(t *testing.T) *Group {
	t.Helper()
	g, err := NewGroup(readPrimes(t)[0].P, 2)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func BenchmarkDHBatch(b *testing.B) {
	group := telegram(b, 3)
	jobs := make([]DHJob, lanes)
	for i := range jobs {
		jobs[i] = DHJob{Key: generateKey(b, group), Peer: generateKey(b, group).PublicKey()}
	}
	impltest.Benchmark(b, backends, func(b *testing.B) {
		for b.Loop() {
			DHBatch(jobs)
		}
	})
}
