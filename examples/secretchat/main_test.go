package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/kdf"
	"github.com/mtcore/mtcore/secretchat"
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

// TestStoreHoldsNoSecrets: the messages do not appear on the disk.
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

// TestEventsBeforeTheEnd: what came before the peer broke a rule is still shown.
func TestEventsBeforeTheEnd(t *testing.T) {
	var out bytes.Buffer
	alice, err := newClient("Alice", &server{}, t.TempDir(), &out)
	if err != nil {
		t.Fatal(err)
	}
	group, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	request, gA, err := secretchat.Request(group, alice.options())
	if err != nil {
		t.Fatal(err)
	}

	// The peer is not a secretchat.Chat, since it breaks the rules.
	var key kdf.AuthKey
	mine, err := group.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := group.NewPublicKey(gA[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := mine.DH((*[bigdh.Size]byte)(&key), theirs); err != nil {
		t.Fatal(err)
	}
	packet := func(seq int32, message []byte) []byte {
		l := tl.Layer{RandomBytes: make([]byte, 15), Layer: secretchat.MinLayer, InSeqNo: 1, OutSeqNo: 2 * seq, Message: message}
		size := binary.LittleEndian.AppendUint32(nil, uint32(l.Size()))
		p, err := envelope.Seal(nil, &key, kdf.Server, l.Append(size), envelope.PadRandom)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	gB := mine.PublicKey().Bytes()
	if alice.chat, err = request.Complete(gB[:], key.Fingerprint()); err != nil {
		t.Fatal(err)
	}

	if err := alice.receive(packet(1, tl.AppendService(nil, 2, &tl.Action{ID: tl.RequestKey}))); err != nil {
		t.Fatal(err) // It waits for message 0.
	}
	err = alice.receive(packet(0, message{text: "last words"}.marshal(1)))
	if !errors.Is(err, secretchat.ErrFatal) || !strings.Contains(out.String(), "Alice reads: last words") {
		t.Errorf("got %v and %q, want %v and the last words", err, &out, secretchat.ErrFatal)
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
