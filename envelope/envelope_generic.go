package envelope

import (
	"crypto/rand"

	"github.com/mtcore/mtcore/ige"
)

// decryptAndHashGeneric sets o.dst and o.got, in two passes:
//
//	dst = IGE⁻¹( src )     with the key and the iv that msg_key gives
//	got = SHA256( K[88+x : 120+x] || dst )[8:24]
func decryptAndHashGeneric(o *opening) {
	m := ige.Message{Dst: o.dst, Src: o.src}
	o.auth.Derive(&m.Key, &m.IV, o.side, &o.msgKey)
	if err := m.Decrypt(); err != nil {
		panic("envelope: internal error: " + err.Error())
	}
	m.Wipe()
	o.got = o.auth.MsgKey(o.side, o.dst)
}

// expandRandomGeneric fills dst with random bytes that do not come from a key: software AES is
// slower than crypto/rand.
func expandRandomGeneric(dst []byte) bool {
	rand.Read(dst)
	return false
}
