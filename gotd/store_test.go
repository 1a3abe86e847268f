package gotd_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// memStore is a store that can be looked into.
type memStore map[string][]byte

func (s memStore) Load(f func(key, value []byte) error) error {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if err := f([]byte(key), s[key]); err != nil {
			return err
		}
	}
	return nil
}

func (s memStore) Commit(changes []gotd.Change) error {
	for _, c := range changes {
		if c.Value == nil {
			delete(s, string(c.Key))
		} else {
			s[string(c.Key)] = slices.Clone(c.Value)
		}
	}
	return nil
}

// contents returns all that is in a store.
func contents(t *testing.T, s gotd.Store) memStore {
	t.Helper()
	m := memStore{}
	err := s.Load(func(key, value []byte) error {
		m[string(key)] = slices.Clone(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// load makes a manager that never gets to run.
func load(s gotd.Store, key secretchat.StateKey) error {
	_, err := gotd.New(tg.NewClient(nil), gotd.Options{
		Store: s, StateKey: key, Handler: nothing,
	})
	return err
}

// TestStoreContents: no text and no key is in the store as it is; what was changed or
// belongs to another chat is refused; and at the end nothing is left.
func TestStoreContents(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	other, _ := newChat(t, a, b)
	send(t, atA, "a very secret text")
	sendFile(t, a, atA, "another very secret text", 10)
	b.wantText("a very secret text")
	b.wantText("another very secret text")
	b.stop()
	for key := range contents(t, b.openStore()) {
		if key[0] == 'i' {
			t.Errorf("record %s of a file is left behind", key)
		}
	}

	a.stop()
	records := contents(t, a.openStore())
	var states []string
	for key, value := range records {
		if strings.Contains(string(value), "secret") {
			t.Errorf("record %s has the text of a message", key)
		}
		if key[0] == 's' {
			states = append(states, key)
		}
	}
	if len(states) != 2 {
		t.Fatalf("got %d states, want one for each of 2 chats", len(states))
	}
	if err := load(records, stateKey); err != nil {
		t.Errorf("store cannot be loaded: %v", err)
	}
	if err := load(records, secretchat.StateKey{4}); !errors.Is(err, secretchat.ErrState) {
		t.Errorf("another key: got %v, want %v", err, secretchat.ErrState)
	}
	swapped := maps.Clone(records)
	swapped[states[0]], swapped[states[1]] = records[states[1]], records[states[0]]
	if err := load(swapped, stateKey); !errors.Is(err, secretchat.ErrState) {
		t.Errorf("states of two chats swapped: got %v, want %v", err, secretchat.ErrState)
	}
	damaged := maps.Clone(records)
	damaged[states[0]] = slices.Clone(records[states[0]])
	damaged[states[0]][40] ^= 1
	if err := load(damaged, stateKey); !errors.Is(err, secretchat.ErrState) {
		t.Errorf("damaged state: got %v, want %v", err, secretchat.ErrState)
	}
	delete(damaged, states[0])
	if err := load(damaged, stateKey); err != nil {
		t.Errorf("missing state: got %v, want a chat that will be closed", err)
	}
	damaged[""], damaged["?"] = nil, nil
	if err := load(damaged, stateKey); err == nil {
		t.Error("unknown records are no error")
	}

	a.start()
	for _, id := range []int{atA.ID(), other.ID()} {
		if err := a.chats.Chat(id).Discard(); err != nil {
			t.Fatal(err)
		}
		next[*gotd.Closed](a)
	}
	eventually(t, "the chats are forgotten", func() bool { return len(a.chats.Chats()) == 0 })
	a.stop()
	for key := range contents(t, a.openStore()) {
		if key != "d" { // parameters of Diffie–Hellman
			t.Errorf("record %s is left behind", key)
		}
	}
}

// TestNothingPrintsKeys formats what has the key of the states.
func TestNothingPrintsKeys(t *testing.T) {
	opt := gotd.Options{Store: memStore{}, StateKey: stateKey, Handler: nothing}
	m, err := gotd.New(tg.NewClient(nil), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(verb, m); got != "REDACTED" {
			t.Errorf("%s of a Manager is %s", verb, got)
		}
		if got := fmt.Sprintf(verb, opt); !strings.Contains(got, "REDACTED") {
			t.Errorf("%s of Options is %s", verb, got)
		}
	}
}
