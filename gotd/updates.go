package gotd

import (
	"context"
	"slices"

	"github.com/gotd/log"
	"github.com/gotd/td/telegram/updates"
	"github.com/gotd/td/tg"
)

// Register has the dispatcher pass the updates of secret chats to the manager.
func (m *Manager) Register(d tg.UpdateDispatcher) {
	d.OnEncryption(func(ctx context.Context, _ tg.Entities, u *tg.UpdateEncryption) error {
		return m.work.addUpdate(ctx, func(ctx context.Context) error { return m.encryption(ctx, u.Chat) })
	})
	d.OnNewEncryptedMessage(func(ctx context.Context, _ tg.Entities, u *tg.UpdateNewEncryptedMessage) error {
		return m.work.addUpdate(ctx, func(ctx context.Context) error { return m.message(ctx, u.Message) })
	})
	d.OnEncryptedChatTyping(func(ctx context.Context, _ tg.Entities, u *tg.UpdateEncryptedChatTyping) error {
		return m.work.addUpdate(ctx, func(ctx context.Context) error {
			if c := m.Chat(u.ChatID); c != nil {
				return m.opt.Handler(ctx, &Typing{c})
			}
			return nil
		})
	})
	d.OnEncryptedMessagesRead(func(ctx context.Context, _ tg.Entities, u *tg.UpdateEncryptedMessagesRead) error {
		return m.work.addUpdate(ctx, func(ctx context.Context) error {
			if c := m.Chat(u.ChatID); c != nil {
				return m.opt.Handler(ctx, &Read{c, u.MaxDate})
			}
			return nil
		})
	})
}

// encryption handles what the server says about a chat. Each step is taken once.
func (m *Manager) encryption(ctx context.Context, chat tg.EncryptedChatClass) error {
	c := m.Chat(chat.GetID())
	switch chat := chat.(type) {
	case *tg.EncryptedChatRequested:
		if c != nil {
			return nil
		}
		return m.requested(ctx, chat)
	case *tg.EncryptedChat:
		if c == nil {
			return nil // it belongs to another device of ours
		}
		return c.complete(ctx, chat)
	case *tg.EncryptedChatDiscarded:
		if c == nil {
			return nil
		}
		return c.close(closing{Told: true})
	default:
		return nil
	}
}

// requested remembers a chat that a peer asks for, and asks the handler.
func (m *Manager) requested(ctx context.Context, chat *tg.EncryptedChatRequested) error {
	c := &Chat{m: m, id: chat.ID, rec: chatRecord{
		ID: chat.ID, AccessHash: chat.AccessHash, PeerID: chat.AdminID, State: StateRequested, GA: chat.GA,
	}}
	if !m.add(c) {
		return nil
	}
	if err := m.opt.Store.Commit([]Change{c.record()}); err != nil {
		return err
	}
	return m.opt.Handler(ctx, &Requested{c})
}

// incoming is a message as the server has it.
type incoming struct {
	data []byte
	date int
	file *tg.EncryptedFile
}

func (m *Manager) message(ctx context.Context, msg tg.EncryptedMessageClass) error {
	c := m.Chat(msg.GetChatID())
	if c == nil {
		m.log.Debug(ctx, "Message for an unknown secret chat", log.Int("chat", msg.GetChatID()))
		return nil
	}
	in := &incoming{data: msg.GetBytes(), date: msg.GetDate()}
	if msg, ok := msg.(*tg.EncryptedMessage); ok {
		in.file, _ = msg.File.(*tg.EncryptedFile)
	}
	return c.receive(ctx, in)
}

// StateStorage returns a storage for gotd's updates.Manager that is s, but learns a qts
// only when all messages up to it are in the [Store] and the handler has seen them.
// Then the server is told as well, by messages.receivedQueue. As long as a message waits,
// in memory, for the update that its chat is accepted, there is nothing to learn.
func (m *Manager) StateStorage(s updates.StateStorage) updates.StateStorage {
	return &stateStorage{s, m}
}

type stateStorage struct {
	updates.StateStorage
	m *Manager
}

// SetState leaves the qts as it is, until it is due. In the first state of all there is
// nothing to wait for.
func (s *stateStorage) SetState(ctx context.Context, user int64, state updates.State) error {
	last, found, err := s.GetState(ctx, user)
	if err != nil {
		return err
	}
	if !found {
		return s.StateStorage.SetState(ctx, user, state)
	}
	qts := state.Qts
	state.Qts = last.Qts
	if err := s.StateStorage.SetState(ctx, user, state); err != nil {
		return err
	}
	return s.SetQts(ctx, user, qts)
}

// SetQts is called when gotd has passed on all messages up to qts, so that they are
// before this in the manager's work.
func (s *stateStorage) SetQts(ctx context.Context, user int64, qts int) error {
	return s.m.work.addUpdate(ctx, func(ctx context.Context) error {
		s.m.learn = func(ctx context.Context) error {
			if err := s.StateStorage.SetQts(ctx, user, qts); err != nil {
				return err
			}
			s.m.setReceived(qts)
			return nil
		}
		return s.m.learnQts(ctx)
	})
}

// learnQts has the last qts learnt, unless a message waits for its chat.
func (m *Manager) learnQts(ctx context.Context) error {
	if m.learn == nil || slices.ContainsFunc(m.Chats(), (*Chat).hasEarly) {
		return nil
	}
	learn := m.learn
	m.learn = nil
	return learn(ctx)
}

// setReceived replaces the qts that is to be acknowledged.
func (m *Manager) setReceived(qts int) {
	select {
	case <-m.received:
	default:
	}
	m.received <- qts // by the one goroutine that does
}

func (m *Manager) acknowledge(ctx context.Context) error {
	for {
		select {
		case qts := <-m.received:
			err := m.retry(ctx, "receivedQueue", isRefusal, func() error {
				_, err := m.api.MessagesReceivedQueue(ctx, qts)
				return err
			})
			if err != nil && ctx.Err() == nil {
				m.log.Warn(ctx, "Messages cannot be acknowledged", log.Error(err))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
