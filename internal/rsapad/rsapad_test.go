package rsapad

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/rsa2048"
)

// Package authkey tests what Seal and Open do with each other, and with other implementations.

// TestOpenErases: of an X that Seal has not made, nothing is left.
func TestOpenErases(t *testing.T) {
	x := [Size]byte(bytes.Repeat([]byte{1}, Size))
	padded := [PaddedSize]byte{PaddedSize - 1: 1}
	if err := open(&padded, &x); err != ErrData || padded != [PaddedSize]byte{} || x != [Size]byte{} {
		t.Errorf("error %v, padded %x, X %x", err, padded, x)
	}
}

// TestSealErases: if random bytes end after an X that is not below n, nothing is left of it. Of
// the sixteen X that are tried, about half are not.
func TestSealErases(t *testing.T) {
	n := [Size]byte{0: 0x80, Size - 1: 1}
	key, err := rsa2048.NewPublicKey(n[:], 65537)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range byte(16) {
		random := append(make([]byte, PaddedSize), bytes.Repeat([]byte{i}, KeySize)...)
		var out [Size]byte
		if err := Seal(&out, key, nil, bytes.NewReader(random)); err == nil {
			continue
		}
		refused++
		if out != [Size]byte{} {
			t.Errorf("t of %d: %x is left", i, out)
		}
	}
	if refused == 0 {
		t.Error("all X are below n")
	}
}
