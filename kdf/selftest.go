package kdf

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/kdfspec"
)

func init() { backends.SelfTest(selfTest) }

// testSize is the length of a message: eight blocks, so that sixteen of them are worth all lanes of
// any CPU, and an end.
const testSize = 8*kdfspec.HashBlockSize - 8

// The known answers: of a message key, and of the key and the iv that are derived from it.
const (
	testMsgKey = 0x44915b1d70886cf6
	testKey    = 0x3db3689c958d05e2
	testIV     = 0xd22f1098139b4eeb
)

// selfTest reports whether the package gives right answers with the toggles as they are:
// known ones for one message, and for batches of all widths those for their messages.
func selfTest() bool {
	const most = 16 // messages, of which the kernels take at once
	var key AuthKey
	impl.Fill(key[:], 0)
	var text [most + testSize]byte // each message has another part of it
	impl.Fill(text[:], 1)

	var want [most]Job
	for i := range want {
		j := &want[i]
		j.AuthKey, j.Side, j.Padded = &key, Side(i%2), text[i:i+testSize]
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
