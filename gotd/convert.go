package gotd

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg/e2e"
)

// Messages of all layers, https://core.telegram.org/schema/end-to-end, are brought to the
// form of the newest when they come, and to that of the peer when they go.
//
// gotd's objects have a bit for each optional field, and set it while they are encoded.
// A literal does not have them yet. So nothing here asks for a bit: a field is there if
// it is not zero.

// Layers that changed the form of what is sent. All of it is in layer 73 at least.
const (
	layerEntity101   = 101 // text can be underlined, struck out and quoted
	layerDocument143 = 143 // documents have a size of 64 bits
	layerEntity144   = 144 // text can have spoilers and custom emoji
)

var errTrailing = errors.New("gotd: bytes after the end of a message")

// decodeBody parses what is all of body. Its length bounds what gotd's decoder allocates.
func decodeBody(body []byte) (e2e.DecryptedMessageClass, error) {
	b := bin.Buffer{Buf: body}
	m, err := e2e.DecodeDecryptedMessage(&b)
	if err != nil {
		return nil, err
	}
	if b.Len() != 0 {
		return nil, errTrailing
	}
	return m, nil
}

func encode(m bin.Encoder) ([]byte, error) {
	var b bin.Buffer
	if err := m.Encode(&b); err != nil {
		return nil, err
	}
	return b.Buf, nil
}

// upMessage returns a message in the form of the newest layer, or nil if m is a service
// message.
func upMessage(m e2e.DecryptedMessageClass) *e2e.DecryptedMessage {
	var n *e2e.DecryptedMessage
	switch m := m.(type) {
	case *e2e.DecryptedMessage:
		c := *m
		c.Flags, c.Media = 0, upMedia(m.Media)
		n = &c
	case *e2e.DecryptedMessage46:
		n = &e2e.DecryptedMessage{
			RandomID: m.RandomID, TTL: m.TTL, Message: m.Message, Media: upMedia(m.Media),
			Entities: m.Entities, ViaBotName: m.ViaBotName, ReplyToRandomID: m.ReplyToRandomID,
		}
	case *e2e.DecryptedMessage23:
		n = &e2e.DecryptedMessage{RandomID: m.RandomID, TTL: m.TTL, Message: m.Message, Media: upMedia(m.Media)}
	case *e2e.DecryptedMessage8:
		n = &e2e.DecryptedMessage{RandomID: m.RandomID, Message: m.Message, Media: upMedia(m.Media)}
	default:
		return nil
	}
	n.SetFlags()
	return n
}

// upService returns a service message in the form of the newest layer, or nil.
func upService(m e2e.DecryptedMessageClass) *e2e.DecryptedMessageService {
	switch m := m.(type) {
	case *e2e.DecryptedMessageService:
		return m
	case *e2e.DecryptedMessageService8:
		return &e2e.DecryptedMessageService{RandomID: m.RandomID, Action: m.Action}
	default:
		return nil
	}
}

// What media of layers that had no MIME type were.
const (
	oldVideoType = "video/mp4"
	oldAudioType = "audio/ogg"
)

func upMedia(media e2e.DecryptedMessageMediaClass) e2e.DecryptedMessageMediaClass {
	switch m := media.(type) {
	case *e2e.DecryptedMessageMediaEmpty:
		return nil
	case *e2e.DecryptedMessageMediaPhoto8:
		return &e2e.DecryptedMessageMediaPhoto{
			Thumb: m.Thumb, ThumbW: m.ThumbW, ThumbH: m.ThumbH, W: m.W, H: m.H, Size: m.Size, Key: m.Key, Iv: m.Iv,
		}
	case *e2e.DecryptedMessageMediaVideo8:
		return &e2e.DecryptedMessageMediaVideo{
			Thumb: m.Thumb, ThumbW: m.ThumbW, ThumbH: m.ThumbH, Duration: m.Duration, MimeType: oldVideoType,
			W: m.W, H: m.H, Size: m.Size, Key: m.Key, Iv: m.Iv,
		}
	case *e2e.DecryptedMessageMediaVideo23:
		return &e2e.DecryptedMessageMediaVideo{
			Thumb: m.Thumb, ThumbW: m.ThumbW, ThumbH: m.ThumbH, Duration: m.Duration, MimeType: m.MimeType,
			W: m.W, H: m.H, Size: m.Size, Key: m.Key, Iv: m.Iv,
		}
	case *e2e.DecryptedMessageMediaAudio8:
		return &e2e.DecryptedMessageMediaAudio{
			Duration: m.Duration, MimeType: oldAudioType, Size: m.Size, Key: m.Key, Iv: m.Iv,
		}
	case *e2e.DecryptedMessageMediaDocument8:
		d := &e2e.DecryptedMessageMediaDocument{
			Thumb: m.Thumb, ThumbW: m.ThumbW, ThumbH: m.ThumbH, MimeType: m.MimeType, Size: int64(m.Size),
			Key: m.Key, Iv: m.Iv,
		}
		if m.FileName != "" {
			d.Attributes = []e2e.DocumentAttributeClass{&e2e.DocumentAttributeFilename{FileName: m.FileName}}
		}
		return d
	case *e2e.DecryptedMessageMediaDocument46:
		return &e2e.DecryptedMessageMediaDocument{
			Thumb: m.Thumb, ThumbW: m.ThumbW, ThumbH: m.ThumbH, MimeType: m.MimeType, Size: int64(m.Size),
			Key: m.Key, Iv: m.Iv, Attributes: upAttributes(m.Attributes), Caption: m.Caption,
		}
	case *e2e.DecryptedMessageMediaDocument:
		d := *m
		d.Attributes = upAttributes(m.Attributes)
		return &d
	case *e2e.DecryptedMessageMediaExternalDocument:
		d := *m
		d.Attributes = upAttributes(m.Attributes)
		return &d
	default:
		return media
	}
}

func upAttributes(attributes []e2e.DocumentAttributeClass) []e2e.DocumentAttributeClass {
	attributes = slices.Clone(attributes)
	for i, a := range attributes {
		switch a := a.(type) {
		case *e2e.DocumentAttributeSticker23:
			attributes[i] = &e2e.DocumentAttributeSticker{Stickerset: &e2e.InputStickerSetEmpty{}}
		case *e2e.DocumentAttributeVideo23:
			attributes[i] = &e2e.DocumentAttributeVideo{Duration: a.Duration, W: a.W, H: a.H}
		case *e2e.DocumentAttributeAudio23:
			attributes[i] = &e2e.DocumentAttributeAudio{Duration: a.Duration}
		case *e2e.DocumentAttributeAudio45:
			n := &e2e.DocumentAttributeAudio{Duration: a.Duration, Title: a.Title, Performer: a.Performer}
			n.SetFlags()
			attributes[i] = n
		}
	}
	return attributes
}

// downMessage returns a message in the form of a layer from 73 on. What the layer does
// not have is left out: how some of the text looks. It is an error if media does not fit.
func downMessage(layer int, m *e2e.DecryptedMessage) (*e2e.DecryptedMessage, error) {
	media, err := downMedia(layer, m.Media)
	if err != nil {
		return nil, err
	}
	c := *m
	c.Flags, c.Media, c.Entities = 0, media, downEntities(layer, m.Entities)
	return &c, nil
}

// encodeMessage serialises a message for a layer.
func encodeMessage(layer int, m *e2e.DecryptedMessage) ([]byte, error) {
	down, err := downMessage(layer, m)
	if err != nil {
		return nil, err
	}
	return encode(down)
}

// downMedia takes media of any form.
func downMedia(layer int, media e2e.DecryptedMessageMediaClass) (e2e.DecryptedMessageMediaClass, error) {
	media = upMedia(media)
	d, ok := media.(*e2e.DecryptedMessageMediaDocument)
	if !ok || layer >= layerDocument143 {
		return media, nil
	}
	if d.Size > math.MaxInt32 {
		return nil, fmt.Errorf("gotd: the peer's client cannot take a document of %d bytes", d.Size)
	}
	return &e2e.DecryptedMessageMediaDocument46{
		Thumb: d.Thumb, ThumbW: d.ThumbW, ThumbH: d.ThumbH, MimeType: d.MimeType, Size: int(d.Size),
		Key: d.Key, Iv: d.Iv, Attributes: d.Attributes, Caption: d.Caption,
	}, nil
}

func downEntities(layer int, entities []e2e.MessageEntityClass) []e2e.MessageEntityClass {
	return slices.DeleteFunc(slices.Clone(entities), func(e e2e.MessageEntityClass) bool {
		switch e.(type) {
		case *e2e.MessageEntityUnderline, *e2e.MessageEntityStrike, *e2e.MessageEntityBlockquote:
			return layer < layerEntity101
		case *e2e.MessageEntitySpoiler, *e2e.MessageEntityCustomEmoji:
			return layer < layerEntity144
		default:
			return false
		}
	})
}
