package secretchat

import (
	"errors"
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
	if err := NewState(suite.Options{}).Check(passed); err != nil {
		t.Fatal(err)
	}
	if got, want := lines, 3*len(settings); got != want {
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

func TestCheckStatesFindsErrors(t *testing.T) {
	forgets := func(_ chatPair, stores [2]*memoryStore) (chats chatPair, err error) {
		for _, s := range stores {
			for key := range s.records {
				if key[0] == 'o' {
					delete(s.records, key)
					break
				}
			}
		}
		return restoreBoth(chats, stores)
	}
	if err := checkStates(settings(), forgets, func(string) {}); !errors.Is(err, secretchat.ErrState) {
		t.Errorf("a record is missing: %v, want %v", err, secretchat.ErrState)
	}
	loses := func(chats chatPair, _ [2]*memoryStore) (chatPair, error) {
		for _, c := range chats {
			c.Outbox()
		}
		return chats, nil
	}
	if err := checkStates(settings(), loses, func(string) {}); err == nil || !strings.Contains(err.Error(), "message 0 is not among 0 events") {
		t.Errorf("a message is lost: %v", err)
	}
}
