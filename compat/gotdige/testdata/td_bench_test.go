// testtd.sh copies this file to package crypto of github.com/gotd/td, to measure
// what a client gains.

package crypto

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/gotd/td/bin"
)

func BenchmarkCipher(b *testing.B) {
	var value Key
	for i := range value {
		value[i] = byte(i)
	}
	key := value.WithID()
	for _, size := range []struct {
		name  string
		bytes int
	}{{"64B", 64}, {"1K", 1 << 10}, {"16K", 16 << 10}, {"128K", 128 << 10}} {
		message := EncryptedMessageData{
			MessageDataLen:         int32(size.bytes),
			MessageDataWithPadding: make([]byte, size.bytes),
		}

		b.Run(fmt.Sprintf("op=Encrypt/size=%s", size.name), func(b *testing.B) {
			client := NewClientCipher(rand.Reader)
			var buf bin.Buffer
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if err := client.Encrypt(key, message, &buf); err != nil {
					b.Fatal(err)
				}
			}
		})

		b.Run(fmt.Sprintf("op=DecryptFromBuffer/size=%s", size.name), func(b *testing.B) {
			// The length of the padding is random, but not that of these zeros.
			var packet bin.Buffer
			if err := NewServerCipher(zeros{}).Encrypt(key, message, &packet); err != nil {
				b.Fatal(err)
			}
			client := NewClientCipher(rand.Reader)
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.DecryptFromBuffer(key, &bin.Buffer{Buf: packet.Buf}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
