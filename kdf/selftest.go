package kdf

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/internal/impl"
)

func init() { backends.SelfTest(selfTest) }

// The known answers: of a message key, and of the key and the iv that are derived from it.
const (
	testMsgKey = 0x67c83c281a2e62bc
	testKey    = 0xb9cef8183e3f8bee
	testIV     = 0x4343cebe24b3107c
)

// selfTest reports whether the package gives right answers with the toggles as they are:
// known ones for one message, and for batches of all widths those for their messages.
func selfTest() bool {
	const most = 16 // messages, of which the kernels take at once
	var key AuthKey
	impl.Fill(key[:], 0)
	var text [most + 150]byte // messages of three blocks, each with another part of it
	impl.Fill(text[:], 1)

	var want [most]Job
	for i := range want {
		j := &want[i]
		j.AuthKey, j.Side, j.Padded = &key, Side(i%2), text[i:i+150]
		msgKey(&j.MsgKey, key.hashPart(j.Side), j.Padded)
		derive(&j.Key, &j.IV, key.derivePart(j.Side), &j.MsgKey)
	}
	word := binary.LittleEndian.Uint64
	if word(want[0].MsgKey[:]) != testMsgKey || word(want[0].Key[:]) != testKey || word(want[0].IV[:]) != testIV {
		return false
	}
	for _, n := range [...]int{2, most} {
		var got [most]Job
		for i := range n {
			j := &got[i]
			j.AuthKey, j.Side, j.Padded = &key, want[i].Side, want[i].Padded
		}
		msgKeyBatch(got[:n])
		deriveBatch(got[:n])
		for i := range n {
			g, w := &got[i], &want[i]
			if g.MsgKey != w.MsgKey || g.Key != w.Key || g.IV != w.IV {
				return false
			}
		}
	}
	return true
}
