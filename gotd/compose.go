package gotd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gotd/td/telegram/message/entity"
	"github.com/gotd/td/telegram/message/styling"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
)

// Builder makes a message, in the style of gotd's message.Sender:
//
//	chat.Compose().Reply(id).Silent().StyledText(styling.Plain("See "), styling.Bold("this"))
//	chat.Compose().ViewOnce().Media(ctx, gotd.Photo(file, 1280, 720, thumb))
//
// What it returns at the end is the message as it is sent, with its RandomID and, in the
// media, the key of its file. The handler is told what becomes of it.
type Builder struct {
	c        *Chat
	m        e2e.DecryptedMessage
	progress func(sent, total int64)
}

// Compose begins a message.
func (c *Chat) Compose() *Builder { return &Builder{c: c} }

// Reply makes it an answer to the message with this RandomID.
func (b *Builder) Reply(id int64) *Builder { b.m.ReplyToRandomID = id; return b }

// Silent has it arrive without a sound.
func (b *Builder) Silent() *Builder { b.m.Silent = true; return b }

// TTL has it disappear some seconds after it was read, instead of after the time that is set
// for the chat.
func (b *Builder) TTL(seconds int) *Builder { b.m.TTL = seconds; return b }

// ViewOnce has it disappear once it has been looked at.
func (b *Builder) ViewOnce() *Builder { return b.TTL(ViewOnce) }

// ViaBot names the bot from which it is.
func (b *Builder) ViaBot(name string) *Builder { b.m.ViaBotName = name; return b }

// Progress has f called, by one goroutine at a time, with how many bytes of the files of this
// message are on the server.
func (b *Builder) Progress(f func(sent, total int64)) *Builder { b.progress = f; return b }

// Text sends text as it is.
func (b *Builder) Text(text string) (*e2e.DecryptedMessage, error) {
	return b.StyledText(styling.Plain(text))
}

// StyledText sends text with gotd's styling.
func (b *Builder) StyledText(text ...styling.StyledTextOption) (*e2e.DecryptedMessage, error) {
	m := b.m
	if err := style(&m, text); err != nil {
		return nil, err
	}
	id, err := b.c.Send(&m)
	m.RandomID = id
	return &m, err
}

// style sets text and entities.
func style(m *e2e.DecryptedMessage, text []styling.StyledTextOption) error {
	if len(text) == 0 {
		return nil
	}
	var e entity.Builder
	if err := styling.Perform(&e, text...); err != nil {
		return err
	}
	var entities []tg.MessageEntityClass
	m.Message, entities = e.Complete()
	m.Entities = SecretEntities(entities)
	return nil
}

// Media uploads the file of media, if it has one, and sends it with a caption.
func (b *Builder) Media(ctx context.Context, media Media, caption ...styling.StyledTextOption) (*e2e.DecryptedMessage, error) {
	a, err := b.attach(media, caption)
	if err != nil {
		return nil, err
	}
	sent, err := b.c.sendFiles(ctx, b.progress, a)
	if err != nil {
		return nil, err
	}
	return sent[0], nil
}

// attach makes the message with media. Clients differ in where they look for a caption.
func (b *Builder) attach(media Media, caption []styling.StyledTextOption) (attachment, error) {
	m := b.m
	if err := style(&m, caption); err != nil {
		return attachment{}, err
	}
	if m.Message != "" && !media.caption {
		return attachment{}, fmt.Errorf("gotd: a %s has no caption", Describe(media.media).Kind)
	}
	m.Media = media.withCaption(m.Message)
	return attachment{&m, media.file}, nil
}

// AlbumLimit is how many items an album has at most.
const AlbumLimit = 10

// Captioned is an item of an album.
type Captioned struct {
	Media   Media
	Caption []styling.StyledTextOption
}

// Album sends several photos and videos, or several documents, or several pieces of music,
// that are shown together. All of them are uploaded before the first is sent.
func (b *Builder) Album(ctx context.Context, items ...Captioned) ([]*e2e.DecryptedMessage, error) {
	if len(items) == 0 || len(items) > AlbumLimit {
		return nil, fmt.Errorf("gotd: an album has 1 to %d items, not %d", AlbumLimit, len(items))
	}
	group := randomID()
	list := make([]attachment, len(items))
	for i, item := range items {
		a, err := b.attach(item.Media, item.Caption)
		if err != nil {
			return nil, err
		}
		if a.file == nil {
			return nil, errors.New("gotd: what is in an album has a file")
		}
		a.message.GroupedID = group
		list[i] = a
	}
	return b.c.sendFiles(ctx, b.progress, list...)
}

// SetTTL has messages disappear some seconds after they were read, from now on and on both
// sides; 0 is never. If the message has [Failed] the peer does not know.
func (c *Chat) SetTTL(seconds int) (id int64, err error) {
	return c.SendAction(&e2e.DecryptedMessageActionSetMessageTTL{TTLSeconds: seconds})
}

// Delete deletes messages on the other side, by their RandomID. What the peer has not got
// yet it never will.
func (c *Chat) Delete(ids ...int64) (id int64, err error) {
	return c.SendAction(&e2e.DecryptedMessageActionDeleteMessages{RandomIDs: ids})
}

// FlushHistory deletes all messages on the other side.
func (c *Chat) FlushHistory() (id int64, err error) {
	return c.SendAction(&e2e.DecryptedMessageActionFlushHistory{})
}

// Screenshot tells the peer that our user has taken a screenshot of messages.
func (c *Chat) Screenshot(ids ...int64) (id int64, err error) {
	return c.SendAction(&e2e.DecryptedMessageActionScreenshotMessages{RandomIDs: ids})
}

// MarkRead tells the peer that our user has seen messages, as official clients do: the
// server by the date of the last, and the peer itself of media that disappears, of voice
// messages and of round videos, but of none that may be viewed once.
func (c *Chat) MarkRead(ctx context.Context, messages ...*Message) error {
	date := 0
	var ids []int64
	for _, m := range messages {
		date = max(date, m.Date)
		if m.wantsReadMessages() {
			ids = append(ids, m.Message.RandomID)
		}
	}
	if len(ids) > 0 {
		if _, err := c.SendAction(&e2e.DecryptedMessageActionReadMessages{RandomIDs: ids}); err != nil {
			return err
		}
	}
	if date == 0 {
		return nil
	}
	return c.SetRead(ctx, date)
}

func (m *Message) wantsReadMessages() bool {
	kind := m.Info().Kind
	switch {
	case kind == KindNone || m.ViewOnce():
		return false
	case kind == KindVoice || kind == KindRound:
		return true
	default:
		return m.Message.TTL > 0
	}
}

// SetRead tells the server, and it the peer, that our user has seen what was sent until
// maxDate, which is neither 0 nor in the future.
func (c *Chat) SetRead(ctx context.Context, maxDate int) error {
	if maxDate <= 0 || int64(maxDate) > time.Now().Unix()+clockSkew {
		return fmt.Errorf("gotd: nothing can have been read at %d", maxDate)
	}
	return c.whileOpen(ctx, func(ctx context.Context) error {
		_, err := c.m.api.MessagesReadEncryptedHistory(ctx, &tg.MessagesReadEncryptedHistoryRequest{Peer: c.Input(), MaxDate: maxDate})
		return err
	})
}

// clockSkew is by how many seconds the server's clock may be ahead.
const clockSkew = 300

// SetTyping tells the server, and it the peer, that our user is writing. Nothing of it goes
// into the chat.
func (c *Chat) SetTyping(ctx context.Context, typing bool) error {
	return c.whileOpen(ctx, func(ctx context.Context) error {
		_, err := c.m.api.MessagesSetEncryptedTyping(ctx, &tg.MessagesSetEncryptedTypingRequest{Peer: c.Input(), Typing: typing})
		return err
	})
}
