package gotd_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gotd/td/tg"

	"github.com/mtcore/mtcore/gotd"
	"github.com/mtcore/mtcore/secretchat"
)

// memStore is a store that can be looked into.
type memStore struct {
	mu      sync.Mutex
	records map[string][]byte
}

func newMemStore() *memStore { return &memStore{records: map[string][]byte{}} }

func (s *memStore) Load(prefix []byte, f func(key, value []byte) error) error {
	records := s.copy()
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if !strings.HasPrefix(key, string(prefix)) {
			continue
		}
		if err := f([]byte(key), records[key]); err != nil {
			return err
		}
	}
	return nil
}

func (s *memStore) Commit(changes []gotd.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if c.Value == nil {
			delete(s.records, string(c.Key))
		} else {
			s.records[string(c.Key)] = slices.Clone(c.Value)
		}
	}
	return nil
}

func (s *memStore) copy() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.records)
}

// contents returns a copy of all that is in a store.
func contents(t *testing.T, s gotd.Store) map[string][]byte {
	t.Helper()
	m := newMemStore()
	err := s.Load(nil, func(key, value []byte) error {
		m.records[string(key)] = slices.Clone(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.records
}

// load makes a manager that never gets to run, and returns its chats.
func load(t *testing.T, records map[string][]byte, key secretchat.StateKey) []*gotd.Chat {
	t.Helper()
	m, err := gotd.New(tg.NewClient(nil), gotd.Options{
		Store: &memStore{records: maps.Clone(records)}, StateKey: key, Handler: nothing,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.Chats()
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
	eventually(t, "no file or update is left behind", func() bool {
		for key := range contents(t, b.store) {
			if key[0] == 'i' || key[0] == 'u' {
				return false
			}
		}
		return true
	})
	b.stop()

	a.stop()
	records := contents(t, a.openStore())
	const head = "6300000000000000" // of the state
	var states []string
	for key, value := range records {
		if strings.Contains(string(value), "secret") {
			t.Errorf("record %s has the text of a message", key)
		}
		if key[0] == 's' && strings.HasSuffix(key, head) {
			states = append(states, key)
		}
	}
	if len(states) != 2 {
		t.Fatalf("got %d states, want one for each of 2 chats", len(states))
	}
	// wantDamaged are the chats that cannot be used. Others go on.
	wantDamaged := func(what string, records map[string][]byte, key secretchat.StateKey, want error, ids ...int) {
		t.Helper()
		for _, c := range load(t, records, key) {
			damaged := slices.Contains(ids, c.ID())
			if (c.State() == gotd.StateDamaged) != damaged || damaged && want != nil && !errors.Is(c.Err(), want) {
				t.Errorf("%s: chat %d is %s for %v; those damaged are %v, for %v", what, c.ID(), c.State(), c.Err(), ids, want)
			}
		}
	}
	id := func(key string) int {
		n, err := strconv.ParseUint(key[1:9], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return int(int32(n))
	}
	first, second := states[0], states[1]
	with := func(change func(m map[string][]byte)) map[string][]byte {
		m := maps.Clone(records)
		change(m)
		return m
	}
	wantDamaged("as it was", records, stateKey, nil)
	wantDamaged("another key", records, secretchat.StateKey{4}, secretchat.ErrState, id(first), id(second))
	wantDamaged("states of two chats swapped", with(func(m map[string][]byte) {
		m[first], m[second] = m[second], m[first]
	}), stateKey, secretchat.ErrState, id(first), id(second))
	wantDamaged("state with another bit", with(func(m map[string][]byte) {
		m[first] = slices.Clone(m[first])
		m[first][40] ^= 1
	}), stateKey, secretchat.ErrState, id(first))
	wantDamaged("state without its head", with(func(m map[string][]byte) { delete(m, first) }), stateKey, secretchat.ErrState, id(first))
	wantDamaged("missing state", with(func(m map[string][]byte) {
		maps.DeleteFunc(m, func(key string, _ []byte) bool { return strings.HasPrefix(key, first[:9]) })
	}), stateKey, secretchat.ErrState, id(first))
	wantDamaged("one record more", with(func(m map[string][]byte) { m[first[:9]+"x"] = m[first] }), stateKey, secretchat.ErrState, id(first))
	chatKey := "c" + first[1:9]
	wantDamaged("missing chat", with(func(m map[string][]byte) { delete(m, chatKey) }), stateKey, nil, id(first))
	wantDamaged("chat that is no JSON", with(func(m map[string][]byte) { m[chatKey] = []byte("{") }), stateKey, nil, id(first))
	wantDamaged("newer chat", with(func(m map[string][]byte) {
		m[chatKey] = []byte(strings.Replace(string(m[chatKey]), `"V":2`, `"V":99`, 1))
	}), stateKey, gotd.ErrNewer, id(first))
	wantDamaged("record of an unknown kind", with(func(m map[string][]byte) {
		m["?"+first[1:9]] = []byte("new")
	}), stateKey, nil, id(first))
	wantDamaged("records of nobody", with(func(m map[string][]byte) { m[""], m["?"] = nil, nil }), stateKey, nil)

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
	opt := gotd.Options{Store: newMemStore(), StateKey: stateKey, Handler: nothing}
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

// TestRecordsOfAllKinds: one that cannot be read, or is of a newer version, affects its chat
// alone, and is named.
func TestRecordsOfAllKinds(t *testing.T) {
	_, alice, bob := newServer(t)
	a, b := newClient(t, alice), newClient(t, bob)
	atA, _ := newChat(t, a, b)
	other, _ := newChat(t, a, b)
	a.stop()
	records := contents(t, a.openStore())
	for _, tt := range []struct {
		kind, value string
		want        error // if it is known
	}{
		{"u", "nonsense", nil},
		{"o", "{", nil},
		{"o", `{"V":99}`, gotd.ErrNewer},
		{"i", "{", nil},
		{"i", `{"Chat":1,"File":"AQID"}`, nil},
		{"c", `{"V":99}`, gotd.ErrNewer},
		{"c", fmt.Sprintf(`{"V":2,"ID":1,"PeerID":%d,"Originator":true,"State":"open"}`, bob.ID), nil}, // of another chat
		{"c", fmt.Sprintf(`{"V":2,"ID":%d,"State":"new"}`, atA.ID()), nil},
		{"c", fmt.Sprintf(`{"V":2,"ID":%d,"State":"ending"}`, atA.ID()), nil},
		{"c", fmt.Sprintf(`{"V":2,"ID":%d,"State":"closing"}`, atA.ID()), nil},
	} {
		key := fmt.Sprintf("%s%08x", tt.kind, uint32(atA.ID()))
		if tt.kind != "c" {
			key += "0000000000000001"
		}
		changed := maps.Clone(records)
		changed[key] = []byte(tt.value)
		for _, c := range load(t, changed, stateKey) {
			switch {
			case c.ID() == other.ID():
				if c.State() != gotd.StateOpen {
					t.Errorf("%s %s: the other chat is %s: %v", key, tt.value, c.State(), c.Err())
				}
			case c.State() != gotd.StateDamaged || c.Err() == nil:
				t.Errorf("%s %s: chat is %s: %v", key, tt.value, c.State(), c.Err())
			case tt.want != nil && !errors.Is(c.Err(), tt.want):
				t.Errorf("%s %s: got %v, want %v", key, tt.value, c.Err(), tt.want)
			case tt.kind != "c" && !strings.Contains(c.Err().Error(), key):
				t.Errorf("%v does not name record %s", c.Err(), key)
			}
		}
	}
}
