//go:build valgrind && linux && gc && !purego

package ige

import (
	"encoding/binary"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
)

// TestMemcheck has all paths to the backends that valgrind can run: AES-NI, and the
// software AES as the compiler made it. Secret are keys, ivs and texts.
func TestMemcheck(t *testing.T) {
	const text = 9 * BlockSize
	all := func(secret []byte) (results []byte) {
		for _, p := range paths {
			for _, keySize := range p.keySizes {
				key, iv, src := secret[:keySize], secret[KeySize:][:IVSize], secret[KeySize+IVSize:]
				dst := make([]byte, text)
				p.crypt(key, iv, dst, src)
				results = append(results, dst...)
			}
		}
		return results
	}
	batch := func(secret []byte) (results []byte) {
		ms := make([]Message, 16)
		for i := range ms {
			ms[i].Src = secret[KeySize+IVSize:][:BlockSize*(2+i%8)]
			ms[i].Dst = make([]byte, len(ms[i].Src))
			copy(ms[i].Key[:], secret)
			copy(ms[i].IV[:], secret[KeySize:])
		}
		checkWorth(ms)
		EncryptBatch(ms)
		for i := range ms {
			results = append(results, ms[i].Dst...)
		}
		DecryptBatch(ms)
		for i := range ms {
			results = append(results, ms[i].Dst...)
		}
		return results
	}
	sBox := func(secret []byte) (results []byte) {
		for _, b := range all(secret) {
			results = append(results, sbox[b])
		}
		return results
	}
	for _, s := range backends.States() {
		if s.Name != "generic" && s.Name != "AES-NI" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			defer s.Enter()()
			secrets := [][]byte{random(KeySize + IVSize + text)}
			for name, c := range map[string]ct.Case{
				"one message":   {Secrets: secrets, Run: all},
				"batch":         {Secrets: secrets, Run: batch},
				"planted index": {Secrets: secrets, Run: sBox, Planted: true},
			} {
				t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
			}
		})
	}
	t.Run("crypto aes block", memcheckStdBlock)
}

// memcheckStdBlock is about a block of crypto/aes without AES instructions: EncryptBlocks must not have it look up
// its tables. The caller has expanded the key by these before, so that the secret is what came out of that.
func memcheckStdBlock(t *testing.T) {
	t.Setenv("GODEBUG", "cpu.aes=off")
	const keys, text = len(schedule{}), 5 * BlockSize
	secrets := [][]byte{random(keys + IVSize + text)}
	b := newStdBlock(t, make([]byte, KeySize))
	setKey := func(secret []byte) {
		_, enc, dec := stdLayoutOf(b).schedules(b)
		for i := range enc {
			enc[i] = binary.BigEndian.Uint32(secret[4*i:])
			dec[i] = enc[i]
		}
	}
	for name, c := range map[string]ct.Case{
		"EncryptBlocks": {Secrets: secrets, Run: func(secret []byte) []byte {
			setKey(secret)
			iv, src, dst := secret[keys:][:IVSize], secret[keys+IVSize:], make([]byte, 2*text)
			EncryptBlocks(b, iv, dst[:text], src)
			DecryptBlocks(b, iv, dst[text:], src)
			return dst
		}},
		"planted, the block itself": {Secrets: secrets, Planted: true, Run: func(secret []byte) []byte {
			setKey(secret)
			dst := make([]byte, BlockSize)
			b.Encrypt(dst, secret[keys+IVSize:])
			return dst
		}},
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
