package secretchat

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/internal/vectortest"
	"github.com/mtcore/mtcore/kdf"
)

// readJSON returns the vectors of a file and its keys.
func readJSON[V any](tb testing.TB, path ...string) (vectors []V, keys []kdf.AuthKey) {
	tb.Helper()
	vectors, all := vectortest.ReadWithKeys[V](tb, path...)
	for _, key := range all {
		keys = append(keys, kdf.AuthKey(key))
	}
	return vectors, keys
}

// chatWithKey returns a chat that has a key out of a vector.
func chatWithKey(tb testing.TB, auth *kdf.AuthKey, originator, allowV1 bool) *Chat {
	tb.Helper()
	opt := Options{RefuseV1: !allowV1}
	opt.check()
	k := &key{auth: *auth}
	k.prepare(opt.MaxPacket)
	var gB *[bigdh.Size]byte
	if !originator {
		gB = new([bigdh.Size]byte)
	}
	c, err := newChat(k, testGroup(tb), gB, &opt, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestPacketVectors opens packets of secret chats that came about without our code:
// secret_v2 and secret_v1, as package envelope keeps them.
func TestPacketVectors(t *testing.T) {
	type packetVector struct {
		Name    string
		Version envelope.Version
		X       int
		Layout  string
		Key     int
		Body    int            `json:"body_length"`
		Hash    vectortest.Hex `json:"plaintext_sha256"` // with the length, and the padding
		Packet  vectortest.Hex
	}
	vectors, keys := readJSON[packetVector](t, "..", "envelope", "testdata", "packets.json")
	checked := map[envelope.Version]int{}
	for _, v := range vectors {
		if v.Layout != "secret" {
			continue
		}
		checked[v.Version]++
		c := chatWithKey(t, &keys[v.Key], v.X == 8, v.Version == envelope.V1)
		o, err := c.open(v.Packet)
		if err != nil || o.version != v.Version || len(o.body) != v.Body {
			t.Errorf("%s: opened %d bytes of version %d, %v, want %d of version %d", v.Name, len(o.body), o.version, err, v.Body, v.Version)
			continue
		}
		if v.Version == envelope.V2 {
			// The body is a part of what was decrypted, with length and padding around
			// it.
			padded := slices.Concat(binary.LittleEndian.AppendUint32(nil, uint32(v.Body)), o.body[:cap(o.body)])
			if hash := sha256.Sum256(padded); string(hash[:]) != string(v.Hash) {
				t.Errorf("%s: another plaintext", v.Name)
			}
		}
		// To the other role, it is a reflection; in version 1 only its numbers can tell.
		if v.Version == envelope.V1 {
			continue
		}
		c = chatWithKey(t, &keys[v.Key], v.X != 8, false)
		if _, err := c.open(v.Packet); err != ErrDecrypt {
			t.Errorf("%s, reflected: %v, want %v", v.Name, err, ErrDecrypt)
		}
	}
	if checked[envelope.V2] != 72 || checked[envelope.V1] != 12 {
		t.Errorf("checked %v, want 72 of version 2 and 12 of version 1", checked)
	}
}

// TestRefusedVectors has secret_negative: what a strict receiver refuses, always with
// the same error, and without any effect on the chat.
func TestRefusedVectors(t *testing.T) {
	type refusedVector struct {
		Name, Why string
		Version   envelope.Version
		X         int
		Key       int
		Packet    vectortest.Hex
	}
	vectors, keys := readJSON[refusedVector](t, "..", "envelope", "testdata", "refused.json")
	if len(vectors) != 28 {
		t.Errorf("%d vectors, want 28", len(vectors))
	}
	for _, v := range vectors {
		want := ErrDecrypt
		if v.Name == "v2-flip-fingerprint" || v.Name == "v2-zero-key-id" {
			want = ErrUnknownKey
		}
		// In version 1 there is one direction for both roles; as the originator we
		// cannot take these packets for version 2.
		v1 := v.Version == envelope.V1
		c := chatWithKey(t, &keys[v.Key], v1 || v.X == 8, v1)
		events, err := c.Receive(v.Packet)
		if v.Name == "v1-packet-offered-as-v2" {
			wantEvents(t, events, fmt.Sprintf("%d:-1:0 ", EventRefused))
			if f := (*FatalError)(nil); !errors.As(err, &f) || f.Rule != RuleV1 {
				t.Errorf("%s: %v, want %q", v.Name, err, RuleV1)
			}
			continue
		}
		if events != nil || err != want {
			t.Errorf("%s (%s): %d events, %v, want %v", v.Name, v.Why, len(events), err, want)
		}
		if c.Err() != nil || c.received != 0 {
			t.Errorf("%s: the chat has changed: %v, %d received", v.Name, c.Err(), c.received)
		}
	}
}

func TestSequenceNumberVectors(t *testing.T) {
	type seqVector struct {
		Role    string `json:"role_of_sender"`
		RawIn   int    `json:"raw_in"`
		WireIn  int32  `json:"wire_in"`
		RawOut  int    `json:"raw_out"`
		WireOut int32  `json:"wire_out"`
	}
	vectors, _ := readJSON[seqVector](t, "testdata", "seq_no.json")
	for _, v := range vectors {
		originator := v.Role == "originator"
		if got := toWire(v.RawIn, inBit(originator)); got != v.WireIn {
			t.Errorf("%s: in_seq_no of %d = %d, want %d", v.Role, v.RawIn, got, v.WireIn)
		}
		if got := toWire(v.RawOut, outBit(originator)); got != v.WireOut {
			t.Errorf("%s: out_seq_no of %d = %d, want %d", v.Role, v.RawOut, got, v.WireOut)
		}
		if got, ok := fromWire(v.WireIn, inBit(originator)); got != v.RawIn || !ok {
			t.Errorf("%s: in_seq_no %d is %d, %t, want %d", v.Role, v.WireIn, got, ok, v.RawIn)
		}
		if got, ok := fromWire(v.WireOut, outBit(originator)); got != v.RawOut || !ok {
			t.Errorf("%s: out_seq_no %d is %d, %t, want %d", v.Role, v.WireOut, got, ok, v.RawOut)
		}
		// The other role's bits are wrong, as are negative numbers.
		if _, ok := fromWire(v.WireOut, outBit(!originator)); ok {
			t.Errorf("%s: out_seq_no %d passes for the other side's", v.Role, v.WireOut)
		}
		wire := v.WireIn | math.MinInt32
		if _, ok := fromWire(wire, inBit(originator)); ok {
			t.Errorf("%s: in_seq_no %d passes", v.Role, wire)
		}
	}
}

// TestHandshakeVectors has exchanges with known exponents, among them a key and a g_a
// that begin with zeros, which must not get lost.
func TestHandshakeVectors(t *testing.T) {
	type dhVector struct {
		Name        string
		G           int
		P, A, B     vectortest.Hex
		GA          vectortest.Hex `json:"g_a"`
		GB          vectortest.Hex `json:"g_b"`
		Key         vectortest.Hex
		Picture     vectortest.Hex `json:"visualization_36"`
		Fingerprint int64          `json:"key_fingerprint_int64"`
	}
	vectors, _ := readJSON[dhVector](t, "..", "bigdh", "testdata", "dh.json")
	for _, v := range vectors {
		group, err := bigdh.NewGroup(v.P, v.G)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		mine, err := group.NewPrivateKey(v.A)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		opt := Options{}
		opt.check()
		o := &Outgoing{opt: opt, group: group, mine: mine}
		if gA, err := o.GA(); err != nil || string(gA[:]) != string(v.GA) {
			t.Errorf("%s: g_a = %x, %v, want %x", v.Name, gA, err, v.GA)
		}
		c, err := o.Complete(v.GB, v.Fingerprint)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if string(c.key.auth[:]) != string(v.Key) || c.Fingerprint() != v.Fingerprint {
			t.Errorf("%s: another key, with fingerprint %d, want %d", v.Name, c.Fingerprint(), v.Fingerprint)
		}
		if got := c.Visualization(); string(got[:]) != string(v.Picture) {
			t.Errorf("%s: Visualization = %x, want %x", v.Name, got, v.Picture)
		}
	}
}
