package gotd

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/gotd/log"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"

	"github.com/mtcore/mtcore/secretchat"
)

// The outbox of a chat: messages go to the server, one after the other.
//
// A message is in the state of the driver, encrypted under its number, in the same
// transaction as its sendRecord, before it is sent. The record says what has become of it,
// and goes when the handler knows all of that.
//
// One at a time, since messages should arrive in order: each that does not has the peer
// ask for what is missing, and Telegram for Android gives up a chat when the fifth waits.
// The server would keep the order of several if each named the one before, by
// invokeAfterMsg, but gotd does not tell under which msg_id it sends a call.

// outbox is guarded by Chat.mu.
type outbox struct {
	packets []secretchat.Packet // to be sent; during a call, the first is
	sends   sends
	sending bool // if there is a goroutine that does
}

func (b *outbox) clear() { b.packets, b.sends = nil, sends{} }

// sends are messages that are not over. There are thousands if the peer is away for long.
type sends struct {
	list []*sendRecord // by number
	ids  map[int64]bool
}

func newSends(list []*sendRecord) (s sends) {
	slices.SortFunc(list, func(a, b *sendRecord) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, r := range list {
		s.add(r)
	}
	return s
}

// add adds a message with a number above all others.
func (s *sends) add(r *sendRecord) {
	if s.ids == nil {
		s.ids = map[int64]bool{}
	}
	s.list = append(s.list, r)
	s.ids[r.RandomID] = true
}

func (s *sends) index(seq int) (int, bool) {
	return slices.BinarySearchFunc(s.list, seq, func(r *sendRecord, seq int) int { return cmp.Compare(r.Seq, seq) })
}

// find returns the message with a number, or nil: there are the driver's as well.
func (s *sends) find(seq int) *sendRecord {
	if i, ok := s.index(seq); ok {
		return s.list[i]
	}
	return nil
}

func (s *sends) remove(r *sendRecord) {
	if i, ok := s.index(r.Seq); ok {
		s.list = slices.Delete(s.list, i, i+1)
		delete(s.ids, r.RandomID)
	}
	if len(s.list) == 0 {
		*s = sends{} // An idle chat needs no room for it.
	}
}

// Send sends a message, under its RandomID or, if that is 0, one that Send returns. When it
// returns, the message is in the store, and will be sent: the handler is told [Sent] and
// [Delivered], or [Failed]. Without a TTL it has that of the chat.
//
// The errors are [ErrNotOpen] and those of secretchat's Encrypt: in particular ErrBacklog
// if the peer has been away for too many messages.
func (c *Chat) Send(m *e2e.DecryptedMessage) (id int64, err error) {
	ids, err := c.sendMessages(outgoing{message: *m})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// SendText sends a message that is nothing but text.
func (c *Chat) SendText(text string) (id int64, err error) {
	return c.Send(&e2e.DecryptedMessage{Message: text})
}

// SendAction sends a service message: to set the time to live, to delete messages, to
// tell that they were read, and so on. Those that are part of the protocol itself, such as
// to exchange keys, are secretchat's business, which refuses them; that our user is writing
// is the server's: see [Chat.SetTyping].
func (c *Chat) SendAction(action e2e.DecryptedMessageActionClass) (id int64, err error) {
	if _, ok := action.(*e2e.DecryptedMessageActionTyping); ok {
		return 0, errTyping
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateOpen {
		return 0, ErrNotOpen
	}
	m := &e2e.DecryptedMessageService{RandomID: randomID(), Action: action}
	body, err := encode(m)
	if err != nil {
		return 0, err
	}
	return m.RandomID, c.encrypt(func(t *tx, add func(body []byte, r *sendRecord) error) error {
		if a, ok := action.(*e2e.DecryptedMessageActionSetMessageTTL); ok {
			c.rec.TTL = max(0, a.TTLSeconds)
			t.add(c.record())
		}
		return add(body, &sendRecord{RandomID: m.RandomID})
	})
}

// errTyping is because Telegram for iOS cannot parse the action.
var errTyping = errors.New("gotd: typing is told to the server, not in the chat")

// outgoing is a message with the file that its media describes, if any.
type outgoing struct {
	message e2e.DecryptedMessage
	file    tg.InputEncryptedFileClass
}

// sendMessages sends all of the messages, or none.
func (c *Chat) sendMessages(messages ...outgoing) (ids []int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateOpen {
		return nil, ErrNotOpen
	}
	layer := c.chat.Layer()
	bodies, records := make([][]byte, len(messages)), make([]*sendRecord, len(messages))
	for i := range messages {
		m := messages[i].message
		if m.RandomID == 0 {
			m.RandomID = randomID()
		}
		if c.out.sends.ids[m.RandomID] {
			return nil, errors.New("gotd: a message with this RandomID is being sent")
		}
		if m.TTL == 0 {
			m.TTL = c.rec.TTL
		}
		if bodies[i], err = encodeMessage(layer, &m); err != nil {
			return nil, err
		}
		records[i] = &sendRecord{RandomID: m.RandomID, Silent: m.Silent}
		if messages[i].file != nil {
			if records[i].File, err = encode(messages[i].file); err != nil {
				return nil, err
			}
		}
		ids = append(ids, m.RandomID)
	}
	return ids, c.encrypt(func(_ *tx, add func([]byte, *sendRecord) error) error {
		for i := range bodies {
			if err := add(bodies[i], records[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// encrypt puts messages into the queue, in one transaction. If the driver refuses one that
// comes after others, these are sent.
func (c *Chat) encrypt(f func(t *tx, add func(body []byte, r *sendRecord) error) error) error {
	var packets []secretchat.Packet
	err := c.atomically(func(t *tx) error {
		return f(t, func(body []byte, r *sendRecord) error {
			p, err := c.chat.Encrypt(body)
			if err != nil {
				return err
			}
			r.V, r.Chat, r.Seq = recordVersion, c.id, p.Seq
			c.out.sends.add(r)
			packets = append(packets, p)
			t.add(r.change())
			return nil
		})
	})
	if errors.Is(err, secretchat.ErrStore) {
		return err
	}
	c.flush(packets...)
	return c.failed(err)
}

// flush puts packets into the queue, with those that the chat itself has to send, and sees
// to it that they are sent.
func (c *Chat) flush(packets ...secretchat.Packet) {
	if c.chat == nil || c.rec.State != StateOpen {
		return
	}
	packets = append(packets, c.chat.Outbox()...)
	slices.SortStableFunc(packets, bySeq)
	c.out.packets = append(c.out.packets, packets...)
	if !c.out.sending && len(c.out.packets) > 0 {
		c.out.sending = c.m.spawn(c.sendAll)
	}
}

// sendAll sends what is in the queue.
func (c *Chat) sendAll(ctx context.Context) error {
	ctx, cancel := c.untilEnd(ctx)
	defer cancel()
	for {
		p, r := c.nextPacket()
		if p == nil {
			return nil
		}
		date, file, err := c.sendPacket(ctx, p, r)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = c.packetSent(p, r, date, file)
		} else {
			err = c.packetRefused(p, err)
		}
		if err != nil {
			return err
		}
	}
}

// nextPacket returns the packet to be sent with what there is to know about it, or says
// that sendAll ends.
func (c *Chat) nextPacket() (*secretchat.Packet, *sendRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rec.State != StateOpen || len(c.out.packets) == 0 {
		c.out.sending = false
		return nil, nil
	}
	p := c.out.packets[0]
	// What the peer has asked for again has another random_id, so that only the number
	// tells.
	r := c.out.sends.find(p.Seq)
	if r == nil {
		return &p, nil
	}
	copied := *r
	return &p, &copied
}

// sendPacket returns when the server has the packet, or will never take it.
func (c *Chat) sendPacket(ctx context.Context, p *secretchat.Packet, r *sendRecord) (date int, file *tg.EncryptedFile, err error) {
	peer, silent := c.Input(), r != nil && r.Silent
	var attached tg.InputEncryptedFileClass
	// If a message was deleted, a service message has its place.
	if r != nil && r.File != nil && !p.Service {
		if attached, err = tg.DecodeInputEncryptedFile(&bin.Buffer{Buf: r.File}); err != nil {
			return 0, nil, err
		}
	}
	var answer tg.MessagesSentEncryptedMessageClass
	send := func(ctx context.Context) (err error) {
		switch {
		case p.Service:
			answer, err = c.m.api.MessagesSendEncryptedService(ctx, &tg.MessagesSendEncryptedServiceRequest{
				Peer: peer, RandomID: p.RandomID, Data: p.Data,
			})
		case attached == nil:
			answer, err = c.m.api.MessagesSendEncrypted(ctx, &tg.MessagesSendEncryptedRequest{
				Silent: silent, Peer: peer, RandomID: p.RandomID, Data: p.Data,
			})
		default:
			answer, err = c.m.api.MessagesSendEncryptedFile(ctx, &tg.MessagesSendEncryptedFileRequest{
				Silent: silent, Peer: peer, RandomID: p.RandomID, Data: p.Data, File: attached,
			})
		}
		return err
	}
	err = c.m.limited(ctx, "sendEncrypted", func(ctx context.Context) error { return c.during(ctx, send) })
	if err != nil {
		return 0, nil, err
	}
	if sent, ok := answer.(*tg.MessagesSentEncryptedFile); ok {
		file, _ = sent.File.(*tg.EncryptedFile)
	}
	return answer.GetDate(), file, nil
}

// packetSent notes that the server has a packet, and where it has put the file, in case
// the peer asks for the message again.
func (c *Chat) packetSent(p *secretchat.Packet, sent *sendRecord, date int, file *tg.EncryptedFile) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil || c.rec.State != StateOpen {
		return nil
	}
	c.out.next()
	c.chat.Sent(*p)
	c.out.packets = append(c.out.packets, c.chat.Outbox()...) // which may have waited for that
	if sent == nil || sent.Failed != nil || sent.Date != 0 {
		return nil
	}
	r := c.out.sends.find(p.Seq)
	if r == nil {
		return nil
	}
	err := c.atomically(func(t *tx) (err error) {
		r.Date = date
		if file != nil {
			if r.Stored, err = encode(file); err != nil {
				return err
			}
			if r.File, err = encode(&tg.InputEncryptedFile{ID: file.ID, AccessHash: file.AccessHash}); err != nil {
				return err
			}
		}
		t.add(r.change())
		return nil
	})
	if err == nil {
		c.do(func(ctx context.Context) error { return c.tellSent(ctx, r) })
	}
	return err
}

// next drops the first packet. It is no longer needed, in an array that may be for long.
func (b *outbox) next() {
	b.packets[0] = secretchat.Packet{}
	b.packets = b.packets[1:]
}

// tellSent tells the handler what the server has answered about a message.
func (c *Chat) tellSent(ctx context.Context, r *sendRecord) error {
	c.mu.Lock()
	sent := *r
	c.mu.Unlock()
	var e Event
	switch {
	case sent.SentTold:
		return nil
	case sent.Failed != nil:
		e = &Failed{c, r.RandomID, sent.Failed.err()}
	default:
		s := &Sent{Chat: c, RandomID: r.RandomID, Date: sent.Date}
		if sent.Stored != nil {
			s.File = new(tg.EncryptedFile)
			if err := s.File.Decode(&bin.Buffer{Buf: sent.Stored}); err != nil {
				return err
			}
		}
		e = s
	}
	if err := c.tell(ctx, e); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if (r.Failed != nil) == (sent.Failed != nil) { // It may have failed since, and is told again.
		r.SentTold = true
		c.remember(r)
	}
	return nil
}

// remember keeps what the handler has been told of a message, or forgets the message, with
// the next transaction.
func (c *Chat) remember(r *sendRecord) {
	if c.chat == nil {
		return
	}
	if !r.over() {
		c.later = append(c.later, r.change())
		return
	}
	c.later = append(c.later, remove(r.key()))
	c.out.sends.remove(r)
}

// packetRefused has one message of the application's fail, whose number is then kept by an
// order to delete it, which is sent in its place. If that is refused as well, or something
// that the driver has to say, the chat cannot go on.
func (c *Chat) packetRefused(p *secretchat.Packet, err error) error {
	c.m.log.Warn(context.Background(), "Message of a secret chat is refused", log.Int("chat", c.id), log.Error(err))
	why := newRefusal(err)
	if judge(err) == gone {
		return c.ended(nil, closing{By: ByServer, Refusal: why, Told: true})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chat == nil || c.rec.State != StateOpen {
		return nil
	}
	r := c.out.sends.find(p.Seq)
	if r == nil || r.Failed != nil {
		return c.closeLocked(closing{By: ByServer, Refusal: why})
	}
	return c.withdraw(r, why)
}

// withdraw destroys a message that has failed. It is the first of the packets.
func (c *Chat) withdraw(r *sendRecord, why *refusal) error {
	err := c.atomically(func(t *tx) error {
		if err := c.chat.Withdraw(r.Seq); err != nil {
			return err
		}
		r.Failed, r.File, r.SentTold = why, nil, false
		t.add(r.change())
		return nil
	})
	switch {
	case errors.Is(err, secretchat.ErrWithdraw):
		c.out.next()
		c.unanswered(r)
		return nil
	case err != nil:
		return c.survive(err)
	}
	// The order goes before all that was numbered later.
	c.out.packets[0] = secretchat.Packet{}
	c.out.packets = append(c.chat.Outbox(), c.out.packets[1:]...)
	slices.SortStableFunc(c.out.packets, bySeq)
	c.do(func(ctx context.Context) error { return c.tellSent(ctx, r) })
	return nil
}

// unanswered notes that the peer has a message of which the server has not said that it was
// sent, and never will.
func (c *Chat) unanswered(r *sendRecord) {
	r.SentTold = true
	if r.SeenTold {
		c.remember(r)
	}
}

func bySeq(a, b secretchat.Packet) int { return cmp.Compare(a.Seq, b.Seq) }

// acknowledged notes that the peer has seen messages, and returns those of which that is
// news.
func (b *outbox) acknowledged(t *tx, seen int) (news []*sendRecord) {
	for _, r := range b.sends.list {
		if r.Seq >= seen {
			break
		}
		if !r.Seen {
			r.Seen = true
			t.add(r.change())
			if r.Failed == nil {
				news = append(news, r)
			}
		}
	}
	return news
}

// tellDelivered tells the handler that the peer has messages.
func (c *Chat) tellDelivered(ctx context.Context, records []*sendRecord) error {
	if len(records) == 0 {
		return nil
	}
	ids := make([]int64, len(records))
	for i, r := range records {
		ids[i] = r.RandomID
	}
	if err := c.tell(ctx, &Delivered{c, ids}); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		r.SeenTold = true
		c.remember(r)
	}
	return nil
}

// untold returns the messages that the peer has seen and the handler may not know of.
func (b *outbox) untold() (records []*sendRecord) {
	for _, r := range b.sends.list {
		if r.Seen && !r.SeenTold && r.Failed == nil {
			records = append(records, r)
		}
	}
	return records
}

// Pending returns the messages, by their ids in the order of sending, that the server has
// not taken yet, or of which it has not said so. After a crash it tells the application
// what will still be sent.
func (c *Chat) Pending() []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []int64
	for _, r := range c.out.sends.list {
		if r.Date == 0 && r.Failed == nil && !r.Seen {
			ids = append(ids, r.RandomID)
		}
	}
	return ids
}

// tellOutcomes has the handler told what has become of messages, if it may not know.
func (c *Chat) tellOutcomes() {
	for _, r := range slices.Clone(c.out.sends.list) {
		switch {
		case (r.Date != 0 || r.Failed != nil) && !r.SentTold:
			c.do(func(ctx context.Context) error { return c.tellSent(ctx, r) })
		case r.Seen && r.Date == 0 && r.Failed == nil:
			c.unanswered(r)
		}
	}
}
