//go:build amd64 && gc && !race && !asan && !msan

package rsa2048

import (
	"math/big"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/limbs"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeMemory looks for keys and plaintexts in the heap and where the stack was before it grew.
// Its keys are random numbers in the place of primes, and were never in an rsa.PrivateKey, of
// which crypto/rsa leaves copies: so Decrypt computes all that it does otherwise, and at the end
// finds that the result is wrong.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	public := privateKey(t, testKey()).Public()
	seed := uint64(1)
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, run func(k *PrivateKey, n *[2]half, dst, src *[Size]byte)) {
			t.Helper()
			wipetest.Memory(t, name, func() wipetest.Trial {
				k, n, dst, src := &PrivateKey{public: public}, new([2]half), new([Size]byte), new([Size]byte)
				for _, b := range [][]byte{memoryOf(n), k.d[0][:], k.d[1][:], memoryOf(&k.qInv), src[8:]} {
					seed = impl.Fill(b, seed)
				}
				for i := range n {
					n[i][0] |= 1
					n[i][halfLimbs-1] |= 1 << 63
				}
				d, qInv := k.d, k.qInv // of a key that is wiped
				owned := [][]byte{memoryOf(n), memoryOf(&d), memoryOf(&qInv), dst[:], src[:]}
				if name != "Wipe" {
					owned = append(owned, memoryOf(k))
				}
				return wipetest.Trial{
					Run:   func() { run(k, n, dst, src) },
					Owned: owned,
					Secrets: func() [][]byte {
						again := &PrivateKey{public: public, d: d, qInv: qInv}
						again.primes.set(n)
						p := &again.primes.prime
						var x, result full
						var halves [2]half
						limbs.SetBytes(x[:], src[:])
						a := new(elem)
						enter(&again.primes, a, &x)
						again.primes.exp(&halves, &x, d[0][:], d[1][:])
						again.combine(&result, &halves)
						// Garner's formula, backwards.
						h := new(big.Int).SetBytes(bytesOf(result[:]))
						h.Sub(h, new(big.Int).SetBytes(bytesOf(halves[1][:])))
						h.Div(h, new(big.Int).SetBytes(bytesOf(n[1][:])))
						garner := halfOf(h)
						return append(inBytes(x[:], a[:], n[0][:], n[1][:], qInv[:], p[0].rr[:], p[0].rrr[:], p[1].rr[:], p[1].rrr[:],
							halves[0][:], halves[1][:], garner[:], result[:]), src[8:], d[0][:], d[1][:], bytesOf(result[:]))
					},
				}
			})
		}
		check("set", func(k *PrivateKey, n *[2]half, _, _ *[Size]byte) { k.primes.set(n) })
		check("Encrypt", func(k *PrivateKey, _ *[2]half, dst, src *[Size]byte) { public.Encrypt(dst, src) })
		check("Decrypt", func(k *PrivateKey, n *[2]half, dst, src *[Size]byte) {
			k.primes.set(n)
			if err := k.Decrypt(dst, src); err != ErrFault {
				t.Errorf("Decrypt: %v, want %v", err, ErrFault)
			}
		})
		check("Wipe", func(k *PrivateKey, n *[2]half, dst, src *[Size]byte) {
			k.primes.set(n)
			k.Decrypt(dst, src)
			k.Wipe()
		})
	})
}

// bytesOf returns x as it is sent.
func bytesOf(x []uint64) []byte {
	b := make([]byte, 8*len(x))
	limbs.PutBytes(b, x)
	return b
}

// memoryOf returns the bytes of a value.
func memoryOf[T any](v *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)) }
