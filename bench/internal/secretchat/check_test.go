package secretchat

import (
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/secretchat"
)

func TestCheckSecretChat(t *testing.T) {
	settings := settings()
	lines := 0
	passed := func(string) { lines++ }
	if err := New(suite.Options{}).Check(passed); err != nil {
		t.Fatal(err)
	}
	if err := NewHandshake(suite.Options{}).Check(passed); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 2*len(settings); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestCheckSecretChatFindsErrors(t *testing.T) {
	planted := func(k *secretchat.FileKey, encrypted []byte, size int64) ([]byte, error) {
		plain, err := fileDecrypted(k, encrypted, size)
		if err == nil {
			plain[1<<20] ^= 1
		}
		return plain, err
	}
	err := check(settings(), planted, func(string) {})
	if want := "file, encrypted by gotd/ige: byte 1048576 is "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
