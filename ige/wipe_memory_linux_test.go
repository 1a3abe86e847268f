//go:build amd64 && gc && !race && !asan && !msan

package ige

import (
	"fmt"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
)

// trial returns messages with secrets of their own, and what a search needs to know of them.
func trial(seed *uint64, count, n int, decrypting bool, run func(ms []Message)) wipetest.Trial {
	ms := make([]Message, count)
	var tr wipetest.Trial
	for i := range ms {
		m := &ms[i]
		m.Src, m.Dst = make([]byte, n), make([]byte, n)
		*seed = impl.Fill(m.Key[:], *seed)
		*seed = impl.Fill(m.IV[:], *seed)
		*seed = impl.Fill(m.Src, *seed)
		tr.Owned = append(tr.Owned, m.Key[:], m.IV[:], m.Src, m.Dst)
	}
	tr.Run = func() { run(ms) }
	tr.Secrets = func() (list [][]byte) {
		for i := range ms {
			plaintext := ms[i].Src
			if decrypting {
				plaintext = ms[i].Dst
			}
			list = append(list, secretsOf(ms[i], plaintext)...)
		}
		return list
	}
	return tr
}

func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	seed := uint64(1)
	impltest.All(t, backends, func(t *testing.T) {
		check := func(name string, count, n int, decrypting bool, run func(ms []Message)) {
			t.Helper()
			wipetest.Memory(t, name, func() wipetest.Trial { return trial(&seed, count, n, decrypting, run) })
		}
		check("Encrypt", 1, 48, false, func(ms []Message) { ms[0].Encrypt() })
		check("Decrypt", 1, 48, true, func(ms []Message) { ms[0].Decrypt() })
		wipetest.Memory(t, "Reset and CryptBlocks", func() wipetest.Trial {
			c, e, d := new(Cipher), new(Encrypter), new(Decrypter)
			tr := trial(&seed, 1, 48, false, func(ms []Message) {
				c.expand(ms[0].Key[:])
				e.Reset(c, &ms[0].IV)
				e.CryptBlocks(ms[0].Dst, ms[0].Src)
				d.Reset(c, &ms[0].IV)
				d.CryptBlocks(ms[0].Dst, ms[0].Dst)
			})
			tr.Owned = append(tr.Owned, c.enc[:], c.dec[:], e.iv[:], d.iv[:])
			return tr
		})
		for _, decrypting := range []bool{false, true} {
			keyed, block := EncryptAES256Blocks, EncryptBlocks
			if decrypting {
				keyed, block = DecryptAES256Blocks, DecryptBlocks
			}
			check(fmt.Sprint("AES256Blocks, decrypting ", decrypting), 1, 48, decrypting, func(ms []Message) {
				keyed(ms[0].Key[:], ms[0].IV[:], ms[0].Dst, ms[0].Src)
			})
			wipetest.Memory(t, fmt.Sprint("Blocks, decrypting ", decrypting), func() wipetest.Trial {
				var c Cipher
				tr := trial(&seed, 1, 48, decrypting, func(ms []Message) { block(&c, ms[0].IV[:], ms[0].Dst, ms[0].Src) })
				c.expand(tr.Owned[0])
				tr.Owned = append(tr.Owned, c.enc[:], c.dec[:])
				return tr
			})
		}
		wipetest.Memory(t, "a block", func() wipetest.Trial {
			var c Cipher
			tr := trial(&seed, 1, BlockSize, false, func(ms []Message) {
				c.Encrypt(ms[0].Dst, ms[0].Src)
				c.Decrypt(ms[0].Dst, ms[0].Dst)
			})
			c.expand(tr.Owned[0])
			tr.Owned = append(tr.Owned, c.enc[:], c.dec[:])
			return tr
		})
		for _, count := range []int{2, 5, 16} {
			check(fmt.Sprint("EncryptBatch of ", count), count, 592, false, EncryptBatch)
			check(fmt.Sprint("DecryptBatch of ", count), count, 592, true, func(ms []Message) { DecryptBatch(ms) })
		}
	})
}
