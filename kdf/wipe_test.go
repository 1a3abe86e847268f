//go:build amd64 && gc && !race && !asan && !msan

package kdf

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// TestWipeStack looks for the authorization key, plaintext, and keys and ivs on the stack
// after our own hashes.
func TestWipeStack(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	impltest.All(t, backends, func(t *testing.T) {
		if Backend() == "generic" {
			return // what crypto/sha256 leaves is not ours
		}
		for _, n := range []int{16, 32, 80, 1000} {
			for _, count := range []int{1, 2, 3, 9, 20} {
				jobs := make([]Job, count)
				secrets := func() (list [][]byte) {
					for i := range jobs {
						j := &jobs[i]
						list = append(list, j.AuthKey[:], j.Padded, j.Key[:], j.IV[:])
					}
					return list
				}
				r := newRand(uint64(n))
				for i := range jobs {
					j := &jobs[i]
					j.AuthKey, j.Side, j.Padded = new(AuthKey), Side(i%2), make([]byte, n+16*(i%3))
					r.Read(j.AuthKey[:])
					r.Read(j.Padded)
				}
				name := fmt.Sprintf("%d of %d bytes", count, n)
				wipetest.Stack(t, "DeriveBatch, "+name, func() { DeriveBatch(jobs) }, secrets)
				wipetest.Stack(t, "MsgKey, "+name, func() {
					for i := range jobs {
						j := &jobs[i]
						j.MsgKey = j.AuthKey.MsgKey(j.Side, j.Padded)
					}
				}, secrets)
				wipetest.Stack(t, "MsgKeyBatch, "+name, func() { MsgKeyBatch(jobs) }, secrets)
			}
		}
	})
}

// TestWipeStackLanes looks for the states of hashes that are side by side: words of two that are
// next to each other. They are those of whole hashes, of which a message key is only a half.
func TestWipeStackLanes(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	impltest.All(t, backends, func(t *testing.T) {
		if Backend() == "generic" {
			return // what crypto/sha256 leaves is not ours
		}
		jobs := make([]Job, 16)
		r := newRand(16)
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey, j.Padded = new(AuthKey), make([]byte, testSize) // long enough for all lanes of any CPU
			r.Read(j.AuthKey[:])
			r.Read(j.Padded)
		}
		wipetest.Stack(t, "MsgKeyBatch", func() { MsgKeyBatch(jobs) }, func() (list [][]byte) {
			for i := 0; i < len(jobs); i += 2 {
				a, b := hashOf(&jobs[i]), hashOf(&jobs[i+1])
				for word := 0; word < sha256.Size; word += 4 {
					var both [8]byte
					binary.NativeEndian.PutUint32(both[:], binary.BigEndian.Uint32(a[word:]))
					binary.NativeEndian.PutUint32(both[4:], binary.BigEndian.Uint32(b[word:]))
					list = append(list, both[:])
				}
			}
			return list
		})
	})
}

// hashOf returns the hash that the message key of j is taken from.
func hashOf(j *Job) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat(j.AuthKey.hashPart(j.Side)[:], j.Padded))
}

// TestWipeStackTempKeys looks for the new nonce, and for what becomes of it.
func TestWipeStackTempKeys(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	var newNonce, key, iv [32]byte
	var serverNonce [16]byte
	newRand(1).Read(newNonce[:])
	wipetest.Stack(t, "TempKeys", func() { TempKeys(&key, &iv, &newNonce, &serverNonce) }, func() [][]byte {
		return [][]byte{newNonce[:], key[:], iv[:]}
	})
}
