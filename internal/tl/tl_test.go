package tl

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

type vector struct {
	Name    string
	Service vectortest.Hex `json:"in_decryptedMessageService"`
	Layered vectortest.Hex `json:"in_decryptedMessageLayer"`
	Random  vectortest.Hex `json:"random_bytes"`
	Layer   int32
	In      int32 `json:"in_seq_no"`
	Out     int32 `json:"out_seq_no"`
	// RandomID is big-endian.
	RandomID vectortest.Hex `json:"random_id"`

	Serialized vectortest.Hex
}

func readVectors(tb testing.TB) []vector {
	tb.Helper()
	vectors := vectortest.Read[vector](tb, "testdata", "secret_tl.json")
	if len(vectors) != 16 {
		tb.Fatalf("%d vectors, want 16", len(vectors))
	}
	return vectors
}

// actions are the contents of the vectors with these names.
var actions = map[string]Action{
	"SetMessageTTL":      {ID: SetMessageTTL, TTL: 60},
	"ReadMessages":       {ID: ReadMessages, IDs: []int64{1, -2}},
	"DeleteMessages":     {ID: DeleteMessages, IDs: []int64{0x1122334455667788}},
	"ScreenshotMessages": {ID: ScreenshotMessages, IDs: []int64{}},
	"FlushHistory":       {ID: FlushHistory},
	"Resend":             {ID: Resend, Start: 2, End: 8},
	"NotifyLayer":        {ID: NotifyLayer, Layer: 144},
	"Typing":             {ID: Typing, Typing: []byte{0x4e, 0x74, 0xbf, 0x16}},
	"RequestKey":         {ID: RequestKey, ExchangeID: 0x0102030405060708},
	"AcceptKey":          {ID: AcceptKey, ExchangeID: 0x0102030405060708, Fingerprint: -3},
	"CommitKey":          {ID: CommitKey, ExchangeID: 0x0102030405060708, Fingerprint: -3},
	"AbortKey":           {ID: AbortKey, ExchangeID: 0x0102030405060708},
	"Noop":               {ID: Noop},
}

func TestServiceVectors(t *testing.T) {
	const prefix = "decryptedMessageAction"
	checked := 0
	for _, v := range readVectors(t) {
		if v.Service == nil {
			continue
		}
		checked++
		want, ok := actions[v.Name[len(prefix):]]
		if !ok {
			t.Fatalf("%s: unknown action", v.Name)
		}
		l, err := ParseLayer(v.Layered)
		if err != nil {
			t.Errorf("%s: ParseLayer: %v", v.Name, err)
			continue
		}
		if !bytes.Equal(l.RandomBytes, v.Random) || l.Layer != v.Layer || l.InSeqNo != v.In || l.OutSeqNo != v.Out ||
			!bytes.Equal(l.Message, v.Service) {
			t.Errorf("%s: ParseLayer = %+v", v.Name, l)
		}
		m, err := ParseMessage(l.Message)
		if err != nil || m.Kind != Service || m.RandomID != int64(binary.BigEndian.Uint64(v.RandomID)) {
			t.Errorf("%s: ParseMessage = %+v, %v", v.Name, m, err)
		}
		if len(m.Action.G) == 256 {
			want.G = m.Action.G // random; the test below shows that it is complete
		}
		if !reflect.DeepEqual(m.Action, want) {
			t.Errorf("%s: action %+v, want %+v", v.Name, m.Action, want)
		}

		if got := l.Append(nil); !bytes.Equal(got, v.Layered) || len(got) != l.Size() {
			t.Errorf("%s: Append =\n%x, want\n%x", v.Name, got, v.Layered)
		}
		if got := AppendService(nil, m.RandomID, &want); !bytes.Equal(got, v.Service) {
			t.Errorf("%s: AppendService =\n%x, want\n%x", v.Name, got, v.Service)
		}
	}
	if checked != len(actions) {
		t.Errorf("%d actions, want %d", checked, len(actions))
	}
	for _, id := range ActionIDs() {
		if !slices.ContainsFunc(slices.Collect(maps.Values(actions)), func(a Action) bool { return a.ID == id }) {
			t.Errorf("testdata/secret_tl.json has no vector of action %#x, or it is not in actions above", id)
		}
	}
}

func TestMessageVectors(t *testing.T) {
	want := map[string]Message{
		"decryptedMessage-73-text": {Kind: Text, RandomID: 1},
		"decryptedMessage-46-text": {Kind: Text, RandomID: 1, TTL: 30},
		"layer8-wrapped-NotifyLayer": {Kind: OldService, RandomID: 5,
			Action: Action{ID: NotifyLayer, Layer: 144}},
	}
	checked := 0
	for _, v := range readVectors(t) {
		w, ok := want[v.Name]
		if !ok {
			continue
		}
		checked++
		object := []byte(v.Serialized)
		if IsLayer(object) {
			l, err := ParseLayer(object)
			if err != nil {
				t.Errorf("%s: ParseLayer: %v", v.Name, err)
				continue
			}
			object = l.Message
		}
		m, err := ParseMessage(object)
		if w.Kind == OldService && len(m.RandomBytes) == 15 {
			w.RandomBytes = m.RandomBytes
		}
		if err != nil || !reflect.DeepEqual(m, w) {
			t.Errorf("%s: ParseMessage = %+v, %v, want %+v", v.Name, m, err, w)
		}
	}
	if checked != len(want) {
		t.Errorf("%d messages, want %d", checked, len(want))
	}
}

// TestCut cuts every vector short, and adds to it.
func TestCut(t *testing.T) {
	for _, v := range readVectors(t) {
		if v.Service == nil || v.Name == "decryptedMessageActionTyping" {
			continue // they do not end where the vector ends
		}
		for n := range v.Service {
			if m, err := ParseMessage(v.Service[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes give %+v", v.Name, n, len(v.Service), m)
			}
		}
		for _, more := range []int{1, 4, 8} {
			if m, err := ParseMessage(append(bytes.Clone(v.Service), make([]byte, more)...)); err == nil {
				t.Errorf("%s: %d bytes more give %+v", v.Name, more, m)
			}
		}
		head := len(v.Layered) - len(v.Service)
		for n := range head + 4 {
			if l, err := ParseLayer(v.Layered[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes give %+v", v.Name, n, len(v.Layered), l)
			}
		}
	}
}

func words(w ...uint32) (b []byte) {
	for _, x := range w {
		b = appendID(b, x)
	}
	return b
}

func TestMalformed(t *testing.T) {
	tests := []struct {
		name   string
		object []byte
	}{
		{"empty", nil},
		{"three bytes", []byte{1, 2, 3}},
		{"layer in layer", words(idLayer, 0, 0, 0, 0)},
		{"a vector", words(idVector, 0)},
		{"vector of a billion", words(idService17, 0, 0, uint32(ReadMessages), idVector, 1<<30)},
		{"vector of a negative number", words(idService17, 0, 0, uint32(ReadMessages), idVector, 1<<31)},
		{"vector whose size in bytes overflows", words(idService17, 0, 0, uint32(ReadMessages), idVector, 1<<29+1, 0, 0)},
		{"vector of fewer than there are", words(idService17, 0, 0, uint32(ReadMessages), idVector, 0, 0, 0)},
		{"not a vector", words(idService17, 0, 0, uint32(ReadMessages), 0x12345678, 0)},
		{"string of 16 MiB", words(idService17, 0, 0, uint32(RequestKey), 0, 0, 0xfffffffe)},
		{"string of length 255", words(idService17, 0, 0, uint32(RequestKey), 0, 0, 0xff, 0)},
		{"string without its padding", append(words(idService17, 0, 0, uint32(RequestKey), 0, 0), 4, 1, 2, 3, 4)},
		{"typing nothing", words(idService17, 0, 0, uint32(Typing))},
		{"text without an id", words(idMessage73, 0, 0)},
		{"text of an odd length", append(words(idMessage73, 0, 0, 0, 0, 0), 0)},
	}
	for _, test := range tests {
		if m, err := ParseMessage(test.object); err != ErrMalformed || !reflect.DeepEqual(m, Message{}) {
			t.Errorf("%s: %+v, %v, want %v", test.name, m, err, ErrMalformed)
		}
	}
}

func TestUnknown(t *testing.T) {
	for name, object := range map[string][]byte{
		"message": words(0xdeadbeef, 1, 2, 3),
		"action":  words(idService17, 1, 0, 0xdeadbeef, 3),
	} {
		if m, err := ParseMessage(object); err != nil || m.Kind != Unknown {
			t.Errorf("%s: %+v, %v, want an unknown one", name, m, err)
		}
	}
}

// TestStrings covers every length near those where the form or the padding changes.
func TestStrings(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 252, 253, 254, 255, 256, 257, 1000, 65535, 65536, 70001} {
		s := bytes.Repeat([]byte{0xa5}, n)
		b := appendBytes(nil, s)
		if len(b) != sizeOfBytes(n) || len(b)%4 != 0 {
			t.Errorf("a string of %d has %d bytes, want %d", n, len(b), sizeOfBytes(n))
		}
		r := reader{b: append(b, 1, 2, 3, 4)}
		if got := r.bytes(); r.bad || !bytes.Equal(got, s) || len(r.b) != 4 {
			t.Errorf("a string of %d: read %d, and %d are left", n, len(got), len(r.b))
		}
		for cut := range min(len(b), 300) {
			r := reader{b: b[:cut]}
			if got := r.bytes(); !r.bad || got != nil {
				t.Errorf("a string of %d, %d bytes of it: %d", n, cut, len(got))
			}
		}
	}
}

// FuzzParse checks that what is parsed serialises to the same bytes, and that no more is
// allocated than the input is long.
func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, b := range [][]byte{v.Layered, v.Service, v.Serialized} {
			if b != nil {
				f.Add(b)
			}
		}
	}
	f.Add(words(idService17, 0, 0, uint32(ReadMessages), idVector, 1<<30))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := ParseLayer(b); err == nil {
			again, err := ParseLayer(l.Append(nil))
			if err != nil || !reflect.DeepEqual(again, l) {
				t.Errorf("layer %+v, again %+v, %v", l, again, err)
			}
		}
		m, err := ParseMessage(b)
		if err != nil || m.Kind != Service {
			return
		}
		if len(m.Action.IDs)*8+len(m.Action.G)+len(m.Action.Typing) > len(b) {
			t.Errorf("%d bytes give %+v", len(b), m)
		}
		again, err := ParseMessage(AppendService(nil, m.RandomID, &m.Action))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("message %+v, again %+v, %v", m, again, err)
		}
	})
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "..", "shared", "vectors", "published")

// TestPublishedConstructors compares with TDLib's schema. TestServiceVectors covers most of
// it.
func TestPublishedConstructors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	text, err := os.ReadFile(filepath.Join(publishedDir, "tl_secret_constructors.json"))
	var f struct {
		Constructors []struct {
			Name  string `json:"tdlib_name"`
			ID    string
			Layer int `json:"layer_in_tdlib_file"`
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint32{
		"decryptedMessageLayer": idLayer, "decryptedMessage8": idMessage8, "decryptedMessage23": idMessage17,
		"decryptedMessage46": idMessage45, "decryptedMessage": idMessage73,
		"decryptedMessageService8": idService8, "decryptedMessageService": idService17,
	}
	for name, a := range actions {
		want["decryptedMessageAction"+name] = uint32(a.ID)
	}
	for _, c := range f.Constructors {
		id, ok := want[c.Name]
		if !ok {
			if strings.HasPrefix(c.Name, "decryptedMessageAction") {
				t.Errorf("%s is not known", c.Name)
			}
			continue
		}
		delete(want, c.Name)
		if got := fmt.Sprintf("%08x", id); got != c.ID {
			t.Errorf("%s#%s, want %s", c.Name, got, c.ID)
		}
	}
	if len(want) != 0 {
		t.Errorf("not published: %v", want)
	}
}

// TestWithDocument143: the size becomes a long, and all else stays.
func TestWithDocument143(t *testing.T) {
	document := func(id uint32, size ...uint32) []byte {
		b := words(idMessage73, 1<<9|1<<3, 5, 0, 30)
		b = appendBytes(b, []byte("hello"))
		b = appendBytes(appendID(b, id), make([]byte, 300)) // thumb
		b = appendBytes(append(b, words(90, 80)...), []byte("image/png"))
		b = append(b, words(size...)...)
		b = appendBytes(appendBytes(b, make([]byte, 32)), make([]byte, 32)) // key, iv
		b = append(b, words(idVector, 0)...)
		return append(appendBytes(b, []byte("caption")), words(7, 8)...) // reply_to_random_id
	}
	old := document(Document45, 1<<31-1)
	got, ok := WithDocument143(old)
	if want := document(Document143, 1<<31-1, 0); !ok || !bytes.Equal(got, want) {
		t.Errorf("%t, %x\nwant %x", ok, got, want)
	}
	if !bytes.Equal(old, document(Document45, 1<<31-1)) {
		t.Error("the message itself has changed")
	}
	size := len(old) - len(words(7, 8)) - 8 - 8 - 2*36
	for n := range old {
		if got, ok := WithDocument143(old[:n]); ok != (n >= size) {
			t.Errorf("%d bytes of %d: %t, %x", n, len(old), ok, got)
		}
	}
	for _, b := range [][]byte{got, words(idMessage73, 0, 5, 0, 30, 0), words(idService17, 6, 0, uint32(Noop))} {
		if _, ok := WithDocument143(b); ok {
			t.Errorf("%x has a document of layer 45", b)
		}
	}
}

// TestForms covers messages of every layer.
func TestForms(t *testing.T) {
	tests := []struct {
		object []byte
		want   Message
	}{
		{words(idMessage8, 1, 0, 3, 0), Message{Kind: OldText, RandomID: 1, RandomBytes: []byte{0, 0, 0}}},
		{words(idMessage17, 2, 0, 30, 0), Message{Kind: Text, RandomID: 2, TTL: 30}},
		{words(idMessage45, 0, 3, 0, 30, 0), Message{Kind: Text, RandomID: 3, TTL: 30}},
		{words(idMessage73, 0, 4, 1<<31, 30, 0), Message{Kind: Text, RandomID: 4 - 1<<63, TTL: 30}},
		{words(idService8, 5, 0, 3, uint32(Noop)), Message{Kind: OldService, RandomID: 5, RandomBytes: []byte{0, 0, 0}, Action: Action{ID: Noop}}},
		{words(idService17, 6, 0, uint32(Noop)), Message{Kind: Service, RandomID: 6, Action: Action{ID: Noop}}},
	}
	for _, test := range tests {
		if m, err := ParseMessage(test.object); err != nil || !reflect.DeepEqual(m, test.want) {
			t.Errorf("%x: %+v, %v, want %+v", test.object, m, err, test.want)
		}
		short := test.object[:len(test.object)-4]
		if test.want.Kind == OldService || test.want.Kind == Service {
			if m, err := ParseMessage(short); err != ErrMalformed {
				t.Errorf("%x: %+v, %v, want %v", short, m, err, ErrMalformed)
			}
		}
	}
}
