package vectortest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestHex(t *testing.T) {
	for text, want := range map[string]Hex{`""`: {}, `"0"`: {0}, `"a"`: {10}, `"0aFf"`: {10, 255}, `"123"`: {1, 0x23}} {
		var got Hex
		if err := json.Unmarshal([]byte(text), &got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, %v, want %x", text, got, err, want)
		}
	}
	if err := json.Unmarshal([]byte(`"0g"`), new(Hex)); err == nil {
		t.Error("0g was taken for digits")
	}
}

// fatal is a test that records whether it was ended.
type fatal struct {
	testing.TB
	ended bool
}

func (*fatal) Helper()                 {}
func (f *fatal) Fatal(...any)          { f.ended = true; runtime.Goexit() }
func (f *fatal) Fatalf(string, ...any) { f.ended = true; runtime.Goexit() }

func TestRead(t *testing.T) {
	for text, want := range map[string]bool{
		`{"count": 2, "vectors": ["1", "22"]}`: true,
		`{"count": 3, "vectors": ["1", "22"]}`: false,
		`{"count": 1, "vectors": ["1", "22"]}`: false,
		`{"vectors": ["1"]}`:                   false,
		`{"count": 0, "vectors": []}`:          false,
		`{"count": 1, "vectors": ["x"]}`:       false,
		`{"count": 1`:                          false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "v.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f := &fatal{TB: t}
		n := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			n = len(Read[Hex](f, dir, "v.json"))
		}()
		<-done
		if f.ended == want || want && n != 2 {
			t.Errorf("%s: %d vectors, test ended: %v", text, n, f.ended)
		}
	}
}
