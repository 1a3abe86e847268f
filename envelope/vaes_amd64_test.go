//go:build gc && !purego

package envelope

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/guardtest"
	"github.com/mtcore/mtcore/internal/impltest"
)

// sixteenLengths has what there may be in the lanes of the kernels for sixteen messages,
// the longest first.
func sixteenLengths() [][]int {
	var lists [][]int
	equal := func(n, count int) []int {
		list := make([]int, count)
		for i := range list {
			list[i] = n
		}
		return list
	}
	for n := startSize; n <= 26*blockSize; n += blockSize {
		lists = append(lists, equal(n, width))
	}
	for count := 1; count < width; count++ {
		lists = append(lists, equal(20*blockSize, count))
	}
	// All differ, so that lanes become idle at all times.
	for step := 1; step <= 5; step++ {
		for count := 2; count <= width; count++ {
			list := make([]int, count)
			for i := range list {
				list[i] = startSize + step*(count-1-i)*blockSize
			}
			lists = append(lists, list)
		}
	}
	return append(lists,
		equal(startSize+(2*maxTurns+3)*chunkSize+blockSize, width),
		append([]int{10_000, 9_984}, equal(48, width-2)...),
		append(equal(startSize+idleTurns*chunkSize+16, 9), equal(startSize, 7)...))
}

// TestDecryptAndHash16 has each message at a guard page, and the kernels do no more to any
// than they should.
func TestDecryptAndHash16(t *testing.T) {
	impltest.Need(t, backends, "VAES")
	for _, guard := range guards {
		for place, inPlace := range map[string]bool{"apart": false, "in place": true} {
			t.Run(guard.name+"/"+place, func(t *testing.T) {
				for _, lengths := range sixteenLengths() {
					testDecryptAndHash(t, decryptAndHash16, guard.alloc, inPlace, lengths)
				}
				for _, lengths := range pairLengths() {
					testDecryptAndHash(t, decryptAndHashPairs, guard.alloc, inPlace, lengths)
				}
				for _, lengths := range fourLengths() {
					testDecryptAndHash(t, decryptAndHash4, guard.alloc, inPlace, lengths)
				}
			})
		}
	}
}

// fourLengths has one to five messages, of which the fourth and those before become idle at all times,
// or begin so.
func fourLengths() [][]int {
	lists := [][]int{
		{startSize + (2*maxFourTurns+3)*chunkSize + blockSize, 48, 48},
		{10_000, 9_984, startSize + (fourIdleTurns+1)*chunkSize, startSize},
	}
	for n := startSize; n <= 26*blockSize; n += blockSize {
		list := []int{n, n, n, n, n}
		for count := range list {
			lists = append(lists, list[:1+count])
		}
		for step := 1; step <= 5; step++ {
			d := step * blockSize
			lists = append(lists, []int{n + 3*d, n + 2*d, n + d, n, n}, []int{n + d, n, n, n})
		}
	}
	return lists
}

// pairLengths has two messages and some more, the longest first: of the same length, or not, before
// and after those that are.
func pairLengths() [][]int {
	var lists [][]int
	for n := blockSize; n <= 26*blockSize; n += blockSize {
		m := n + blockSize
		lists = append(lists, []int{n}, []int{n, n}, []int{m, n}, []int{n, n, n}, []int{m, n, n}, []int{m, m, n, n}, []int{m, m, m, n})
	}
	return lists
}

func testDecryptAndHash(t *testing.T, f func(os []opening, order []uint8), alloc func(testing.TB, int) []byte, inPlace bool, lengths []int) {
	os := make([]opening, len(lengths))
	var order []uint8
	for i, n := range lengths {
		k, side := NewKey(newAuthKey(uint64(i))), sides[i%2]
		packet := alloc(t, HeaderSize+n)
		copy(packet, referenceSeal(k.auth, side, randomFrom(newRand(uint64(i)), n)))
		dst := packet[HeaderSize:HeaderSize]
		if !inPlace {
			dst = alloc(t, n)[:0]
		}
		at := len(os) - 1 - i // not in the order of the lanes
		os[at].start(k, side, dst, packet)
		order = append(order, uint8(at))
	}
	if fault := guardtest.Try(func() { f(os, order) }); fault != nil {
		t.Fatalf("%d: %v", lengths, fault)
	}
	for i, n := range lengths {
		o := &os[order[i]]
		want := randomFrom(newRand(uint64(i)), n)
		if !bytes.Equal(o.dst, want) || o.got != o.msgKey {
			t.Errorf("%d: message %d: msg_key %x, want %x, first wrong byte is %d", lengths, i,
				o.got, o.msgKey, firstDifference(o.dst, want))
		}
	}
}
