package gotd

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/gotd/td/tg/e2e"
)

// fullMessage has everything that a message can have, and a document.
func fullMessage() *e2e.DecryptedMessage {
	m := &e2e.DecryptedMessage{RandomID: 1, TTL: 2, Message: "text"}
	m.SetMedia(&e2e.DecryptedMessageMediaDocument{
		Thumb: []byte{1}, ThumbW: 2, ThumbH: 3, MimeType: "a/b", Size: 4, Key: []byte{5}, Iv: []byte{6},
		Attributes: []e2e.DocumentAttributeClass{&e2e.DocumentAttributeFilename{FileName: "name"}}, Caption: "caption",
	})
	m.SetEntities([]e2e.MessageEntityClass{&e2e.MessageEntityBold{Offset: 0, Length: 4}})
	m.SetViaBotName("bot")
	m.SetReplyToRandomID(7)
	return m
}

// TestLayers: what a peer of any layer is sent comes back as it was, but for what its
// layer does not have.
func TestLayers(t *testing.T) {
	newest := fullMessage()
	newest.SetSilent(true)
	newest.SetGroupedID(8)
	for _, tt := range []struct {
		layer         int
		message, want *e2e.DecryptedMessage
		typeID        uint32
	}{
		{46, newest, fullMessage(), e2e.DecryptedMessage46TypeID},
		{72, newest, fullMessage(), e2e.DecryptedMessage46TypeID},
		{73, newest, newest, e2e.DecryptedMessageTypeID},
		{143, newest, newest, e2e.DecryptedMessageTypeID},
		{46, &e2e.DecryptedMessage{Message: "a"}, &e2e.DecryptedMessage{Message: "a"}, e2e.DecryptedMessage46TypeID},
	} {
		body, err := encodeMessage(tt.layer, tt.message)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := decodeBody(body)
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded.TypeID(); got != tt.typeID {
			t.Errorf("layer %d: got constructor %#x, want %#x", tt.layer, got, tt.typeID)
		}
		got := newestMessage(decoded)
		tt.want.SetFlags()
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("layer %d: got %v, want %v", tt.layer, got, tt.want)
		}
	}
}

// TestOlderEntities: a peer is not sent what would make a message unreadable to it.
func TestOlderEntities(t *testing.T) {
	bold, strike, spoiler := &e2e.MessageEntityBold{Length: 1}, &e2e.MessageEntityStrike{Length: 1}, &e2e.MessageEntitySpoiler{Length: 1}
	video := &e2e.DocumentAttributeVideo{Duration: 1, W: 2, H: 3}
	video.SetRoundMessage(true)
	for _, tt := range []struct {
		layer int
		want  []e2e.MessageEntityClass
		video e2e.DocumentAttributeClass
	}{
		{46, []e2e.MessageEntityClass{bold}, &e2e.DocumentAttributeVideo23{Duration: 1, W: 2, H: 3}},
		{66, []e2e.MessageEntityClass{bold}, video},
		{100, []e2e.MessageEntityClass{bold}, video},
		{101, []e2e.MessageEntityClass{bold, strike}, video},
		{143, []e2e.MessageEntityClass{bold, strike}, video},
		{144, []e2e.MessageEntityClass{bold, strike, spoiler}, video},
	} {
		m := &e2e.DecryptedMessage{Message: "text"}
		m.SetEntities([]e2e.MessageEntityClass{bold, strike, spoiler})
		m.SetMedia(&e2e.DecryptedMessageMediaDocument{Attributes: []e2e.DocumentAttributeClass{video}})
		body, err := encodeMessage(tt.layer, m)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := decodeBody(body)
		if err != nil {
			t.Fatal(err)
		}
		got := newestMessage(decoded)
		if !reflect.DeepEqual(got.Entities, tt.want) {
			t.Errorf("layer %d: got entities %v, want %v", tt.layer, got.Entities, tt.want)
		}
		attributes := got.Media.(*e2e.DecryptedMessageMediaDocument).Attributes
		if len(attributes) != 1 || !reflect.DeepEqual(attributes[0], tt.video) {
			t.Errorf("layer %d: got attributes %v, want %v", tt.layer, attributes, tt.video)
		}
		if len(m.Entities) != 3 {
			t.Fatal("the caller's message has changed")
		}
	}
}

// TestDocumentLayers: the size of documents has 64 bits since layer 143.
func TestDocumentLayers(t *testing.T) {
	small := &e2e.DecryptedMessageMediaDocument{Size: math.MaxInt32}
	large := &e2e.DecryptedMessageMediaDocument{Size: math.MaxInt32 + 1}
	for _, tt := range []struct {
		layer  int
		media  *e2e.DecryptedMessageMediaDocument
		typeID uint32 // 0 if it cannot be sent
	}{
		{142, small, e2e.DecryptedMessageMediaDocument46TypeID},
		{142, large, 0},
		{143, small, e2e.DecryptedMessageMediaDocumentTypeID},
		{143, large, e2e.DecryptedMessageMediaDocumentTypeID},
	} {
		got, err := mediaFor(tt.layer, tt.media)
		if tt.typeID == 0 {
			if err == nil {
				t.Errorf("layer %d takes a document of %d bytes", tt.layer, tt.media.Size)
			}
			continue
		}
		if err != nil || got.TypeID() != tt.typeID {
			t.Errorf("layer %d, %d bytes: got %v, %v, want constructor %#x", tt.layer, tt.media.Size, got, err, tt.typeID)
		}
	}
}

// TestOldMessages: messages of layers 17 to 44, which old clients send, are brought to the
// newest form.
func TestOldMessages(t *testing.T) {
	photo := &e2e.DecryptedMessageMediaPhoto{Key: []byte{1}}
	for _, tt := range []struct {
		old  e2e.DecryptedMessageClass
		want *e2e.DecryptedMessage
	}{
		{
			&e2e.DecryptedMessage23{RandomID: 1, TTL: 2, Message: "a", Media: &e2e.DecryptedMessageMediaEmpty{}},
			&e2e.DecryptedMessage{RandomID: 1, TTL: 2, Message: "a"},
		},
		{
			&e2e.DecryptedMessage23{RandomID: 1, Media: photo},
			func() *e2e.DecryptedMessage {
				m := &e2e.DecryptedMessage{RandomID: 1}
				m.SetMedia(photo)
				return m
			}(),
		},
		{&e2e.DecryptedMessageService{}, nil},
		{&e2e.DecryptedMessage8{}, nil},
	} {
		if got := newestMessage(tt.old); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.old, got, tt.want)
		}
	}
}

// TestDecodeBody: nothing but a whole message is one.
func TestDecodeBody(t *testing.T) {
	body, err := encodeMessage(144, fullMessage())
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(body) {
		if _, err := decodeBody(body[:n]); err == nil {
			t.Errorf("%d of %d bytes are a message", n, len(body))
		}
	}
	if _, err := decodeBody(append(body, 0, 0, 0, 0)); err != errTrailing {
		t.Errorf("trailing bytes: got %v, want %v", err, errTrailing)
	}
	// A vector that claims to be long takes no memory.
	claim, err := encode(&e2e.DecryptedMessageService{Action: &e2e.DecryptedMessageActionReadMessages{}})
	if err != nil {
		t.Fatal(err)
	}
	copy(claim[len(claim)-4:], []byte{0xff, 0xff, 0xff, 0x7f})
	if _, err := decodeBody(claim); err == nil {
		t.Error("a vector of 2^31-1 is empty")
	}
}

// FuzzDecodeBody: what a peer sends is a message or an error, and what is a message can be
// brought to the newest form and back.
func FuzzDecodeBody(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		body, err := encode(randomMessage(r))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := decodeBody(body)
		if err != nil {
			return
		}
		if newest := newestMessage(m); newest != nil {
			if _, err := encode(newest); err != nil {
				t.Errorf("%x: %v", body, err)
			}
			fileOf(newest.Media)
		}
	})
}
