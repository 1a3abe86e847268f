package relay

import (
	"bytes"
	"crypto/rand"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"github.com/mtcore/mtcore/bigdh"
)

// dhVersion is the version of the only Diffie–Hellman configuration there is.
const (
	dhVersion   = 3
	dhGenerator = 3
)

type chatState int

const (
	requested chatState = iota
	accepted
	discarded
)

type chat struct {
	id             int
	admin, partner *User // who requested; who accepted, nil before
	partnerID      int64
	date           int
	state          chatState
	ga, gb         []byte
	fingerprint    int64
	// Of a discarded chat: by whom, and whether with the history.
	by      *User
	history bool
}

// accessHash is what a user must show to be let into the chat.
func (c *chat) accessHash(u *User) int64 { return int64(c.id)<<8 ^ u.ID }

// has reports whether the user's device may know of the chat.
func (c *chat) has(u *User) bool {
	return u == c.admin || u == c.partner || c.partner == nil && u.ID == c.partnerID
}

func (c *chat) peer(u *User) *User {
	if u == c.admin {
		return c.partner
	}
	return c.admin
}

// view is the chat as a user sees it.
func (c *chat) view(u *User) tg.EncryptedChatClass {
	switch {
	case c.state == discarded:
		return &tg.EncryptedChatDiscarded{ID: c.id, HistoryDeleted: c.history && u != c.by}
	case c.state == accepted:
		v := &tg.EncryptedChat{
			ID: c.id, AccessHash: c.accessHash(u), Date: c.date, AdminID: c.admin.ID, ParticipantID: c.partnerID,
			GAOrB: c.gb, KeyFingerprint: c.fingerprint,
		}
		if u == c.partner {
			v.GAOrB = c.ga
		}
		return v
	case u == c.admin:
		return &tg.EncryptedChatWaiting{
			ID: c.id, AccessHash: c.accessHash(u), Date: c.date, AdminID: c.admin.ID, ParticipantID: c.partnerID,
		}
	default:
		return &tg.EncryptedChatRequested{
			ID: c.id, AccessHash: c.accessHash(u), Date: c.date, AdminID: c.admin.ID, ParticipantID: c.partnerID,
			GA: c.ga,
		}
	}
}

func (c *chat) announce(to *User) {
	to.tell(&tg.UpdateEncryption{Chat: c.view(to), Date: to.relay.now})
}

// announceToDevices tells all devices of who was asked, but for one.
func (c *chat) announceToDevices(s *Server, but *User) {
	for _, u := range s.users[c.partnerID] {
		if u != but {
			c.announce(u)
		}
	}
}

func (u *User) dhConfig(q *tg.MessagesGetDhConfigRequest) (bin.Encoder, error) {
	if q.RandomLength < 0 || q.RandomLength > 1024 {
		return nil, tgerr.New(400, "RANDOM_LENGTH_INVALID")
	}
	random := make([]byte, 256) // whatever the length asked for
	rand.Read(random)
	if q.Version == dhVersion {
		return &tg.MessagesDhConfigNotModified{Random: random}, nil
	}
	group, err := bigdh.Telegram(dhGenerator)
	if err != nil {
		return nil, err
	}
	p := group.Prime()
	u.relay.primes++
	return &tg.MessagesDhConfig{G: dhGenerator, P: p[:], Version: dhVersion, Random: random}, nil
}

func (u *User) requestEncryption(q *tg.MessagesRequestEncryptionRequest) (bin.Encoder, error) {
	to, ok := q.UserID.(*tg.InputUser)
	if !ok || len(u.relay.users[to.UserID]) == 0 || to.UserID == u.ID {
		return nil, tgerr.New(400, "USER_ID_INVALID")
	}
	if len(q.GA) != bigdh.Size {
		u.relay.violation("g_a of %d bytes", len(q.GA))
		return nil, tgerr.New(400, "DH_G_A_INVALID")
	}
	if c, ok := u.relay.chats[q.RandomID]; ok {
		if c.admin != u || !bytes.Equal(c.ga, q.GA) {
			return nil, tgerr.New(400, "RANDOM_ID_DUPLICATE")
		}
		return c.view(u), nil
	}
	c := &chat{id: q.RandomID, admin: u, partnerID: to.UserID, date: u.relay.now, ga: q.GA}
	u.relay.chats[c.id] = c
	c.announceToDevices(u.relay, nil)
	return c.view(u), nil
}

// chat returns the chat that the user may enter.
func (u *User) chat(peer tg.InputEncryptedChat) (*chat, error) {
	c, ok := u.relay.chats[peer.ChatID]
	if !ok || !c.has(u) || peer.AccessHash != c.accessHash(u) {
		return nil, tgerr.New(400, "CHAT_ID_INVALID")
	}
	return c, nil
}

func (u *User) acceptEncryption(q *tg.MessagesAcceptEncryptionRequest) (bin.Encoder, error) {
	c, ok := u.relay.chats[q.Peer.ChatID]
	switch {
	case !ok || u.ID != c.partnerID || q.Peer.AccessHash != c.accessHash(u):
		return nil, tgerr.New(400, "CHAT_ID_INVALID")
	case u == c.admin:
		return nil, tgerr.New(400, "CHAT_ID_INVALID")
	case c.state == discarded:
		return nil, tgerr.New(400, "ENCRYPTION_ALREADY_DECLINED")
	case c.state == accepted:
		return nil, tgerr.New(400, "ENCRYPTION_ALREADY_ACCEPTED")
	}
	if len(q.GB) != bigdh.Size {
		u.relay.violation("g_b of %d bytes", len(q.GB))
	}
	c.state, c.partner, c.gb, c.fingerprint = accepted, u, q.GB, q.KeyFingerprint
	if u.relay.misleads {
		c.fingerprint++
	}
	c.announce(c.admin)
	for _, other := range u.relay.users[u.ID] {
		if other != u {
			other.tell(&tg.UpdateEncryption{Chat: &tg.EncryptedChatDiscarded{ID: c.id}, Date: u.relay.now})
		}
	}
	return c.view(u), nil
}

func (u *User) discardEncryption(q *tg.MessagesDiscardEncryptionRequest) (bin.Encoder, error) {
	c, ok := u.relay.chats[q.ChatID]
	if !ok || !c.has(u) {
		return nil, tgerr.New(400, "CHAT_ID_INVALID")
	}
	if c.state == discarded {
		return nil, tgerr.New(400, "ENCRYPTION_ALREADY_DECLINED")
	}
	c.state, c.by, c.history = discarded, u, q.DeleteHistory
	if c.partner == nil {
		c.announceToDevices(u.relay, u)
		if u != c.admin {
			c.announce(c.admin)
		}
		return &tg.BoolTrue{}, nil
	}
	c.announce(c.peer(u))
	return &tg.BoolTrue{}, nil
}

// sent is the answer for a message that was sent, by its random_id. It is not sent again.
type sent struct {
	date int
	file tg.EncryptedFileClass
}

// send passes a message on, unless it has been.
func (u *User) send(peer tg.InputEncryptedChat, randomID int64, data []byte, service bool, attach func() (tg.EncryptedFileClass, error)) (*sent, error) {
	c, err := u.chat(peer)
	if err != nil {
		return nil, err
	}
	if c.state == discarded && c.by == u {
		u.relay.violation("user %d sends to chat %d, which it has discarded", u.ID, c.id)
	}
	if c.state != accepted {
		return nil, tgerr.New(400, "ENCRYPTION_DECLINED")
	}
	if s, ok := u.sent[randomID]; ok {
		u.duplicates++
		return s, nil
	}
	file, err := attach()
	if err != nil {
		return nil, err
	}
	u.relay.now++
	s := &sent{u.relay.now, file}
	u.sent[randomID] = s
	if service {
		c.peer(u).deliver(&tg.EncryptedMessageService{RandomID: randomID, ChatID: c.id, Date: s.date, Bytes: data})
	} else {
		c.peer(u).deliver(&tg.EncryptedMessage{RandomID: randomID, ChatID: c.id, Date: s.date, Bytes: data, File: file})
	}
	return s, nil
}

func noFile() (tg.EncryptedFileClass, error) { return &tg.EncryptedFileEmpty{}, nil }

func (u *User) sendEncrypted(q *tg.MessagesSendEncryptedRequest) (bin.Encoder, error) {
	s, err := u.send(q.Peer, q.RandomID, q.Data, false, noFile)
	if err != nil {
		return nil, err
	}
	u.hush(q.Silent)
	return &tg.MessagesSentEncryptedMessage{Date: s.date}, nil
}

func (u *User) sendEncryptedService(q *tg.MessagesSendEncryptedServiceRequest) (bin.Encoder, error) {
	s, err := u.send(q.Peer, q.RandomID, q.Data, true, noFile)
	if err != nil {
		return nil, err
	}
	return &tg.MessagesSentEncryptedMessage{Date: s.date}, nil
}

func (u *User) sendEncryptedFile(q *tg.MessagesSendEncryptedFileRequest) (bin.Encoder, error) {
	s, err := u.send(q.Peer, q.RandomID, q.Data, false, func() (tg.EncryptedFileClass, error) {
		return u.attach(q.File)
	})
	if err != nil {
		return nil, err
	}
	u.hush(q.Silent)
	return &tg.MessagesSentEncryptedFile{Date: s.date, File: s.file}, nil
}

func (u *User) hush(silent bool) {
	if silent {
		u.silent++
	}
}

func (u *User) reportSpam(q *tg.MessagesReportEncryptedSpamRequest) (bin.Encoder, error) {
	if _, err := u.chat(q.Peer); err != nil {
		return nil, err
	}
	u.spam++
	return &tg.BoolTrue{}, nil
}

func (u *User) setTyping(q *tg.MessagesSetEncryptedTypingRequest) (bin.Encoder, error) {
	c, err := u.chat(q.Peer)
	if err != nil {
		return nil, err
	}
	if q.Typing {
		c.peer(u).push(&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateEncryptedChatTyping{ChatID: c.id}}})
	}
	return &tg.BoolTrue{}, nil
}

func (u *User) readHistory(q *tg.MessagesReadEncryptedHistoryRequest) (bin.Encoder, error) {
	c, err := u.chat(q.Peer)
	if err != nil {
		return nil, err
	}
	if q.MaxDate <= 0 || q.MaxDate > u.relay.now {
		return nil, tgerr.New(400, "MAX_DATE_INVALID")
	}
	c.peer(u).tell(&tg.UpdateEncryptedMessagesRead{ChatID: c.id, MaxDate: q.MaxDate, Date: u.relay.now})
	return &tg.BoolTrue{}, nil
}
