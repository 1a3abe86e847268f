//go:build amd64 && gc && !race && !asan && !msan

package bigdh

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeStack looks for exponents, shared secrets and numbers in Montgomery form on the
// stack after each way through the package has returned.
func TestWipeStack(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	g := telegram(t, 3)
	m := &g.p.m
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, f func(), secrets ...[]uint64) {
			t.Helper()
			wipetest.Stack(t, name, f, func() [][]byte { return inBytes(secrets) })
		}
		r := newRand(5)
		// Several times: of some numbers a modulus is subtracted in the end, of others not.
		for range 4 {
			x, y := new(nat), new(nat)
			*x, *y = randomNat(r), randomNat(r)
			a, b, z, n := new(elem), new(elem), new(elem), new(nat)
			enter(m, b, y)
			check("enter", func() { enter(m, a, x) }, a[:], x[:])
			check("mul", func() { mul(m, z, a, b) }, a[:], b[:], z[:])
			check("square", func() { square(m, z, a, 2) }, a[:], z[:])
			check("leave", func() { leave(m, n, a) }, a[:], n[:])
			check("exp", func() { m.exp(n, x, []byte("an exponent")) }, x[:], n[:])
			check("comb", func() { g.p.comb(g.g).exp(m, n, y) }, y[:], n[:])

			var left, right [Size]byte
			var d [Size + 1]byte
			putBytes(&left, x)
			putBytes(&right, y)
			for name, f := range map[string]func(m *Modulus, dst, x, y *[Size]byte){
				"Add": (*Modulus).Add, "Sub": (*Modulus).Sub, "Mul": (*Modulus).Mul,
				"Reduce":     func(m *Modulus, dst, x, _ *[Size]byte) { m.Reduce(dst, x) },
				"ExpVarTime": func(m *Modulus, dst, x, _ *[Size]byte) { m.ExpVarTime(dst, x, 5) },
				"MulAdd": func(_ *Modulus, dst, x, y *[Size]byte) {
					MulAdd(&d, x, (*[32]byte)(y[:]), (*[32]byte)(y[32:]))
					copy(dst[:], d[1:])
				},
			} {
				wipetest.Stack(t, name, func() { f(g.Modulus(), &left, &left, &right) }, func() [][]byte {
					setBytes(n, &left)
					return append(inBytes([][]uint64{n[:], x[:], y[:]}), left[:], right[:])
				})
				putBytes(&left, x)
			}

			k, peer := generateKey(t, g), generateKey(t, g).PublicKey()
			var secret [Size]byte
			private, shared := new(nat), new(nat)
			wipetest.Stack(t, "DH", func() { k.DH(&secret, peer) }, func() [][]byte {
				setBytes(private, &k.x)
				setBytes(shared, &secret)
				return append(inBytes([][]uint64{private[:], shared[:]}), k.x[:], secret[:])
			})
			jobs := new([lanes]DHJob)
			for i := range jobs {
				jobs[i] = DHJob{Key: k, Peer: peer}
			}
			wipetest.Stack(t, "DHBatch", func() { DHBatch(jobs[:]) }, func() [][]byte {
				setBytes(private, &k.x)
				setBytes(shared, &jobs[0].Secret)
				return append(inBytes([][]uint64{private[:], shared[:], digits(shared)}), k.x[:], jobs[0].Secret[:])
			})
			wipetest.Stack(t, "Format", func() { fmt.Fprint(io.Discard, k) }, func() [][]byte { return [][]byte{k.x[:]} })
			var fresh *PrivateKey
			wipetest.Stack(t, "GenerateKey", func() { fresh, _ = g.GenerateKey([]byte("random")) }, func() [][]byte {
				setBytes(private, &fresh.x)
				return append(inBytes([][]uint64{private[:]}), fresh.x[:])
			})
		}
	})
}

// digits returns the digits of x that IFMA has.
func digits(x *nat) (list []uint64) {
	for j := range 40 {
		limb, shift := 52*j/64, 52*j%64
		v := x[min(limb, 31)] >> shift
		if shift > 12 && limb+1 < len(x) {
			v |= x[limb+1] << (64 - shift)
		}
		list = append(list, v&(1<<52-1))
	}
	return list[:39]
}

// inBytes returns all words but zeros as they are in memory.
func inBytes(secrets [][]uint64) (list [][]byte) {
	for _, word := range slices.Concat(secrets...) {
		if word != 0 {
			list = append(list, binary.NativeEndian.AppendUint64(nil, word))
		}
	}
	return list
}
