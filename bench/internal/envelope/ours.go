package envelope

import (
	"encoding/binary"
	"io"

	"github.com/mtcore/mtcore/bench/internal/peers"
	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

func ourSealer(pad envelope.Padding) func(k *kdf.AuthKey) peers.SealFunc {
	return func(k *kdf.AuthKey) peers.SealFunc {
		key := envelope.NewKey(k)
		key.MaxPacket = 2 * suite.MaxSize
		var buf []byte
		return func(plaintext []byte) []byte {
			buf = suite.Must(key.Seal(buf[:0], kdf.Client, plaintext, pad))
			return buf
		}
	}
}

func ourOpener(k *kdf.AuthKey) peers.OpenFunc {
	key := envelope.NewKey(k)
	key.MaxPacket = 2 * suite.MaxSize
	var buf []byte
	return func(packet []byte) ([]byte, error) {
		padded, err := key.Open(buf[:0], kdf.Client, packet)
		if err == nil {
			buf = padded
		}
		return padded, err
	}
}

// plaintextOf returns a plaintext of a cloud chat whose packet, with the least padding, has
// size bytes after its header.
func plaintextOf(size int, fill io.Reader) []byte {
	p := make([]byte, size-12)
	io.ReadFull(fill, p)
	binary.LittleEndian.PutUint32(p[peers.CloudHeader-4:], uint32(len(p)-peers.CloudHeader))
	return p
}

// minSize is the smallest size that plaintextOf supports.
const minSize = 48
