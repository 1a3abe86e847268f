package envelope

import (
	"encoding/binary"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/kdf"
)

func init() { backends.SelfTest(selfTest) }

// testLength is of the longest message: a block of the hash that begins with the key, a chunk
// that is decrypted while that is hashed, and three blocks more.
const testLength = 32 + 64 + 3*blockSize

// selfTest reports whether the package opens packets with the toggles as they are: messages
// with any number of blocks after the last chunk, two at a time, and many. Their contents
// prove themselves, as they are hashed; and packages kdf and ige, which seal them, have
// tested their own backends.
func selfTest() bool {
	const most = 16 // messages, of which the kernels take at once
	var auth kdf.AuthKey
	impl.Fill(auth[:], 0)
	key := Key{auth: &auth}
	var plain [most][testLength]byte
	var packets [most][HeaderSize + testLength]byte
	for i := range packets {
		impl.Fill(plain[i][:], uint64(i))
		key.seal(packets[i][:0], kdf.Side(i%2), plain[i][:testLength-i%4*blockSize], nil)
	}
	opensBy := func(decryptAndHashBatch func([]opening), messages ...int) bool {
		var os [most]opening
		var got [most][testLength]byte
		for k, i := range messages {
			n := testLength - i%4*blockSize
			copy(got[k][n:], plain[i][n:])
			os[k].start(&key, kdf.Side(i%2), got[k][:0], packets[i][:HeaderSize+n])
		}
		if len(messages) == 1 {
			decryptAndHash(&os[0])
		} else {
			decryptAndHashBatch(os[:len(messages)])
		}
		for k, i := range messages {
			if os[k].got != os[k].msgKey || got[k] != plain[i] {
				return false
			}
		}
		return true
	}
	opens := func(messages ...int) bool { return opensBy(decryptAndHashBatch, messages...) }
	return expands() && opens(0) && opens(1) && opens(2) && opens(3) &&
		opens(0, 1) && opens(0, 4) && opens(1, 5) && opens(2, 6) && opens(3, 7) && // the latter of the same length
		opens(0, 1, 2, 3) &&
		opensBy(decryptAndHashMost, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

// expands reports whether padding is what it is to be, if it comes from a key at all. Of a block of
// zeros, and an iv that begins with a number, package ige makes what AES does of that number.
func expands() bool {
	const counter = 0x0123456789abcdef
	var key [ige.KeySize]byte
	impl.Fill(key[:], 0)
	var got, want [2 * randomTurn]byte
	if !expandRandom(got[:], &key, counter) {
		return true
	}
	for i := range len(want) / blockSize {
		block := want[i*blockSize : (i+1)*blockSize]
		m := ige.Message{Key: key, Dst: block, Src: block}
		binary.LittleEndian.PutUint64(m.IV[:], counter+uint64(i))
		m.Encrypt()
	}
	return got == want
}
