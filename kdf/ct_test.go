//go:build valgrind && linux && (amd64 || arm64 || arm) && gc && !purego

package kdf

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/ct"
	"github.com/mtcore/mtcore/internal/impl"
)

// planted is run with a leak: it looks the results up in a table.
func planted(run func(secret []byte) []byte) func(secret []byte) []byte {
	return func(secret []byte) []byte {
		results := run(secret)
		for i, b := range results {
			results[i] = table[b]
		}
		return results
	}
}

var table [256]byte

// TestTrace has all backends, and calls every kernel.
func TestTrace(t *testing.T) {
	var key, iv [32]byte
	var m MsgKey
	run := func(secret []byte) []byte {
		k := (*AuthKey)(secret)
		m = k.MsgKey(Client, secret[AuthKeySize:])
		k.Derive(&key, &iv, Client, &m)
		k.DeriveV1(&key, &iv, Client, &m)
		return key[:]
	}
	jobs := make([]Job, 21)
	batch := func(secret []byte) []byte {
		for i := range jobs {
			j := &jobs[i]
			j.AuthKey, j.Side, j.Padded = (*AuthKey)(secret), Side(i%2), secret[AuthKeySize:][:16*(1+i)]
		}
		MsgKeyBatch(jobs)
		DeriveBatch(jobs)
		for i := range jobs { // of one length, and so long that all lanes are worth it
			jobs[i].Padded = secret[AuthKeySize:]
		}
		MsgKeyBatch(jobs)
		return jobs[0].Key[:]
	}
	ct.TraceAll(t, backends, func(t *testing.T, s impl.State) {
		const size = AuthKeySize + 640
		secrets := [][]byte{random(size), make([]byte, size), bytes.Repeat([]byte{0xff}, size)}
		for name, c := range map[string]ct.Case{
			"one message":   {Secrets: secrets, Run: run},
			"batch":         {Secrets: secrets, Run: batch},
			"planted index": {Secrets: secrets, Run: planted(run), Planted: true},
		} {
			t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
		}
	})
}
