//go:build amd64 && gc && !race && !asan && !msan

package rsa2048

import (
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/limbs"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeStack looks for keys, plaintexts and numbers in Montgomery form on the stack after
// each path through the package.
func TestWipeStack(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	k := testKey()
	impltest.All(t, backends, func(t *testing.T) {
		p := new(primes)
		n := [2]half{halfOf(k.Primes[0]), halfOf(k.Primes[1])}
		check := func(name string, f func(), secrets ...[]uint64) {
			t.Helper()
			wipetest.Stack(t, name, f, func() [][]byte { return inBytes(secrets...) })
		}
		check("set", func() { p.set(&n) }, n[0][:], n[1][:], p.prime[0].rr[:], p.prime[1].rrr[:])

		r := newRand(50)
		// Several times, since the final subtraction of the modulus happens for some numbers
		// only.
		for range 4 {
			x := new(full)
			a, b, z, out := new(elem), new(elem), new(elem), new([2]half)
			random(r, x[:])
			enter(p, b, x)
			check("enter", func() { enter(p, a, x) }, a[:], x[:])
			check("mul", func() { mul(p, z, a, b) }, a[:], b[:], z[:])
			check("square", func() { square(p, z, a, 2) }, a[:], z[:])
			check("leave", func() { leave(p, out, a) }, a[:], out[0][:], out[1][:])
			e := []byte("an exponent")
			check("exp", func() { p.exp(out, x, e, e) }, x[:], out[0][:], out[1][:])

			key := privateKey(t, k)
			var plain, cipher [Size]byte
			limbs.PutBytes(plain[8:], x[:31])
			copy(cipher[:], plain[:])
			wipetest.Stack(t, "Encrypt", func() { key.Public().Encrypt(&cipher, &cipher) }, func() [][]byte {
				return append(inBytes(x[:31]), plain[8:])
			})
			halves := [2]half{}
			for i, prime := range k.Primes {
				halves[i] = halfOf(new(big.Int).Mod(bytesToBig(&plain), prime))
			}
			wipetest.Stack(t, "Decrypt", func() { key.Decrypt(&plain, &cipher) }, func() [][]byte {
				q := &key.primes.prime[1]
				return append(inBytes(x[:31], n[0][:], n[1][:], key.qInv[:], q.rr[:], halves[0][:], halves[1][:]), key.d[0][:], key.d[1][:], plain[8:])
			})
		}
	})
}

// inBytes returns the memory of each word, except zeros and short words.
func inBytes(secrets ...[]uint64) (list [][]byte) {
	for _, words := range secrets {
		for _, word := range words {
			if word>>32 != 0 {
				list = append(list, binary.NativeEndian.AppendUint64(nil, word))
			}
		}
	}
	return list
}
