package gotd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/secretchat"
)

// Send sends a message, under its RandomID or, if that is 0, one that Send returns. When it
// returns, the message is in the store, and will be sent.
//
// The errors are [ErrNotOpen] and those of secretchat's Encrypt: in particular ErrBacklog
// if the peer has been away for too many messages.
func (c *Chat) Send(m *e2e.DecryptedMessage) (id int64, err error) {
	return c.sendMessage(*m, nil)
}

// SendText sends a message that is nothing but text.
func (c *Chat) SendText(text string) (id int64, err error) {
	return c.Send(&e2e.DecryptedMessage{Message: text})
}

// SendAction sends a service message: to set the time to live, to delete messages, to
// tell that they were read, and so on. Those that are part of the protocol itself, such as
// to exchange keys, are secretchat's business, which refuses them.
func (c *Chat) SendAction(action e2e.DecryptedMessageActionClass) (id int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &e2e.DecryptedMessageService{RandomID: randomID(), Action: action}
	body, err := encode(m)
	if err != nil {
		return 0, err
	}
	return m.RandomID, c.encrypt(body, nil)
}

// sendMessage sends a message, with the file that its media describes.
func (c *Chat) sendMessage(m e2e.DecryptedMessage, file tg.InputEncryptedFileClass) (id int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateOpen {
		return 0, ErrNotOpen
	}
	if m.RandomID == 0 {
		m.RandomID = randomID()
	}
	body, err := encodeMessage(c.chat.Layer(), &m)
	if err != nil {
		return 0, err
	}
	if file == nil {
		return m.RandomID, c.encrypt(body, nil)
	}
	attached, err := encode(file)
	if err != nil {
		return 0, err
	}
	return m.RandomID, c.encrypt(body, &sendRecord{Chat: c.id, RandomID: m.RandomID, Seq: -1, File: attached})
}

// encrypt puts a message into the queue. The file's record goes into the same transaction
// as the chat's state.
func (c *Chat) encrypt(body []byte, file *sendRecord) error {
	if c.rec.State != StateOpen {
		return ErrNotOpen
	}
	c.with = nil
	if file != nil {
		c.with = []Change{put(file.key(), file)}
	}
	p, err := c.chat.Encrypt(body)
	c.with = nil
	if err != nil {
		if errors.Is(err, secretchat.ErrStore) {
			c.m.fail(err)
		}
		return c.failed(err)
	}
	if file != nil {
		c.sends = append(c.sends, file)
	}
	c.flush(p)
	return nil
}

// flush puts packets into the queue, with those that the chat itself has to send, and sees
// to it that they are sent.
func (c *Chat) flush(packets ...secretchat.Packet) {
	if c.chat != nil && c.rec.State == StateOpen {
		packets = append(packets, c.chat.Outbox()...)
		slices.SortStableFunc(packets, func(a, b secretchat.Packet) int { return cmp.Compare(a.Seq, b.Seq) })
		c.queue = append(c.queue, packets...)
	}
	if !c.sending && (len(c.queue) > 0 || c.rec.State == StateClosing) {
		c.sending = c.m.spawn(c.sendAll)
	}
}

// sendAll sends what is in the queue, one packet after the other so that the server keeps
// the order, and what comes at the end of a chat.
func (c *Chat) sendAll(ctx context.Context) error {
	for {
		p, file, state := c.nextPacket()
		var err error
		switch {
		case state == StateClosing:
			return c.sendDiscard(ctx)
		case p == nil:
			return nil
		case file == nil:
			err = c.sendPacket(ctx, p)
		default:
			err = c.sendFilePacket(ctx, p, file)
		}
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err := c.packetSent(p, err); err != nil {
			return err
		}
	}
}

// nextPacket returns the packet to be sent with its file, or says that sendAll ends.
func (c *Chat) nextPacket() (*secretchat.Packet, *sendRecord, State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State == StateClosing || len(c.queue) == 0 {
		c.sending = c.rec.State == StateClosing
		return nil, nil, c.rec.State
	}
	p := c.queue[0]
	for _, s := range c.sends {
		if s.RandomID == p.RandomID {
			s.Seq = p.Seq
		}
		// What the peer has asked for again has another random_id. If the message was
		// deleted, a service message has its place.
		if s.Seq == p.Seq && !p.Service {
			file := *s
			return &p, &file, c.rec.State
		}
	}
	return &p, nil, c.rec.State
}

// packetSent takes the packet off the queue, or closes the chat if that is what the
// server's error amounts to.
func (c *Chat) packetSent(p *secretchat.Packet, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil {
		return nil
	}
	if err != nil {
		return c.closeLocked(closing{Reason: err.Error(), Told: isGone(err)})
	}
	c.chat.Sent(*p)
	c.queue[0] = secretchat.Packet{} // no longer needed, in an array that may be for long
	c.queue = c.queue[1:]
	return nil
}

func (c *Chat) sendPacket(ctx context.Context, p *secretchat.Packet) error {
	return c.m.retry(ctx, "sendEncrypted", isFinal, func() (err error) {
		if p.Service {
			_, err = c.m.api.MessagesSendEncryptedService(ctx, &tg.MessagesSendEncryptedServiceRequest{
				Peer: c.input(), RandomID: p.RandomID, Data: p.Data,
			})
		} else {
			_, err = c.m.api.MessagesSendEncrypted(ctx, &tg.MessagesSendEncryptedRequest{
				Peer: c.input(), RandomID: p.RandomID, Data: p.Data,
			})
		}
		return err
	})
}

// sendFilePacket remembers where the server has put the file, in case the peer asks for
// the message again.
func (c *Chat) sendFilePacket(ctx context.Context, p *secretchat.Packet, s *sendRecord) error {
	file, err := tg.DecodeInputEncryptedFile(&bin.Buffer{Buf: s.File})
	if err != nil {
		return err
	}
	var answer tg.MessagesSentEncryptedMessageClass
	err = c.m.retry(ctx, "sendEncryptedFile", isFinal, func() (err error) {
		answer, err = c.m.api.MessagesSendEncryptedFile(ctx, &tg.MessagesSendEncryptedFileRequest{
			Peer: c.input(), RandomID: p.RandomID, Data: p.Data, File: file,
		})
		return err
	})
	if isFileError(err) {
		// The upload is gone, as after days without a connection. The message must not be.
		c.m.log.Warn(ctx, "Message of a secret chat is sent without its file", log.Int("chat", c.id), log.Error(err))
		return c.sendPacket(ctx, p)
	}
	if err != nil {
		return err
	}
	sent, ok := answer.(*tg.MessagesSentEncryptedFile)
	if !ok {
		return nil
	}
	stored, ok := sent.File.(*tg.EncryptedFile)
	if !ok {
		return nil
	}
	return c.fileSent(s, &tg.InputEncryptedFile{ID: stored.ID, AccessHash: stored.AccessHash})
}

func (c *Chat) fileSent(s *sendRecord, file *tg.InputEncryptedFile) (err error) {
	if s.File, err = encode(file); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.sends {
		if c.sends[i].RandomID == s.RandomID {
			c.sends[i] = s
			return c.m.opt.Store.Commit([]Change{put(s.key(), s)})
		}
	}
	return nil // the peer has acknowledged the message in the meantime
}

// acknowledged forgets the files of messages that the peer has received.
func (c *Chat) acknowledged(seen int) {
	c.sends = slices.DeleteFunc(c.sends, func(s *sendRecord) bool {
		old := s.Seq >= 0 && s.Seq < seen
		if old {
			c.forgotten = append(c.forgotten, remove(s.key()))
		}
		return old
	})
}

// sendDiscard tells the server that the chat is over, if it does not know, and then the
// handler.
func (c *Chat) sendDiscard(ctx context.Context) error {
	c.mu.Lock()
	told := c.rec.Closing.Told
	c.mu.Unlock()
	if !told {
		err := c.m.retry(ctx, "discardEncryption", isRefusal, func() error {
			_, err := c.m.api.MessagesDiscardEncryption(ctx, &tg.MessagesDiscardEncryptionRequest{ChatID: c.id})
			return err
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			c.m.log.Debug(ctx, "Server has discarded the secret chat before", log.Int("chat", c.id), log.Error(err))
		}
	}
	c.m.work.add(c.finish)
	return nil
}

// Delays between attempts, where the server does not name one.
const (
	firstDelay = time.Second
	lastDelay  = time.Minute
)

// retry calls f until it has an answer, which is a final error in the worst case.
func (m *Manager) retry(ctx context.Context, method string, final func(error) bool, f func() error) error {
	for delay := firstDelay; ; delay = min(2*delay, lastDelay) {
		err := f()
		if err == nil || ctx.Err() != nil || final(err) {
			return err
		}
		wait := delay
		if d, ok := tgerr.AsFloodWait(err); ok {
			wait = max(wait, d)
		}
		m.log.Warn(ctx, "Call is tried again", log.String("method", method), log.Duration("after", wait), log.Error(err))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isGone reports whether err says that the server has no such chat, or no longer has it.
func isGone(err error) bool {
	return tgerr.Is(err, "ENCRYPTION_DECLINED", "ENCRYPTION_ALREADY_DECLINED", "ENCRYPTION_ID_INVALID", "CHAT_ID_INVALID")
}

// isFinal reports whether sending again is of no use, and the chat at its end. Of errors
// that are not known to be final it may be of use, when something about the account has
// changed.
func isFinal(err error) bool {
	return isGone(err) || isFileError(err) || tgerr.Is(err, "DATA_INVALID", "DATA_TOO_LONG")
}

// isRefusal reports whether the server does not like a call, and never will.
func isRefusal(err error) bool { return tgerr.IsCode(err, 400) }

func isFileError(err error) bool {
	e, ok := tgerr.As(err)
	return ok && e.Code == 400 && (strings.HasPrefix(e.Type, "FILE_") || strings.HasPrefix(e.Type, "MD5_"))
}
