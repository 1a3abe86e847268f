package secretchat

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/kdf"
)

// key is a key of a chat. It is only used by its address.
type key struct {
	auth     kdf.AuthKey
	envelope envelope.Key // of auth
}

// newKey returns the key that the two sides have agreed on:
//
//	key = peer^mine mod p, padded with zeros to 256 bytes
func newKey(mine *bigdh.PrivateKey, peer *bigdh.PublicKey, maxPacket int) *key {
	k := new(key)
	if err := mine.DH((*[bigdh.Size]byte)(&k.auth), peer); err != nil {
		panic("secretchat: internal error: " + err.Error()) // of another group
	}
	k.prepare(maxPacket)
	return k
}

func (k *key) prepare(maxPacket int) {
	k.envelope = *envelope.NewKey(&k.auth)
	k.envelope.MaxPacket = maxPacket
}

// fingerprint is that of auth, which was computed when the key was prepared.
func (k *key) fingerprint() int64 {
	id := k.envelope.ID()
	return int64(binary.LittleEndian.Uint64(id[:]))
}

// has reports whether packet, of 8 bytes at least, is for k.
func (k *key) has(packet []byte) bool {
	return k != nil && k.envelope.ID() == [8]byte(packet)
}

func (k *key) wipe() {
	if k != nil {
		k.auth.Wipe()
	}
}
