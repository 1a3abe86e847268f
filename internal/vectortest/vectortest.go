// Package vectortest reads files of test vectors, for tests.
package vectortest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Hex is bytes that are hexadecimal digits in JSON. An odd number of digits is a number, whose
// first digit gets a whole byte.
type Hex []byte

// UnmarshalText implements [encoding.TextUnmarshaler].
func (b *Hex) UnmarshalText(text []byte) (err error) {
	if len(text)%2 == 1 {
		text = append([]byte("0"), text...)
	}
	*b, err = hex.AppendDecode(nil, text)
	return err
}

// Read returns the vectors of the file whose path is made of the elements. It ends the test
// unless there are as many as the file says, and at least one.
func Read[V any](t testing.TB, elem ...string) []V {
	t.Helper()
	vectors, _ := ReadWithKeys[V](t, elem...)
	return vectors
}

// ReadWithKeys is Read for files whose vectors share keys, which it also returns.
func ReadWithKeys[V any](t testing.TB, elem ...string) (vectors []V, keys []Hex) {
	t.Helper()
	file := filepath.Join(elem...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Count   int
		Keys    []Hex
		Vectors []V
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(f.Vectors) != f.Count || f.Count == 0 {
		t.Fatalf("%s: has %d vectors, says %d", file, len(f.Vectors), f.Count)
	}
	return f.Vectors, f.Keys
}
