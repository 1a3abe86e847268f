package gotd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/telegram/message/entity"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/secretchat"
)

// fill sets all fields of an object to values that are not zero, and are not twice the
// same. Interfaces are for the caller.
func fill[T any](object T) T {
	v, n := reflect.ValueOf(object).Elem(), 0
	for i := range v.NumField() {
		f := v.Field(i)
		n++
		switch {
		case f.Type() == reflect.TypeFor[bin.Fields]():
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.CanInt():
			f.SetInt(int64(100 + n))
		case f.CanFloat():
			f.SetFloat(float64(n) + 0.5)
		case f.Kind() == reflect.String:
			f.SetString(fmt.Sprint("text ", n))
		case f.Type() == reflect.TypeFor[[]byte]():
			f.SetBytes([]byte{byte(n), 2, 3})
		}
	}
	return object
}

// Objects of every kind, each with all of its fields.
func allAttributes() []e2e.DocumentAttributeClass {
	sticker := fill(&e2e.DocumentAttributeSticker{})
	sticker.Stickerset = &e2e.InputStickerSetShortName{ShortName: "set"}
	return []e2e.DocumentAttributeClass{
		fill(&e2e.DocumentAttributeImageSize{}), &e2e.DocumentAttributeAnimated{}, sticker,
		fill(&e2e.DocumentAttributeVideo{}), fill(&e2e.DocumentAttributeAudio{}), fill(&e2e.DocumentAttributeFilename{}),
	}
}

func allMedia() []e2e.DecryptedMessageMediaClass {
	document := fill(&e2e.DecryptedMessageMediaDocument{})
	document.Attributes = allAttributes()
	external := fill(&e2e.DecryptedMessageMediaExternalDocument{})
	external.Thumb, external.Attributes = &e2e.PhotoSizeEmpty{Type: "s"}, allAttributes()
	return []e2e.DecryptedMessageMediaClass{
		fill(&e2e.DecryptedMessageMediaPhoto{}), fill(&e2e.DecryptedMessageMediaVideo{}), document,
		fill(&e2e.DecryptedMessageMediaAudio{}), external, fill(&e2e.DecryptedMessageMediaGeoPoint{}),
		fill(&e2e.DecryptedMessageMediaContact{}), fill(&e2e.DecryptedMessageMediaVenue{}),
		fill(&e2e.DecryptedMessageMediaWebPage{}),
	}
}

func allEntities() []e2e.MessageEntityClass {
	return []e2e.MessageEntityClass{
		fill(&e2e.MessageEntityUnknown{}), fill(&e2e.MessageEntityMention{}), fill(&e2e.MessageEntityHashtag{}),
		fill(&e2e.MessageEntityBotCommand{}), fill(&e2e.MessageEntityURL{}), fill(&e2e.MessageEntityEmail{}),
		fill(&e2e.MessageEntityBold{}), fill(&e2e.MessageEntityItalic{}), fill(&e2e.MessageEntityCode{}),
		fill(&e2e.MessageEntityPre{}), fill(&e2e.MessageEntityTextURL{}), fill(&e2e.MessageEntityMentionName{}),
		fill(&e2e.MessageEntityPhone{}), fill(&e2e.MessageEntityCashtag{}), fill(&e2e.MessageEntityBankCard{}),
		fill(&e2e.MessageEntityUnderline{}), fill(&e2e.MessageEntityStrike{}), fill(&e2e.MessageEntityBlockquote{}),
		fill(&e2e.MessageEntitySpoiler{}), fill(&e2e.MessageEntityCustomEmoji{}),
	}
}

// through sends a message to a peer of the layer, and returns what it gets.
func through(t *testing.T, layer int, m *e2e.DecryptedMessage) *e2e.DecryptedMessage {
	t.Helper()
	body, err := encodeMessage(layer, m)
	if err != nil {
		t.Fatalf("layer %d: %v", layer, err)
	}
	decoded, err := decodeBody(body)
	if err != nil {
		t.Fatalf("layer %d: %v", layer, err)
	}
	return upMessage(decoded)
}

// clearFlags sets the bits of optional fields to what encoding makes them.
func clearFlags(m *e2e.DecryptedMessage) {
	m.SetFlags()
	for _, a := range attributesOf(m.Media) {
		if a, ok := a.(interface{ SetFlags() }); ok {
			a.SetFlags()
		}
	}
}

func attributesOf(m e2e.DecryptedMessageMediaClass) []e2e.DocumentAttributeClass {
	switch m := m.(type) {
	case *e2e.DecryptedMessageMediaDocument:
		return m.Attributes
	case *e2e.DecryptedMessageMediaExternalDocument:
		return m.Attributes
	default:
		return nil
	}
}

// TestLayers: what a peer of any layer is sent comes back as it was, field by field, but
// for what its layer does not have. The messages are literals, whose flags nobody has set.
func TestLayers(t *testing.T) {
	for _, layer := range []int{73, 100, 101, 142, 143, 144} {
		for _, media := range append(allMedia(), nil) {
			message := func() *e2e.DecryptedMessage {
				m := fill(&e2e.DecryptedMessage{})
				m.Media, m.Entities = media, allEntities()
				return m
			}
			m, want := message(), message()
			got := through(t, layer, m)
			if !reflect.DeepEqual(m, message()) {
				t.Fatalf("layer %d, %T: the caller's message has changed", layer, media)
			}
			if layer < 101 {
				want.Entities = without(want.Entities, "MessageEntityUnderline", "MessageEntityStrike", "MessageEntityBlockquote")
			}
			if layer < 144 {
				want.Entities = without(want.Entities, "MessageEntitySpoiler", "MessageEntityCustomEmoji")
			}
			clearFlags(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("layer %d, %T:\ngot  %v\nwant %v", layer, media, got, want)
			}
		}
	}
}

// TestLatestLayer: convert.go begins and ends with the layers that package secretchat sends
// messages in. Whoever adds one there has to look here at what it has changed.
func TestLatestLayer(t *testing.T) {
	if got := max(layerEntity101, layerDocument143, layerEntity144); got != secretchat.LatestLayer {
		t.Errorf("the newest layer is %d, and %d in package secretchat", got, secretchat.LatestLayer)
	}
	if got := 73; got != secretchat.MinLayer {
		t.Errorf("the least layer is %d, and %d in package secretchat", got, secretchat.MinLayer)
	}
}

func without(entities []e2e.MessageEntityClass, names ...string) []e2e.MessageEntityClass {
	return slices.DeleteFunc(entities, func(e e2e.MessageEntityClass) bool {
		return slices.Contains(names, reflect.TypeOf(e).Elem().Name())
	})
}

// TestSingleFields: each field of a message gets through alone.
func TestSingleFields(t *testing.T) {
	full := fill(&e2e.DecryptedMessage{})
	full.Media, full.Entities = allMedia()[0], allEntities()
	for _, layer := range []int{73, 101, 144} {
		for i := range reflect.TypeOf(*full).NumField() {
			m := new(e2e.DecryptedMessage)
			from, to := reflect.ValueOf(full).Elem().Field(i), reflect.ValueOf(m).Elem().Field(i)
			to.Set(from)
			name := reflect.TypeOf(*full).Field(i).Name
			if name == "Entities" {
				m.Entities = m.Entities[:1]
			}
			got := through(t, layer, m)
			if got := reflect.ValueOf(got).Elem().Field(i); name != "Flags" && !reflect.DeepEqual(got.Interface(), to.Interface()) {
				t.Errorf("layer %d, %s: got %v, want %v", layer, name, got, to)
			}
		}
	}
}

// wantFields fails unless all fields of the old object are found in the new one, under
// the same names, but for those named.
func wantFields(t *testing.T, old, now any, but ...string) {
	t.Helper()
	from, to := reflect.ValueOf(old).Elem(), reflect.ValueOf(now).Elem()
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		if name == "Flags" || slices.Contains(but, name) {
			continue
		}
		f := to.FieldByName(name)
		if !f.IsValid() {
			t.Errorf("%T.%s: %T has no such field", old, name, now)
			continue
		}
		got, want := f.Interface(), from.Field(i).Interface()
		if f.CanInt() {
			got, want = f.Int(), from.Field(i).Int()
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%T.%s: got %v, want %v", old, name, got, want)
		}
	}
}

// TestOldForms: what clients of former layers have sent is there, field by field.
func TestOldForms(t *testing.T) {
	photo := fill(&e2e.DecryptedMessageMediaPhoto{})
	m8, m23, m46 := fill(&e2e.DecryptedMessage8{}), fill(&e2e.DecryptedMessage23{}), fill(&e2e.DecryptedMessage46{})
	m8.Media, m23.Media, m46.Media, m46.Entities = photo, photo, photo, allEntities()
	wantFields(t, m8, upMessage(m8), "RandomBytes")
	wantFields(t, m23, upMessage(m23))
	wantFields(t, m46, upMessage(m46))
	service := fill(&e2e.DecryptedMessageService8{})
	service.Action = &e2e.DecryptedMessageActionFlushHistory{}
	wantFields(t, service, upService(service), "RandomBytes")
	if upMessage(service) != nil || upService(m8) != nil {
		t.Error("messages and service messages are confused")
	}
	m23.Media = &e2e.DecryptedMessageMediaEmpty{}
	if got := upMessage(m23).Media; got != nil {
		t.Errorf("empty media: got %v, want none", got)
	}

	for _, old := range []e2e.DecryptedMessageMediaClass{
		fill(&e2e.DecryptedMessageMediaPhoto8{}), fill(&e2e.DecryptedMessageMediaVideo8{}),
		fill(&e2e.DecryptedMessageMediaVideo23{}), fill(&e2e.DecryptedMessageMediaAudio8{}),
	} {
		wantFields(t, old, upMedia(old))
	}
	document8 := fill(&e2e.DecryptedMessageMediaDocument8{})
	wantFields(t, document8, upMedia(document8), "FileName")
	name := attributesOf(upMedia(document8))[0].(*e2e.DocumentAttributeFilename).FileName
	if name != document8.FileName {
		t.Errorf("name: got %q, want %q", name, document8.FileName)
	}
	document46 := fill(&e2e.DecryptedMessageMediaDocument46{})
	document46.Attributes = []e2e.DocumentAttributeClass{
		fill(&e2e.DocumentAttributeVideo23{}), fill(&e2e.DocumentAttributeAudio23{}), fill(&e2e.DocumentAttributeAudio45{}),
		&e2e.DocumentAttributeSticker23{}, fill(&e2e.DocumentAttributeFilename{}),
	}
	up := upMedia(document46)
	wantFields(t, document46, up, "Attributes")
	attributes := attributesOf(up)
	for i := range 3 {
		wantFields(t, document46.Attributes[i], attributes[i])
	}
	if _, ok := attributes[3].(*e2e.DocumentAttributeSticker); !ok || attributes[4] != document46.Attributes[4] {
		t.Errorf("got attributes %v, of %v", attributes, document46.Attributes)
	}
	if _, ok := document46.Attributes[0].(*e2e.DocumentAttributeVideo23); !ok {
		t.Error("the peer's message has changed")
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
		{101, small, e2e.DecryptedMessageMediaDocument46TypeID},
		{142, small, e2e.DecryptedMessageMediaDocument46TypeID},
		{142, large, 0},
		{143, small, e2e.DecryptedMessageMediaDocumentTypeID},
		{143, large, e2e.DecryptedMessageMediaDocumentTypeID},
	} {
		got, err := downMedia(tt.layer, tt.media)
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

// TestEntities: they come back from gotd's form as they were, and the other way round, but
// for what secret chats do not have.
func TestEntities(t *testing.T) {
	if got := SecretEntities(TGEntities(allEntities())); !reflect.DeepEqual(got, allEntities()) {
		t.Errorf("got  %v\nwant %v", got, allEntities())
	}
	user := &tg.InputUser{UserID: 5}
	builder := new(entity.Builder)
	builder.Plain("see ").Bold("here").Format("both", entity.Italic(), entity.Strike()).MentionName("you", user).
		MentionName("somebody new", &tg.InputUser{UserID: 1 << 40}).Blockquote("quote", true).Spoiler("end")
	text, entities := builder.Raw()
	want := []string{"*e2e.MessageEntityBold", "*e2e.MessageEntityItalic", "*e2e.MessageEntityStrike",
		"*e2e.MessageEntityMentionName", "*e2e.MessageEntityBlockquote", "*e2e.MessageEntitySpoiler"}
	got := SecretEntities(entities)
	var types []string
	for _, e := range got {
		types = append(types, fmt.Sprintf("%T", e))
		if e.GetLength() == 0 || e.GetOffset()+e.GetLength() > len(text) {
			t.Errorf("%v does not fit", e)
		}
	}
	if !slices.Equal(types, want) {
		t.Errorf("got %v, want %v", types, want)
	}
	if e := got[3].(*e2e.MessageEntityMentionName); e.UserID != 5 || e.Offset != 12 || e.Length != 3 {
		t.Errorf("got %v", e)
	}
}

// TestDecodeBody: nothing but a whole message is one.
func TestDecodeBody(t *testing.T) {
	full := fill(&e2e.DecryptedMessage{})
	full.Media, full.Entities = allMedia()[2], allEntities()
	body, err := encodeMessage(144, full)
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
// brought to the newest form, to that of each layer, and described.
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
		newest := upMessage(m)
		if newest == nil {
			return
		}
		for _, layer := range []int{73, 101, 144} {
			if _, err := encodeMessage(layer, newest); err != nil && layer == 144 {
				t.Errorf("%x: %v", body, err)
			}
		}
		fileOf(newest.Media)
		TGEntities(newest.Entities)
	})
}
