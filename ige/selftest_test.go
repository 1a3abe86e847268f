package ige

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
)

// TestSelfTestAnswers computes the known answers by crypto/aes.
func TestSelfTestAnswers(t *testing.T) {
	var m Message
	var text testText
	seed := impl.Fill(m.Key[:], 0)
	seed = impl.Fill(m.IV[:], seed)
	impl.Fill(text[:], seed)
	b := newAES(m.Key[:])
	for _, tt := range []struct {
		name string
		got  uint64
		want []byte
	}{
		{"testEncrypted", testEncrypted, referenceEncrypt(b, m.IV[:], text[:])},
		{"testDecrypted", testDecrypted, referenceDecrypt(b, m.IV[:], text[:])},
	} {
		if want := binary.LittleEndian.Uint64(tt.want[len(tt.want)-8:]); tt.got != want {
			t.Errorf("%s = %#x, want %#x", tt.name, tt.got, want)
		}
	}
}

// TestReady: whoever comes first, tests.
func TestReady(t *testing.T) {
	key, iv := random(KeySize), random(IVSize)
	src, dst := random(BlockSize), make([]byte, BlockSize)
	for _, p := range paths {
		if strings.HasSuffix(p.name, "crypto/aes") || strings.HasSuffix(p.name, "foreign") {
			continue // the work may be the block's; see TestReadyStdAES
		}
		impltest.Ready(t, backends, p.name, func() { p.crypt(key, iv, dst, src) })
	}
	ms := newBatch(16, 16)
	impltest.Ready(t, backends, "EncryptBatch of 2", func() { EncryptBatch(ms) })
	impltest.Ready(t, backends, "DecryptBatch of 2", func() { DecryptBatch(ms) })
	impltest.Ready(t, backends, "Backend", func() { Backend() })
}

func TestSelfTest(t *testing.T) { impltest.SelfTest(t, backends, selfTest) }

func BenchmarkSelfTest(b *testing.B) { impltest.BenchmarkSelfTest(b, backends, selfTest) }
