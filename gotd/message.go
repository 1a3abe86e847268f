package gotd

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg/e2e"
)

// Layers of https://core.telegram.org/schema/end-to-end that changed the form of what this
// package sends.
const (
	layerVideo66     = 66  // videos can be round
	layerMessage73   = 73  // decryptedMessage has grouped_id and silent
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

// newestMessage brings a message, which may change, to the form of the newest layer. It
// returns nil for a service message.
func newestMessage(m e2e.DecryptedMessageClass) *e2e.DecryptedMessage {
	switch m := m.(type) {
	case *e2e.DecryptedMessage:
		if media, ok := m.GetMedia(); ok {
			m.SetMedia(newestMedia(media))
		}
		return m
	case *e2e.DecryptedMessage46:
		n := &e2e.DecryptedMessage{RandomID: m.RandomID, TTL: m.TTL, Message: m.Message}
		if media, ok := m.GetMedia(); ok {
			n.SetMedia(newestMedia(media))
		}
		if entities, ok := m.GetEntities(); ok {
			n.SetEntities(entities)
		}
		if name, ok := m.GetViaBotName(); ok {
			n.SetViaBotName(name)
		}
		if id, ok := m.GetReplyToRandomID(); ok {
			n.SetReplyToRandomID(id)
		}
		return n
	case *e2e.DecryptedMessage23:
		n := &e2e.DecryptedMessage{RandomID: m.RandomID, TTL: m.TTL, Message: m.Message}
		if _, empty := m.Media.(*e2e.DecryptedMessageMediaEmpty); !empty {
			n.SetMedia(newestMedia(m.Media))
		}
		return n
	default:
		return nil
	}
}

// newestMedia does so for documents, which is the one kind that has several forms within
// the layers from 46.
func newestMedia(media e2e.DecryptedMessageMediaClass) e2e.DecryptedMessageMediaClass {
	d, ok := media.(*e2e.DecryptedMessageMediaDocument46)
	if !ok {
		return media
	}
	return &e2e.DecryptedMessageMediaDocument{
		Thumb: d.Thumb, ThumbW: d.ThumbW, ThumbH: d.ThumbH, MimeType: d.MimeType, Size: int64(d.Size),
		Key: d.Key, Iv: d.Iv, Attributes: d.Attributes, Caption: d.Caption,
	}
}

// encodeMessage serialises a message for a peer of the given layer. What the layer does
// not have is left out: silent, grouped_id, and how some of the text looks.
func encodeMessage(layer int, m *e2e.DecryptedMessage) ([]byte, error) {
	c := *m
	if media, ok := m.GetMedia(); ok {
		media, err := mediaFor(layer, media)
		if err != nil {
			return nil, err
		}
		c.SetMedia(media)
	}
	if entities, ok := m.GetEntities(); ok {
		c.SetEntities(entitiesFor(layer, entities))
	}
	if layer >= layerMessage73 {
		return encode(&c)
	}
	old := &e2e.DecryptedMessage46{RandomID: c.RandomID, TTL: c.TTL, Message: c.Message}
	if media, ok := c.GetMedia(); ok {
		old.SetMedia(media)
	}
	if entities, ok := c.GetEntities(); ok {
		old.SetEntities(entities)
	}
	if name, ok := c.GetViaBotName(); ok {
		old.SetViaBotName(name)
	}
	if id, ok := c.GetReplyToRandomID(); ok {
		old.SetReplyToRandomID(id)
	}
	return encode(old)
}

func entitiesFor(layer int, entities []e2e.MessageEntityClass) []e2e.MessageEntityClass {
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

func attributesFor(layer int, attributes []e2e.DocumentAttributeClass) []e2e.DocumentAttributeClass {
	attributes = slices.Clone(attributes)
	for i, a := range attributes {
		if v, ok := a.(*e2e.DocumentAttributeVideo); ok && layer < layerVideo66 {
			attributes[i] = &e2e.DocumentAttributeVideo23{Duration: v.Duration, W: v.W, H: v.H}
		}
	}
	return attributes
}

func mediaFor(layer int, media e2e.DecryptedMessageMediaClass) (e2e.DecryptedMessageMediaClass, error) {
	d, ok := media.(*e2e.DecryptedMessageMediaDocument)
	if !ok || layer >= layerDocument143 {
		return media, nil
	}
	if d.Size > math.MaxInt32 {
		return nil, fmt.Errorf("gotd: the peer's client cannot take a document of %d bytes", d.Size)
	}
	return &e2e.DecryptedMessageMediaDocument46{
		Thumb: d.Thumb, ThumbW: d.ThumbW, ThumbH: d.ThumbH, MimeType: d.MimeType, Size: int(d.Size),
		Key: d.Key, Iv: d.Iv, Attributes: attributesFor(layer, d.Attributes), Caption: d.Caption,
	}, nil
}

func encode(m bin.Encoder) ([]byte, error) {
	var b bin.Buffer
	if err := m.Encode(&b); err != nil {
		return nil, err
	}
	return b.Buf, nil
}
