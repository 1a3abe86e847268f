//go:build valgrind && linux && gc && !purego

package kdf

import (
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
)

// TestMemcheck has the formulas where they are Go, over the SHA-1 and the SHA-256 of
// packages that are not ours. Valgrind does not know SHA-NI. Secret are the
// authorization key and the text.
func TestMemcheck(t *testing.T) {
	var m MsgKey
	run := func(secret []byte) []byte {
		k := (*AuthKey)(secret)
		text := secret[AuthKeySize:]
		var key, iv, key1, iv1 [32]byte
		k.Derive(&key, &iv, Client, &m)
		k.DeriveV1(&key1, &iv1, Server, &m)
		msgKey, msgKeyV1, id := k.MsgKey(Client, text), k.MsgKeyV1(text), k.ID()
		return slices.Concat(key[:], iv[:], key1[:], iv1[:], msgKey[:], msgKeyV1[:], id[:])
	}
	batch := func(secret []byte) (results []byte) {
		k := (*AuthKey)(secret)
		jobs := make([]Job, 3)
		for i := range jobs {
			jobs[i].AuthKey, jobs[i].Padded = k, secret[AuthKeySize:]
		}
		MsgKeyBatch(jobs)
		DeriveBatch(jobs)
		for _, j := range jobs {
			results = slices.Concat(results, j.MsgKey[:], j.Key[:], j.IV[:])
		}
		return results
	}
	verify := func(secret []byte) []byte {
		if (*AuthKey)(secret).Verify(Client, &m, secret[AuthKeySize:]) {
			return nil
		}
		return secret[:1]
	}
	secrets := [][]byte{random(AuthKeySize + 80)}
	defer backends.States()[0].Enter()() // generic
	for name, c := range map[string]ct.Case{
		"one message": {Secrets: secrets, Run: run},
		"batch":       {Secrets: secrets, Run: batch},
		// Whether a message is genuine is public in the end, and only then.
		"Verify":        {Secrets: secrets, Run: verify, Public: []string{"kdf.TestMemcheck.func3"}},
		"planted index": {Secrets: secrets, Run: planted(run), Planted: true},
	} {
		t.Run(name, func(t *testing.T) { ct.Memcheck(t, c) })
	}
}
