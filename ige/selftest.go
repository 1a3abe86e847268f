package ige

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/mtcore/mtcore/internal/impl"
)

func init() { backends.SelfTest(selfTest) }

// testText is what the self-test encrypts and decrypts, as messages of one length.
type testText [3 * BlockSize]byte

// The known answers: the ends of the last blocks of a text, encrypted and decrypted. In this
// mode, they depend on all blocks.
const (
	testEncrypted = 0x8e05578894cef04
	testDecrypted = 0x157517de6919b796
)

// selfTest reports whether the package gives right answers with the toggles as they are:
// known ones for one message, and for batches of all widths those for their messages.
func selfTest() bool {
	var ms [batchLanes]Message
	var text, encrypted, decrypted [batchLanes]testText
	for j := range ms {
		m := &ms[j]
		seed := impl.Fill(m.Key[:], uint64(j))
		seed = impl.Fill(m.IV[:], seed)
		impl.Fill(text[j][:], seed)

		encryptMessage(&m.Key, &m.IV, encrypted[j][:], text[j][:])
		decryptMessage(&m.Key, &m.IV, decrypted[j][:], text[j][:])
	}
	return encrypted[0].end() == testEncrypted && decrypted[0].end() == testDecrypted &&
		selfTestExpanded(&ms[0], &text[0], &encrypted[0], &decrypted[0]) &&
		selfTestBatch(&ms, &text, &encrypted, false) &&
		selfTestBatch(&ms, &text, &decrypted, true)
}

func (t *testText) end() uint64 { return binary.LittleEndian.Uint64(t[len(t)-8:]) }

// selfTestExpanded tests what works with an expanded key.
func selfTestExpanded(m *Message, text, encrypted, decrypted *testText) bool {
	var enc, dec schedule
	nr := expand(&enc, &dec, m.Key[:])
	var e, d testText
	iv := m.IV
	encrypt(nr, &enc, &iv, e[:], text[:])
	iv = m.IV
	decrypt(nr, &dec, &iv, d[:], text[:])
	return e == *encrypted && d == *decrypted
}

// selfTestBatch tests batches, of a number of messages for each width of kernels.
func selfTestBatch(ms *[batchLanes]Message, text, want *[batchLanes]testText, decrypting bool) bool {
	if !worthBatching(sizes{count: 2, sum: math.MaxInt}) {
		return true // nothing is, so that there are none
	}
	for _, n := range [...]int{2, 3, 5, 9, batchLanes} {
		var got [batchLanes]testText
		for j := range n {
			ms[j].Dst, ms[j].Src = got[j][:], text[j][:]
		}
		const blocks = len(testText{}) / BlockSize
		s := sizes{n, n * len(testText{}), len(testText{})}
		cryptRefilled(ms[:n], decrypting)
		good := slices.Equal(got[:n], want[:n])
		if oneShotFits(s) {
			got = [batchLanes]testText{}
			cryptOneShot(ms[:n], blocks, decrypting)
			good = good && slices.Equal(got[:n], want[:n])
		}
		if oneShotForMany() {
			got = [batchLanes]testText{}
			for j := range n { // the last ones are shorter
				ms[j].Src = text[j][:BlockSize*(blocks-blocks*j/n)]
			}
			cryptMany(ms[:n], decrypting)
			for j := range n {
				size := len(ms[j].Src)
				good = good && bytes.Equal(got[j][:size], want[j][:size])
			}
		}
		if !good {
			return false
		}
	}
	return true
}
