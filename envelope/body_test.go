package envelope

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/kdf"
)

// TestOpenBody opens what the reference sealed, without its header.
func TestOpenBody(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		auth := newAuthKey(1)
		for n := blockSize; n <= 20*blockSize; n += blockSize {
			for _, side := range sides {
				padded := random(n)
				packet := referenceSeal(auth, side, padded)
				m := kdf.MsgKey(packet[keyIDSize:HeaderSize])

				got, err := OpenBody([]byte("before"), auth, side, &m, packet[HeaderSize:])
				if err != nil || string(got[:6]) != "before" || !bytes.Equal(got[6:], padded) {
					t.Errorf("%d bytes, side %d, appended: wrong, or %v", n, side, err)
				}
				moved := bytes.Clone(packet[HeaderSize:])
				if got, err = OpenBody(moved[:0], auth, side, &m, moved); err != nil || !bytes.Equal(got, padded) {
					t.Errorf("%d bytes, side %d, in place: wrong, or %v", n, side, err)
				}

				refused := func(why string, m kdf.MsgKey, side kdf.Side, ciphertext []byte) {
					t.Helper()
					dst := make([]byte, 0, n)
					got, err := OpenBody(dst, auth, side, &m, ciphertext)
					if got != nil || err != ErrDecrypt {
						t.Errorf("%d bytes, side %d, %s: %d bytes, %v", n, side, why, len(got), err)
					}
					if left := dst[:n]; !bytes.Equal(left, make([]byte, n)) {
						t.Errorf("%d bytes, side %d, %s: plaintext was left", n, side, why)
					}
				}
				for i := range m {
					wrong := m
					wrong[i] ^= 0x10
					refused("msg_key changed", wrong, side, packet[HeaderSize:])
				}
				refused("other side", m, side.Opposite(), packet[HeaderSize:])
				refused("not whole blocks", m, side, packet[HeaderSize:len(packet)-1])
				refused("empty", m, side, nil)
			}
		}
	})
}

func TestOpenBodyOverlap(t *testing.T) {
	buf := make([]byte, 64)
	var m kdf.MsgKey
	defer func() {
		if r := recover(); r != "envelope: invalid buffer overlap" {
			t.Errorf("recovered %v", r)
		}
	}()
	OpenBody(buf[:1], newAuthKey(1), kdf.Client, &m, buf[:32])
	t.Error("no panic")
}
