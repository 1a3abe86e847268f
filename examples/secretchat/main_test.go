package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const size = 3<<20 + 5
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run(&out, dir, size); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	t.Logf("\n%s", &out)
	text := out.String()
	for _, want := range []string{
		"Bob has the same: true",
		"Bob reads: Do you hear me, Bob?",
		"Alice reads: Loud and clear.",
		"Alice reads: I am back.",
		"Bob uploads: 100 %",
		"Alice downloads: 50 %",
		"Alice has got what Bob has sent: true",
		"(Alice has a new key)",
		"(Bob has a new key)",
		"The picture is that of the first key: true",
		"chat was discarded",
	} {
		if n := strings.Count(text, want); n != 1 {
			t.Errorf("%q is told %d times", want, n)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("Discard leaves %v, %v", left, err)
	}
}

// TestStoreHoldsNoSecrets: what is on the disk does not have the messages in it.
func TestStoreHoldsNoSecrets(t *testing.T) {
	dir := t.TempDir()
	s := &server{}
	alice, err := newClient("Alice", s, dir, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	bob, err := newClient("Bob", s, dir, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if err := setUp(alice, bob); err != nil {
		t.Fatal(err)
	}
	if err := talk(s, alice, bob, "attack at dawn", "understood"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{alice, bob} {
		state, err := os.ReadFile(c.store.path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(state, []byte("attack")) || bytes.Contains(state, []byte("understood")) {
			t.Errorf("the state of %s can be read", c.name)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, m := range []message{
		{},
		{text: "a"},
		{text: strings.Repeat("long ", 50)},
		{text: "with a file", file: &file{size: 5 << 32, key: bytes.Repeat([]byte{1}, 32), iv: bytes.Repeat([]byte{2}, 32)}},
	} {
		b := m.marshal(1)
		got, err := unmarshal(b)
		if err != nil || !bytes.Equal(got.marshal(1), b) {
			t.Errorf("%+v becomes %+v, %v", m, got, err)
		}
		for n := range len(b) {
			if got, err := unmarshal(b[:n]); err == nil {
				t.Errorf("%d bytes of %d are %+v", n, len(b), got)
			}
		}
	}
}
