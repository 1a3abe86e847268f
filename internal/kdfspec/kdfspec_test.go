package kdfspec

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"testing"
)

// TestInitial reads the state of a new hash from the standard library.
func TestInitial(t *testing.T) {
	state, err := sha256.New().(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range Initial {
		if got := binary.BigEndian.Uint32(state[4+4*i:]); got != want {
			t.Errorf("word %d: got %#08x, want %#08x", i, got, want)
		}
	}
}

// TestPad lets the standard library hash blocks that Pad has completed: the state afterwards
// is the digest of their contents.
func TestPad(t *testing.T) {
	for n := range HashBlockSize + 1 {
		for _, before := range []int{0, HashBlockSize, 5 * HashBlockSize} {
			message := make([]byte, before+n)
			for i := range message {
				message[i] = byte(7*i + n)
			}
			want := sha256.Sum256(message)

			padded := append(message, make([]byte, 2*HashBlockSize)...)
			blocks := Pad(padded[before:], n, before+n)
			h := sha256.New()
			h.Write(padded[:before+blocks*HashBlockSize])
			state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if got := [32]byte(state[4:]); got != want {
				t.Errorf("%d bytes after %d: got %x, want %x", n, before, got, want)
			}
			var words [8]uint32
			for i := range words {
				words[i] = binary.BigEndian.Uint32(state[4+4*i:])
			}
			var m [MsgKeySize]byte
			SetMsgKey(&m, words[2], words[3], words[4], words[5])
			if got, want := m, [MsgKeySize]byte(want[8:24]); got != want {
				t.Errorf("%d bytes after %d: got message key %x, want %x", n, before, got, want)
			}
		}
	}
}
