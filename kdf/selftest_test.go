package kdf

import (
	"encoding/binary"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestSelfTestAnswers computes the known answers by crypto/sha256.
func TestSelfTestAnswers(t *testing.T) {
	var k AuthKey
	impl.Fill(k[:], 0)
	text := make([]byte, testSize)
	impl.Fill(text, 1)
	m := referenceMsgKey(&k, Client, text)
	key, iv := referenceDerive(&k, Client, m)
	for _, tt := range []struct {
		name string
		got  uint64
		want []byte
	}{{"testMsgKey", testMsgKey, m[:]}, {"testKey", testKey, key[:]}, {"testIV", testIV, iv[:]}} {
		if want := binary.LittleEndian.Uint64(tt.want); tt.got != want {
			t.Errorf("%s = %#x, want %#x", tt.name, tt.got, want)
		}
	}
}

// TestReady: whoever comes first, tests.
func TestReady(t *testing.T) {
	jobs := newJobs(1, 16)
	j := &jobs[0]
	impltest.Ready(t, backends, "MsgKey", func() { j.AuthKey.MsgKey(j.Side, j.Padded) })
	impltest.Ready(t, backends, "Verify", func() { j.AuthKey.Verify(j.Side, &j.MsgKey, j.Padded) })
	impltest.Ready(t, backends, "Derive", func() { j.AuthKey.Derive(&j.Key, &j.IV, j.Side, &j.MsgKey) })
	impltest.Ready(t, backends, "MsgKeyBatch", func() { MsgKeyBatch(jobs) })
	impltest.Ready(t, backends, "DeriveBatch", func() { DeriveBatch(jobs) })
	impltest.Ready(t, backends, "Backend", func() { Backend() })
}

func TestSelfTest(t *testing.T) { impltest.SelfTest(t, backends, selfTest) }

func BenchmarkSelfTest(b *testing.B) { impltest.BenchmarkSelfTest(b, backends, selfTest) }
